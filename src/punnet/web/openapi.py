"""The OpenAPI document, made from the table of routes and the nouns themselves."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import msgspec

from punnet import __version__
from punnet.market import Id
from punnet.protocol import codec
from punnet.web.exchange import Failure, Meta
from punnet.web.routes import Route

Json: TypeAlias = dict[str, object]

DESCRIPTION = """\
Recommendations for a farmers' market.

Every answer stands in an envelope, `{"success": true, "data", "meta"}`, every error in
`{"success": false, "error": {"code", "message", "details"}, "meta"}`; `details` names the field, its value
and what is allowed. `X-Request-Id` comes back as it was sent. Prices are in the market's currency, times UTC.

The same recommendations come by themselves over the WebSocket `/ws/recommendations?userId=…`.
"""

MEANING = {
    200: "Done",
    201: "Added",
    400: "Bad input: the field, its value and what is allowed",
    401: "The admin key is missing",
    403: "Another key than that of the server, or a server without one",
    404: "An unknown id",
    409: "An id that stands for something else, or something that is still needed",
    413: "A body that is too large",
    415: "A body that is not JSON",
    429: "Too much is waiting; later it works",
    500: "An error of the server",
    503: "The journal cannot be written, or the server is starting or stopping; later it works",
}

PARAMETERS = {
    "after": "The id of the last product of the page before",
    "category": "Only products of this category",
    "context": "The page the answer is for; without it PRODUCT_DETAIL beside a product, else HOME",
    "detailed": "Break the counts down",
    "excludeIds": "Products that must not appear, separated by commas",
    "id": "The id, percent-encoded",
    "latitude": "Where the shopper is; with longitude or not at all",
    "limit": "How many at most",
    "longitude": "Where the shopper is; with latitude or not at all",
    "productId": "The product that the answer is about",
    "searchQuery": "What the shopper searches for",
    "userId": "Whom the answer is for; someone unknown is a visitor",
}

SCHEMES: Json = {
    "adminKey": {"type": "apiKey", "in": "header", "name": "X-Admin-Key", "description": "ADMIN_SECRET_KEY"},
    "adminKeyInQuery": {"type": "apiKey", "in": "query", "name": "adminKey", "description": "The same"},
}

REFS = "#/components/schemas/{name}"


def document(routes: Sequence[Route]) -> bytes:
    """Return the OpenAPI 3.1 document of the routes, as JSON."""
    kinds = [kind for route in routes for kind in (route.data, *route.body, route.query) if kind is not None]
    _, schemas = msgspec.json.schema_components(
        [*kinds, Failure, Meta], schema_hook=anything, ref_template=REFS
    )
    for name, schema in schemas.items():
        _pair(schema, patch=name.endswith("Patch"))
    paths: dict[str, Json] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    shown = {
        name: schema
        for name, schema in schemas.items()
        if name not in _names(route.query for route in routes)
    }
    return codec.write(
        {
            "openapi": "3.1.0",
            "info": {"title": "Punnet", "version": __version__, "description": DESCRIPTION},
            "paths": paths,
            "components": {"schemas": shown, "securitySchemes": SCHEMES},
        }
    )


def _operation(route: Route, schemas: dict[str, Json]) -> Json:
    operation: Json = {
        "operationId": route.handle.__name__,
        "summary": route.summary,
        "tags": [route.tag],
        "parameters": _parameters(route, schemas),
        "responses": _responses(route),
    }
    if route.admin:
        operation["security"] = [{scheme: []} for scheme in SCHEMES]
    if route.body:
        operation["requestBody"] = {"required": True, "content": _content(route, schemas)}
    return operation


def _parameters(route: Route, schemas: dict[str, Json]) -> list[Json]:
    parameters: list[Json] = []
    if route.path.endswith("{id}"):
        parameters.append(_parameter("id", "path", msgspec.json.schema(Id), required=True))
    if route.query is None:
        return parameters
    query = schemas[route.query.__name__]
    required, properties = query["required"], query["properties"]
    assert isinstance(required, list)
    assert isinstance(properties, dict)
    for name, schema in properties.items():
        needed = name in required
        parameter = _parameter(name, "query", _not_null(schema), required=needed)
        parameters.append(parameter | {"explode": False, "allowEmptyValue": not needed})
    return parameters


def _parameter(name: str, place: str, schema: Json, *, required: bool) -> Json:
    return {
        "name": name,
        "in": place,
        "description": PARAMETERS[name],
        "required": required,
        "schema": schema,
    }


def _not_null(schema: Json) -> Json:
    """Return the schema without null, which a query string cannot say."""
    choices = schema.get("anyOf")
    if not isinstance(choices, list):
        return schema
    return next(choice for choice in choices if choice != {"type": "null"})


def _content(route: Route, schemas: dict[str, Json]) -> Json:
    if not route.lines:
        whole = route.method == "PUT"
        return {"application/json": {"schema": _without_id(route, schemas) if whole else _ref(route.body[0])}}
    other = {"description": "Anything else is reported as refused, and the rest is kept"}
    elements = {"type": "array", "items": {"anyOf": [*map(_ref, route.body), other]}, "minItems": 1}
    alone = {"type": "object", "description": "One element alone"}
    text = {"type": "string", "pattern": r"^\{", "description": "The same, one element a line"}
    return {
        "application/json": {"schema": {"anyOf": [elements, alone]}},
        "application/x-ndjson": {"schema": text},
    }


def _without_id(route: Route, schemas: dict[str, Json]) -> Json:
    """Return the schema of a body whose id stands in the path."""
    schema = schemas[route.body[0].__name__]
    properties, required = schema["properties"], schema["required"]
    assert isinstance(properties, dict)
    assert isinstance(required, list)
    return schema | {
        "properties": {name: field for name, field in properties.items() if name != "id"},
        "required": [name for name in required if name != "id"],
    }


def _pair(schema: Json, *, patch: bool) -> None:
    """Say of a place what its noun says: both halves, or neither."""
    properties = schema.get("properties")
    if not isinstance(properties, dict) or "latitude" not in properties:
        return
    halves = ("latitude", "longitude")
    both = {"properties": {half: {"type": "number"} for half in halves}, "required": list(halves)}
    neither = {"properties": {half: {"type": "null"} for half in halves}}
    schema["anyOf"] = [both, neither]
    if patch:
        schema["dependentRequired"] = {"latitude": ["longitude"], "longitude": ["latitude"]}


def _responses(route: Route) -> dict[str, Json]:
    answers = {str(status): _answer(status, _success(route)) for status in route.statuses}
    return answers | {str(status): _answer(status, _ref(Failure)) for status in sorted(_refusals(route))}


def _refusals(route: Route) -> set[int]:
    statuses = {500, *route.refusals}
    if route.query or route.body or route.path.endswith("{id}"):
        statuses.add(400)
    if route.path.endswith("{id}"):
        statuses.add(404)
    if route.admin:
        statuses |= {400, 401, 403}
    if route.body:
        statuses |= {413, 415, 429, 503}
    return statuses


def _answer(status: int, schema: Json) -> Json:
    headers: dict[str, Json] = {"X-Request-Id": {"schema": {"type": "string"}}}
    if status in (429, 503):
        headers["Retry-After"] = {"schema": {"type": "integer"}}
    return {
        "description": MEANING[status],
        "headers": headers,
        "content": {"application/json": {"schema": schema}},
    }


def _success(route: Route) -> Json:
    meta = {"allOf": [_ref(Meta), {"required": list(route.meta)}]} if route.meta else _ref(Meta)
    return {
        "type": "object",
        "properties": {"success": {"const": True}, "data": _ref(route.data), "meta": meta},
        "required": ["success", "data", "meta"],
        "additionalProperties": False,
    }


def _ref(kind: type) -> Json:
    return {"$ref": REFS.format(name=kind.__name__)}


def _names(kinds: Iterable[type | None]) -> set[str]:
    return {kind.__name__ for kind in kinds if kind is not None}


def anything(kind: type) -> Json:
    """Say of `object`, which metadata holds, that it may be anything."""
    if kind is object:
        return {"description": "Any JSON value"}
    raise NotImplementedError
