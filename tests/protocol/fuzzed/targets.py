"""What is fuzzed, from where the fuzzing begins, and what is kept of it.

`python bench/guided.py` looks for more; the tests throw what is kept in every run.
"""

import json
import re
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import msgspec

from punnet.market import (
    Context,
    EntityType,
    Farm,
    Order,
    OrderLine,
    Product,
    ProductPatch,
    Query,
    ResetType,
    UserAction,
)
from punnet.protocol.actions import DEEPEST_METADATA, PostedAction
from punnet.protocol.messages import (
    ClientMessage,
    ClientType,
    Filter,
    Page,
    Relevance,
    SubscribePayload,
    Topic,
)
from punnet.web.administration import StatisticsReset
from punnet.web.catalogue import ListingQuery
from punnet.web.statistics import StatisticsQuery
from punnet.web.streams import StreamQuery
from tests.protocol.fuzzed import dialogue, reading
from tests.protocol.fuzzed.reading import ADMIN_KEY, addressed
from tests.protocol.fuzzed.swelling import PIECE

FIXTURES = Path(__file__).parents[3] / "protocol" / "fixtures"
CORPUS = Path(__file__).parents[1] / "corpus"

BODIES = {
    "Farm": "PUT /api/farms/{id}",
    "Product": "PUT /api/products/{id}",
    "FarmPatch": "PATCH /api/farms/{id}",
    "ProductPatch": "PATCH /api/products/{id}",
    "Order": "POST /api/orders",
    "PostedAction": "POST /api/recommendations",
}
QUERIES = {
    "Query": "GET /api/recommendations",
    "TogetherQuery": "GET /api/recommendations/frequently-bought-together",
    "StatisticsQuery": "GET /api/recommendations/stats",
    "ListingQuery": "GET /api/products",
}
"""The readers that the fixtures are for."""

NOUNS = (
    *(Farm, Product, ProductPatch, Order, OrderLine, PostedAction, Page, StatisticsReset),
    *(Query, StreamQuery, ListingQuery, StatisticsQuery, ClientMessage, SubscribePayload, Filter),
)
CHOICES: tuple[type[StrEnum], ...] = (
    *(ClientType, Topic, Relevance, UserAction, EntityType, Context, ResetType),
)
NOTES = ("searchQuery", "category", "rating", "items", "products", "token", "adminKey", ADMIN_KEY)
MARKS = (
    *(
        b'"',
        b"{}",
        b"[]",
        b'":',
        b"null",
        b"true",
        b"1e400",
        b"-0.0",
        b"73.0",
        b"NaN",
        b"18446744073709551616",
    ),
    *(b"\\u0000", b"\\ud800", b"\xff", b"\xef\xbb\xbf", b"%00", b"%ff", b"%", b"&", b"\x7f", b"\xc2\x9b"),
    *(b"2025-01-15T10:30:00Z", b"0001-01-01T00:00:00+14:00", b"7c1d-01:214748364807", b"7c1d-01:"),
    *(PIECE % piece for piece in (b"[", b'{"a":', b"x", b"9", b'"a",', b"{}\n", b"a=1&", b"%20", b"\\")),
)
OPENING = (
    b"userId=ann&topics=price_drops,trending&categories=Herbs&latitude=39.1&longitude=-84.5"
    b"&lastMessageId=7c1d-01:214748364807"
)
"""How a client that comes back opens its stream."""

LONG_PURCHASE = (
    b'{"userId": "ann", "action": "COMPLETE_PURCHASE", "eventId": "%b", "metadata": '
    b'{"items": [{"productId": "eggs", "quantity": 1, "unitPrice": 4}]}}'
) % (b"e" * 120)
"""A purchase whose order is named after it, by a name that is too long."""

DEPTHS = (DEEPEST_METADATA - 1, DEEPEST_METADATA, 900)
"""How deep metadata is that may just be, that may not be, and that can hardly be read."""

EVENTS = (b"\n+1", b"\n+30", b"\n>90", b"\n~", b"\n!9", b"\n=", b"\n=20", b"\n-1", b"\n#", b"&events=true")
"""What can happen to a session."""


class Target(NamedTuple):
    """What has an input thrown at it, inputs to begin with, and words that others are made with."""

    throw: Callable[[bytes], None]
    seeds: Callable[[], Iterator[bytes]]
    words: Callable[[], set[bytes]]


def _cases(name: str) -> list[dict[str, object]]:
    cases: list[dict[str, object]] = json.loads((FIXTURES / f"{name}.json").read_text())["cases"]
    return cases


def _text(case: dict[str, object]) -> bytes:
    if "text" in case:
        return str(case["text"]).encode()
    return json.dumps(case.get("body", case.get("message")), ensure_ascii=False).encode()


def _read() -> Iterator[bytes]:
    """Yield all that the fixtures have for a reader, and what they have nothing for."""
    for case in _cases("nouns"):
        body, name = _text(case), BODIES[str(case["kind"])]
        yield addressed(name, b"hill\n" + body if "{id}" in name else body)
        for lines in ("POST /api/catalog", "POST /api/events"):
            yield addressed(lines, body)
    for case in _cases("queries"):
        yield addressed(QUERIES[str(case["kind"])], str(case["query"]).encode())
    for case in _cases("client"):
        yield addressed("a frame", _text(case))
    for depth in DEPTHS:
        yield addressed("POST /api/recommendations", b'{"userId": "ann", %b}' % _nested("action", depth))
    yield addressed(
        "POST /api/recommendations/stats", b'{"resetType": "all", "adminKey": "%b"}' % ADMIN_KEY.encode()
    )
    yield addressed(
        "POST /api/catalog", b'[{"id": "hill", "name": "Hill"}, {"id": "eggs", "farmId": "hill"}, 1]'
    )
    yield addressed("POST /api/recommendations", LONG_PURCHASE)
    yield addressed("GET /api/recommendations", b"x=1&xuserId=bob&userId=ann")
    yield addressed("GET /api/recommendations", b"userId=ann&user%49d=bob")
    yield addressed("GET /api/events", b"after=7&limit=500")
    yield addressed("DELETE /api/recommendations/stats", b"adminKey=the%2Dkey&more=1")
    yield addressed("lastMessageId", b"7c1d-01:214748364807")
    yield addressed("/ws/recommendations", OPENING)


def _said() -> Iterator[bytes]:
    """Yield what the fixtures have a client say, each in a dialogue of its own, and some that go on."""
    frames = [_text(case).replace(b"\n", b" ") for case in _cases("client")]
    for frame in frames:
        yield b"userId=ann\n%b\n=1\n+31" % frame
    yield b"%b&lasts=900\n!70\n+45\n~\n+20\n>61" % OPENING
    for depth in DEPTHS:
        yield b'userId=ann\n{"type": "USER_ACTION", "payload": {%b}}\n=' % _nested("type", depth)
    yield OPENING + b"000\n+1"
    yield b"userId=ann&events=true&lasts=120\n+60\n>100"
    yield b'userId=ann\n#{"type": "HEARTBEAT"}\n' + PIECE % b"x"
    frames = [re.sub(rb"^{", b'{"requestId": "r%d", ' % at, frame) for at, frame in enumerate(frames)]
    for start in range(0, len(frames), 10):
        yield b"\n".join((b"userId=ann", *frames[start : start + 10], b"=1", b"-1", b"=9", b"-4", b"+59"))


def _nested(name: str, depth: int) -> bytes:
    """Return the fields of an action whose metadata is so deep; `name` is that of what was done."""
    nest = "[" * depth + "]" * depth
    return f'"{name}": "VIEW_PRODUCT", "entityId": "eggs", "metadata": {{"a": {nest}}}'.encode()


def _names() -> set[bytes]:
    fields = {field.encode_name for noun in NOUNS for field in msgspec.structs.fields(noun)}
    members = {str(member) for choice in CHOICES for member in choice}
    return {name.encode() for name in (*fields, *members, *NOTES)} | set(MARKS)


TARGETS = {
    "codec": Target(reading.throw, _read, _names),
    "session": Target(dialogue.throw, _said, lambda: _names() | set(EVENTS)),
}


def kept(name: str) -> list[Path]:
    """Return the files of all inputs that are kept for a target."""
    return sorted(path for path in (CORPUS / name).rglob("*") if path.is_file())
