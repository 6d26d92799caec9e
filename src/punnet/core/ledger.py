"""Every purchase of the market, indexed from both sides: by shopper and by product."""

from typing import NamedTuple

import numpy as np

from punnet.core.column import Column
from punnet.core.postings import Postings, spans
from punnet.types import Floats, Indices


class Purchases(NamedTuple):
    """Orders as they arrived. The first five run in parallel, an entry an order; a place may be NaN.

    `products` and `prices` hold the lines of the first order, then those of the second, and so on:
    `sizes[i]` lines for order i, no product twice in one order.
    """

    shoppers: Indices
    times: Floats
    latitudes: Floats
    longitudes: Floats
    sizes: Indices
    products: Indices
    prices: Floats


class Ledger:
    """The orders of a market; only ever added to. Orders, shoppers and products are positions."""

    __slots__ = (
        "_latitudes",
        "_line_prices",
        "_line_products",
        "_longitudes",
        "_shoppers",
        "_sizes",
        "_starts",
        "_timeline",
        "_timeline_times",
        "_times",
        "bought_by",
        "holding",
        "placed_by",
    )

    def __init__(self) -> None:
        self._shoppers = Column(np.int64)
        self._times = Column(np.float64)
        self._latitudes = Column(np.float64)
        self._longitudes = Column(np.float64)
        self._starts = Column(np.int64)
        self._sizes = Column(np.int64)
        self._line_products = Column(np.int64)
        self._line_prices = Column(np.float64)
        self._timeline = Column(np.int64)
        self._timeline_times = Column(np.float64)
        self.placed_by = Postings()
        """Orders of each shopper."""
        self.bought_by = Postings()
        """Products each shopper bought, each once, in the order of the first time."""
        self.holding = Postings()
        """Orders that hold each product."""

    def __len__(self) -> int:
        return len(self._shoppers)

    @property
    def shoppers(self) -> Indices:
        """The shopper of each order."""
        return self._shoppers.values

    @property
    def times(self) -> Floats:
        """When each order was placed, in seconds."""
        return self._times.values

    @property
    def latitudes(self) -> Floats:
        """Where each order was placed, in degrees, or NaN."""
        return self._latitudes.values

    @property
    def longitudes(self) -> Floats:
        """Where each order was placed, in degrees, or NaN."""
        return self._longitudes.values

    def reserve(self, shoppers: int, products: int) -> None:
        """Know that many shoppers and products, those without an order too."""
        self.placed_by.reserve(shoppers)
        self.bought_by.reserve(shoppers)
        self.holding.reserve(products)

    def lines(self, orders: Indices) -> Indices:
        """Return the products in `orders`, one order after the other."""
        return self._line_products.values[self._lines_of(orders)]

    def prices(self, orders: Indices) -> Floats:
        """Return the unit prices paid in `orders`, in parallel to `lines`."""
        return self._line_prices.values[self._lines_of(orders)]

    def sizes(self, orders: Indices) -> Indices:
        """Return how many products each of `orders` holds."""
        return self._sizes.values[orders]

    def between(self, after: float, until: float) -> Indices:
        """Return the orders with after < time ≤ until, by time; of equal times the one that arrived first."""
        first, last = np.searchsorted(self._timeline_times.values, [after, until], side="right")
        return self._timeline.values[first:last]

    def add(self, purchases: Purchases) -> None:
        """Add orders; their shoppers and products must be reserved."""
        first = len(self)
        orders = np.arange(first, first + len(purchases.shoppers))
        self._starts.extend(len(self._line_products) + np.cumsum(purchases.sizes) - purchases.sizes)
        self._sizes.extend(purchases.sizes)
        self._shoppers.extend(purchases.shoppers)
        self._times.extend(purchases.times)
        self._latitudes.extend(purchases.latitudes)
        self._longitudes.extend(purchases.longitudes)
        self._line_products.extend(purchases.products)
        self._line_prices.extend(purchases.prices)
        self.placed_by.extend(purchases.shoppers, orders)
        self.holding.extend(purchases.products, np.repeat(orders, purchases.sizes))
        self._remember_bought(np.repeat(purchases.shoppers, purchases.sizes), purchases.products)
        self._insert_in_time(orders)

    def _lines_of(self, orders: Indices) -> Indices:
        return spans(self._starts.values[orders], self._sizes.values[orders])

    def _remember_bought(self, shoppers: Indices, products: Indices) -> None:
        width = len(self.holding)
        pairs, first = np.unique(shoppers * width + products, return_index=True)
        buyers = np.unique(shoppers)
        known = np.repeat(buyers, self.bought_by.lengths[buyers]) * width + self.bought_by.gather(buyers)
        fresh = np.sort(first[~np.isin(pairs, known)])
        self.bought_by.extend(shoppers[fresh], products[fresh])

    def _insert_in_time(self, orders: Indices) -> None:
        arrived = orders[np.argsort(self.times[orders], kind="stable")]
        times = self.times[arrived]
        places = np.searchsorted(self._timeline_times.values, times, side="right")
        self._timeline.insert(places, arrived)
        self._timeline_times.insert(places, times)
