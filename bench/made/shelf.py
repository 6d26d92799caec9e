"""What a made market sells, as columns."""

from typing import NamedTuple

import numpy as np

from bench.made.chance import Chance, Ints, Urn, chance, power_law
from bench.made.land import Land
from bench.made.words import ADJECTIVES, KINDS, SEASONS
from punnet.types import DAY, Floats, Indices, Mask

EXPONENT, SHIFT = 1.0, 40.0
"""How unlike products are bought. The shift keeps the first from standing in every second basket."""

CATEGORY_EXPONENT = 0.8
MAINS = 3
"""Categories that a farm mostly grows."""

OLDEST, BEND = 500.0, 1.094
"""The greatest age in days, and what makes 2 % younger than 14: (14 / 500) ** 1.094 = 0.02."""

QUARTERS = 4
UNTRACKED = -1


class Shelf(NamedTuple):
    """A column for each property of a product; prices in cents, times in seconds, 0 where there is none.

    Products stand in the order in which they were added. `drifts` holds per cent that a price lay above
    today's, a column a quarter, this one first; `stock` is UNTRACKED where nobody counts. A variety of -1 is
    none.
    """

    farms: Ints
    categories: Ints
    adjectives: Ints
    nouns: Ints
    varieties: Ints
    cents: Ints
    drifts: Ints
    organic: Mask
    stock: Ints
    available: Mask
    created: Indices
    opens: Indices
    closes: Indices
    weights: Floats

    def in_season(self, season: int) -> Mask:
        """Return which products are in season; season 0 begins in December."""
        named = np.array([kind.name in SEASONS[season] for kind in KINDS])
        return named[self.categories]

    def on_sale(self, now: float) -> Mask:
        """Return which products somebody could buy at `now` (seconds)."""
        opened = (self.opens <= now) & ((self.closes == 0) | (now < self.closes))
        return self.available & (self.stock != 0) & opened

    def has_season(self) -> Mask:
        """Return which products have a season at all."""
        return np.any([self.in_season(season) for season in range(len(SEASONS))], axis=0)


def made_shelf(seed: int, products: int, land: Land, days: int, now: int) -> Shelf:
    """Return so many products; of the market's `days` until `now` (seconds), the first third saw all."""
    luck = chance(seed, 2)
    farms = Urn(land.farm_weights).draw(luck, products)
    categories = _categories(luck, farms, len(land.farm_weights))
    return Shelf(
        farms,
        categories,
        *_names(luck, categories),
        _cents(luck, categories),
        _drifts(luck, products),
        luck.random(products) < 0.3,
        _stock(luck, products),
        luck.random(products) >= 0.02,
        _created(luck, products, days, now),
        *_windows(luck, products, now),
        luck.permutation(power_law(products, EXPONENT, min(SHIFT, products / 10))),
    )


def first_products(products: int) -> int:
    """Return how many products are there from the first day on."""
    return max(int(0.3 * products), min(12, products))


def _categories(luck: Chance, farms: Ints, farm_count: int) -> Ints:
    urn = Urn(power_law(len(KINDS), CATEGORY_EXPONENT))
    mains = urn.draw(luck, farm_count * MAINS).reshape(farm_count, MAINS)
    usual = mains[farms, luck.integers(0, MAINS, len(farms))]
    return np.where(luck.random(len(farms)) < 0.75, usual, urn.draw(luck, len(farms)))


def _names(luck: Chance, categories: Ints) -> tuple[Ints, Ints, Ints]:
    """Return an adjective, a noun of the category, and for four in ten a variety."""
    count = len(categories)
    adjectives = Urn(power_law(len(ADJECTIVES), 1.0)).draw(luck, count)
    choice = np.array([len(kind.nouns) for kind in KINDS])[categories]
    nouns = (luck.random(count) ** 2 * choice).astype(np.int32)
    varieties = Urn(power_law(max(8, count // 40), 0.8)).draw(luck, count)
    return adjectives, nouns, np.where(luck.random(count) < 0.4, varieties, -1).astype(np.int32)


def _cents(luck: Chance, categories: Ints) -> Ints:
    middle = 100 * np.array([kind.price for kind in KINDS])[categories]
    return np.maximum(np.rint(middle * luck.lognormal(0, 0.45, len(categories))), 25).astype(np.int32)


def _drifts(luck: Chance, products: int) -> Ints:
    drifts = luck.integers(-15, 11, (products, QUARTERS))
    drifts[luck.random(products) < 0.85, 0] = 0
    return drifts.astype(np.int32)


def _stock(luck: Chance, products: int) -> Ints:
    kind = luck.random(products)
    counted = luck.integers(1, 200, products)
    return np.where(kind < 0.03, 0, np.where(kind < 0.4, UNTRACKED, counted)).astype(np.int32)


def _created(luck: Chance, products: int, days: int, now: int) -> Indices:
    ages = np.sort(OLDEST * luck.random(products) ** (1 / BEND))[::-1]
    created = now - (DAY * ages).astype(np.int64) - 1
    first = first_products(products)
    created[:first] = np.minimum(created[:first], now - days * int(DAY) - np.arange(first, 0, -1) * 3600)
    return created


def _windows(luck: Chance, products: int, now: int) -> tuple[Indices, Indices]:
    """Return from when until when products are sold: for one in a hundred, half of them not now."""
    has, open_now = luck.random(products) < 0.01, luck.random(products) < 0.5
    opens = now + np.where(open_now, -1, 1) * luck.integers(1, 30, products) * int(DAY)
    return np.where(has, opens, 0), np.where(has, opens + 60 * int(DAY), 0)
