"""The products of a made market by where they come from, to be drawn by how well they sell."""

from typing import NamedTuple

import numpy as np

from bench.made.chance import Chance, Ints, Urn
from bench.made.land import Land
from bench.made.shelf import Shelf
from punnet.types import Indices


class Stalls(NamedTuple):
    """The products by the town and farm they come from, and by category, to be drawn by how well they sell.

    `by_place` and `by_category` name products; those of town t are by_place[town_ends[t] : town_ends[t + 1]],
    and so on, with `farm_order` telling where a farm stands among the farms by place.
    """

    by_place: Ints
    by_category: Ints
    place_urn: Urn
    category_urn: Urn
    town_ends: Indices
    farm_ends: Indices
    farm_order: Ints
    category_ends: Indices

    def near(self, luck: Chance, towns: Ints) -> Ints:
        """Return for each town a product of a farm of it."""
        found = self.place_urn.draw_within(luck, self.town_ends[towns], self.town_ends[towns + 1])
        return self.by_place[found]

    def of_farm(self, luck: Chance, farms: Ints) -> Ints:
        """Return for each farm a product of it."""
        rows = self.farm_order[farms]
        return self.by_place[self.place_urn.draw_within(luck, self.farm_ends[rows], self.farm_ends[rows + 1])]

    def of_category(self, luck: Chance, categories: Ints) -> Ints:
        """Return for each category a product of it."""
        first, last = self.category_ends[categories], self.category_ends[categories + 1]
        return self.by_category[self.category_urn.draw_within(luck, first, last)]


def made_stalls(land: Land, shelf: Shelf) -> Stalls:
    """Return the products in their places."""
    farm_count = len(land.farm_towns)
    farms = np.argsort(land.farm_towns, kind="stable")
    order = np.empty(farm_count, np.int32)
    order[farms] = np.arange(farm_count)
    by_place = np.argsort(order[shelf.farms], kind="stable").astype(np.int32)
    by_category = np.argsort(shelf.categories, kind="stable").astype(np.int32)
    farm_ends = np.searchsorted(order[shelf.farms[by_place]], np.arange(farm_count + 1))
    starts = np.searchsorted(land.farm_towns[farms], np.arange(len(land.town_weights) + 1))
    category_ends = np.searchsorted(shelf.categories[by_category], np.arange(shelf.categories.max() + 2))
    return Stalls(
        by_place,
        by_category,
        Urn(shelf.weights[by_place]),
        Urn(shelf.weights[by_category]),
        farm_ends[starts],
        farm_ends,
        order,
        category_ends,
    )
