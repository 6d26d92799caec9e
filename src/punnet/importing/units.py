"""Make facts of rows: see what a row is by its names, and put the rows of a basket together."""

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple, TypeAlias

import msgspec

from punnet.errors import BadFile, Refused
from punnet.importing.baskets import BasketLine, basket
from punnet.importing.rows import BEGINNING, Loose, Place, Spoilt
from punnet.importing.tables import Row, Table
from punnet.market import Fact, Farm, Order, Product
from punnet.protocol import codec, refusal, shapes
from punnet.protocol.actions import PostedAction, tracked

UNITS = 5_000
"""Units of one lot."""

READ = 1 << 22
"""Bytes of a file that are no more than a lot: large orders are lots of memory."""


class Unit(NamedTuple):
    """What stands and falls together: an action with its order, or one other fact."""

    line: int
    facts: tuple[Fact, ...]


class Lot(NamedTuple):
    """Units in their order, with what is spoilt among them, and the place where the rows that they are end.

    Nothing of them goes on behind it. `counted` is whether actions up to there were numbered, so that what
    follows depends on them.
    """

    units: Sequence[Unit | Spoilt]
    end: Place
    counted: bool


Kind: TypeAlias = type[Farm | Product | Order | BasketLine | PostedAction]

KINDS: tuple[tuple[frozenset[str], Kind], ...] = (
    (frozenset({"action"}), PostedAction),
    (frozenset({"lines"}), Order),
    (frozenset({"productId", "quantity"}), BasketLine),
    (frozenset({"farmId"}), Product),
    (frozenset({"name"}), Farm),
)
"""The names that tell what a row is; the first that are all there count."""

HOW_TO_TELL = (
    "a product has a farmId, an order lines (or productId and quantity), an action has action, a farm name"
)


def lots(
    rows: Iterable[Row | Loose | Spoilt], now: float, *, after: Place = BEGINNING, most: int = UNITS
) -> Iterator[Lot]:
    """Yield what the rows behind a place bring, in their order, about so many units at a time.

    Rows of one order stand together. An action without an eventId gets one from what it says and how often
    the file said so before: the same file brings the same ids. Raises BadFile for a table whose columns make
    no sense, once what came before it was yielded.
    """
    said: Counter[str] = Counter()
    units: list[Unit | Spoilt] = []
    begin = end = after
    try:
        for found, last in _found(rows, said, now):
            units += found
            end = Place(last.line, last.read)
            if len(units) >= most or last.read - begin.read >= READ:
                yield Lot(units, end, bool(said))
                units, begin = [], end
    except BadFile:
        if units:
            yield Lot(units, end, bool(said))
        raise
    if units:
        yield Lot(units, end, bool(said))


def _found(
    rows: Iterable[Row | Loose | Spoilt], said: Counter[str], now: float
) -> Iterator[tuple[Sequence[Unit | Spoilt], Row | Loose | Spoilt]]:
    """Yield what belongs together, and the row it ends with."""
    for order_id, group in groupby(rows, key=_Baskets()):
        if order_id is None:
            for row in group:
                yield (row if isinstance(row, Spoilt) else _single(row, said, now),), row
        else:
            together = list(group)
            order = basket(str(order_id), together)
            last = together[-1]
            yield (Unit(last.line, (order,)),) if isinstance(order, Order) else order, last


class _Baskets:
    """Tells which order a row belongs to. A row that cannot be read belongs where the one before it does."""

    def __init__(self) -> None:
        self._last: object = None

    def __call__(self, row: Row | Loose | Spoilt) -> object:
        if isinstance(row, Row):
            order_id = _order_id(row.table)
            self._last = None if order_id is None else order_id(row.cells)
        elif isinstance(row, Loose):
            self._last = row.content.get("id", "") if _kind_of(row.content) is BasketLine else None
        return self._last


@lru_cache(maxsize=64)
def _order_id(table: Table) -> Callable[[Sequence[object]], object] | None:
    """Return what finds the id of the order that a row of a table belongs to, None where it is none."""
    if kind_of_table(table.columns) is not BasketLine:
        return None
    if "id" not in table.columns:
        return lambda _: ""
    at = table.columns.index("id")
    return lambda cells: "" if cells[at] is None else cells[at]


def _kind_of(names: Collection[str]) -> Kind | None:
    return next((kind for telling, kind in KINDS if telling.issubset(names)), None)


@lru_cache(maxsize=64)
def kind_of_table(columns: tuple[str, ...]) -> Kind:
    """Return what the rows of a table with these columns are; raise BadFile where they make no sense."""
    kind = _kind_of(columns)
    if kind is None:
        raise BadFile(f"the columns {', '.join(columns)} name nothing of a market: {HOW_TO_TELL}")
    known = [field.encode_name for field in shapes.fields(shapes.shape(kind))]
    if unknown := [name for name in columns if name not in known]:
        raise BadFile(f"the column {unknown[0]} is not known; the columns are {', '.join(known)}")
    return kind


def behind(lots: Iterable[Lot], place: Place) -> Iterator[Lot]:
    """Yield all lots without the units up to a place."""
    for lot in lots:
        yield lot._replace(units=[unit for unit in lot.units if unit.line > place.line])


def _single(row: Row | Loose, said: Counter[str], now: float) -> Unit | Spoilt:
    try:
        return Unit(row.line, _facts(row, said, now))
    except Refused as error:
        return Spoilt(row.line, row.read, error.message)


def _facts(row: Row | Loose, said: Counter[str], now: float) -> tuple[Fact, ...]:
    kind = _kind_of(row.content) if isinstance(row, Loose) else kind_of_table(row.table.columns)
    if kind is None or issubclass(kind, BasketLine):
        raise Refused(f"It names nothing of a market: {HOW_TO_TELL}.")
    if not issubclass(kind, PostedAction):
        return (row.noun(kind),)
    posted = _posted(row)
    action = posted.by(posted.user_id, posted.action, posted.event_id or _event_id(posted, said))
    follows = tracked(action, now)
    return (follows.action,) if follows.order is None else (follows.order, follows.action)


def _posted(row: Row | Loose) -> PostedAction:
    """Return the row as an action. Metadata is written as JSON where a table holds it."""
    if isinstance(row, Loose):
        return row.noun(PostedAction)
    metadata = row.cell("metadata")
    if not isinstance(metadata, str):
        return row.noun(PostedAction)
    read = _object(metadata)
    return msgspec.structs.replace(row.without("metadata").noun(PostedAction), metadata=read)


def _object(text: str) -> dict[str, object]:
    try:
        return codec.read(text.encode(), dict[str, object])
    except Refused:
        raise refusal.refuse("metadata", text, "a JSON object") from None


def _event_id(posted: PostedAction, said: Counter[str]) -> str:
    digest = hashlib.sha256(codec.write(posted)).hexdigest()[:24]
    said[digest] += 1
    return f"import-{digest}-{said[digest]}"
