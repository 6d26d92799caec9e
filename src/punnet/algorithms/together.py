"""What is bought in the same basket."""

import numpy as np

from punnet.algorithms.offer import DECIMALS, Notes, Offer, best
from punnet.core.ledger import Ledger
from punnet.types import Indices, Mask

MIN_ORDERS = 2
"""Common orders below which two products are together by chance."""

SURE_FROM = 50
"""Common orders from which the confidence is 1."""


def offer(ledger: Ledger, products: Indices, eligible: Mask, k: int) -> Offer:
    """Return what is bought together with any of `products`, by the cosine of the two sets of orders.

    With several products each candidate has the score, the confidence and the notes of the one it goes
    with best. Notes: `coOccurrences`, `totalOrders` (that hold that product) and `lift`. Cosine as in
    Sarwar et al., "Item-Based Collaborative Filtering Recommendation Algorithms" (2001).
    """
    orders = ledger.holding.lengths
    scores, lift = np.zeros(len(eligible)), np.zeros(len(eligible))
    common, total = np.zeros(len(eligible), np.int64), np.zeros(len(eligible), np.int64)
    for product in products:
        counts = np.bincount(ledger.lines(ledger.holding.row(product)), minlength=len(eligible))
        counts[counts < MIN_ORDERS] = 0
        counts[product] = 0
        expected = np.maximum(orders[product] * orders, 1)
        cosine = (counts / np.sqrt(expected)).round(DECIMALS)
        better = cosine > scores
        scores[better] = cosine[better]
        lift[better] = (counts * len(ledger) / expected)[better]
        common[better] = counts[better]
        total[better] = orders[product]
    notes: Notes = {"coOccurrences": common, "totalOrders": total, "lift": lift}
    return best(scores, np.minimum(common / SURE_FROM, 1.0), eligible, k, notes)
