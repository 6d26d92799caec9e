"""Small shelves and ledgers, written down the way a person would."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

from punnet.algorithms.offer import Offer
from punnet.core.ledger import Ledger, Purchases
from punnet.core.shelf import Row, Shelf

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


def shelf_of(*rows: Row) -> Shelf:
    """Return a shelf with these products."""
    shelf = Shelf()
    for product, entry in enumerate(rows):
        shelf.put(product, entry)
    return shelf


def purchases_of(baskets: Sequence[Basket]) -> Purchases:
    """Return baskets as the arrays that a ledger takes."""
    return Purchases(
        shoppers=np.array([basket.shopper for basket in baskets], np.int64),
        times=np.array([basket.at for basket in baskets], np.float64),
        latitudes=np.array([basket.place[0] for basket in baskets], np.float64),
        longitudes=np.array([basket.place[1] for basket in baskets], np.float64),
        sizes=np.array([len(basket.products) for basket in baskets], np.int64),
        products=np.array([product for basket in baskets for product in basket.products], np.int64),
        prices=np.array([price for basket in baskets for price in basket.paid], np.float64),
    )


def ledger_of(*baskets: Basket, shoppers: int = 10, products: int = 10) -> Ledger:
    """Return a ledger with these orders."""
    ledger = Ledger()
    ledger.reserve(shoppers, products)
    ledger.add(purchases_of(baskets))
    return ledger


def all_of(count: int, *, but: Sequence[int] = ()) -> np.ndarray:
    """Return a mask that lets all `count` products appear `but` a few."""
    mask = np.ones(count, np.bool_)
    mask[list(but)] = False
    return mask


def scores_of(offer: Offer) -> list[tuple[int, float]]:
    """Return the products of an offer with their scores, as one compares them."""
    return list(zip(offer.products.tolist(), offer.scores.tolist(), strict=True))


def shuffled_products(count: int) -> st.SearchStrategy[tuple[int, ...]]:
    """Draw the products of a basket: some of `count`, each once, in any order."""
    return st.lists(st.integers(0, count - 1), min_size=1, max_size=count, unique=True).map(tuple)
