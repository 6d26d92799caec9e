"""What suits a shopper's own habits and was never bought."""

import numpy as np

from punnet.algorithms.offer import Notes, Offer, best
from punnet.algorithms.taste import Taste, favourites
from punnet.core.shelf import Shelf
from punnet.types import Indices, Mask

CATEGORY = 0.6
PRICE_IN_RANGE = 0.3
FARM = 0.1

SURE_FROM = 10
"""Orders from which the confidence is 1."""

TOLERANCE = 1e-9
"""Keeps a price on the edge of the range inside it, whatever its binary form."""


def offer(shelf: Shelf, taste: Taste, bought: Indices, eligible: Mask, k: int) -> Offer:
    """Return products of the best-liked categories, by category, price and farm, without those `bought`."""
    liked = np.isin(shelf.category, favourites(taste.categories))
    liked[bought] = False
    in_range = (shelf.price >= taste.low - TOLERANCE) & (shelf.price <= taste.high + TOLERANCE)
    scores = (
        CATEGORY * taste.categories[shelf.category]
        + PRICE_IN_RANGE * in_range
        + FARM * taste.farms[shelf.farm]
    )
    confidence = min(taste.orders / SURE_FROM, 1.0)
    notes: Notes = {"categoryMatch": shelf.category, "priceInRange": in_range}
    return best(np.minimum(scores, 1.0) * liked, confidence, eligible, k, notes)
