"""Any bytes where a client's are read: what is refused can be told, and what is accepted lasts.

The first byte of an input chooses the reader, the rest is what it reads.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from typing import TypeAlias, TypeVar

from punnet.engine.engine import Engine
from punnet.errors import PunnetError
from punnet.journal.rows import fact_of, row_of
from punnet.market import (
    Fact,
    Farm,
    FarmChange,
    FarmPatch,
    Noun,
    Order,
    Product,
    ProductChange,
    ProductPatch,
    Query,
)
from punnet.protocol import actions, codec
from punnet.protocol.frames import MOST, Numbers
from punnet.protocol.messages import ClientMessage
from punnet.web.administration import RecentQuery, StatisticsReset
from punnet.web.answers import Answers
from punnet.web.catalogue import ListingQuery
from punnet.web.exchange import Call
from punnet.web.keys import AdminKey, KeyQuery, admit
from punnet.web.recommendations import TogetherQuery
from punnet.web.serving import Named
from punnet.web.statistics import StatisticsQuery
from punnet.web.streams import StreamQuery
from tests.protocol.fuzzed.swelling import swollen
from tests.protocol.fuzzed.telling import check_refusal

N = TypeVar("N", bound=Noun)
Reader: TypeAlias = Callable[[bytes], object]

NOW = 1_736_937_000.0
ADMIN_KEY = "the-key-of-the-fuzzer"
ANSWERS = Answers(Engine(), lambda _: False)
NUMBERS = Numbers("7c1d", "01")
MOST_LINES = 20
"""Lines of an input that are read; all are told apart."""


def throw(data: bytes) -> None:
    """Have an input read; raise where it is neither accepted nor refused as it should be."""
    if not data:
        return
    read = list(READERS.values())[(data[0] - FIRST) % len(READERS)]
    try:
        read(swollen(data[1:]))
    except PunnetError as error:
        check_refusal(error)


def lasting(noun: N) -> N:
    """Return a noun; assert that its times are in UTC, and that it is the same once written and read."""
    for value in (getattr(noun, name) for name in noun.__struct_fields__):
        assert not isinstance(value, datetime) or value.tzinfo is UTC
    written = codec.write(noun)
    json.loads(written.decode())
    assert codec.read(written, type(noun)) == noun
    return noun


def kept(fact: Fact) -> None:
    """Assert that a journal gives a fact back as it was."""
    row = row_of(NOW, fact)
    assert fact_of(row.kind, row.body) == fact


def check_tracked(tracked: actions.Tracked, user_id: str) -> None:
    """Assert that an action is of a shopper, is not too deep, and can be kept with the order it brings."""
    lasting(tracked)
    for fact in (tracked.action, tracked.order):
        if fact is not None:
            assert fact.user_id == user_id
            kept(fact)
    assert _depth(tracked.action.metadata) <= actions.DEEPEST_METADATA


def _depth(value: object) -> int:
    """Return how many levels of lists and objects a value has."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(_depth, inner), default=0)


def _body(kind: type[N]) -> Callable[[bytes], N]:
    def read(body: bytes) -> N:
        noun = codec.read(body, kind)
        assert codec.convert(codec.loose(body, kind), kind) == noun
        return lasting(noun)

    return read


def _action(body: bytes) -> None:
    posted = _body(actions.PostedAction)(body)
    check_tracked(actions.tracked(posted.by(posted.user_id, posted.action, "made"), NOW), posted.user_id)


def _order(body: bytes) -> None:
    kept(_body(Order)(body))


def _reset(body: bytes) -> None:
    """Read as a reset of the statistics, the key of which may stand in the body."""
    try:
        admit(AdminKey(ADMIN_KEY), b"", Call("", b"", body))
    except PunnetError as error:
        check_refusal(error)
    else:
        content = codec.loose(body)
        assert isinstance(content, dict)
        assert content["adminKey"] == ADMIN_KEY
    _body(StatisticsReset)(body)


def _named(data: bytes) -> tuple[str, bytes]:
    """Return the id that a path ends in, and the body that follows it."""
    path, _, body = data.partition(b"\n")
    return lasting(codec.convert({"id": codec.unescaped(path, "id")}, Named)).id, body


def _whole(kind: type[Farm | Product]) -> Reader:
    def read(data: bytes) -> None:
        name, body = _named(data)
        noun = lasting(codec.read(body, kind, given={"id": name}))
        content = codec.loose(body)
        assert isinstance(content, dict)
        assert noun.id == name == content.get("id", name)
        kept(noun)

    return read


def _farm_change(data: bytes) -> None:
    name, body = _named(data)
    kept(FarmChange(id=name, patch=lasting(codec.read(body, FarmPatch, given={"id": name}))))


def _product_change(data: bytes) -> None:
    name, body = _named(data)
    kept(ProductChange(id=name, patch=lasting(codec.read(body, ProductPatch, given={"id": name}))))


def _lines(read: Reader) -> Reader:
    def read_all(body: bytes) -> None:
        for number, line in islice(codec.lines(body), MOST_LINES):
            assert 0 < number <= body.count(b"\n") + body.count(b",") + 1
            try:
                read(line)
            except PunnetError as error:
                check_refusal(error)

    return read_all


def _listing(line: bytes) -> None:
    kept(lasting(codec.read_listing(line)))


def _query(kind: type[Noun]) -> Reader:
    def read(query: bytes) -> None:
        lasting(codec.read_query(query, kind))

    return read


def _asked(query: bytes) -> None:
    """Read a query for recommendations, for which an answer may be kept under the name of who asks."""
    asked = lasting(codec.read_query(query, Query))
    question = ANSWERS.question(query)
    assert question is None or question.who.decode() == asked.user_id


def _opened(query: bytes) -> None:
    asked = lasting(codec.read_query(query, StreamQuery))
    wanted = asked.wanted()
    assert (wanted is None) == (asked.topics is None)
    if wanted is not None:
        lasting(wanted)


def _message_id(data: bytes) -> None:
    seen = NUMBERS.read(data.decode("latin-1"))
    assert seen is None or seen.alert >= 0
    assert seen is None or seen.sent is None or 0 <= seen.sent <= MOST


READERS: dict[str, Reader] = {
    "POST /api/recommendations": _action,
    "POST /api/recommendations/stats": _reset,
    "POST /api/orders": _order,
    "PUT /api/farms/{id}": _whole(Farm),
    "PUT /api/products/{id}": _whole(Product),
    "PATCH /api/farms/{id}": _farm_change,
    "PATCH /api/products/{id}": _product_change,
    "POST /api/catalog": _lines(_listing),
    "POST /api/events": _lines(_action),
    "GET /api/recommendations": _asked,
    "GET /api/recommendations/frequently-bought-together": _query(TogetherQuery),
    "GET /api/recommendations/stats": _query(StatisticsQuery),
    "GET /api/products": _query(ListingQuery),
    "GET /api/events": _query(RecentQuery),
    "DELETE /api/recommendations/stats": _query(KeyQuery),
    "/ws/recommendations": _opened,
    "a frame": _body(ClientMessage),
    "lastMessageId": _message_id,
}
"""What reads the input of each call that has any but an id, and what comes on a stream."""

FIRST = ord("A")
"""The byte that chooses the first of them."""


def addressed(name: str, data: bytes) -> bytes:
    """Return the input that has a reader read `data`."""
    return bytes((FIRST + list(READERS).index(name),)) + data
