"""A shopper's profile as compiled loops read it."""

from typing import NamedTuple

import numpy as np

from punnet.algorithms.taste import FARM_LIKED, FARM_VIEWED, SEARCHED, VIEWED, WISHED
from punnet.engine.profile import NOBODY, Profile
from punnet.types import Floats, Positions

OVERHEAD = 600
"""Bytes of a sketch of nothing: three arrays, a tuple, and a place in a table."""


class Sketch(NamedTuple):
    """What the algorithms read of a profile."""

    signals: Positions
    """Three numbers each: which signal, of which position, how often."""
    handled: Positions
    """The latest products viewed or put in the cart."""
    handled_at: Floats
    """And when (seconds)."""
    cart: tuple[int, ...]

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        arrays = self.signals.nbytes + self.handled.nbytes + self.handled_at.nbytes
        return OVERHEAD + arrays + 8 * len(self.cart)


def sketch(profile: Profile) -> Sketch:
    """Return the sketch of a profile."""
    signals = [
        *((VIEWED, position, times) for position, times in profile.views.items()),
        *((WISHED, position, 1) for position in sorted(profile.wishlist)),
        *((SEARCHED, position, times) for position, times in profile.searches.items()),
        *((FARM_VIEWED, position, times) for position, times in profile.farm_views.items()),
        *((FARM_LIKED, position, 1) for position in sorted(profile.followed | profile.rated)),
    ]
    return Sketch(
        np.array(signals, np.int32).reshape(-1),
        np.array(list(profile.recent), np.int32),
        np.array(list(profile.recent.values()), np.float64),
        tuple(profile.cart),
    )


BLANK = sketch(NOBODY)
"""The sketch of a visitor of whom nothing is known."""
