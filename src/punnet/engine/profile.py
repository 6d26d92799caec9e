"""What one shopper did, beside buying."""

from collections import Counter
from heapq import nlargest

SOURCES = 5
"""How many of the latest products stand for a shopper's present interest."""

LIKES_FROM = 4
"""The rating, of 5, from which a farm counts as liked."""


class Profile:
    """A shopper's cart, wishlist, views, searches and farms; positions of products, farms and categories."""

    __slots__ = ("cart", "farm_views", "followed", "rated", "recent", "searches", "views", "wishlist")

    def __init__(self) -> None:
        self.cart: dict[int, None] = {}
        """The open cart, in the order things were put in."""
        self.wishlist: set[int] = set()
        self.followed: set[int] = set()
        self.rated: set[int] = set()
        """Farms whose last rating was `LIKES_FROM` or more."""
        self.views: Counter[int] = Counter()
        self.farm_views: Counter[int] = Counter()
        self.searches: Counter[int] = Counter()
        """How often each category was searched for."""
        self.recent: dict[int, float] = {}
        """The latest products viewed or put in the cart, and when (seconds)."""

    def touch(self, product: int, time: float) -> None:
        """Remember that `product` was viewed or put in the cart at `time`."""
        self.recent[product] = max(time, self.recent.get(product, time))
        if len(self.recent) > SOURCES:
            self.recent = dict(latest(self.recent))


def latest(times: dict[int, float]) -> list[tuple[int, float]]:
    """Return the `SOURCES` products with the latest times; of equal times the product added first."""
    return nlargest(SOURCES, times.items(), key=lambda item: (item[1], -item[0]))


NOBODY = Profile()
"""The profile of a visitor of whom nothing is known."""
