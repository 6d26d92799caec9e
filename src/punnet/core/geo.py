"""Distances on the earth."""

from typing import NamedTuple

import numpy as np

from punnet.core.compiled import compiled, reader

EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the earth (IUGG)."""

KM_A_DEGREE = 111.0
"""What a degree of latitude is long at least."""


class Place(NamedTuple):
    """A point, in degrees, and how far around it still counts. A radius of infinity is everywhere."""

    latitude: float
    longitude: float
    radius_km: float


place_at = reader(Place)

EVERYWHERE = Place(0.0, 0.0, np.inf)


@compiled
def distance_km(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Return the great-circle distance of two places in km; NaN where one is NaN.

    Degrees in. Haversine formula, R. W. Sinnott, "Virtues of the Haversine", Sky and Telescope 68 (1984).
    """
    north, other_north = np.radians(latitude), np.radians(other_latitude)
    east = np.radians(longitude - other_longitude)
    half_chord = (
        np.sin((north - other_north) / 2) ** 2 + np.cos(north) * np.cos(other_north) * np.sin(east / 2) ** 2
    )
    # Rounding can lift the haversine of antipodes above 1, where arcsin has no value.
    return float(2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(min(half_chord, 1.0))))


@compiled
def is_within(place: Place, latitude: float, longitude: float) -> bool:
    """Return whether a point lies in a place, its edge included; where it is NaN only in EVERYWHERE."""
    if np.isinf(place.radius_km):
        return True
    if not abs(latitude - place.latitude) * KM_A_DEGREE <= place.radius_km + 1:
        return False
    return distance_km(latitude, longitude, place.latitude, place.longitude) <= place.radius_km
