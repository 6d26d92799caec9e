"""Every purchase of the market, indexed from both sides: by shopper and by product."""

from typing import NamedTuple

import numpy as np

from punnet.core.column import Column
from punnet.core.compiled import compiled, entry, reader
from punnet.core.postings import Postings, Rows, spans
from punnet.types import Floats, Indices, Positions


class Purchases(NamedTuple):
    """Orders as they arrived. The first five run in parallel, an entry an order; a place may be NaN.

    `products` and `prices` hold the lines of the first order, then those of the second, and so on:
    `sizes[i]` lines for order i, no product twice in one order.
    """

    shoppers: Positions
    times: Floats
    latitudes: Floats
    longitudes: Floats
    sizes: Positions
    products: Positions
    prices: Floats


class Book(NamedTuple):
    """A ledger as compiled loops read it; arrays may be longer than what is in use of them."""

    shoppers: Positions
    times: Floats
    latitudes: Floats
    longitudes: Floats
    lines: Rows
    """The products of each order, in its pool."""
    prices: Floats
    """What was paid for each of them, parallel to the pool."""
    timeline: Positions
    """The orders by time, of equal times the one that arrived first."""
    placed: Rows
    bought: Rows
    holding: Rows
    orders: int
    """How many positions orders have, forgotten ones among them."""
    kept: int
    """How many orders there are: the length of the timeline."""


class Ledger:
    """The orders of a market. Orders, shoppers and products are positions, which are never given twice."""

    __slots__ = (
        "_latitudes",
        "_line_prices",
        "_line_products",
        "_longitudes",
        "_shoppers",
        "_spans",
        "_timeline",
        "_times",
        "bought_by",
        "holding",
        "placed_by",
    )

    def __init__(self) -> None:
        self._shoppers = Column(np.int32)
        self._times = Column(np.float64)
        self._latitudes = Column(np.float64)
        self._longitudes = Column(np.float64)
        self._spans = Column(np.int32)
        """Two numbers for each order: where its lines begin, and how many they are."""
        self._line_products = Column(np.int32)
        self._line_prices = Column(np.float64)
        self._timeline = Column(np.int32)
        self.placed_by = Postings()
        """Orders of each shopper, by time; of equal times the one that arrived first."""
        self.bought_by = Postings()
        """Products each shopper bought, each once, the one that was added to the market first first."""
        self.holding = Postings()
        """Orders that hold each product, by time; of equal times the one that arrived first."""

    def __len__(self) -> int:
        """Return how many orders there are; positions of forgotten ones are not counted."""
        return len(self._timeline)

    @property
    def shoppers(self) -> Positions:
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

    @property
    def book(self) -> Book:
        """All of it, for compiled loops; valid until orders are added or forgotten."""
        return Book(
            self._shoppers.room,
            self._times.room,
            self._latitudes.room,
            self._longitudes.room,
            Rows(self._spans.room, self._line_products.room),
            self._line_prices.room,
            self._timeline.room,
            self.placed_by.rows,
            self.bought_by.rows,
            self.holding.rows,
            len(self._shoppers),
            len(self._timeline),
        )

    def reserve(self, shoppers: int, products: int) -> None:
        """Know that many shoppers and products, those without an order too."""
        self.placed_by.reserve(shoppers)
        self.bought_by.reserve(shoppers)
        self.holding.reserve(products)

    def lines(self, orders: Indices | Positions) -> Positions:
        """Return the products in `orders`, one order after the other."""
        return self._line_products.values[self._lines_of(orders)]

    def prices(self, orders: Indices | Positions) -> Floats:
        """Return the unit prices paid in `orders`, in parallel to `lines`."""
        return self._line_prices.values[self._lines_of(orders)]

    def sizes(self, orders: Indices | Positions) -> Positions:
        """Return how many products each of `orders` holds."""
        return self._spans.values[1::2][orders]

    def add(self, purchases: Purchases) -> None:
        """Add orders; their shoppers and products must be reserved."""
        first = len(self._shoppers)
        orders = np.arange(first, first + len(purchases.shoppers), dtype=np.int32)
        starts = len(self._line_products) + np.cumsum(purchases.sizes) - purchases.sizes
        self._spans.extend(np.stack((starts, purchases.sizes), axis=1).astype(np.int32).ravel())
        self._shoppers.extend(purchases.shoppers)
        self._times.extend(purchases.times)
        self._latitudes.extend(purchases.latitudes)
        self._longitudes.extend(purchases.longitudes)
        self._line_products.extend(purchases.products)
        self._line_prices.extend(purchases.prices)
        self.placed_by.add(purchases.shoppers, orders, self._times.room)
        self.holding.add(purchases.products, np.repeat(orders, purchases.sizes), self._times.room)
        self.bought_by.add(np.repeat(purchases.shoppers, purchases.sizes), purchases.products)
        arrived = orders[np.argsort(purchases.times, kind="stable")]
        self._timeline.lengthen(len(self) + len(arrived))
        merge(self._timeline.values, arrived, self._times.room)

    def forget(self, shopper: int) -> Indices:
        """Take out all orders of a shopper, and return their positions; nothing of them stays there."""
        orders = np.sort(self.placed_by.row(shopper).astype(np.int64))
        products, lines, who = np.unique(self.lines(orders)), self._lines_of(orders), np.array([shopper])
        self.holding.remove(products.astype(np.int64), orders)
        self.bought_by.remove(who, products.astype(np.int64))
        self.placed_by.remove(who, orders)
        self._timeline.remove(np.flatnonzero(np.isin(self._timeline.values, orders)))
        self._line_products.values[lines] = -1
        self._line_prices.values[lines] = np.nan
        self._shoppers.values[orders] = -1
        self._spans.values.reshape(-1, 2)[orders] = 0
        for known in (self._times, self._latitudes, self._longitudes):
            known.values[orders] = np.nan
        return orders

    def _lines_of(self, orders: Indices | Positions) -> Indices:
        starts, sizes = self._spans.values.reshape(-1, 2)[orders].astype(np.int64).T
        return spans(starts, sizes)


book_at = reader(Book)


@compiled
def lines_of(book: Book, order: int) -> tuple[int, int]:
    """Return where in the pool the lines of an order begin, and where they end."""
    first = book.lines.heads[2 * order]
    return first, first + book.lines.heads[2 * order + 1]


@compiled
def timeline_after(book: Book, time: float, guess: int) -> int:
    """Return how many orders were placed at `time` or before; near a guess it is found quickest."""
    low = high = min(guess, book.kept)
    step = 1
    while low > 0 and not _is_placed(book, low - 1, time):
        high = low - 1
        low = max(low - step, 0)
        step *= 2
    step = 1
    while high < book.kept and _is_placed(book, high, time):
        low = high + 1
        high = min(high + step, book.kept)
        step *= 2
    while low < high:
        middle = (low + high) // 2
        if _is_placed(book, middle, time):
            low = middle + 1
        else:
            high = middle
    return low


@compiled
def _is_placed(book: Book, at: int, time: float) -> bool:
    """Return whether an order of the timeline was placed at `time` or before."""
    return bool(book.times[book.timeline[at]] <= time)


@entry
def merge(timeline: Positions, arrived: Positions, times: Floats) -> None:
    """Merge orders by time into the timeline, whose last places are theirs; of equal times they are last."""
    to = len(timeline) - 1
    left = to - len(arrived)
    right = len(arrived) - 1
    while right >= 0:
        if left >= 0 and times[timeline[left]] > times[arrived[right]]:
            timeline[to] = timeline[left]
            left -= 1
        else:
            timeline[to] = arrived[right]
            right -= 1
        to -= 1
