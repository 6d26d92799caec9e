"""The OpenAPI document, made from the table of routes and the nouns themselves."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from punnet import __version__
from punnet.market import Id
from punnet.protocol import codec
from punnet.protocol.envelope import Failure, Meta
from punnet.web import events
from punnet.web.callers import Access
from punnet.web.routes import Route
from punnet.web.schemas import PARAMETERS, Json, fields, not_null, ref, schemas_of
from punnet.web.streams import StreamQuery

DESCRIPTION = """\
Recommendations for a farmers' market.

Every answer stands in an envelope, `{"success": true, "data", "meta"}`, every error in
`{"success": false, "error": {"code", "message", "details"}, "meta"}`; `details` names the field, its value
and what is allowed. `X-Request-Id` comes back as it was sent. Prices are in the market's currency, times UTC.

Recommendations and alerts also come by themselves: over the WebSocket `/ws/recommendations?userId=…`, and as
server-sent events. `/asyncapi.json` describes their messages.
"""

MEANING = {
    200: "Done",
    201: "Added",
    400: "Bad input: the field, its value and what is allowed",
    401: "A key or a token is missing, or not valid any more",
    403: "A key or a token that does not open this",
    404: "An unknown id",
    409: "An id that stands for something else, or something that is still needed",
    413: "A body that is too large",
    415: "A body that is not JSON",
    429: "Too many calls, or too much is waiting; later it works",
    500: "An error of the server",
    503: "The journal cannot be written, a token cannot be checked, or the server is starting or stopping; "
    "later it works",
}

ALWAYS = (401, 429, 500, 503)
"""What every call can meet: what it shows, and how often it comes, is looked at before anything else."""

BEARER: Json = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A key or a shopper's token, where AUTH_MODE is token",
    },
}
SCHEMES: Json = {
    "adminKey": {"type": "apiKey", "in": "header", "name": "X-Admin-Key", "description": "ADMIN_SECRET_KEY"},
    "adminKeyInQuery": {"type": "apiKey", "in": "query", "name": "adminKey", "description": "The same"},
}
OPEN_OR_BEARER: list[Json] = [{}, {"bearer": []}]
"""Where everybody is trusted, nothing needs to be shown."""


def document(routes: Sequence[Route]) -> bytes:
    """Return the OpenAPI 3.1 document of the routes, as JSON."""
    kinds = [kind for route in routes for kind in (route.data, *route.body, route.query) if kind is not None]
    schemas = schemas_of([*kinds, StreamQuery, Failure, Meta])
    paths: dict[str, Json] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    paths[events.PATH] = {"get": _events(schemas)}
    asked = _names([*(route.query for route in routes), StreamQuery])
    shown = {name: schema for name, schema in schemas.items() if name not in asked}
    return codec.write(
        {
            "openapi": "3.1.0",
            "info": {"title": "Punnet", "version": __version__, "description": DESCRIPTION},
            "paths": paths,
            "components": {"schemas": shown, "securitySchemes": SCHEMES | BEARER},
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
        operation["security"] = [{scheme: []} for scheme in (*SCHEMES, *BEARER)]
    elif route.access is not Access.ANYONE:
        operation["security"] = OPEN_OR_BEARER
    if route.body:
        operation["requestBody"] = {"required": True, "content": _content(route, schemas)}
    return operation


def _events(schemas: dict[str, Json]) -> Json:
    """Return the operation that no route serves, because it answers without end."""
    last = _parameter("Last-Event-ID", "header", {"type": "string"}, required=False)
    text: Json = {"type": "string", "description": "Messages, one an event; /asyncapi.json describes them"}
    stream = {"description": "Events, without end", "content": {"text/event-stream": {"schema": text}}}
    strange = {"description": "Another shopper, or a page of an origin that ALLOWED_ORIGINS does not name"}
    full = {"description": "All connections are taken, or a token cannot be checked; later it works"}
    return {
        "operationId": "stream_events",
        "summary": "Recommendations and alerts as they come, for clients that only listen",
        "tags": ["recommendations"],
        "parameters": [*_asked(schemas[StreamQuery.__name__]), last],
        "security": OPEN_OR_BEARER,
        "responses": {
            "200": _answer(200, text) | stream,
            **_failures((400, *ALWAYS)),
            "403": _answer(403, ref(Failure)) | strange,
            "503": _answer(503, ref(Failure)) | full,
        },
    }


def _parameters(route: Route, schemas: dict[str, Json]) -> list[Json]:
    parameters: list[Json] = []
    if route.path.endswith("{id}"):
        parameters.append(_parameter("id", "path", msgspec.json.schema(Id), required=True))
    if route.query is not None:
        parameters += _asked(schemas[route.query.__name__])
    return parameters


def _asked(query: Json) -> Iterator[Json]:
    """Yield a query's fields as parameters."""
    properties, required = fields(query)
    for name, schema in properties.items():
        needed = name in required
        parameter = _parameter(name, "query", not_null(schema), required=needed)
        yield parameter | {"explode": False, "allowEmptyValue": not needed}


def _parameter(name: str, place: str, schema: Json, *, required: bool) -> Json:
    return {
        "name": name,
        "in": place,
        "description": PARAMETERS[name],
        "required": required,
        "schema": schema,
    }


def _content(route: Route, schemas: dict[str, Json]) -> Json:
    if not route.lines:
        whole = route.method == "PUT"
        return {"application/json": {"schema": _without_id(route, schemas) if whole else ref(route.body[0])}}
    other = {"description": "Anything else is reported as refused, and the rest is kept"}
    elements = {"type": "array", "items": {"anyOf": [*map(ref, route.body), other]}, "minItems": 1}
    alone = {"type": "object", "description": "One element alone"}
    text = {"type": "string", "pattern": r"^\{", "description": "The same, one element a line"}
    return {
        "application/json": {"schema": {"anyOf": [elements, alone]}},
        "application/x-ndjson": {"schema": text},
    }


def _without_id(route: Route, schemas: dict[str, Json]) -> Json:
    """Return the schema of a body whose id stands in the path."""
    schema = schemas[route.body[0].__name__]
    properties, required = fields(schema)
    return schema | {
        "properties": {name: field for name, field in properties.items() if name != "id"},
        "required": [name for name in required if name != "id"],
    }


def _responses(route: Route) -> dict[str, Json]:
    answers = {str(status): _answer(status, _success(route)) for status in route.statuses}
    return answers | _failures(sorted(_refusals(route)))


def _failures(statuses: Iterable[int]) -> dict[str, Json]:
    return {str(status): _answer(status, ref(Failure)) for status in statuses}


def _refusals(route: Route) -> set[int]:
    statuses = {*ALWAYS, *route.refusals}
    if route.query or route.body or route.path.endswith("{id}"):
        statuses.add(400)
    if route.path.endswith("{id}"):
        statuses.add(404)
    if route.access is not Access.ANYONE:
        statuses.add(403)
    if route.admin:
        statuses.add(400)
    if route.body:
        statuses |= {413, 415}
    return statuses


def _answer(status: int, schema: Json) -> Json:
    headers: dict[str, Json] = {"X-Request-Id": {"schema": {"type": "string"}}}
    if status in (429, 503):
        headers["Retry-After"] = {"schema": {"type": "integer"}}
    if status == 401:
        headers["WWW-Authenticate"] = {"schema": {"type": "string"}}
    return {
        "description": MEANING[status],
        "headers": headers,
        "content": {"application/json": {"schema": schema}},
    }


def _success(route: Route) -> Json:
    meta = {"allOf": [ref(Meta), {"required": list(route.meta)}]} if route.meta else ref(Meta)
    return {
        "type": "object",
        "properties": {"success": {"const": True}, "data": ref(route.data), "meta": meta},
        "required": ["success", "data", "meta"],
        "additionalProperties": False,
    }


def _names(kinds: Iterable[type | None]) -> set[str]:
    return {kind.__name__ for kind in kinds if kind is not None}
