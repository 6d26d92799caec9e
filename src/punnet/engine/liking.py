"""A shopper's taste and present interest, counted from the index."""

import numpy as np

from punnet.algorithms import taste
from punnet.algorithms.taste import Taste
from punnet.engine.index import Index
from punnet.engine.profile import latest
from punnet.types import Indices


def taste_of(index: Index, shopper: int) -> Taste:
    """Return what the shopper at a position likes; all zero for a visitor nobody knows (-1)."""
    shelf, ledger, profile = index.catalogue.shelf, index.ledger, index.profile(shopper)
    orders = ledger.placed_by.row(shopper)
    bought = ledger.lines(orders)
    views = np.array(list(profile.views.elements()), np.int64)
    wishes = np.array(sorted(profile.wishlist), np.int64)
    categories, farms = len(index.catalogue.categories), len(index.catalogue.farms)
    farm_views = _counted(list(profile.farm_views.elements()), farms)
    low, high = taste.price_range(ledger.prices(orders))
    return Taste(
        categories=taste.preference([
            (taste.PURCHASES, np.bincount(shelf.category[bought], minlength=categories)),
            (taste.VIEWS, np.bincount(shelf.category[views], minlength=categories)),
            (taste.WISHLIST, np.bincount(shelf.category[wishes], minlength=categories)),
            (taste.SEARCHES, _counted(list(profile.searches.elements()), categories)),
        ]),
        farms=taste.preference([
            (taste.PURCHASES, np.bincount(shelf.farm[bought], minlength=farms)),
            (taste.VIEWS, np.bincount(shelf.farm[views], minlength=farms) + farm_views),
            (taste.WISHLIST, np.bincount(shelf.farm[wishes], minlength=farms)),
            (taste.FARMS, _counted(sorted(profile.followed | profile.rated), farms)),
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


def _counted(positions: list[int], length: int) -> Indices:
    return np.bincount(np.array(positions, np.int64), minlength=length)
