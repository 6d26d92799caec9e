"""Small shelves and ledgers, written down the way a person would, and what an algorithm offers of them."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

from punnet.algorithms.offer import NARROW, Asked, Shortlist, asked_at, mark
from punnet.core.best import Best
from punnet.core.compiled import Packed, entry
from punnet.core.desk import Desk, desk_at
from punnet.core.ledger import Ledger, Purchases
from punnet.core.shelf import Row, Shelf, goods_at
from punnet.types import Floats, Positions

NOWHERE = (float("nan"), float("nan"))
DAY = 86_400.0


class Basket(NamedTuple):
    """One order: who placed it, what it holds, when and where, and the price paid for each product."""

    shopper: int
    products: tuple[int, ...]
    at: float = 0.0
    place: tuple[float, float] = NOWHERE
    prices: tuple[float, ...] | None = None

    @property
    def paid(self) -> tuple[float, ...]:
        """The price of each product, 1.00 where the test does not care."""
        return (1.0,) * len(self.products) if self.prices is None else self.prices


def row(**known: object) -> Row:
    """Return a product of category 0 and farm 0, at 1.00 and added at 0, but for what is `known`."""
    return Row(category=0, farm=0, price=1.0, organic=False, added=0.0)._replace(**known)


def shelf_of(*rows: Row, farms: int = 0, categories: int = 0) -> Shelf:
    """Return a shelf with these products, whose farms are in the market; and at least so many of those."""
    shelf = Shelf()
    for farm in range(max(farms, *(each.farm + 1 for each in rows), 0)):
        shelf.put_farm(farm)
    shelf.of_category.reserve(categories)
    for product, each in enumerate(rows):
        shelf.put(product, each)
    return shelf


def purchases_of(baskets: Sequence[Basket]) -> Purchases:
    """Return baskets as the arrays that a ledger takes."""
    return Purchases(
        shoppers=positions([basket.shopper for basket in baskets]),
        times=np.array([basket.at for basket in baskets], np.float64),
        latitudes=np.array([basket.place[0] for basket in baskets], np.float64),
        longitudes=np.array([basket.place[1] for basket in baskets], np.float64),
        sizes=positions([len(basket.products) for basket in baskets]),
        products=positions([product for basket in baskets for product in basket.products]),
        prices=np.array([price for basket in baskets for price in basket.paid], np.float64),
    )


def ledger_of(*baskets: Basket, shoppers: int = 10, products: int = 10) -> Ledger:
    """Return a ledger with these orders."""
    ledger = Ledger()
    ledger.reserve(shoppers, products)
    ledger.add(purchases_of(baskets))
    return ledger


def positions(values: Iterable[int]) -> Positions:
    """Return positions as an array."""
    return np.array(list(values), np.int32)


def asked_of(**known: object) -> Asked:
    """Return what a visitor asks at 0 who did nothing and seeks nothing, but for what is `known`."""
    nothing = positions([])
    about = {"now": 0.0, "shopper": -1, "product": -1, "category": -1, "searching": False}
    arrays = dict.fromkeys(("matches", "cart", "banned", "signals", "handled"), nothing)
    more = {"handled_at": np.zeros(0), "in_season": np.zeros(0, np.bool_)}
    return Asked(**{**about, **arrays, **more, **known})


def room_for(k: int) -> Shortlist:
    """Return an empty shortlist with room for `k` products."""
    return Shortlist(Best(positions([0] * k), np.zeros(k), np.zeros(1, np.int64)), np.zeros(k))


class Wish(NamedTuple):
    """What of a shelf may be chosen, whatever an algorithm makes of it."""

    hidden: frozenset[int] = frozenset()
    category: int = -1
    matched: frozenset[int] | None = None
    much: bool = False
    """Whether what matches is named so often that there is too much of it to look at each."""

    @property
    def matches(self) -> Positions:
        """All that a search finds."""
        found = positions(sorted(self.matched or ()))
        return np.resize(found, NARROW + 1) if self.much and len(found) else found

    def allows(self, product: int, category: int = 0) -> bool:
        """Return whether a product of a category may be chosen."""
        matches = self.matched is None or product in self.matched
        return product not in self.hidden and self.category in (-1, category) and matches


def wishes(products: int, categories: int = 0) -> st.SearchStrategy[Wish]:
    """Draw what may be chosen of so many products; the last category is one that nothing has."""
    product, most = st.integers(0, products - 1), min(products, 2)
    return st.builds(
        Wish,
        hidden=st.frozensets(product, max_size=most) if products else st.just(frozenset()),
        category=st.just(-1) | st.integers(-1, categories or -1),
        matched=st.none() | (st.frozensets(product) if products else st.just(frozenset())),
        much=st.booleans(),
    )


ANYTHING = Wish()


@entry
def _mark(goods: int, asked: int, desk: int) -> None:
    mark(goods_at(goods), asked_at(asked), desk_at(desk))


class Case:
    """A question about a shelf and a ledger, with a desk of its own, as compiled functions take them."""

    def __init__(
        self,
        shelf: Shelf | None = None,
        ledger: Ledger | None = None,
        wish: Wish = ANYTHING,
        **asked: object,
    ) -> None:
        self.ledger = ledger_of(products=0 if shelf is None else len(shelf)) if ledger is None else ledger
        products = len(self.ledger.holding)
        self.shelf = shelf_of(*[row()] * products) if shelf is None else shelf
        about = {"banned": positions(wish.hidden), "category": wish.category, "matches": wish.matches}
        self.asked = asked_of(**about, searching=wish.matched is not None, **asked)
        kinds = len(self.shelf.of_category), len(self.shelf.of_farm)
        self.desk = Desk.of(len(self.ledger.placed_by), max(products, len(self.shelf)), *kinds)
        self.desk.turn[0] = 1
        self.desk.bought[self.ledger.bought_by.row(self.asked.shopper)] = 1
        self.desk.liked_categories[:] = -1
        self._packed = [Packed(it) for it in (self.ledger.book, self.shelf.goods, self.asked, self.desk)]
        _mark(*self.at[1:])

    @property
    def at(self) -> tuple[int, ...]:
        """The addresses of book, goods, question and desk."""
        return tuple(packed.address for packed in self._packed)

    def like(self, categories: Sequence[float] = (), farms: Sequence[float] = ()) -> "Case":
        """Have these preferences on the desk, one a category and one a farm."""
        for preferences, liking, liked in (
            (categories, self.desk.category_liking, self.desk.liked_categories),
            (farms, self.desk.farm_liking, self.desk.liked_farms),
        ):
            liking[: len(preferences)] = preferences
            ranked = sorted(range(len(preferences)), key=lambda at, of=preferences: (-of[at], at))
            best = [at for at in ranked if preferences[at] > 0][: len(liked)]
            liked[: len(best)] = best
        self.desk.known[0] = np.count_nonzero(self.desk.farm_liking)
        return self


class Offered(NamedTuple):
    """What an algorithm offered, the best first; beside it figures where it leaves some. All in parallel."""

    products: Positions
    scores: Floats
    confidences: Floats
    figures: dict[str, list[int]] = {}  # noqa: RUF012


Algorithm = Callable[..., None]
"""A compiled function of the addresses of book, goods, question and desk, of a shortlist, and of more."""


def offered(algorithm: Algorithm, case: Case, k: int, *more: object) -> Offered:
    """Return the best `k` products that an algorithm offers; it leaves the desk as it was."""
    found = room_for(k)
    algorithm(*case.at, found, *more)
    assert not case.desk.counts.any()
    assert not case.desk.tally.any()
    size = int(found.best.size[0])
    return Offered(found.best.products[:size], found.best.scores[:size], found.confidences[:size])


def scores_of(offer: Offered) -> list[tuple[int, float]]:
    """Return the products of an offer with their scores, as one compares them."""
    return list(zip(offer.products.tolist(), offer.scores.tolist(), strict=True))


def shuffled_products(count: int) -> st.SearchStrategy[tuple[int, ...]]:
    """Draw the products of a basket: some of `count`, each once, in any order."""
    return st.lists(st.integers(0, count - 1), min_size=1, max_size=count, unique=True).map(tuple)
