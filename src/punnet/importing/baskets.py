"""Orders whose lines are rows of their own."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

import msgspec

from punnet.errors import Refused
from punnet.importing.rows import Loose, Spoilt
from punnet.importing.tables import Row, Table, figure
from punnet.market import Id, Latitude, Longitude, Moment, Order, OrderLine, both_or_neither


class BasketLine(OrderLine, frozen=True, kw_only=True):
    """One line of an order, with what all lines of that order say again."""

    id: Id
    user_id: Id
    placed_at: Moment
    latitude: Latitude | None = None
    longitude: Longitude | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        both_or_neither(self.latitude, self.longitude)


OWN = tuple(field.encode_name for field in msgspec.structs.fields(OrderLine))
"""The names of what each line of an order has for itself."""

SHARED = [field for field in msgspec.structs.fields(BasketLine) if field.encode_name not in OWN]
"""The fields that all lines of an order have in common."""

PLACE = {"latitude", "longitude"}
"""Those of them that are numbers."""

LONGEST_ORDER = 1_000
"""Lines that one order may have."""


def basket(order_id: str, group: Sequence[Row | Loose | Spoilt]) -> Order | list[Spoilt]:
    """Return the order that the rows are, or else what is wrong with which of them."""
    # To look at each line by itself is much slower, and finds the words for a refusal.
    return _at_once(group) or _line_by_line(order_id, group)


class _Places(NamedTuple):
    """What the lines of an order have alike in the rows of a table, and where stands what is their own."""

    alike: Callable[[Sequence[object]], object]
    own: tuple[int, int, int]


@lru_cache(maxsize=64)
def _places(table: Table) -> _Places | None:
    names = table.columns
    shared = [at for at, name in enumerate(names) if name not in OWN]
    if len(shared) < 2 or not set(OWN) <= set(names):
        return None
    product, quantity, price = map(names.index, OWN)
    return _Places(itemgetter(*shared), (product, quantity, price))


def _at_once(group: Sequence[Row | Loose | Spoilt]) -> Order | None:
    """Return the order where nothing is wrong with it, else None."""
    first = group[0]
    if not isinstance(first, Row) or (places := _places(first.table)) is None:
        return None
    read = figure if first.table.texts else _as_it_is
    content = {name: cell for name, cell in first.content.items() if name not in OWN}
    for name in PLACE & content.keys():
        content[name] = read(content[name])
    alike, (product, quantity, price) = places
    said, lines = alike(first.cells), []
    for row in group:
        if not isinstance(row, Row) or alike(cells := row.cells) != said:
            return None
        lines.append(
            {
                "productId": cells[product],
                "quantity": read(cells[quantity]),
                "unitPrice": read(cells[price]),
            }
        )
    try:
        return msgspec.convert({**content, "lines": lines}, Order)
    except msgspec.ValidationError:
        return None


def _as_it_is(cell: object) -> object:
    return cell


def _line_by_line(order_id: str, group: Sequence[Row | Loose | Spoilt]) -> Order | list[Spoilt]:
    """Return the order, or of each line that does not fit what is wrong with it."""
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
    if spoilt:
        return spoilt
    if len(lines) > LONGEST_ORDER:
        last = group[-1]
        return [Spoilt(last.line, last.read, f"order {order_id} has more than {LONGEST_ORDER} lines.")]
    return _order(lines)


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
