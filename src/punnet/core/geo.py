"""Distances on the earth."""

import numpy as np

from punnet.types import Floats

EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the earth (IUGG)."""


def distance_km(latitudes: Floats, longitudes: Floats, latitude: float, longitude: float) -> Floats:
    """Return the great-circle distance of each place from one place, in km.

    Degrees in; NaN where a place is NaN. Haversine formula, R. W. Sinnott,
    "Virtues of the Haversine", Sky and Telescope 68 (1984).
    """
    north, east = np.radians(latitudes), np.radians(longitudes)
    here_north, here_east = np.radians(latitude), np.radians(longitude)
    half_chord = (
        np.sin((north - here_north) / 2) ** 2
        + np.cos(north) * np.cos(here_north) * np.sin((east - here_east) / 2) ** 2
    )
    # Rounding can lift the haversine of antipodes above 1, where arcsin has no value.
    distance: Floats = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(half_chord, 1.0)))
    return distance
