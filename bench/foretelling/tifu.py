"""TIFU-KNN, a peer: what a shopper buys often and of late, and what those buy who are most alike.

Hu, He, Gao, Zhang: Modeling Personalized Item Frequency Information for Next-basket Recommendation, SIGIR
2020. Written from its formulas.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from punnet.market import Order
from punnet.types import Floats, Mask


class Parameters(NamedTuple):
    """The numbers of the paper: k neighbours, the decays r_b in a group and r_g of groups, alpha, and m.

    `size` (m) is how many baskets are a group, as the paper has it. The authors' program takes it for how
    many groups there are: on fresh goods in November the best of PUBLISHED foretold no better so.
    """

    neighbours: int
    within: float
    between: float
    own: float
    size: int


PUBLISHED = {
    "Dunnhumby": Parameters(900, 0.9, 0.6, 0.2, 3),
    "Instacart": Parameters(900, 0.9, 0.7, 0.9, 3),
    "Ta-Feng": Parameters(300, 0.9, 0.7, 0.7, 7),
    "ValuedShopper": Parameters(300, 1.0, 0.6, 0.7, 7),
}
"""What the authors chose for each of their data sets."""


def shares(count: int, parameters: Parameters) -> Floats:
    """Return what each of a shopper's so many baskets, oldest first, adds to the shopper's vector.

    The j-th of the n baskets of a group adds r_b^(n-j) / n to the group's vector, and the g-th of G groups
    r_g^(G-g) / G to the shopper's. What does not fill a group is the oldest one.
    """
    newer = np.arange(count)[::-1]
    group, newer_in_group = np.divmod(newer, parameters.size)
    sizes = np.bincount(group)
    within = parameters.within**newer_in_group / sizes[group]
    return np.asarray(within * parameters.between**group / len(sizes))


class Tifu:
    """The vectors of all shoppers, as entries: of which shopper, of which product, and how much.

    Equal scores go to the product that was bought first, equal distances to who bought first.
    """

    def __init__(self, orders: Sequence[Order], parameters: Parameters) -> None:
        self._parameters = parameters
        baskets = defaultdict[str, list[Order]](list)
        for order in orders:
            baskets[order.user_id].append(order)
        self._shoppers = {user_id: at for at, user_id in enumerate(baskets)}
        self._products = [*dict.fromkeys(line.product_id for order in orders for line in order.lines)]
        at = {product_id: number for number, product_id in enumerate(self._products)}
        entries, added = list[int](), list[float]()
        for shopper, theirs in enumerate(baskets.values()):
            for order, share in zip(theirs, shares(len(theirs), parameters).tolist(), strict=True):
                bought = {at[line.product_id] for line in order.lines}
                entries += [shopper * len(at) + product for product in bought]
                added += [share] * len(bought)
        whole, where = np.unique(np.array(entries), return_inverse=True)
        self._of, self._product = np.divmod(whole, len(at))
        self._much = np.bincount(where, added)
        self._squares = np.bincount(self._of, self._much**2)

    @property
    def products(self) -> list[str]:
        """The ids of all products, those bought first first."""
        return self._products

    def scores(self, user_id: str) -> Floats:
        """Return the score of each product, in their order, for someone who bought something."""
        shopper, alpha = self._shoppers[user_id], self._parameters.own
        everybody = np.arange(len(self._shoppers))
        own = self._mean(everybody == shopper)
        common = np.bincount(self._of, self._much * own[self._product])
        # Squares of the Euclidean distances, less the shopper's own square, which is in all of them.
        distances = self._squares - 2 * common
        others = np.delete(everybody, shopper)
        nearest = others[np.argsort(distances[others], kind="stable")[: self._parameters.neighbours]]
        return alpha * own + (1 - alpha) * self._mean(np.isin(everybody, nearest))

    def best(self, user_id: str, limit: int, _now: float) -> list[str]:
        """Return the products with the highest scores."""
        return self._ranked(self.scores(user_id), limit)

    def new(self, user_id: str, limit: int, _now: float) -> list[str]:
        """Return those with the highest scores that the shopper never bought."""
        scores = self.scores(user_id)
        scores[self._product[self._of == self._shoppers[user_id]]] = 0
        return self._ranked(scores, limit)

    def _ranked(self, scores: Floats, limit: int) -> list[str]:
        ranked = np.argsort(-scores, kind="stable")[:limit]
        return [self._products[product] for product in ranked[scores[ranked] > 0]]

    def _mean(self, chosen: Mask) -> Floats:
        """Return the mean of the vectors of the shoppers that are chosen, zeros where there are none."""
        counted = chosen[self._of]
        whole = np.bincount(self._product[counted], self._much[counted], len(self._products))
        return np.asarray(whole / max(1, np.count_nonzero(chosen)))
