"""Which categories and farms a shopper likes."""

from typing import NamedTuple

import numpy as np

from punnet.algorithms import taste
from punnet.algorithms.offer import asked_at
from punnet.core.compiled import Packed, entry
from punnet.core.desk import begin, desk_at
from punnet.core.ledger import book_at
from punnet.core.shelf import goods_at
from punnet.engine.kept import Kept
from punnet.engine.question import blank
from punnet.types import Floats, Indices


class Liking(NamedTuple):
    """A shopper's preference for each category and each farm, 0..1."""

    categories: Floats
    farms: Floats

    @property
    def favourite_farms(self) -> Indices:
        """The positions of the best-liked farms, at most `FAVOURITES` and only those liked at all."""
        ranked = np.argsort(-self.farms, kind="stable")[: taste.FAVOURITES]
        return ranked[self.farms[ranked] > 0]


def liking_of(kept: Kept, shopper: int) -> Liking:
    """Return what the shopper at a position likes; all zero for a visitor nobody knows (-1)."""
    at, asked = kept.whereabouts(0.0, None), Packed(blank(kept, shopper))
    liking = Liking(*(np.zeros(size) for size in kept.kinds))
    like(at.book, at.goods, asked.address, at.desk, liking.categories, liking.farms)
    return liking


@entry
def like(book: int, goods: int, asked: int, desk_is_at: int, categories: Floats, farms: Floats) -> None:
    """Fill in what a shopper likes."""
    desk = desk_at(desk_is_at)
    begin(desk)
    taste.measure(book_at(book), goods_at(goods), asked_at(asked), desk)
    for category in range(len(categories)):
        categories[category] = desk.category_liking[category]
    for farm in range(len(farms)):
        farms[farm] = desk.farm_liking[farm]
    taste.forget(desk)
