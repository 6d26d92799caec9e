"""What is new from the farms a shopper likes."""

import numpy as np

from punnet.algorithms.offer import Offer, best
from punnet.algorithms.taste import favourites
from punnet.core.shelf import Shelf
from punnet.types import DAY, Floats, Mask

CONFIDENCE = 1.0


def offer(shelf: Shelf, liking: Floats, now: float, eligible: Mask, k: int, *, days: float) -> Offer:
    """Return the products added in the last `days` by the best-liked farms, the newer the better.

    `liking` has an entry a farm.
    """
    age = (now - shelf.added) / DAY
    fresh = (age >= 0) & (age < days) & np.isin(shelf.farm, favourites(liking))
    return best(fresh * liking[shelf.farm] * (1 - age / days), CONFIDENCE, eligible, k)
