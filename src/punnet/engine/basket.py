"""Orders on their way into the ledger."""

import numpy as np

from punnet.core.ledger import Purchases
from punnet.core.vocab import Vocabulary
from punnet.market import Order


class Baskets:
    """Collects orders, so that a batch of them enters the ledger in one step."""

    def __init__(self) -> None:
        self._shoppers: list[int] = []
        self._times: list[float] = []
        self._latitudes: list[float] = []
        self._longitudes: list[float] = []
        self._sizes: list[int] = []
        self._products: list[int] = []
        self._prices: list[float] = []

    def __len__(self) -> int:
        return len(self._shoppers)

    def add(self, order: Order, time: float, shopper: int, products: Vocabulary) -> list[int]:
        """Collect one order, placed at `time` (seconds), and return its products.

        Each counts once, at its first price; what is not known here is left out.
        """
        found = products.find_all([line.product_id for line in order.lines])
        prices = [line.unit_price for line in order.lines]
        lines = dict(zip(found, prices, strict=True))
        if len(lines) < len(found):
            lines = {product: prices[found.index(product)] for product in lines}
        lines.pop(-1, None)
        self._shoppers.append(shopper)
        self._times.append(time)
        self._latitudes.append(np.nan if order.latitude is None else order.latitude)
        self._longitudes.append(np.nan if order.longitude is None else order.longitude)
        self._sizes.append(len(lines))
        self._products.extend(lines.keys())
        self._prices.extend(lines.values())
        return list(lines)

    def collected(self) -> Purchases:
        """Return what was collected, in the order it came."""
        return Purchases(
            np.array(self._shoppers, np.int32),
            np.array(self._times, np.float64),
            np.array(self._latitudes, np.float64),
            np.array(self._longitudes, np.float64),
            np.array(self._sizes, np.int32),
            np.array(self._products, np.int32),
            np.array(self._prices, np.float64),
        )
