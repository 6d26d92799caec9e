"""Schemas of the nouns, and what else the documents that describe the server share."""

from collections.abc import Iterable
from inspect import cleandoc
from typing import TypeAlias

import msgspec

Json: TypeAlias = dict[str, object]

REFS = "#/components/schemas/{name}"

PARAMETERS = {
    "token": "A shopper's token, where AUTH_MODE is token; better in the Authorization header",
    "Last-Event-ID": "What a browser that connects again sends, and takes the place of lastMessageId",
    "after": "What came before: the `id` of the last product, or `last` of the actions",
    "categories": "Only alerts about products of these categories, separated by commas",
    "category": "Only products of this category",
    "context": "The page the answer is for; without it PRODUCT_DETAIL beside a product, else HOME",
    "detailed": "Break the counts down",
    "excludeIds": "Products that must not appear, separated by commas",
    "farmIds": "Only alerts about products of these farms, separated by commas",
    "id": "The id, percent-encoded",
    "lastMessageId": "The `messageId` that was seen last: alerts after it come first, if they are still held",
    "latitude": "Where the shopper is; with longitude or not at all",
    "limit": "How many at most",
    "longitude": "Where the shopper is; with latitude or not at all",
    "productId": "The product that the answer is about",
    "productIds": "Only alerts about these products, separated by commas",
    "relevance": "`mine`: only alerts about what the shopper viewed, put in the cart, wished for or bought",
    "searchQuery": "What the shopper searches for",
    "topics": "The topics to have from the beginning, separated by commas",
    "userId": "Whom the answer is for; someone unknown is a visitor",
}
"""What each parameter means."""


def schemas_of(kinds: Iterable[type]) -> dict[str, Json]:
    """Return the schemas of nouns, and of all that they are made of, by name."""
    _, schemas = msgspec.json.schema_components(kinds, schema_hook=anything, ref_template=REFS)
    for name, schema in schemas.items():
        schema["description"] = cleandoc(str(schema["description"]))
        _pair(schema, patch=name.endswith("Patch"))
    return schemas


def ref(kind: type) -> Json:
    """Return what stands for the schema of a noun."""
    return {"$ref": REFS.format(name=kind.__name__)}


def fields(schema: Json) -> tuple[dict[str, Json], list[str]]:
    """Return the properties of an object's schema, and the names of those that must be there."""
    properties, required = schema["properties"], schema["required"]
    assert isinstance(properties, dict)
    assert isinstance(required, list)
    return properties, required


def not_null(schema: Json) -> Json:
    """Return the schema without null, which a query string cannot say."""
    choices = schema.get("anyOf")
    if not isinstance(choices, list):
        return schema
    return next(choice for choice in choices if choice != {"type": "null"})


def anything(kind: type) -> Json:
    """Say of `object`, which metadata holds, that it may be anything."""
    if kind is object:
        return {"description": "Any JSON value"}
    raise NotImplementedError


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
