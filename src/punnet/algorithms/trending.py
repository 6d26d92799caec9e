"""What the market, or a place in it, buys more of this week."""

from typing import NamedTuple

import numpy as np

from punnet.algorithms.offer import Asked, Shortlist, wanted
from punnet.core.best import is_beaten, propose, rounded
from punnet.core.compiled import compiled, reader
from punnet.core.desk import Desk
from punnet.core.geo import Place, is_within
from punnet.core.ledger import Book, lines_of, timeline_after
from punnet.core.shelf import Goods
from punnet.types import DAY, Floats, Indices, Positions

SURE_FROM = 50
"""Orders from which the confidence is 1."""

DECAY = 0.1
"""How fast a product cools, a day since its last order."""


class Window(NamedTuple):
    """What counts as trending: `min_orders` orders in the last `days`.

    A place with fewer than `min_products` such products is too small to ask.
    """

    days: float = 7
    min_orders: int = 5
    min_products: int = 10


window_at = reader(Window)


class Trend(NamedTuple):
    """What trends in a place, kept up to date by looking at what came and went since the last time."""

    place: Place
    counts: Positions
    """Of each product the orders of the window."""
    before: Positions
    """Those of the window before."""
    buyers: Positions
    """The different shoppers in the window."""
    last: Floats
    """When it was last ordered."""
    ranked: Positions
    """The products that trend, by rank."""
    size: Indices
    """How many they are, and how many orders have been looked at."""
    until: Floats
    """When the window ends, and when the next order comes into it or leaves (seconds)."""
    begins: Indices
    """How many orders were placed until the window ended last time, began, and the one before it began."""
    ends: Indices
    """And how many it is now."""

    @classmethod
    def of(cls, place: Place, products: int) -> "Trend":
        """Return a trend of a market of at most so many products, which has seen nothing yet."""
        counts, before, buyers, ranked = (np.zeros(products, np.int32) for _ in range(4))
        last, size, until = np.zeros(products), np.zeros(2, np.int64), np.full(2, np.nan)
        begins, ends = np.zeros(3, np.int64), np.zeros(3, np.int64)
        return cls(place, counts, before, buyers, last, ranked, size, until, begins, ends)


trend_at = reader(Trend)


@compiled
def offer(goods: Goods, asked: Asked, desk: Desk, trend: Trend, shortlist: Shortlist) -> None:
    """Shortlist what is ordered most and was ordered last, in the place of a trend that is up to date."""
    best, ranks = shortlist.best, trend.size[0]
    for rank in range(ranks):
        share = 1 - rank / ranks
        if is_beaten(best, -1, rounded(share)):
            break
        product = trend.ranked[rank]
        if wanted(goods, asked, desk, product):
            propose(best, product, share / (1 + DECAY * (asked.now - trend.last[product]) / DAY))
    for at in range(best.size[0]):
        shortlist.confidences[at] = min(trend.counts[best.products[at]] / SURE_FROM, 1.0)


@compiled
def follow(book: Book, desk: Desk, trend: Trend, now: float, window: Window) -> None:
    """Bring a trend up to `now` (seconds): what came, what left, and what that does to the ranks."""
    span, passed = window.days * DAY, now - trend.until[0]
    unseen = book.orders - trend.size[1]
    if not unseen and trend.until[0] <= now < trend.until[1]:
        trend.until[0] = now
        return
    for age in range(3):
        trend.begins[age] = timeline_after(book, trend.until[0] - age * span, trend.ends[age])
        trend.ends[age] = timeline_after(book, now - age * span, trend.begins[age])
    if 0 <= passed < span and unseen <= trend.ends[0] - trend.ends[2] + 1:
        touched = _catch_up(book, desk, trend, now, span)
    else:
        touched = _begin(book, desk, trend, now, span)
    trend.until[0], trend.until[1], trend.size[1] = now, np.inf, book.orders
    for age in range(3):
        trend.until[1] = min(trend.until[1], _next(book, trend.ends[age], age * span))
    if touched:
        _rank(desk, trend, touched, max(window.min_orders, 1))


@compiled
def _next(book: Book, at: int, age: float) -> float:
    """Return when the order at a place of the timeline is `age` old."""
    # A moment early: what is added here and subtracted there is rounded.
    return float(book.times[book.timeline[at]] + age - 1e-3) if at < book.kept else np.inf


@compiled
def _begin(book: Book, desk: Desk, trend: Trend, now: float, span: float) -> int:
    """Count both windows from nothing."""
    for counts in (trend.counts, trend.before, trend.buyers):
        counts[:] = 0
    trend.last[:] = -np.inf
    trend.size[0] = 0
    touched = 0
    for at in range(trend.ends[2], trend.ends[1]):
        touched = _recall(book, desk, trend, touched, book.timeline[at], 1)
    for at in range(trend.ends[1], trend.ends[0]):
        touched = _enter(book, desk, trend, touched, book.timeline[at], now - span, now, _OLDER)
    return touched


@compiled
def _catch_up(book: Book, desk: Desk, trend: Trend, now: float, span: float) -> int:
    """Count what arrived since the last time for the time before it, and what time brought and took."""
    touched, until = 0, trend.until[0]
    for order in range(trend.size[1], book.orders):
        if until - span < book.times[order] <= until:
            touched = _enter(book, desk, trend, touched, order, until - span, until, _ARRIVED_BEFORE)
        elif until - 2 * span < book.times[order] <= until - span:
            touched = _recall(book, desk, trend, touched, order, 1)
    for at in range(trend.begins[0], trend.ends[0]):
        touched = _enter(book, desk, trend, touched, book.timeline[at], until - span, now, _OLDER)
    for at in range(trend.begins[1], trend.ends[1]):
        touched = _leave(book, desk, trend, touched, book.timeline[at], now)
    for at in range(trend.begins[2], trend.ends[2]):
        touched = _recall(book, desk, trend, touched, book.timeline[at], -1)
    return touched


_OLDER, _ARRIVED_BEFORE, _NEWER = range(3)


@compiled
def _enter(
    book: Book, desk: Desk, trend: Trend, touched: int, order: int, after: float, until: float, which: int
) -> int:
    """Count an order of a window that begins `after` and is counted `until`; return what is touched."""
    if not _is_there(book, trend, order):
        return touched
    for line in range(*lines_of(book, order)):
        product = book.lines.pool[line]
        trend.counts[product] += 1
        trend.last[product] = max(trend.last[product], book.times[order])
        trend.buyers[product] += not _has_another(book, trend, order, product, after, until, which)
        touched = _touch(desk, touched, product)
    return touched


@compiled
def _leave(book: Book, desk: Desk, trend: Trend, touched: int, order: int, until: float) -> int:
    """Have an order of the window be one of the window before."""
    if not _is_there(book, trend, order):
        return touched
    for line in range(*lines_of(book, order)):
        product = book.lines.pool[line]
        trend.counts[product] -= 1
        trend.buyers[product] -= not _has_another(book, trend, order, product, -np.inf, until, _NEWER)
        if trend.counts[product] == 0:
            trend.last[product] = -np.inf
    return _recall(book, desk, trend, touched, order, 1)


@compiled
def _recall(book: Book, desk: Desk, trend: Trend, touched: int, order: int, times: int) -> int:
    """Count an order of the window before, -1 times when it leaves that as well."""
    if not _is_there(book, trend, order):
        return touched
    for line in range(*lines_of(book, order)):
        trend.before[book.lines.pool[line]] += times
        touched = _touch(desk, touched, book.lines.pool[line])
    return touched


@compiled
def _is_there(book: Book, trend: Trend, order: int) -> bool:
    return is_within(trend.place, book.latitudes[order], book.longitudes[order])


@compiled
def _touch(desk: Desk, touched: int, product: int) -> int:
    """Note that the rank of a product may have changed."""
    if desk.counts[product] == 0:
        desk.counts[product] = 1
        desk.touched[touched] = product
        return touched + 1
    return touched


@compiled
def _has_another(
    book: Book, trend: Trend, order: int, product: int, after: float, until: float, which: int
) -> bool:
    """Return whether a counted order of the same shopper, after < time ≤ until, holds the product, too."""
    shopper, time = book.shoppers[order], book.times[order]
    start = book.placed.heads[2 * shopper]
    for at in range(start + book.placed.heads[2 * shopper + 1] - 1, start - 1, -1):
        other = book.placed.pool[at]
        then = book.times[other]
        if then <= after:
            break
        is_newer = then > time or (then == time and other > order)
        counts = other < order if which == _ARRIVED_BEFORE else is_newer == (which == _NEWER)
        if other == order or then > until or not counts or not _is_there(book, trend, other):
            continue
        for line in range(*lines_of(book, other)):
            if book.lines.pool[line] == product:
                return True
    return False


@compiled
def _rank(desk: Desk, trend: Trend, touched: int, min_orders: int) -> None:
    """Take what was touched out of the ranks, and merge it in again where it belongs now."""
    changed = 0
    for at in range(touched):
        if trend.counts[desk.touched[at]] >= min_orders:
            desk.queue[changed] = desk.touched[at]
            changed += 1
    _sort(trend, desk.queue, desk.places, changed)
    stays = 0
    for at in range(trend.size[0]):
        if desk.counts[trend.ranked[at]] == 0:
            desk.firsts[stays] = trend.ranked[at]
            stays += 1
    _insert(trend, desk.firsts[:stays], desk.queue[:changed])
    trend.size[0] = stays + changed
    for at in range(touched):
        desk.counts[desk.touched[at]] = 0


@compiled
def _insert(trend: Trend, stays: Positions, changed: Positions) -> None:
    """Rank what stays, which is in order, and what changed, also in order and much less."""
    left = 0
    for right in range(len(changed)):
        low, high = left, len(stays)
        while low < high:
            middle = (low + high) // 2
            if _ranks_before(trend, stays[middle], changed[right]):
                low = middle + 1
            else:
                high = middle
        for at in range(left, low):
            trend.ranked[at + right] = stays[at]
        left = low
        trend.ranked[left + right] = changed[right]
    for at in range(left, len(stays)):
        trend.ranked[at + len(changed)] = stays[at]


@compiled
def _sort(trend: Trend, products: Positions, spare: Positions, count: int) -> None:
    """Sort the first `count` products by rank: a merge sort from runs of one."""
    width = 1
    while width < count:
        for left in range(0, count, 2 * width):
            middle, right = min(left + width, count), min(left + 2 * width, count)
            _merge(trend, products[left:middle], products[middle:right], spare[left:right])
        for at in range(count):
            products[at] = spare[at]
        width *= 2


@compiled
def _merge(trend: Trend, one: Positions, other: Positions, to: Positions) -> None:
    """Merge two rows of products, each by rank, into one."""
    left = right = 0
    while left + right < len(one) + len(other):
        if right == len(other) or (left < len(one) and _ranks_before(trend, one[left], other[right])):
            to[left + right] = one[left]
            left += 1
        else:
            to[left + right] = other[right]
            right += 1


@compiled
def _ranks_before(trend: Trend, one: int, other: int) -> bool:
    """Compare by orders, then by shoppers, then by growth, then by age in the catalogue."""
    if trend.counts[one] != trend.counts[other]:
        return bool(trend.counts[one] > trend.counts[other])
    if trend.buyers[one] != trend.buyers[other]:
        return bool(trend.buyers[one] > trend.buyers[other])
    if trend.before[one] != trend.before[other]:
        return bool(trend.before[one] < trend.before[other])
    return one < other
