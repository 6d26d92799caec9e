"""Shoppers who bought what you bought also bought this."""

import numpy as np

from punnet.algorithms.offer import NOTHING, Offer, best
from punnet.core.distinct import distinct
from punnet.core.ledger import Ledger
from punnet.core.recent import most_recent
from punnet.types import Indices, Mask

SURE_FROM = 10
"""Similar shoppers from which the confidence is 1."""

LINES = 4
"""How many lines an order is taken to have."""


def offer(ledger: Ledger, shopper: int, eligible: Mask, k: int, *, neighbours: int) -> Offer:
    """Return what the shoppers most like `shopper` bought, scored by the share of them who did.

    At most `neighbours` similar shoppers count, those with the latest common purchase; 0 takes all.
    """
    bought = ledger.bought_by.row(shopper)
    similar = _similar(ledger, shopper, bought, neighbours)
    if not len(similar):
        return NOTHING
    buyers = np.bincount(ledger.bought_by.gather(similar), minlength=len(eligible))
    buyers[bought] = 0
    return best(buyers / len(similar), min(len(similar) / SURE_FROM, 1.0), eligible, k)


def _similar(ledger: Ledger, shopper: int, bought: Indices, neighbours: int) -> Indices:
    if neighbours:
        found = _among_latest(ledger, shopper, bought, neighbours)
        if found is not None:
            return found
    orders = ledger.holding.gather(bought)
    orders = orders[ledger.shoppers[orders] != shopper]
    shoppers = ledger.shoppers[orders]
    similar = distinct(shoppers)
    if neighbours and len(similar) > neighbours:
        return most_recent(shoppers, ledger.times[orders], orders, neighbours)
    return similar


def _among_latest(ledger: Ledger, shopper: int, bought: Indices, neighbours: int) -> Indices | None:
    """Return the `neighbours` found by walking all orders, the newest first; None where that costs more.

    It costs less where many orders hold something that was bought, since the newest will do.
    """
    wanted = np.zeros(len(ledger.holding), np.bool_)
    wanted[bought] = True
    held = int(ledger.holding.lengths[bought].sum())
    reach = 2 * neighbours
    while reach * LINES < held:
        orders = ledger.latest(reach)
        owner = np.repeat(np.arange(len(orders)), ledger.sizes(orders))
        common = np.bincount(owner, wanted[ledger.lines(orders)], len(orders)) > 0
        newest_first = ledger.shoppers[orders[common]][::-1]
        members, first = np.unique(newest_first[newest_first != shopper], return_index=True)
        if len(members) >= neighbours:
            return members[np.argsort(first)[:neighbours]]
        reach *= 2
    return None
