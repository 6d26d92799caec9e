"""Who buys in a made market."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from bench.made.chance import Chance, Ints, Urn, chance
from bench.made.land import Land, around
from bench.made.shelf import Shelf
from bench.made.stalls import Stalls
from punnet.types import Floats

HOME_KM = 20.0
STAPLES = 8
"""Products that a shopper buys again and again."""


class People(NamedTuple):
    """Shoppers: where they live, in degrees; how much they buy; what they buy again, a row a shopper."""

    towns: Ints
    latitudes: Floats
    longitudes: Floats
    weights: Floats
    staples: Ints


def made_people(seed: int, shoppers: int, land: Land, shelf: Shelf, stalls: Stalls) -> People:
    """Return so many shoppers."""
    luck = chance(seed, 3)
    towns = Urn(land.town_weights).draw(luck, shoppers)
    places = around(luck, land.town_latitudes[towns], land.town_longitudes[towns], HOME_KM)
    weights = luck.lognormal(0, 1, shoppers)
    return People(towns, *places, weights, _staples(luck, towns, shelf, stalls))


def _staples(luck: Chance, towns: Ints, shelf: Shelf, stalls: Stalls) -> Ints:
    """Return what each shopper buys again: of two farms near home, of two categories, of others near."""
    loved, liked, *near = (_older(stalls.near, luck, towns) for _ in range(STAPLES - 4))
    farms = [shelf.farms[product] for product in (loved, near[0])]
    categories = [shelf.categories[product] for product in (liked, near[1])]
    of_farms = [_older(stalls.of_farm, luck, farm) for farm in farms]
    of_kinds = [_older(stalls.of_category, luck, category) for category in categories]
    # What stands first is bought most.
    columns = np.stack([loved, of_kinds[0], of_farms[0], near[0], liked, of_kinds[1], of_farms[1], near[1]])
    return np.ascontiguousarray(columns.T)


def _older(draw: Callable[[Chance, Ints], Ints], luck: Chance, where: Ints) -> Ints:
    """Return of two products from each place the one added first: what is bought again is there long."""
    return np.minimum(draw(luck, where), draw(luck, where))
