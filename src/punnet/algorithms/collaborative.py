"""Shoppers who bought what you bought also bought this."""

import numpy as np

from punnet.algorithms.offer import Asked, Shortlist, be_sure, wanted
from punnet.core.best import keep, rounded
from punnet.core.compiled import compiled, prefetch
from punnet.core.desk import Desk
from punnet.core.ledger import Book
from punnet.core.shelf import Goods

SURE_FROM = 10
"""Similar shoppers from which the confidence is 1."""


LINE = 16
"""Products that come from memory together."""

AHEAD = 4
"""How many orders ahead memory is asked for one."""


@compiled
def offer(book: Book, goods: Goods, asked: Asked, desk: Desk, shortlist: Shortlist, neighbours: int) -> None:
    """Shortlist what the shoppers most like the one who asks bought, scored by the share of them who did.

    At most `neighbours` similar shoppers count, those with the latest common purchase; 0 takes all.
    """
    similar = _similar(book, asked, desk, neighbours)
    touched = _count(book, desk, similar)
    turn, best, least = desk.turn[0], shortlist.best, 1
    for at in range(touched):
        product = desk.touched[at]
        count = desk.counts[product]
        desk.counts[product] = 0
        # Most products are bought by too few: they are not worth a division.
        if count < least or not wanted(goods, asked, desk, product) or desk.bought[product] == turn:
            continue
        keep(best, product, rounded(count / similar))
        if best.size[0] == len(best.products):
            least = int(np.rint(best.scores[-1] * similar))
    be_sure(shortlist, min(similar / SURE_FROM, 1.0))


@compiled
def _similar(book: Book, asked: Asked, desk: Desk, neighbours: int) -> int:
    """Find similar shoppers by the orders that hold what was bought, the newest first; return how many."""
    waiting = _queue_newest(book, asked, desk)
    turn, similar = desk.turn[0], 0
    while waiting and (similar < neighbours or not neighbours):
        shopper = book.shoppers[desk.queue[0]]
        if shopper != asked.shopper and desk.met[shopper] != turn:
            prefetch(book.bought.heads, 2 * shopper)
            desk.met[shopper] = turn
            desk.similar[similar] = shopper
            similar += 1
        waiting = _next_of_row(book, desk, waiting)
    return similar


@compiled
def _queue_newest(book: Book, asked: Asked, desk: Desk) -> int:
    """Queue the newest order of each product that was bought; return how many there are."""
    if asked.shopper < 0:
        return 0
    start, waiting = book.bought.heads[2 * asked.shopper], book.bought.heads[2 * asked.shopper + 1]
    for at in range(waiting):
        prefetch(book.holding.heads, 2 * book.bought.pool[start + at])
    for at in range(waiting):
        product = book.bought.pool[start + at]
        desk.firsts[at] = book.holding.heads[2 * product]
        desk.places[at] = desk.firsts[at] + book.holding.heads[2 * product + 1] - 1
        prefetch(book.holding.pool, desk.places[at])
    for at in range(waiting):
        desk.queue[at] = book.holding.pool[desk.places[at]]
        prefetch(book.times, desk.queue[at])
        prefetch(book.shoppers, desk.queue[at])
    for at in range(waiting):
        desk.queued_at[at] = book.times[desk.queue[at]]
    for root in range(waiting // 2 - 1, -1, -1):
        _sink(desk, root, waiting)
    return int(waiting)


@compiled
def _next_of_row(book: Book, desk: Desk, waiting: int) -> int:
    """Replace the newest order by the one before it of the same product; return how many wait."""
    place = desk.places[0] - 1
    if place < desk.firsts[0]:
        waiting -= 1
        _move(desk, waiting, 0)
    else:
        later = book.holding.pool[max(place - AHEAD, desk.firsts[0])]
        prefetch(book.times, later)
        prefetch(book.shoppers, later)
        desk.places[0] = place
        desk.queue[0] = book.holding.pool[place]
        desk.queued_at[0] = book.times[desk.queue[0]]
    _sink(desk, 0, waiting)
    return waiting


@compiled
def _sink(desk: Desk, root: int, waiting: int) -> None:
    """Have the newest order of a heap's part on its top."""
    order, time, place, first = desk.queue[root], desk.queued_at[root], desk.places[root], desk.firsts[root]
    while 2 * root + 1 < waiting:
        child = 2 * root + 1
        if child + 1 < waiting and _is_newer(desk, child + 1, desk.queue[child], desk.queued_at[child]):
            child += 1
        if not _is_newer(desk, child, order, time):
            break
        _move(desk, child, root)
        root = child
    desk.queue[root], desk.queued_at[root], desk.places[root], desk.firsts[root] = order, time, place, first


@compiled
def _move(desk: Desk, at: int, to: int) -> None:
    desk.queue[to], desk.queued_at[to] = desk.queue[at], desk.queued_at[at]
    desk.places[to], desk.firsts[to] = desk.places[at], desk.firsts[at]


@compiled
def _is_newer(desk: Desk, at: int, order: int, time: float) -> bool:
    if desk.queued_at[at] != time:
        return bool(desk.queued_at[at] > time)
    return bool(desk.queue[at] > order)


@compiled
def _count(book: Book, desk: Desk, similar: int) -> int:
    """Count for each product who of the similar shoppers bought it; return how many products that are.

    What they bought lies all over memory: all of it is asked for before any is needed, so that the waits
    overlap. That more than halves the time.
    """
    heads, pool = book.bought.heads, book.bought.pool
    for at in range(similar):
        shopper = desk.similar[at]
        start, end = heads[2 * shopper], heads[2 * shopper] + heads[2 * shopper + 1]
        desk.heads[2 * at], desk.heads[2 * at + 1] = start, end
        for place in range(start, end, LINE):
            prefetch(pool, place)
    touched = 0
    for at in range(similar):
        for place in range(desk.heads[2 * at], desk.heads[2 * at + 1]):
            product = pool[place]
            desk.touched[touched] = product
            touched += desk.counts[product] == 0
            desk.counts[product] += 1
    return touched
