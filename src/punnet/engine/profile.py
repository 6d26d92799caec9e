"""What one shopper did, beside buying."""

from heapq import nlargest
from typing import NamedTuple

import msgspec

SOURCES = 5
"""How many of the latest products stand for a shopper's present interest."""

LIKES_FROM = 4
"""The rating, of 5, from which a farm counts as liked."""


class Sight(NamedTuple):
    """The price at which a shopper saw a product, and when (seconds)."""

    price: float
    time: float


class Profile(msgspec.Struct, omit_defaults=True, gc=False):
    """What a shopper put aside, looked at, rated, shared and sought, by positions of what it was."""

    cart: dict[int, None] = msgspec.field(default_factory=dict)
    """The open cart, in the order things were put in."""
    wishlist: set[int] = msgspec.field(default_factory=set)
    followed: set[int] = msgspec.field(default_factory=set)
    product_ratings: dict[int, float] = msgspec.field(default_factory=dict)
    farm_ratings: dict[int, float] = msgspec.field(default_factory=dict)
    """The last rating of each, of 5."""
    views: dict[int, int] = msgspec.field(default_factory=dict)
    farm_views: dict[int, int] = msgspec.field(default_factory=dict)
    shares: dict[int, int] = msgspec.field(default_factory=dict)
    clicks: dict[int, int] = msgspec.field(default_factory=dict)
    """How often each product was clicked where it was recommended."""
    searches: dict[int, int] = msgspec.field(default_factory=dict)
    """How often each category was searched for."""
    recent: dict[int, float] = msgspec.field(default_factory=dict)
    """The latest products viewed or put in the cart, and when (seconds)."""
    seen: dict[int, Sight] = msgspec.field(default_factory=dict)
    """Every product viewed, put in the cart or wished for, as it was the last time."""

    @property
    def rated(self) -> set[int]:
        """Farms whose last rating was `LIKES_FROM` or more."""
        return {farm for farm, stars in self.farm_ratings.items() if stars >= LIKES_FROM}

    def touch(self, product: int, time: float) -> None:
        """Remember that `product` was viewed or put in the cart at `time`."""
        self.recent[product] = max(time, self.recent.get(product, time))
        if len(self.recent) > SOURCES:
            times = self.recent
            del times[min(times, key=lambda known: (times[known], -known))]

    def see(self, product: int, price: float, time: float) -> None:
        """Remember that `product` was seen for `price` at `time`, unless it was seen later."""
        before = self.seen.get(product)
        if before is None or before.time <= time:
            self.seen[product] = Sight(price, time)


def latest(times: dict[int, float]) -> list[tuple[int, float]]:
    """Return the `SOURCES` products with the latest times; of equal times the product added first."""
    return nlargest(SOURCES, times.items(), key=lambda item: (item[1], -item[0]))


NOBODY = Profile()
"""The profile of a visitor of whom nothing is known."""
