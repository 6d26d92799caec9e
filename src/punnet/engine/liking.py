"""A shopper's taste and present interest, counted from the index."""

import numpy as np

from punnet.algorithms import taste
from punnet.algorithms.taste import Taste
from punnet.engine.index import Index
from punnet.engine.profile import latest
from punnet.types import Floats, Indices


def taste_of(index: Index, shopper: int) -> Taste:
    """Return what the shopper at a position likes; all zero for a visitor nobody knows (-1)."""
    shelf, ledger, profile = index.catalogue.shelf, index.ledger, index.profile(shopper)
    orders = ledger.placed_by.row(shopper)
    bought = ledger.lines(orders)
    viewed, views = _counted(profile.views)
    wishes = np.array(sorted(profile.wishlist), np.int64)
    categories, farms = len(index.catalogue.categories), len(index.catalogue.farms)
    farm_views = _by_position(profile.farm_views, farms)
    low, high = taste.price_range(ledger.prices(orders))
    return Taste(
        categories=taste.preference([
            (taste.PURCHASES, np.bincount(shelf.category[bought], minlength=categories)),
            (taste.VIEWS, np.bincount(shelf.category[viewed], views, categories)),
            (taste.WISHLIST, np.bincount(shelf.category[wishes], minlength=categories)),
            (taste.SEARCHES, _by_position(profile.searches, categories)),
        ]),
        farms=taste.preference([
            (taste.PURCHASES, np.bincount(shelf.farm[bought], minlength=farms)),
            (taste.VIEWS, np.bincount(shelf.farm[viewed], views, farms) + farm_views),
            (taste.WISHLIST, np.bincount(shelf.farm[wishes], minlength=farms)),
            (taste.FARMS, _by_position(dict.fromkeys(profile.followed | profile.rated, 1), farms)),
        ]),
        low=low,
        high=high,
        orders=len(orders),
    )  # fmt: skip


def interest_of(index: Index, shopper: int) -> Indices:
    """Return the products the shopper viewed, put in the cart or bought last, the latest first."""
    ledger = index.ledger
    times = dict(index.profile(shopper).recent)
    orders = ledger.placed_by.row(shopper)
    placed = np.repeat(ledger.times[orders], ledger.sizes(orders))
    for product, time in zip(ledger.lines(orders).tolist(), placed.tolist(), strict=True):
        times[product] = max(time, times.get(product, time))
    return np.array([product for product, _ in latest(times)], np.int64)


def _counted(counts: dict[int, int]) -> tuple[Indices, Indices]:
    """Return the positions that were counted, and how often each was."""
    return np.array(list(counts), np.int64), np.array(list(counts.values()), np.int64)


def _by_position(counts: dict[int, int], length: int) -> Floats:
    """Return how often each of `length` positions was counted."""
    counted = np.zeros(length)
    positions, times = _counted(counts)
    counted[positions] = times
    return counted
