"""What is bought in the same basket."""

import numpy as np

from punnet.algorithms.offer import Asked, Shortlist, wanted
from punnet.core.best import Best, gather, is_beaten, keep, rounded
from punnet.core.companions import LISTED, Pairs, drop_list, take_list
from punnet.core.compiled import compiled, prefetch
from punnet.core.desk import Desk
from punnet.core.ledger import Book, lines_of
from punnet.core.shelf import Goods
from punnet.types import Positions

MIN_ORDERS = 2
"""Common orders below which two products are together by chance."""

SURE_FROM = 50
"""Common orders from which the confidence is 1."""

AHEAD = 64
"""How many orders are asked for at once."""


@compiled
def offer(
    book: Book,
    goods: Goods,
    asked: Asked,
    desk: Desk,
    pairs: Pairs,
    products: Positions,
    shortlist: Shortlist,
) -> None:
    """Shortlist what is bought together with any of `products`, by the cosine of the two sets of orders.

    With several products each candidate has the score and the confidence of the one it goes with best, which
    is left on the desk with the number of common orders. Cosine as in Sarwar et al., "Item-Based
    Collaborative Filtering Recommendation Algorithms" (2001).
    """
    best = shortlist.best
    least = _propose_lists(book, goods, asked, desk, pairs, products, best)
    if _drop_outdated(book, desk, pairs, products, least):
        least = _propose_lists(book, goods, asked, desk, pairs, products, best)
    lacking = False
    for product in products:
        lacking |= _lacks(book, desk, pairs, product, least)
    if lacking:
        _propose_anew(book, goods, asked, desk, pairs, products, best, least)
    for at in range(best.size[0]):
        shortlist.confidences[at] = min(desk.common[best.products[at]] / SURE_FROM, 1.0)


@compiled
def _propose_lists(
    book: Book, goods: Goods, asked: Asked, desk: Desk, pairs: Pairs, products: Positions, best: Best
) -> float:
    """Propose what is on the lists of the products; return which score a companion must have to join."""
    best.size[0] = 0
    for product in products:
        _propose_listed(book, goods, asked, desk, pairs, best, product)
    return best.scores[-1] if best.size[0] == len(best.products) else 0.0


@compiled
def _drop_outdated(book: Book, desk: Desk, pairs: Pairs, products: Positions, least: float) -> bool:
    """Drop the lists to which someone may belong by now who matters; return whether there was one."""
    outdated = False
    for product in products:
        if pairs.raised[_list_of(book, desk, pairs, product)] and _lacks(book, desk, pairs, product, least):
            drop_list(pairs, product)
            outdated = True
    return outdated


@compiled
def _lacks(book: Book, desk: Desk, pairs: Pairs, product: int, least: float) -> bool:
    """Return whether the list of a product may lack a companion with a score of `least` or more."""
    floor = pairs.floors[_list_of(book, desk, pairs, product)]
    return bool(floor > 0 and rounded(floor / np.sqrt(book.holding.heads[2 * product + 1])) >= least)


@compiled
def _propose_anew(
    book: Book,
    goods: Goods,
    asked: Asked,
    desk: Desk,
    pairs: Pairs,
    products: Positions,
    best: Best,
    least: float,
) -> None:
    """Propose what the lists lack as well, in order: of equal scores, that of the first product counts."""
    best.size[0] = 0
    for product in products:
        if _lacks(book, desk, pairs, product, least):
            _propose_all(book, goods, asked, desk, pairs, best, product)
        else:
            _propose_listed(book, goods, asked, desk, pairs, best, product)


@compiled
def _propose_listed(
    book: Book, goods: Goods, asked: Asked, desk: Desk, pairs: Pairs, best: Best, product: int
) -> None:
    """Propose the companions that are on the list of a product."""
    listed = _list_of(book, desk, pairs, product)
    for at in range(listed * LISTED, listed * LISTED + pairs.sizes[listed]):
        _propose(book, goods, asked, desk, best, product, pairs.members[at], pairs.common[at])


@compiled
def _propose(
    book: Book, goods: Goods, asked: Asked, desk: Desk, best: Best, product: int, other: int, common: int
) -> None:
    orders = book.holding.heads[2 * product + 1] * book.holding.heads[2 * other + 1]
    score = rounded(common / np.sqrt(orders))
    if is_beaten(best, other, score) or not wanted(goods, asked, desk, other):
        return
    if keep(best, other, score):
        desk.common[other] = common
        desk.companion[other] = product


@compiled
def _propose_all(
    book: Book, goods: Goods, asked: Asked, desk: Desk, pairs: Pairs, best: Best, product: int
) -> None:
    """Propose all companions of a product, also those that are not on its list."""
    touched = _count(book, desk, pairs, product)
    for at in range(touched):
        other = desk.touched[at]
        common = desk.counts[other]
        desk.counts[other] = 0
        if common >= MIN_ORDERS and other != product:
            _propose(book, goods, asked, desk, best, product, other, common)


@compiled
def _count(book: Book, desk: Desk, pairs: Pairs, product: int) -> int:
    """Count common orders on the desk; return how many products are touched."""
    touched, row = 0, pairs.counted[product]
    if row >= 0:
        for other in range(pairs.stride):
            common = pairs.counts[row * pairs.stride + other]
            if common >= MIN_ORDERS:
                desk.counts[other] = common
                desk.touched[touched] = other
                touched += 1
        return touched
    start = book.holding.heads[2 * product]
    end = start + book.holding.heads[2 * product + 1]
    for begin in range(start, end, AHEAD):
        touched = _count_some(book, desk, begin, min(begin + AHEAD, end), touched)
    return touched


@compiled
def _count_some(book: Book, desk: Desk, begin: int, end: int, touched: int) -> int:
    """Count the orders between two places in the pool; all of them are asked for before one is needed."""
    for at in range(begin, end):
        prefetch(book.lines.heads, 2 * book.holding.pool[at])
    for at in range(begin, end):
        prefetch(book.lines.pool, book.lines.heads[2 * book.holding.pool[at]])
    for at in range(begin, end):
        order = book.holding.pool[at]
        for line in range(*lines_of(book, order)):
            other = book.lines.pool[line]
            desk.touched[touched] = other
            touched += desk.counts[other] == 0
            desk.counts[other] += 1
    return touched


@compiled
def _list_of(book: Book, desk: Desk, pairs: Pairs, product: int) -> int:
    """Return the list of a product, made where there is none."""
    if pairs.lists[product] < 0:
        _list(book, desk, pairs, product)
    return int(pairs.lists[product])


@compiled
def _list(book: Book, desk: Desk, pairs: Pairs, product: int) -> None:
    """Keep the companions of a product that weigh most: common orders over the root of all of theirs."""
    listed = take_list(pairs, product)
    best = Best(pairs.best, pairs.weights, pairs.best_size)
    best.size[0] = 0
    for at in range(_count(book, desk, pairs, product)):
        other = desk.touched[at]
        common = desk.counts[other]
        desk.counts[other] = 0
        if common >= MIN_ORDERS and other != product:
            gather(best, other, common / np.sqrt(book.holding.heads[2 * other + 1]))
    for at in range(best.size[0]):
        other = best.products[at]
        pairs.members[listed * LISTED + at] = other
        orders = book.holding.heads[2 * other + 1]
        pairs.common[listed * LISTED + at] = int(np.rint(best.scores[at] * np.sqrt(orders)))
    pairs.sizes[listed] = best.size[0]
    pairs.floors[listed] = best.scores[0] if best.size[0] == LISTED else 0.0
