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
        shopper = book.shoppers[desk.newest[desk.queue[0]]]
        if shopper != asked.shopper and desk.met[shopper] != turn:
            prefetch(book.bought.heads, 2 * shopper)
            desk.met[shopper] = turn
            desk.similar[similar] = shopper
            similar += 1
        waiting = _next_of_row(book, desk, waiting)
    return similar


@compiled
def _queue_newest(book: Book, asked: Asked, desk: Desk) -> int:
    """Queue the rows of what was bought by their newest orders; return how many there are."""
    if asked.shopper < 0:
        return 0
    start, waiting = book.bought.heads[2 * asked.shopper], book.bought.heads[2 * asked.shopper + 1]
    for row in range(waiting):
        prefetch(book.holding.heads, 2 * book.bought.pool[start + row])
    for row in range(waiting):
        product = book.bought.pool[start + row]
        desk.firsts[row] = book.holding.heads[2 * product]
        desk.places[row] = desk.firsts[row] + book.holding.heads[2 * product + 1] - 1
        prefetch(book.holding.pool, desk.places[row])
    for row in range(waiting):
        desk.queue[row], desk.newest[row] = row, book.holding.pool[desk.places[row]]
        prefetch(book.times, desk.newest[row])
        prefetch(book.shoppers, desk.newest[row])
    for row in range(waiting):
        desk.placed_at[row] = book.times[desk.newest[row]]
    for root in range(waiting // 2 - 1, -1, -1):
        _sink(desk, root, desk.queue[root], waiting)
    return int(waiting)


@compiled
def _next_of_row(book: Book, desk: Desk, waiting: int) -> int:
    """Go on to the order before the newest, in the same row; return how many rows wait."""
    row = desk.queue[0]
    place = desk.places[row] - 1
    if place < desk.firsts[row]:
        waiting -= 1
        row = desk.queue[waiting]
    else:
        later = book.holding.pool[max(place - AHEAD, desk.firsts[row])]
        prefetch(book.times, later)
        prefetch(book.shoppers, later)
        desk.places[row], desk.newest[row] = place, book.holding.pool[place]
        desk.placed_at[row] = book.times[desk.newest[row]]
    _sink(desk, 0, row, waiting)
    return waiting


@compiled
def _sink(desk: Desk, root: int, row: int, waiting: int) -> None:
    """Put a row into a part of a heap whose top is empty; the row with the newest order comes on top."""
    while 2 * root + 1 < waiting:
        child = 2 * root + 1
        if child + 1 < waiting and _is_newer(desk, desk.queue[child + 1], desk.queue[child]):
            child += 1
        if not _is_newer(desk, desk.queue[child], row):
            break
        desk.queue[root] = desk.queue[child]
        root = child
    desk.queue[root] = row


@compiled
def _is_newer(desk: Desk, row: int, other: int) -> bool:
    if desk.placed_at[row] != desk.placed_at[other]:
        return bool(desk.placed_at[row] > desk.placed_at[other])
    return bool(desk.newest[row] > desk.newest[other])


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
