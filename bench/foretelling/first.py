"""What is known before a moment, and the first basket of each shopper after it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from punnet.evaluation.replay import SLICE, Known, Purchase
from punnet.market import Order, Record


class First(NamedTuple):
    """The orders before a moment, and the first one after it of each shopper who had ordered before it."""

    since: datetime
    past: list[Order]
    asked: list[Order]

    @classmethod
    def of(cls, orders: Iterable[Order], since: datetime, until: datetime) -> "First":
        """Return them of orders that come oldest first; those from `until` on are as if they were not."""
        past, first = list[Order](), dict[str, Order]()
        for order in orders:
            if order.placed_at < since:
                past.append(order)
            elif order.placed_at < until:
                first.setdefault(order.user_id, order)
        known = {order.user_id for order in past}
        return cls(since, past, [order for order in first.values() if order.user_id in known])

    def sample(self, most: int) -> "First":
        """Return it with at most so many of the shoppers, evenly from all of them; the past stays whole."""
        every = max(1, -(-len(self.asked) // most))
        return self._replace(asked=self.asked[::every])

    def known(self, catalogue: Sequence[Record]) -> Known:
        """Return what a market of this catalogue knows when all of the past has happened."""
        known = Known()
        records = [*catalogue, *(Record(at=order.placed_at.timestamp(), fact=order) for order in self.past)]
        for start in range(0, len(records), SLICE):
            known.learn(records[start : start + SLICE])
        known.engine.prepare()
        return known

    def purchases(self) -> list[Purchase]:
        """Return what is to be foretold, at the moment up to which the past is known.

        All that was bought counts: also what nobody had bought before, which no list can hold.
        """
        before = defaultdict[str, set[str]](set)
        for order in self.past:
            before[order.user_id].update(_bought(order))
        now = self.since.timestamp()
        return [
            Purchase(now, order.user_id, _bought(order), _bought(order) - before[order.user_id])
            for order in self.asked
        ]


def _bought(order: Order) -> frozenset[str]:
    return frozenset(line.product_id for line in order.lines)
