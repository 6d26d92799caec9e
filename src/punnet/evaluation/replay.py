"""A market's past, up to a purchase, and that purchase: what a list is asked for, and judged by."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from punnet.engine.engine import Engine
from punnet.engine.tuning import Tuning
from punnet.errors import BadFile
from punnet.evaluation.history import Happened, in_order
from punnet.evaluation.purchases import Purchases
from punnet.market import Order, Record
from punnet.types import DAY

SLICE = 5_000
"""Records that are learned at once."""

Learn: TypeAlias = Callable[[Sequence[Record]], object]
"""Takes in what happened."""


class Purchase(NamedTuple):
    """What one shopper bought at a time (seconds), and what of it for the first time."""

    now: float
    user_id: str
    bought: frozenset[str]
    new: frozenset[str]


class Known:
    """What is known of a market by now: by the engine, and of purchases."""

    def __init__(self, tuning: Tuning | None = None) -> None:
        self.engine = Engine(tuning)
        self.purchases = Purchases(self.engine.catalogue)

    def learn(self, records: Sequence[Record]) -> None:
        """Take in what happened."""
        self.engine.apply(records)
        self.purchases.learn(records)

    def purchase(self, happened: Happened) -> Purchase:
        """Return what was bought in an order that is not learned yet, of what the catalogue has."""
        order = happened.record.fact
        assert isinstance(order, Order)
        listed = self.engine.catalogue.product
        bought = frozenset(line.product_id for line in order.lines if listed(line.product_id) is not None)
        return Purchase(
            happened.when, order.user_id, bought, bought - self.purchases.bought_by(order.user_id)
        )


class Trial(NamedTuple):
    """A past to learn from, and a future in which `every` so many of the `orders` are to be foretold."""

    past: Sequence[Happened]
    future: Sequence[Happened]
    orders: int
    every: int

    @classmethod
    def of(cls, records: Sequence[Record], days: float, most: int) -> "Trial":
        """Return the one in which the last `days` with orders are the future, of which `most` are foretold.

        Raises BadFile where there is nothing to learn from, or nothing to foretell.
        """
        happened = in_order(records)
        latest = max((when for when, record in happened if isinstance(record.fact, Order)), default=0.0)
        start = next((at for at, (when, _) in enumerate(happened) if when > latest - days * DAY), 0)
        past, future = happened[:start], happened[start:]
        if not _orders(past):
            raise BadFile(f"the journal has no order before its last {days:g} days to learn from")
        return _trial(past, future, most)

    @property
    def asked(self) -> int:
        """How many orders are foretold."""
        return -(-self.orders // self.every)

    def halves(self, most: int) -> "tuple[Trial, Trial]":
        """Return the trial of the first half of the orders, and that of the second, which knows the first.

        Of each at most so many are foretold. BadFile where there is one order only.
        """
        numbers = [at for at, happened in enumerate(self.future) if isinstance(happened.record.fact, Order)]
        if len(numbers) < 2:
            raise BadFile("one order cannot be halved, to choose by one part and judge by the other")
        middle = numbers[len(numbers) // 2]
        sides = (self.past, self.future[:middle]), ([*self.past, *self.future[:middle]], self.future[middle:])
        first, second = (_trial(past, future, most) for past, future in sides)
        return first, second

    def learn(self, learn: Learn) -> None:
        """Have the past learned."""
        for start in range(0, len(self.past), SLICE):
            learn([happened.record for happened in self.past[start : start + SLICE]])

    def purchases(self, learn: Learn) -> Iterator[Happened]:
        """Yield the orders to be foretold, each when all before it was learned and nothing of itself."""
        waiting, count = list[Record](), 0
        for happened in self.future:
            if isinstance(happened.record.fact, Order):
                if count % self.every == 0:
                    learn(waiting)
                    waiting = []
                    yield happened
                count += 1
            waiting.append(happened.record)
        learn(waiting)


def _trial(past: Sequence[Happened], future: Sequence[Happened], most: int) -> Trial:
    orders = _orders(future)
    return Trial(past, future, orders, max(1, -(-orders // most)))


def _orders(several: Sequence[Happened]) -> int:
    return sum(isinstance(happened.record.fact, Order) for happened in several)
