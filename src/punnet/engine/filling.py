"""What an answer is filled up with, when the algorithms know too little."""

from punnet.algorithms.offer import Asked, may_appear
from punnet.core.best import keep
from punnet.core.compiled import compiled
from punnet.core.desk import Desk
from punnet.core.ledger import Book
from punnet.core.shelf import Goods
from punnet.engine.fusion import Mix, shortlist

MOST_BOUGHT = "most_bought"
NEWEST = "newest"


@compiled
def fill(mix: Mix, book: Book, goods: Goods, asked: Asked, desk: Desk, limit: int) -> None:
    """Fill an answer up to `limit` products: with what is wanted first, then with what may appear.

    Of each those bought most, then the newest of the others. A filling of a product p that was never bought
    is noted as -1 - p.
    """
    missing = limit - mix.counts[1]
    if missing <= 0:
        return
    for at in range(mix.counts[1]):
        desk.banned[mix.candidates[mix.chosen[at]]] = desk.turn[0]
    if asked.searching:
        _fill(mix, book, goods, asked, desk, missing, True)
    missing = limit - mix.counts[1] - mix.counts[2]
    if missing > 0:
        _fill(mix, book, goods, asked, desk, missing, False)


@compiled
def _fill(
    mix: Mix, book: Book, goods: Goods, asked: Asked, desk: Desk, missing: int, matches_only: bool
) -> None:
    # The offers have been told of: their room is free.
    bought, newest = shortlist(mix, 0, missing).best, shortlist(mix, 1, missing).best
    for at in range(len(asked.matches) if matches_only else goods.products):
        product = asked.matches[at] if matches_only else at
        if not may_appear(goods, asked, desk, product):
            continue
        orders = book.holding.heads[2 * product + 1]
        if orders:
            keep(bought, product, orders)
        elif bought.size[0] < missing:
            keep(newest, product, goods.added[product])
    found = bought.size[0]
    for at in range(missing):
        if at < found:
            _note(mix, desk, bought.products[at], bought.products[at])
        elif at - found < newest.size[0]:
            _note(mix, desk, newest.products[at - found], -1 - newest.products[at - found])


@compiled
def _note(mix: Mix, desk: Desk, product: int, as_what: int) -> None:
    mix.filling[mix.counts[2]] = as_what
    mix.counts[2] += 1
    desk.banned[product] = desk.turn[0]
