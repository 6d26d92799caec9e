"""Not everything from one farm, one category or one end of the price list."""

from math import ceil
from typing import NamedTuple

import numpy as np

from punnet.core.compiled import compiled
from punnet.core.desk import Desk
from punnet.core.shelf import Goods
from punnet.engine.fusion import Mix

THIRDS = 3

_FARM, _CATEGORY = range(2)
"""Which of the four places of a farm's or category's tally counts what was taken of it."""


class Shares(NamedTuple):
    """The largest share of an answer for one farm, one category and one third of the price range."""

    farm: float
    category: float
    price: float

    def caps(self, limit: int) -> tuple[int, int, int]:
        """Return how many products of an answer of `limit` that is, rounded up."""
        farm, category, price = (ceil(round(share * limit, 9)) for share in self)
        return farm, category, price


@compiled
def diversify(mix: Mix, goods: Goods, desk: Desk, limit: int, caps: tuple[int, int, int]) -> None:
    """Choose at most `limit` candidates: down their order those within the caps, then those passed over."""
    low, high = _price_range(mix, goods)
    desk.thirds[:] = 0
    chosen = passed = 0
    for at in range(mix.counts[0]):
        if chosen == limit:
            break
        candidate = mix.order[at]
        if _has_room(desk, goods, mix.candidates[candidate], low, high, caps):
            mix.chosen[chosen] = candidate
            chosen += 1
        else:
            mix.passed[passed] = candidate
            passed += 1
    for at in range(chosen):
        product = mix.candidates[mix.chosen[at]]
        desk.tally[4 * goods.farm[product] + _FARM] = 0
        desk.tally[4 * goods.category[product] + _CATEGORY] = 0
    for at in range(min(passed, limit - chosen)):
        mix.chosen[chosen] = mix.passed[at]
        chosen += 1
    mix.counts[1] = chosen


@compiled
def _has_room(
    desk: Desk, goods: Goods, product: int, low: float, high: float, caps: tuple[int, int, int]
) -> bool:
    """Take a product if its farm, its category and its third of the prices are within their caps."""
    farm = 4 * goods.farm[product] + _FARM
    category = 4 * goods.category[product] + _CATEGORY
    third = _third(goods.price[product], low, high)
    if desk.tally[farm] >= caps[0] or desk.tally[category] >= caps[1]:
        return False
    if third >= 0:
        if desk.thirds[third] >= caps[2]:
            return False
        desk.thirds[third] += 1
    desk.tally[farm] += 1
    desk.tally[category] += 1
    return True


@compiled
def _price_range(mix: Mix, goods: Goods) -> tuple[float, float]:
    low, high = np.inf, -np.inf
    for at in range(mix.counts[0]):
        price = goods.price[mix.candidates[at]]
        low, high = min(low, price), max(high, price)
    return low, high


@compiled
def _third(price: float, low: float, high: float) -> int:
    """Return the third of the range that a price is in, 0 to 2; -1 where the range is one price."""
    if low >= high:
        return -1
    return min(int(np.rint(THIRDS * (price - low) / (high - low) * 1e9) / 1e9), THIRDS - 1)
