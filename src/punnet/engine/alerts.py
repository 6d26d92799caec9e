"""What changed on the shelf that somebody may want to know, numbered for good."""

from collections.abc import Iterator
from enum import StrEnum

import msgspec

from punnet.market import ListedProduct


class AlertKind(StrEnum):
    """Why somebody may want to know, by the type of the message that tells it."""

    PRICE_DROP = "PRICE_DROP_ALERT"
    STOCK = "STOCK_ALERT"
    NEW_ARRIVAL = "NEW_ARRIVAL_ALERT"


class Alert(msgspec.Struct, frozen=True, gc=False):
    """One change of the product at a position, at a time (seconds), with its price before and after."""

    number: int
    at: float
    kind: AlertKind
    product: int
    before: float
    after: float


class Alerts:
    """The latest alerts of a market. The same records give the same ones, under the same numbers from 1."""

    _kept: dict[int, Alert]
    count: int

    def __init__(self) -> None:
        self._kept = {}
        self.count = 0
        """The number of the last one."""

    @property
    def first(self) -> int:
        """The lowest number that is kept; one more than `count` where none is."""
        return self.count - len(self._kept) + 1

    def between(self, after: int, until: int) -> Iterator[Alert]:
        """Yield the alerts with after < number ≤ until that are kept, in order."""
        return (self._kept[number] for number in range(max(after + 1, self.first), until + 1))

    def compare(
        self, product: int, before: ListedProduct | None, after: ListedProduct | None, at: float
    ) -> None:
        """Raise what follows from a change at `at` (seconds); None is a product that is not on the shelf."""
        if after is None:
            return
        prices = (after.price if before is None else before.price, after.price)
        if before is None:
            self._raise(at, AlertKind.NEW_ARRIVAL, product, prices)
            return
        if after.price < before.price:
            self._raise(at, AlertKind.PRICE_DROP, product, prices)
        if before.stock == 0 and after.stock != 0:
            self._raise(at, AlertKind.STOCK, product, prices)

    def keep(self, most: int) -> None:
        """Drop all but the `most` latest."""
        for number in range(self.first, self.count - most + 1):
            del self._kept[number]

    def _raise(self, at: float, kind: AlertKind, product: int, prices: tuple[float, float]) -> None:
        self.count += 1
        self._kept[self.count] = Alert(self.count, at, kind, product, *prices)
