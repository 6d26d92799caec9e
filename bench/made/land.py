"""Where a made market lies: its towns, and its farms around them."""

from typing import NamedTuple

import numpy as np

from bench.made.chance import Chance, Ints, Urn, chance, power_law
from punnet.types import Floats

TOWNS = 40
SHOPPERS_A_TOWN = 25
"""Fewer shoppers than in 40 such towns live in fewer towns."""

PRODUCTS_A_FARM = 40
SIDE_KM = 1500.0
CENTRE = 40.0, -85.0
KM_A_DEGREE = 111.195
FARM_KM = 50.0
"""How far a farm is from its town at most."""


class Land(NamedTuple):
    """Towns, the largest first, and farms with their town, all with places in degrees.

    `town_weights` say how many people live in a town, `farm_weights` how much grows on a farm.
    """

    town_weights: Floats
    town_latitudes: Floats
    town_longitudes: Floats
    farm_weights: Floats
    farm_towns: Ints
    farm_latitudes: Floats
    farm_longitudes: Floats


def around(luck: Chance, latitudes: Floats, longitudes: Floats, radius_km: float) -> tuple[Floats, Floats]:
    """Return a place within the radius of each place, all parts of the circle alike, to 5 decimals."""
    # A little less, because a degree of longitude grows shorter to the north within the circle.
    reach = 0.99 * radius_km / KM_A_DEGREE * np.sqrt(luck.random(len(latitudes)))
    angle = 2 * np.pi * luck.random(len(latitudes))
    north = latitudes + reach * np.sin(angle)
    east = longitudes + reach * np.cos(angle) / np.cos(np.radians(latitudes))
    return north.round(5), east.round(5)


def made_land(seed: int, products: int, shoppers: int) -> Land:
    """Return the land for so many products and shoppers."""
    luck = chance(seed, 1)
    towns = min(TOWNS, max(2, shoppers // SHOPPERS_A_TOWN))
    half = SIDE_KM / 2 / KM_A_DEGREE
    latitudes = (CENTRE[0] + half * luck.uniform(-1, 1, towns)).round(4)
    narrow = np.cos(np.radians(CENTRE[0]))
    longitudes = (CENTRE[1] + half / narrow * luck.uniform(-1, 1, towns)).round(4)
    weights = power_law(towns, 1.0)
    farms = max(2, products // PRODUCTS_A_FARM)
    home = Urn(weights).draw(luck, farms)
    places = around(luck, latitudes[home], longitudes[home], FARM_KM)
    return Land(weights, latitudes, longitudes, luck.lognormal(0, 1, farms), home, *places)
