"""Orders on their way into the ledger."""

from collections.abc import Sequence

import numpy as np

from punnet.core.compiled import entry
from punnet.core.ledger import Purchases
from punnet.core.vocab import Vocabulary
from punnet.market import Order
from punnet.types import Floats, Positions


class Baskets:
    """Collects orders, so that a batch of them enters the ledger in one step."""

    def __init__(self) -> None:
        self._shoppers: list[int] = []
        self._times: list[float] = []
        self._latitudes: list[float | None] = []
        self._longitudes: list[float | None] = []
        self._sizes: list[int] = []
        self._products: list[int] = []
        self._prices: list[float] = []

    def __len__(self) -> int:
        return len(self._shoppers)

    def add(self, orders: Sequence[Order], shoppers: list[int], products: Vocabulary) -> list[int]:
        """Collect the orders of some shoppers; return the product of each of their lines, -1 if unknown."""
        lines = [line for order in orders for line in order.lines]
        found = products.find_all([line.product_id for line in lines])
        self._shoppers += shoppers
        self._times += [order.placed_at.timestamp() for order in orders]
        self._latitudes += [order.latitude for order in orders]
        self._longitudes += [order.longitude for order in orders]
        self._sizes += [len(order.lines) for order in orders]
        self._products += found
        self._prices += [line.unit_price for line in lines]
        return found

    def collected(self) -> Purchases:
        """Return what was collected, in the order it came.

        Of each order every product counts once, at its first price; what is not known here is left out.
        """
        sizes, products = np.array(self._sizes, np.int32), np.array(self._products, np.int32)
        prices = np.array(self._prices, np.float64)
        kept = settle(sizes, products, prices)
        return Purchases(
            np.array(self._shoppers, np.int32),
            np.array(self._times, np.float64),
            np.array(self._latitudes, np.float64),
            np.array(self._longitudes, np.float64),
            sizes,
            products[:kept],
            prices[:kept],
        )


@entry
def settle(sizes: Positions, products: Positions, prices: Floats) -> int:
    """Close up each product's first line in its order, known products only; return how many lines are left.

    `sizes` are the lines of each order, before and after.
    """
    first = kept = 0
    for order in range(len(sizes)):
        begin, end = kept, first + sizes[order]
        for line in range(first, end):
            product, at = products[line], begin
            while at < kept and products[at] != product:
                at += 1
            if at == kept and product >= 0:
                products[kept], prices[kept] = product, prices[line]
                kept += 1
        sizes[order], first = kept - begin, end
    return kept
