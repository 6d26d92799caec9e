"""What is in season in the place."""

from datetime import UTC, datetime, timedelta
from enum import Enum

import numpy as np

from punnet.algorithms.offer import Offer, best
from punnet.core.shelf import Shelf
from punnet.types import DAY, Floats, Mask

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


def season(now: float, latitude: float) -> Season:
    """Return the season of the UTC day at `now` (seconds) at `latitude`; below 0 is southern."""
    month = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=now)).month
    quarter = month % 12 // 3
    return YEAR[quarter if latitude >= 0 else (quarter + 2) % 4]


def offer(
    shelf: Shelf, in_season: Mask, liking: Floats, now: float, eligible: Mask, k: int, *, new_days: float
) -> Offer:
    """Return the products of the categories in season, more of what is liked and what is new.

    `in_season` and `liking` have an entry a category; `new_days` is how long a product is new.
    """
    age = now - shelf.added
    new = (age >= 0) & (age < new_days * DAY)
    scores = BASE + LIKED * liking[shelf.category] + NEW * new
    return best(np.minimum(scores, 1.0) * in_season[shelf.category], CONFIDENCE, eligible, k)
