"""Every purchase of the market, indexed from both sides: by shopper and by product."""

from typing import NamedTuple

import numpy as np

from punnet.core.column import Column
from punnet.core.distinct import distinct
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
    """The orders of a market. Orders, shoppers and products are positions, which are never given twice."""

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
        """Return how many orders there are; positions of forgotten ones are not counted."""
        return len(self._timeline)

    @property
    def shoppers(self) -> Indices:
        """The shopper of each order, -1 where it was forgotten."""
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

    def latest(self, count: int) -> Indices:
        """Return the `count` orders placed last, by time; of equal times the one that arrived first."""
        return self._timeline.values[-count:]

    def add(self, purchases: Purchases) -> None:
        """Add orders; their shoppers and products must be reserved."""
        first = len(self._shoppers)
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

    def forget(self, shopper: int) -> Indices:
        """Take out all orders of a shopper, and return their positions; nothing of them stays there."""
        orders = self.placed_by.row(shopper).copy()
        products, lines, who = distinct(self.lines(orders)), self._lines_of(orders), np.array([shopper])
        self.holding.remove(products, orders)
        self.bought_by.remove(who, products)
        self.placed_by.remove(who, orders)
        self._line_products.values[lines] = -1
        self._line_prices.values[lines] = np.nan
        self._shoppers.values[orders] = -1
        for sizes in (self._starts, self._sizes):
            sizes.values[orders] = 0
        for known in (self._times, self._latitudes, self._longitudes):
            known.values[orders] = np.nan
        places = np.flatnonzero(np.isin(self._timeline.values, orders))
        self._timeline.remove(places)
        self._timeline_times.remove(places)
        return orders

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
