"""What a shopper likes, from what the shopper did."""

from dataclasses import dataclass

import numpy as np

from punnet.algorithms.offer import DECIMALS
from punnet.types import Floats, Indices

PURCHASES = 0.6
VIEWS = 0.2
WISHLIST = 0.1
SEARCHES = 0.05
FARMS = 0.05

FAVOURITES = 5
"""How many categories, and how many farms, count as the best-liked ones."""


@dataclass(frozen=True, slots=True)
class Taste:
    """A shopper's preference for each category and each farm, 0..1, and the range of prices paid.

    `low` and `high` are NaN for who bought nothing; `orders` is how many orders the shopper placed.
    """

    categories: Floats
    farms: Floats
    low: float
    high: float
    orders: int


def preference(signals: list[tuple[float, Floats | Indices]]) -> Floats:
    """Return the weighted sum of counts, each row scaled to a maximum of 1 before, and the sum after.

    A signal is its weight and its counts; all counts have the same length.
    """
    total: Floats = np.zeros(len(signals[0][1]))
    for weight, counts in signals:
        total += weight * _scaled(counts.astype(np.float64))
    liking: Floats = _scaled(total).round(DECIMALS)
    return liking


def price_range(paid: Floats) -> tuple[float, float]:
    """Return the 10th and the 90th percentile, linear between ranks; NaN where nothing was paid."""
    if not len(paid):
        return np.nan, np.nan
    low, high = np.percentile(paid, [10, 90])
    return float(low), float(high)


def favourites(preferences: Floats) -> Indices:
    """Return the positions of the best-liked ones, at most `FAVOURITES` and only those liked at all."""
    ranked = np.argsort(-preferences, kind="stable")[:FAVOURITES]
    return ranked[preferences[ranked] > 0]


def _scaled(values: Floats) -> Floats:
    highest = values.max(initial=0.0)
    return values / highest if highest > 0 else values
