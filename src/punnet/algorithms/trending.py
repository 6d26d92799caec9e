"""What the market, or a place in it, buys more of this week."""

from typing import NamedTuple

import numpy as np

from punnet.algorithms.offer import Notes, Offer, best
from punnet.core.distinct import distinct
from punnet.core.geo import distance_km
from punnet.core.ledger import Ledger
from punnet.types import DAY, Floats, Indices, Mask

SURE_FROM = 50
"""Orders from which the confidence is 1."""

DECAY = 0.1
"""How fast a product cools, a day since its last order."""


class Place(NamedTuple):
    """A point, in degrees, and how far around it still counts."""

    latitude: float
    longitude: float
    radius_km: float


class Window(NamedTuple):
    """What counts as trending: `min_orders` orders in the last `days`.

    A place with fewer than `min_products` such products is too small to ask.
    """

    days: float = 7
    min_orders: int = 5
    min_products: int = 10


def offer(
    ledger: Ledger, now: float, place: Place | None, eligible: Mask, k: int, *, window: Window
) -> Offer:
    """Return what is ordered most, within `place` if enough is; the note `local` says whether it was."""
    if place is not None:
        local = _rank(ledger, now, place, window, len(eligible))
        if len(local.products) >= window.min_products:
            return _offer(local, now, True, eligible, k)
    return _offer(_rank(ledger, now, None, window, len(eligible)), now, False, eligible, k)


class _Ranking(NamedTuple):
    """Products by rank, and of every product of the market its orders and the time of the last one."""

    products: Indices
    orders: Indices
    last: Floats


def _offer(ranking: _Ranking, now: float, local: bool, eligible: Mask, k: int) -> Offer:
    ranked = ranking.products
    scores = np.zeros(len(eligible))
    days = (now - ranking.last[ranked]) / DAY
    scores[ranked] = (1 - np.arange(len(ranked)) / len(ranked)) / (1 + DECAY * days)
    confidences = np.minimum(ranking.orders / SURE_FROM, 1.0)
    notes: Notes = {"recentOrders": ranking.orders, "local": np.full(len(eligible), local)}
    return best(scores, confidences, eligible, k, notes)


def _rank(ledger: Ledger, now: float, place: Place | None, window: Window, products: int) -> _Ranking:
    span = window.days * DAY
    orders = _within(ledger, ledger.between(now - span, now), place)
    before = _within(ledger, ledger.between(now - 2 * span, now - span), place)
    lines = ledger.lines(orders)
    count = np.bincount(lines, minlength=products)
    growth = count - np.bincount(ledger.lines(before), minlength=products)
    last = np.full(products, -np.inf)
    last[lines] = np.repeat(ledger.times[orders], ledger.sizes(orders))
    trending = np.flatnonzero(count >= window.min_orders)
    shoppers = _different_shoppers(ledger, orders, lines, products)
    ranked = trending[np.lexsort((trending, -growth[trending], -shoppers[trending], -count[trending]))]
    return _Ranking(ranked, count, last)


def _within(ledger: Ledger, orders: Indices, place: Place | None) -> Indices:
    if place is None:
        return orders
    distances = distance_km(
        ledger.latitudes[orders], ledger.longitudes[orders], place.latitude, place.longitude
    )
    return orders[distances <= place.radius_km]


def _different_shoppers(ledger: Ledger, orders: Indices, lines: Indices, products: int) -> Indices:
    shoppers = np.repeat(ledger.shoppers[orders], ledger.sizes(orders))
    pairs = distinct(shoppers * products + lines)
    return np.bincount(pairs % products, minlength=products)
