"""What is in season in the place."""

from datetime import date, timedelta
from enum import Enum
from functools import lru_cache

from punnet.algorithms.offer import Asked, Shortlist, be_sure, is_narrow, wanted
from punnet.core.best import Best, is_closed, propose
from punnet.core.compiled import compiled
from punnet.core.desk import Desk
from punnet.core.postings import Rows
from punnet.core.shelf import Goods
from punnet.types import DAY, Positions

BASE = 0.5
LIKED = 0.3
NEW = 0.2
CONFIDENCE = 0.8


class Season(Enum):
    """A season, and the categories that are at their best in it."""

    SPRING = frozenset({"Vegetables", "Herbs", "Greens", "Berries"})
    SUMMER = frozenset({"Fruits", "Vegetables", "Berries", "Melons"})
    FALL = frozenset({"Root Vegetables", "Squash", "Apples", "Pumpkins"})
    WINTER = frozenset({"Root Vegetables", "Preserved", "Citrus", "Greens"})


YEAR = (Season.WINTER, Season.SPRING, Season.SUMMER, Season.FALL)
"""The northern year in quarters, from December on."""


_EPOCH = date(1970, 1, 1)


def season(now: float, latitude: float) -> Season:
    """Return the season of the UTC day at `now` (seconds) at `latitude`; below 0 is southern."""
    quarter = _month(int(now // DAY)) % 12 // 3
    return YEAR[quarter if latitude >= 0 else (quarter + 2) % 4]


def steady_until(now: float) -> float:
    """Return the end of the UTC month of `now` (seconds): no season begins anywhere before it."""
    first = (_EPOCH + timedelta(days=int(now // DAY))).replace(day=1)
    return ((first + timedelta(days=31)).replace(day=1) - _EPOCH).days * DAY


@lru_cache(maxsize=1_024)
def _month(day: int) -> int:
    return (_EPOCH + timedelta(days=day)).month


@compiled
def offer(
    goods: Goods, asked: Asked, desk: Desk, fresh: Positions, shortlist: Shortlist, new_days: float
) -> None:
    """Shortlist the products of the categories in season, more of what is liked and what is new.

    `fresh` has all products that are new, for `new_days`, in the order they were added.
    """
    best = shortlist.best
    if is_narrow(asked):
        for product in desk.found[: desk.known[2]]:
            _propose(goods, asked, desk, best, product, new_days)
    else:
        for product in fresh:
            if is_closed(best, product, 1.0):
                break
            _propose(goods, asked, desk, best, product, new_days)
        for category in range(goods.categories):
            if asked.in_season[category]:
                _look_along(goods, asked, desk, best, goods.of_category, category, new_days)
    be_sure(shortlist, CONFIDENCE)


@compiled
def is_new(goods: Goods, product: int, now: float, new_days: float) -> bool:
    """Return whether a product was added in the last `new_days`."""
    return bool(0 <= now - goods.added[product] < new_days * DAY)


@compiled
def _look_along(
    goods: Goods, asked: Asked, desk: Desk, best: Best, rows: Rows, category: int, new_days: float
) -> None:
    """Propose the products of a category that are not new: the new ones have been looked at."""
    bound = BASE + LIKED * desk.category_liking[category]
    start = rows.heads[2 * category]
    for at in range(start, start + rows.heads[2 * category + 1]):
        product = rows.pool[at]
        if is_closed(best, product, bound):
            break
        _propose(goods, asked, desk, best, product, new_days)


@compiled
def _propose(goods: Goods, asked: Asked, desk: Desk, best: Best, product: int, new_days: float) -> None:
    category = goods.category[product]
    if asked.in_season[category] and wanted(goods, asked, desk, product):
        new = is_new(goods, product, asked.now, new_days)
        propose(best, product, min(BASE + LIKED * desk.category_liking[category] + NEW * new, 1.0))
