"""What was bought in a made market: orders over time, and their lines."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from bench.made.chance import Chance, Ints, Urn, chance, power_law
from bench.made.people import STAPLES, People
from bench.made.shelf import QUARTERS, Shelf, first_products
from bench.made.stalls import Stalls
from bench.made.words import SEASONS
from punnet.types import DAY, Indices, Mask

MEAN, SPREAD, MOST = 4.0, 0.7, 30
"""Lines of a basket: their mean, the deviation of their logarithm, and how many there are at most."""

RECIPE_SIZE = 8
COOKING, OF_RECIPE = 0.35, 0.7
"""Which share of the baskets is for a recipe, and which share of their lines belongs to it."""

STAPLE, NEAR = 0.7, 0.85
"""Of the other lines: below the first what the shopper buys again, below the second what grows near."""

IN_SEASON, OUT_OF_SEASON = 2.0, 0.5
"""How much more is sold in season, and how much less out of it."""

LOCATED = 0.85
HOURS = (0, 0, 0, 0, 0, 1, 3, 6, 9, 10, 10, 9, 8, 7, 7, 8, 9, 11, 12, 11, 8, 5, 2, 1)
WEEKDAYS = (8, 8, 9, 11, 14, 16, 10)
"""How busy each hour of a day (UTC) and each day of a week is, from Monday on."""

HOUR = 3_600
CHUNK = 250_000
"""Orders that are filled at a time."""

PATIENCE = 8
"""How often a line may draw anew by what sells, before it takes any product."""


class Baskets(NamedTuple):
    """Orders by time: order n holds the lines starts[n] : starts[n + 1], no product twice.

    Times are whole seconds, prices cents paid for one unit.
    """

    shoppers: Ints
    times: Indices
    located: Mask
    starts: Indices
    products: Ints
    cents: Ints
    quantities: Ints

    @property
    def sizes(self) -> Indices:
        """How many lines each order has."""
        return np.diff(self.starts)


def made_baskets(
    seed: int, lines: int, days: int, now: int, shelf: Shelf, stalls: Stalls, people: People
) -> Baskets:
    """Return orders of so many lines together, in the `days` until `now` (seconds); all shoppers have one."""
    luck = chance(seed, 4)
    sizes = _sizes(luck, lines, len(people.weights), most_lines(len(shelf.farms)))
    times = _times(luck, len(sizes), days, now)
    shoppers = _shoppers(luck, len(sizes), people)
    drawing = _Drawing(luck, shelf, stalls, people)
    parts = [drawing.lines(sizes[part], times[part], shoppers[part]) for part in _parts(len(sizes))]
    products = np.concatenate(parts)
    quarters = np.minimum((now - times) * QUARTERS // (366 * int(DAY)), QUARTERS - 1)
    drifts = shelf.drifts[products, np.repeat(quarters, sizes)]
    cents = np.rint(shelf.cents[products] * ((100 + drifts) / 100)).astype(np.int32)
    located = luck.random(len(sizes)) < LOCATED
    quantities = np.minimum(luck.geometric(0.7, lines), 6).astype(np.int32)
    starts = np.concatenate(([0], np.cumsum(sizes)))
    return Baskets(shoppers, times, located, starts, products, cents, quantities)


def most_lines(products: int) -> int:
    """Return how many lines a basket has at most: half of the products that are there from the beginning."""
    return min(MOST, max(1, first_products(products) // 2))


def season_of(times: Indices) -> Indices:
    """Return the season of each time, 0 from December on, of the UTC day."""
    months = times.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64) % 12 + 1
    return months % 12 // 3


def _sizes(luck: Chance, lines: int, shoppers: int, most: int) -> Indices:
    """Return how many lines each order has: so many together, and at least as many orders as shoppers."""
    mean = min(MEAN, lines / shoppers, (1 + most) / 2)
    orders = max(shoppers, round(lines / mean))
    drawn = luck.lognormal(np.log(mean) - SPREAD**2 / 2, SPREAD, orders)
    sizes = np.clip(np.rint(drawn), 1, most).astype(np.int64)
    while missing := lines - int(sizes.sum()):
        step = 1 if missing > 0 else -1
        able = np.flatnonzero(sizes < most if missing > 0 else sizes > 1)
        chosen = luck.choice(able, min(abs(missing), len(able)), replace=False, shuffle=False)
        sizes[chosen] += step
    return sizes


def _times(luck: Chance, orders: int, days: int, now: int) -> Indices:
    """Return when the orders were placed, in order, busy hours and days more often."""
    begins = now - HOUR * np.arange(24 * days, 0, -1)
    hours = np.array(HOURS)[begins // HOUR % 24]
    weekdays = np.array(WEEKDAYS)[(begins // int(DAY) + 3) % 7]  # 1 January 1970 was a Thursday
    slots = Urn(hours * weekdays + 0.1).draw(luck, orders)
    return np.sort(begins[slots] + luck.integers(1, HOUR + 1, orders))


def _shoppers(luck: Chance, orders: int, people: People) -> Ints:
    """Return who placed each order: everybody one, and the active many more."""
    everybody = np.arange(len(people.weights), dtype=np.int32)
    again = Urn(people.weights).draw(luck, orders - len(everybody))
    return luck.permutation(np.concatenate((everybody, again)))


def _parts(orders: int) -> Iterator[slice]:
    return (slice(first, first + CHUNK) for first in range(0, orders, CHUNK))


class _Drawing:
    """Draws the products of orders, no product twice in one, and none before it was there."""

    def __init__(self, luck: Chance, shelf: Shelf, stalls: Stalls, people: People) -> None:
        self._luck, self._shelf, self._stalls, self._people = luck, shelf, stalls, people
        self._count = len(shelf.farms)
        self._seasonal = shelf.has_season()
        self._in_season = np.array([shelf.in_season(season) for season in range(len(SEASONS))])
        factors = np.where(self._in_season, IN_SEASON, np.where(self._seasonal, OUT_OF_SEASON, 1.0))
        self._market = Urn((shelf.weights * factors).ravel())
        recipes = max(3, self._count // 50)
        self._recipe_urn = Urn(power_law(recipes, 0.7, 5.0))
        self._recipes = self._some_recipes(recipes)

    def lines(self, sizes: Indices, times: Indices, shoppers: Ints) -> Ints:
        """Return the products of orders, those of the first, then those of the second, and so on."""
        orders = np.repeat(np.arange(len(sizes)), sizes)
        seasons = season_of(times)[orders]
        there = np.searchsorted(self._shelf.created, times, side="right")[orders]
        products = self._wanted(sizes, shoppers, orders, seasons)
        wrong = np.flatnonzero(self._out_of_season(products, seasons))
        products[wrong] = self._from_market(seasons[wrong])
        tries = 0
        while len(wrong := self._impossible(products, orders, there)):
            tries += 1
            if tries <= PATIENCE:
                products[wrong] = self._from_market(seasons[wrong])
            else:
                products[wrong] = self._luck.random(len(wrong)) * there[wrong]
        return products

    def _some_recipes(self, count: int) -> Ints:
        """Return a row of products for each recipe; the small ones name some of theirs twice."""
        drawn = Urn(self._shelf.weights).draw(self._luck, count * RECIPE_SIZE).reshape(count, RECIPE_SIZE)
        sizes = self._luck.integers(3, RECIPE_SIZE + 1, count)
        return np.take_along_axis(drawn, np.arange(RECIPE_SIZE) % sizes[:, None], axis=1)

    def _from_market(self, seasons: Indices) -> Ints:
        first = seasons * self._count
        return self._market.draw_within(self._luck, first, first + self._count) % self._count

    def _wanted(self, sizes: Indices, shoppers: Ints, orders: Indices, seasons: Indices) -> Ints:
        """Return for each line what its shopper had in mind, whether or not it is to be had."""
        luck, people, count = self._luck, self._people, len(orders)
        who, kind = shoppers[orders], luck.random(count)
        slots = (luck.random(count) ** 3 * STAPLES).astype(np.int32)
        staples, near = people.staples[who, slots], self._stalls.near(luck, people.towns[who])
        products = np.where(kind < STAPLE, staples, np.where(kind < NEAR, near, self._from_market(seasons)))
        recipes = self._recipe_urn.draw(luck, len(sizes))[orders]
        of_recipe = self._recipes[recipes, luck.integers(0, RECIPE_SIZE, count)]
        cooking = (luck.random(len(sizes)) < COOKING)[orders] & (luck.random(count) < OF_RECIPE)
        return np.where(cooking, of_recipe, products)

    def _out_of_season(self, products: Ints, seasons: Indices) -> Mask:
        """Return which lines go without what is not in season now."""
        off = self._seasonal[products] & ~self._in_season[seasons, products]
        return off & (self._luck.random(len(products)) >= OUT_OF_SEASON)

    def _impossible(self, products: Ints, orders: Indices, there: Indices) -> Indices:
        """Return the lines that name a product again, or one that is not there yet."""
        # One number holds order, product and line, so that plain sorting puts equal products side by side.
        count = len(products)
        keys = np.sort((orders * self._count + products) * count + np.arange(count))
        lines, pairs = keys % count, keys // count
        again = np.concatenate(([False], pairs[1:] == pairs[:-1]))
        twice = np.zeros(count, np.bool_)
        twice[lines[again]] = True
        return np.flatnonzero(twice | (products >= there))
