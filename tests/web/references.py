"""The references of a document that describes the server."""

from collections.abc import Iterator


def references(part: object) -> Iterator[str]:
    """Yield every reference in a part of a document."""
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"]
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)
