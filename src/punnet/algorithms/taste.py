"""What a shopper likes, from what the shopper did."""

from typing import NamedTuple

import numpy as np

from punnet.algorithms.offer import Asked
from punnet.core.best import rounded
from punnet.core.compiled import compiled, prefetch
from punnet.core.desk import Desk
from punnet.core.ledger import Book, lines_of
from punnet.core.shelf import Goods
from punnet.types import Floats, Positions

PURCHASES = 0.6
VIEWS = 0.2
WISHLIST = 0.1
SEARCHES = 0.05
FARMS = 0.05

WEIGHTS = np.array([PURCHASES, VIEWS, WISHLIST, SEARCHES])
"""In the order of the tally; farms have a signal of their own where categories have searches."""

FAVOURITES = 5
"""How many categories, and how many farms, count as the best-liked ones."""

VIEWED, WISHED, SEARCHED, FARM_VIEWED, FARM_LIKED = range(5)
"""Signals: a product viewed or wished for, a category searched for, a farm viewed, or followed or rated."""

_BOUGHT, _VIEWED, _WISHED, _LAST = range(4)


class Taste(NamedTuple):
    """The range of prices that a shopper paid, NaN for who bought nothing, and how many orders there are.

    The preference for each category and farm, 0..1, is on the desk.
    """

    low: float
    high: float
    orders: int


@compiled
def measure(book: Book, goods: Goods, asked: Asked, desk: Desk) -> Taste:
    """Measure what a shopper likes, and put it on the desk; `forget` clears it away."""
    begin, orders = 0, 0
    if asked.shopper >= 0:
        begin, orders = book.placed.heads[2 * asked.shopper], book.placed.heads[2 * asked.shopper + 1]
    bought = 0
    for at in range(begin, begin + orders):
        first, last = lines_of(book, book.placed.pool[at])
        bought += last - first
        prefetch(book.lines.pool, first)
        prefetch(book.prices, first)
    desk.known[1] = bought
    paid = desk.paid[: min(bought, len(desk.paid))]
    turn, line = desk.turn[0], 0
    for at in range(begin, begin + orders):
        order = book.placed.pool[at]
        for place in range(*lines_of(book, order)):
            desk.bought[book.lines.pool[place]] = turn
            if line < len(paid):
                paid[line] = book.prices[place]
            line += 1
    _like_categories(book, goods, asked, desk, begin, orders)
    _like_farms(book, goods, asked, desk, begin, orders)
    _sort(paid)
    return Taste(_percentile(paid, 0.1), _percentile(paid, 0.9), int(orders))


@compiled
def forget(desk: Desk) -> None:
    """Clear the desk of a taste."""
    desk.category_liking[:] = 0
    for at in range(desk.known[0]):
        desk.farm_liking[desk.liked_farms[at]] = 0
    desk.known[0] = 0


@compiled
def _like_categories(book: Book, goods: Goods, asked: Asked, desk: Desk, begin: int, orders: int) -> None:
    touched = _tally_lines(book, desk, begin, orders, goods.category)
    for at in range(0, len(asked.signals), 3):
        kind, position, times = asked.signals[at], asked.signals[at + 1], asked.signals[at + 2]
        if kind == VIEWED:
            touched = _tally(desk, touched, goods.category[position], _VIEWED, times)
        elif kind == WISHED:
            touched = _tally(desk, touched, goods.category[position], _WISHED, times)
        elif kind == SEARCHED:
            touched = _tally(desk, touched, position, _LAST, times)
    _weigh(desk, touched, desk.category_liking)
    desk.liked_categories[:] = -1
    _rank(desk, touched, desk.category_liking, desk.liked_categories)


@compiled
def _like_farms(book: Book, goods: Goods, asked: Asked, desk: Desk, begin: int, orders: int) -> None:
    touched = _tally_lines(book, desk, begin, orders, goods.farm)
    for at in range(0, len(asked.signals), 3):
        kind, position, times = asked.signals[at], asked.signals[at + 1], asked.signals[at + 2]
        if kind == VIEWED:
            touched = _tally(desk, touched, goods.farm[position], _VIEWED, times)
        elif kind == WISHED:
            touched = _tally(desk, touched, goods.farm[position], _WISHED, times)
        elif kind == FARM_VIEWED:
            touched = _tally(desk, touched, position, _VIEWED, times)
        elif kind == FARM_LIKED:
            touched = _tally(desk, touched, position, _LAST, times)
    _weigh(desk, touched, desk.farm_liking)
    desk.known[0] = _rank(desk, touched, desk.farm_liking, desk.liked_farms)


@compiled
def _tally_lines(book: Book, desk: Desk, begin: int, orders: int, of: Positions) -> int:
    """Count what was bought by the category or farm that it is `of`; return how many of them."""
    touched = 0
    for at in range(begin, begin + orders):
        order = book.placed.pool[at]
        for place in range(*lines_of(book, order)):
            touched = _tally(desk, touched, of[book.lines.pool[place]], _BOUGHT, 1)
    return touched


@compiled
def _tally(desk: Desk, touched: int, position: int, signal: int, times: int) -> int:
    """Count one signal of a category or farm; return how many have one by now."""
    at = 4 * position
    if desk.tally[at] + desk.tally[at + 1] + desk.tally[at + 2] + desk.tally[at + 3] == 0:
        desk.touched[touched] = position
        touched += 1
    desk.tally[at + signal] += times
    return touched


@compiled
def _weigh(desk: Desk, touched: int, liking: Floats) -> None:
    """Scale each signal to a maximum of 1, add them by weight, and scale the sums to a maximum of 1."""
    highest = desk.highest
    highest[:] = 0
    for at in range(touched):
        for signal in range(4):
            highest[signal] = max(highest[signal], desk.tally[4 * desk.touched[at] + signal])
    most = 0.0
    for at in range(touched):
        position, total = desk.touched[at], 0.0
        for signal in range(4):
            if highest[signal]:
                total += WEIGHTS[signal] * (desk.tally[4 * position + signal] / highest[signal])
            desk.tally[4 * position + signal] = 0
        liking[position] = total
        most = max(most, total)
    for at in range(touched):
        liking[desk.touched[at]] = rounded(liking[desk.touched[at]] / most)


@compiled
def _rank(desk: Desk, touched: int, liking: Floats, ranked: Positions) -> int:
    """Put the best-liked first, of equals the lower position, as many as there is room for."""
    count = 0
    for at in range(touched):
        position = desk.touched[at]
        place = count
        while place and _is_liked_more(liking, position, ranked[place - 1]):
            if place < len(ranked):
                ranked[place] = ranked[place - 1]
            place -= 1
        if place < len(ranked):
            ranked[place] = position
            count = min(count + 1, len(ranked))
    return count


@compiled
def _is_liked_more(liking: Floats, one: int, other: int) -> bool:
    return bool(liking[one] > liking[other] or (liking[one] == liking[other] and one < other))


@compiled
def _sort(values: Floats) -> None:
    """Sort in place, ascending. Shell, "A high-speed sorting procedure", CACM 2 (1959); gaps of Knuth."""
    gap = 1
    while gap < len(values) // 3:
        gap = 3 * gap + 1
    while gap:
        for at in range(gap, len(values)):
            value, place = values[at], at
            while place >= gap and values[place - gap] > value:
                values[place] = values[place - gap]
                place -= gap
            values[place] = value
        gap //= 3


@compiled
def _percentile(ordered: Floats, share: float) -> float:
    """Return the value that a share of all lies below, linear between ranks; NaN of none."""
    if len(ordered) == 0:
        return np.nan
    rank = share * (len(ordered) - 1)
    below = int(rank)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (ordered[above] - ordered[below]) * (rank - below))
