"""What is for sale, a column a property and a row a product."""

from typing import NamedTuple

import numpy as np

from punnet.core.column import Column
from punnet.core.compiled import compiled, reader
from punnet.core.postings import Postings, Rows
from punnet.types import Floats, Mask, Positions

UNTRACKED = -1
"""The stock of a product whose stock nobody counts."""


class Row(NamedTuple):
    """One product in numbers. `added`, and on sale `since` and `until`, are seconds; they may be infinite."""

    category: int
    farm: int
    price: float
    organic: bool
    added: float
    stock: int = UNTRACKED
    available: bool = True
    since: float = -np.inf
    until: float = np.inf

    @property
    def offered(self) -> bool:
        """Whether it is on sale while its time is, and its farm is in the market."""
        return self.available and self.stock != 0


class Goods(NamedTuple):
    """A shelf as compiled loops read it; arrays may be longer than there are `products` in them."""

    category: Positions
    farm: Positions
    price: Floats
    organic: Mask
    added: Floats
    open: Mask
    """Whether a product is on sale; if `timed`, while `since` ≤ now < `until`."""
    timed: Mask
    since: Floats
    until: Floats
    of_category: Rows
    of_farm: Rows
    products: int
    categories: int
    farms: int


class Shelf:
    """The columns of all products ever heard of; a product that left stays as a row that is not listed."""

    __slots__ = (
        "_added",
        "_category",
        "_farm",
        "_farm_listed",
        "_listed",
        "_offered",
        "_open",
        "_organic",
        "_price",
        "_since",
        "_timed",
        "_until",
        "moves",
        "of_category",
        "of_farm",
    )

    moves: int

    def __init__(self) -> None:
        self._category = Column(np.int32)
        self._farm = Column(np.int32)
        self._price = Column(np.float64)
        self._organic = Column(np.bool_)
        self._added = Column(np.float64)
        self._offered = Column(np.bool_)
        self._timed = Column(np.bool_)
        self._since = Column(np.float64)
        self._until = Column(np.float64)
        self._listed = Column(np.bool_)
        self._open = Column(np.bool_)
        self._farm_listed = Column(np.bool_)
        self.of_category = Postings()
        """The listed products of each category, the one added first first."""
        self.moves = 0
        """How often a product came to another place or time: was added, left, or was said to be older."""
        self.of_farm = Postings()
        """The listed products of each farm, the one added first first."""

    def __len__(self) -> int:
        return len(self._price)

    @property
    def category(self) -> Positions:
        """The category of each product."""
        return self._category.values

    @property
    def farm(self) -> Positions:
        """The farm of each product."""
        return self._farm.values

    @property
    def price(self) -> Floats:
        """The price of each product, in the market's currency."""
        return self._price.values

    @property
    def organic(self) -> Mask:
        """Whether each product is organic."""
        return self._organic.values

    @property
    def added(self) -> Floats:
        """When each product was added, in seconds."""
        return self._added.values

    @property
    def listed(self) -> Mask:
        """Whether each product is in the catalogue now."""
        return self._listed.values

    @property
    def goods(self) -> Goods:
        """All of it, for compiled loops; valid until a product or a farm is put."""
        return Goods(
            self._category.room,
            self._farm.room,
            self._price.room,
            self._organic.room,
            self._added.room,
            self._open.room,
            self._timed.room,
            self._since.room,
            self._until.room,
            self.of_category.rows,
            self.of_farm.rows,
            len(self),
            len(self.of_category),
            len(self.of_farm),
        )

    def put_farm(self, farm: int) -> None:
        """Have a farm in the market, and what it offers on sale."""
        self._turn(farm, listed=True)

    def remove_farm(self, farm: int) -> None:
        """Take a farm out of the market; nothing of it is on sale."""
        self._turn(farm, listed=False)

    def put(self, product: int, row: Row) -> None:
        """Make `row` what is known of `product`, which is a known position or the next one."""
        stays = product < len(self) and self.listed[product]
        if stays and (self.category[product] != row.category or self.farm[product] != row.farm):
            self._unlist(product)
            stays = False
        if not stays or self.added[product] != row.added:
            self.moves += 1
        columns = (
            (self._category, row.category),
            (self._farm, row.farm),
            (self._price, row.price),
            (self._organic, row.organic),
            (self._added, row.added),
            (self._offered, row.offered),
            (self._timed, row.since > -np.inf or row.until < np.inf),
            (self._since, row.since),
            (self._until, row.until),
            (self._listed, True),
            (self._open, row.offered and bool(self._farm_listed.values[row.farm])),
        )
        for column, value in columns:
            column.put(product, value)
        if not stays:
            self._list(product)

    def remove(self, product: int) -> None:
        """Take `product` off the list; its row stays, for the orders that hold it."""
        if self.listed[product]:
            self._unlist(product)
            self.moves += 1
        self._listed.put(product, False)
        self._open.put(product, False)

    def on_sale(self, now: float) -> Mask:
        """Return for each product whether a shopper could buy it at `now`."""
        mask: Mask = self._open.values & (self._since.values <= now) & (now < self._until.values)
        return mask

    def steady_until(self, now: float) -> float:
        """Return the next moment after `now` at which time alone puts a product on sale or takes it off."""
        edges = (self._since.values, self._until.values)
        return min(float(np.min(each, where=each > now, initial=np.inf)) for each in edges)

    def is_on_sale(self, product: int, now: float) -> bool:
        """Return what `on_sale` has of one product, without a look at the others."""
        open_now = self._since.values[product] <= now < self._until.values[product]
        return bool(self._open.values[product] and open_now)

    def _list(self, product: int) -> None:
        at = np.array([product], np.int32)
        for rows, row in ((self.of_category, self.category[at]), (self.of_farm, self.farm[at])):
            rows.reserve(int(row[0]) + 1)
            rows.add(row, at)

    def _unlist(self, product: int) -> None:
        at = np.array([product], np.int64)
        self.of_category.remove(self.category[at].astype(np.int64), at)
        self.of_farm.remove(self.farm[at].astype(np.int64), at)

    def _turn(self, farm: int, *, listed: bool) -> None:
        self._farm_listed.put(farm, listed)
        self.of_farm.reserve(farm + 1)
        products = self.of_farm.row(farm)
        self._open.values[products] = self._offered.values[products] & listed


goods_at = reader(Goods)


@compiled
def sells(goods: Goods, product: int, now: float) -> bool:
    """Return whether a shopper could buy a product at `now`."""
    if not goods.timed[product]:
        return bool(goods.open[product])
    return bool(goods.open[product] and goods.since[product] <= now < goods.until[product])
