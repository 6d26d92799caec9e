"""Make facts of rows: see what a row is by its names, and put the rows of a basket together."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple, TypeAlias

import msgspec

from punnet.errors import BadFile, Refused
from punnet.importing.rows import Row, Spoilt
from punnet.market import Fact, Farm, Id, Latitude, Longitude, Moment, Order, OrderLine, Product
from punnet.protocol import codec, refusal, shapes
from punnet.protocol.actions import PostedAction, tracked


class BasketLine(OrderLine, frozen=True, kw_only=True):
    """One line of an order, with what all lines of that order say again."""

    id: Id
    user_id: Id
    placed_at: Moment
    latitude: Latitude | None = None
    longitude: Longitude | None = None


SHARED = [
    field for field in msgspec.structs.fields(BasketLine) if field.name not in OrderLine.__struct_fields__
]
"""The fields that all lines of an order have in common."""


class Unit(NamedTuple):
    """What stands and falls together: an action with its order, or one other fact."""

    line: int
    read: int
    facts: tuple[Fact, ...]


Kind: TypeAlias = type[Farm | Product | Order | BasketLine | PostedAction]

KINDS: tuple[tuple[frozenset[str], Kind], ...] = (
    (frozenset({"action"}), PostedAction),
    (frozenset({"lines"}), Order),
    (frozenset({"productId", "quantity"}), BasketLine),
    (frozenset({"farmId"}), Product),
    (frozenset({"name"}), Farm),
)
"""The names that tell what a row is; the first that are all there count."""

LONGEST_ORDER = 1_000
"""Lines that one order may have."""

HOW_TO_TELL = (
    "a product has a farmId, an order lines (or productId and quantity), an action has action, a farm name"
)


def units(rows: Iterable[Row | Spoilt], now: float) -> Iterator[Unit | Spoilt]:
    """Yield what the rows bring, in their order; rows of one order stand together.

    An action without an eventId gets one from what it says and how often the file said so before: the same
    file brings the same ids. Raises BadFile for a table whose columns make no sense.
    """
    said: Counter[str] = Counter()
    for order_id, group in groupby(rows, key=_Baskets()):
        if order_id is not None:
            yield from _basket(str(order_id), list(group))
            continue
        for row in group:
            yield row if isinstance(row, Spoilt) else _single(row, said, now)


class _Baskets:
    """Tells which order a row belongs to. A row that cannot be read belongs where the one before it does."""

    def __init__(self) -> None:
        self._last: object = None

    def __call__(self, row: Row | Spoilt) -> object:
        if isinstance(row, Row):
            self._last = row.content.get("id", "") if _kind(row) is BasketLine else None
        return self._last


def _kind(row: Row) -> Kind | None:
    return _kind_of_table(row.columns) if row.columns else _kind_of(row.content)


def _kind_of(names: Collection[str]) -> Kind | None:
    return next((kind for telling, kind in KINDS if telling.issubset(names)), None)


@lru_cache(maxsize=64)
def _kind_of_table(columns: tuple[str, ...]) -> Kind:
    kind = _kind_of(columns)
    if kind is None:
        raise BadFile(f"the columns {', '.join(columns)} name nothing of a market: {HOW_TO_TELL}")
    known = [field.encode_name for field in shapes.fields(shapes.shape(kind))]
    if unknown := [name for name in columns if name not in known]:
        raise BadFile(f"the column {unknown[0]} is not known; the columns are {', '.join(known)}")
    return kind


def _single(row: Row, said: Counter[str], now: float) -> Unit | Spoilt:
    try:
        return Unit(row.line, row.read, _facts(row, said, now))
    except Refused as error:
        return Spoilt(row.line, row.read, error.message)


def _facts(row: Row, said: Counter[str], now: float) -> tuple[Fact, ...]:
    kind = _kind(row)
    if kind is None or issubclass(kind, BasketLine):
        raise Refused(f"It names nothing of a market: {HOW_TO_TELL}.")
    if not issubclass(kind, PostedAction):
        return (row.noun(kind),)
    posted = _posted(row)
    action = posted.by(posted.user_id, posted.action, posted.event_id or _event_id(posted, said))
    follows = tracked(action, now)
    return (follows.action,) if follows.order is None else (follows.order, follows.action)


def _posted(row: Row) -> PostedAction:
    """Return the row as an action. Metadata is written as JSON where a table holds it."""
    metadata = row.content.get("metadata")
    if not row.columns or not isinstance(metadata, str):
        return row.noun(PostedAction)
    rest = {name: value for name, value in row.content.items() if name != "metadata"}
    read = _object(metadata)
    return msgspec.structs.replace(row._replace(content=rest).noun(PostedAction), metadata=read)


def _object(text: str) -> dict[str, object]:
    try:
        return codec.read(text.encode(), dict[str, object])
    except Refused:
        raise refusal.refuse("metadata", text, "a JSON object") from None


def _event_id(posted: PostedAction, said: Counter[str]) -> str:
    digest = hashlib.sha256(codec.write(posted)).hexdigest()[:24]
    said[digest] += 1
    return f"import-{digest}-{said[digest]}"


def _basket(order_id: str, group: Sequence[Row | Spoilt]) -> Iterator[Unit | Spoilt]:
    """Yield the order, or else what is wrong with each of its lines."""
    lines: list[BasketLine] = []
    spoilt: list[Spoilt] = []
    for row in group:
        try:
            if isinstance(row, Spoilt):
                raise Refused(row.why)
            lines.append(row.noun(BasketLine))
            _agree(lines[0], lines[-1])
        except Refused as error:
            spoilt.append(Spoilt(row.line, row.read, f"{error.message} Order {order_id} is left out."))
    last = group[-1]
    if spoilt:
        yield from spoilt
    elif len(lines) > LONGEST_ORDER:
        yield Spoilt(last.line, last.read, f"order {order_id} has more than {LONGEST_ORDER} lines.")
    else:
        yield Unit(last.line, last.read, (_order(lines),))


def _agree(first: BasketLine, line: BasketLine) -> None:
    """Raise Refused where a line says something else about its order than the first one."""
    for field in SHARED:
        if getattr(line, field.name) != getattr(first, field.name):
            raise Refused(f"{field.encode_name} differs from the first line of the order.")


def _order(lines: Sequence[BasketLine]) -> Order:
    first = lines[0]
    return Order(
        id=first.id,
        user_id=first.user_id,
        placed_at=first.placed_at,
        lines=tuple(
            OrderLine(product_id=line.product_id, quantity=line.quantity, unit_price=line.unit_price)
            for line in lines
        ),
        latitude=first.latitude,
        longitude=first.longitude,
    )
