"""A whole made market."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain
from typing import NamedTuple

from bench.made import asking, nouns, visits
from bench.made.baskets import Baskets, made_baskets
from bench.made.chance import chance
from bench.made.land import Land, made_land
from bench.made.people import People, made_people
from bench.made.shelf import Shelf, made_shelf
from bench.made.stalls import made_stalls
from bench.made.visits import Visits, made_visits
from punnet.market import Context, Query, Record

CHUNK = 20_000
"""Orders that are arrays and lists at the same time."""


class MadeMarket(NamedTuple):
    """A market of arrays: `farm-<n>`, `product-<n>`, `shopper-<n>` and `order-<n>` are row n of theirs.

    `now` is the moment to ask at.
    """

    seed: int
    now: datetime
    days: int
    land: Land
    shelf: Shelf
    people: People
    baskets: Baskets
    visits: Visits

    @property
    def seconds(self) -> float:
        """The moment to ask at, in seconds since 1970."""
        return self.now.timestamp()

    def catalogue(self) -> Iterator[Record]:
        """Yield the farms, then the products, each taken in when it was added."""
        begun = (self.now - timedelta(days=self.days)).timestamp()
        for farm in nouns.farms(self.land):
            yield Record(at=begun, fact=farm)
        for product, at in zip(nouns.products(self.shelf), self.shelf.created.tolist(), strict=True):
            yield Record(at=float(at), fact=product)

    def orders(self, first: int = 0, last: int | None = None) -> Iterator[Record]:
        """Yield the orders from row `first` to before `last` or the end, each taken in when it was placed."""
        names = [f"product-{number}" for number in range(len(self.shelf.farms))]
        there = len(self.baskets.times)
        end = there if last is None else min(last, there)
        for begin in range(first, end, CHUNK):
            yield from nouns.orders(self.baskets, self.people, names, begin, min(begin + CHUNK, end))

    def actions(self, shoppers: int | None = None) -> Iterator[Record]:
        """Yield what the first so many of the visitors did in the last two days beside buying, by time."""
        return visits.records(self.visits, self.shelf, shoppers)

    def records(self) -> Iterator[Record]:
        """Yield all that happened: catalogue, orders, actions."""
        return chain(self.catalogue(), self.orders(), self.actions())

    def queries(
        self, context: Context, count: int, seed: int = 0, *, shoppers: int | None = None
    ) -> list[Query]:
        """Return so many questions for one kind of page; carts are those that `actions(shoppers)` leave."""
        luck, towns = chance(self.seed, 6, seed, list(Context).index(context)), self.people.towns
        if context in asking.WITH_CART:
            who = asking.holders(luck, count, self.visits.with_cart(shoppers), towns)
        else:
            who = asking.visitors(luck, count, self.land, self.baskets, towns)
        return asking.queries(luck, context, who, self.land, self.shelf, self.baskets)


def made_market(
    seed: int,
    *,
    products: int = 100_000,
    shoppers: int = 1_000_000,
    lines: int = 10_000_000,
    days: int = 365,
    now: datetime,
    visitors: int | None = None,
) -> MadeMarket:
    """Return the market of a seed: so many products, shoppers and lines of orders in the `days` until `now`.

    So many `visitors`, one shopper in twenty and 20 at least unless told, did something else in the last two
    days. ValueError where there are fewer lines than shoppers, since each of them bought something.
    """
    if lines < shoppers:
        raise ValueError(f"{shoppers} shoppers of whom each bought something need as many lines, not {lines}")
    moment = int(now.timestamp())
    land = made_land(seed, products, shoppers)
    shelf = made_shelf(seed, products, land, days, moment)
    stalls = made_stalls(land, shelf)
    people = made_people(seed, shoppers, land, shelf, stalls)
    baskets = made_baskets(seed, lines, days, moment, shelf, stalls, people)
    about = max(20, shoppers // 20) if visitors is None else visitors
    visited = made_visits(seed, about, moment, baskets, people)
    return MadeMarket(seed, now, days, land, shelf, people, baskets, visited)
