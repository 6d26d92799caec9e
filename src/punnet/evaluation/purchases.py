"""Plain lists that a recommender must be better than, from nothing but counts of purchases."""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from punnet.engine.catalogue import Catalogue
from punnet.market import Order, Record
from punnet.types import Floats


class Purchases:
    """In how many orders each product is, of all shoppers and of each of them.

    Of two products that are in as many, the one comes first that was added to the catalogue first. No list
    has what cannot be bought at the time.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._orders: Floats = np.zeros(0)
        self._of: dict[str, Counter[int]] = {}

    def learn(self, records: Sequence[Record]) -> None:
        """Count the orders among records that the catalogue has taken in."""
        new = len(self._catalogue.products) - len(self._orders)
        self._orders = np.concatenate((self._orders, np.zeros(new)))
        for record in records:
            if isinstance(order := record.fact, Order):
                bought = [*{self._catalogue.products.find(line.product_id) for line in order.lines} - {-1}]
                self._orders[bought] += 1
                self._of.setdefault(order.user_id, Counter()).update(bought)

    def bought_by(self, user_id: str) -> frozenset[str]:
        """Return the ids of all that a shopper bought."""
        return frozenset(self._ids(self._mine(user_id)))

    def popular(self, _user_id: str, limit: int, now: float) -> list[str]:
        """Return what is in most orders, for everybody alike."""
        return self._ids(self._ranked(now)[:limit])

    def again(self, user_id: str, limit: int, now: float) -> list[str]:
        """Return what is in most orders of the shopper, and after that what is in most of all."""
        mine, ranked = self._mine(user_id), self._ranked(now)
        can_be_bought = set(ranked)
        first = sorted((each for each in mine if each in can_be_bought), key=lambda at: (-mine[at], at))
        return self._ids([*dict.fromkeys((*first, *ranked))][:limit])

    def new(self, user_id: str, limit: int, now: float) -> list[str]:
        """Return what is in most orders and in none of the shopper's."""
        mine = self._mine(user_id)
        return self._ids([each for each in self._ranked(now) if each not in mine][:limit])

    def _mine(self, user_id: str) -> Counter[int]:
        return self._of.get(user_id, Counter())

    def _ranked(self, now: float) -> list[int]:
        on_sale = np.flatnonzero(self._catalogue.on_sale(now))
        ranked: list[int] = on_sale[np.argsort(-self._orders[on_sale], kind="stable")].tolist()
        return ranked

    def _ids(self, positions: Iterable[int]) -> list[str]:
        return [self._catalogue.products[position] for position in positions]
