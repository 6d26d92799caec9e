"""What is for sale, a column a property and a row a product."""

from typing import NamedTuple

import numpy as np

from punnet.core.column import Column
from punnet.types import Floats, Indices, Mask

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


class Shelf:
    """The columns of all products ever heard of; a product that left stays as a row that is not listed."""

    __slots__ = (
        "_added",
        "_available",
        "_category",
        "_farm",
        "_listed",
        "_organic",
        "_price",
        "_since",
        "_stock",
        "_until",
    )

    def __init__(self) -> None:
        self._category = Column(np.int64)
        self._farm = Column(np.int64)
        self._price = Column(np.float64)
        self._organic = Column(np.bool_)
        self._added = Column(np.float64)
        self._stock = Column(np.int64)
        self._available = Column(np.bool_)
        self._since = Column(np.float64)
        self._until = Column(np.float64)
        self._listed = Column(np.bool_)

    def __len__(self) -> int:
        return len(self._price)

    @property
    def category(self) -> Indices:
        """The category of each product."""
        return self._category.values

    @property
    def farm(self) -> Indices:
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

    def put(self, product: int, row: Row) -> None:
        """Make `row` what is known of `product`, which is a known position or the next one."""
        columns = (
            (self._category, row.category),
            (self._farm, row.farm),
            (self._price, row.price),
            (self._organic, row.organic),
            (self._added, row.added),
            (self._stock, row.stock),
            (self._available, row.available),
            (self._since, row.since),
            (self._until, row.until),
            (self._listed, True),
        )
        for column, value in columns:
            column.put(product, value)

    def remove(self, product: int) -> None:
        """Take `product` off the list; its row stays, for the orders that hold it."""
        self._listed.put(product, False)

    def on_sale(self, now: float) -> Mask:
        """Return for each product whether a shopper could buy it at `now`."""
        mask: Mask = self.listed & self._available.values & (self._stock.values != 0)
        mask &= (self._since.values <= now) & (now < self._until.values)
        return mask

    def is_on_sale(self, product: int, now: float) -> bool:
        """Return what `on_sale` has of one product, without a look at the others."""
        offered = (
            self.listed[product] and self._available.values[product] and self._stock.values[product] != 0
        )
        return bool(offered and self._since.values[product] <= now < self._until.values[product])
