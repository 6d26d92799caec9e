"""Products like these."""

import numpy as np

from punnet.algorithms.offer import Offer, best
from punnet.core.shelf import Shelf
from punnet.types import Floats, Indices, Mask

SAME_CATEGORY = 0.4
SAME_FARM = 0.3
SIMILAR_PRICE = 0.2
SAME_ORGANIC = 0.1

SIMILAR_WITHIN = 0.2
"""Relative difference in price up to which it is similar."""

CANDIDATE_WITHIN = 0.3
"""Relative difference in price up to which it makes a candidate of its own."""

TOLERANCE = 1e-9
"""Keeps 3.60 within 20 % of 3.00, although their binary forms are not."""


def offer(shelf: Shelf, sources: Indices, confidence: float, eligible: Mask, k: int) -> Offer:
    """Return the products most similar to any of `sources`, with the given confidence."""
    scores = np.zeros(len(shelf))
    for source in sources:
        np.maximum(scores, similarity(shelf, int(source)), out=scores)
    return best(scores, confidence, eligible, k)


def similarity(shelf: Shelf, source: int) -> Floats:
    """Return for each product how similar it is to `source`, 0..1; `source` itself and no candidate: 0."""
    price = shelf.price[source]
    difference = np.abs(shelf.price - price) - TOLERANCE
    category = shelf.category == shelf.category[source]
    farm = shelf.farm == shelf.farm[source]
    candidate = category | farm | (difference <= CANDIDATE_WITHIN * price)
    candidate[source] = False
    scores: Floats = candidate * (
        SAME_CATEGORY * category
        + SAME_FARM * farm
        + SIMILAR_PRICE * (difference <= SIMILAR_WITHIN * price)
        + SAME_ORGANIC * (shelf.organic == shelf.organic[source])
    )
    return scores
