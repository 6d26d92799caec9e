"""Products like these."""

from punnet.algorithms.offer import Asked, Shortlist, be_sure, is_narrow, wanted
from punnet.core.best import Best, is_closed, propose
from punnet.core.compiled import compiled
from punnet.core.desk import Desk
from punnet.core.ledger import Book, lines_of
from punnet.core.postings import Rows
from punnet.core.shelf import Goods
from punnet.types import Floats, Positions

SAME_CATEGORY = 0.4
SAME_FARM = 0.3
SIMILAR_PRICE = 0.2
SAME_ORGANIC = 0.1

SIMILAR_WITHIN = 0.2
"""Relative difference in price up to which it is similar."""

CANDIDATE_WITHIN = 0.3
"""Relative difference in price up to which it makes a candidate of its own."""

TOLERANCE = 1e-9
"""Keeps 3.60 within 20 % of 3.00, although their binary forms are not."""

SURE = 1.0
UNSURE = 0.5
"""Confidence beside a product, and from a shopper's latest products."""


@compiled
def offer(book: Book, goods: Goods, asked: Asked, desk: Desk, shortlist: Shortlist) -> None:
    """Shortlist the products most similar to the one on the page, else to any of the shopper's latest."""
    if asked.product >= 0:
        desk.sources[0], count = asked.product, 1
    else:
        count = interest(book, asked, desk.sources, desk.sources_at)
    if is_narrow(asked):
        _offer_found(goods, desk, shortlist.best, desk.sources[:count])
    else:
        for source in desk.sources[:count]:
            _offer_like(goods, asked, desk, shortlist.best, source)
    be_sure(shortlist, SURE if asked.product >= 0 else UNSURE)


@compiled
def similarity(goods: Goods, source: int, product: int) -> float:
    """Return how similar a product is to `source`, 0..1; `source` itself and what is no candidate: 0."""
    price = goods.price[source]
    difference = abs(goods.price[product] - price) - TOLERANCE
    category = goods.category[product] == goods.category[source]
    farm = goods.farm[product] == goods.farm[source]
    if product == source or not (category or farm or difference <= CANDIDATE_WITHIN * price):
        return 0.0
    near = difference <= SIMILAR_WITHIN * price
    alike = goods.organic[product] == goods.organic[source]
    return float(SAME_CATEGORY * category + SAME_FARM * farm + SIMILAR_PRICE * near + SAME_ORGANIC * alike)


@compiled
def interest(book: Book, asked: Asked, sources: Positions, times: Floats) -> int:
    """Find the products that the shopper viewed, put in the cart or bought last; return how many.

    They fill `sources`, the latest first, of equal times the one added first, with their `times`.
    """
    count = 0
    for at in range(len(asked.handled)):
        count = _touch(sources, times, count, asked.handled[at], asked.handled_at[at])
    if asked.shopper < 0:
        return count
    start, length = book.placed.heads[2 * asked.shopper], book.placed.heads[2 * asked.shopper + 1]
    for at in range(start + length - 1, start - 1, -1):
        order = book.placed.pool[at]
        if count == len(sources) and book.times[order] < times[count - 1]:
            break
        for line in range(*lines_of(book, order)):
            count = _touch(sources, times, count, book.lines.pool[line], book.times[order])
    return count


@compiled
def _touch(sources: Positions, times: Floats, count: int, product: int, time: float) -> int:
    """Have a product among the latest if it belongs there; return how many they are."""
    at = 0
    while at < count and sources[at] != product:
        at += 1
    if at < count and times[at] >= time:
        return count
    if at == count:
        if count == len(sources):
            at -= 1
            if times[at] > time or (times[at] == time and sources[at] < product):
                return count
        count = min(count + 1, len(sources))
    while at and (times[at - 1] < time or (times[at - 1] == time and sources[at - 1] > product)):
        sources[at], times[at] = sources[at - 1], times[at - 1]
        at -= 1
    sources[at], times[at] = product, time
    return count


@compiled
def _offer_found(goods: Goods, desk: Desk, best: Best, sources: Positions) -> None:
    """Look at what a search found, as long as that is little."""
    for product in desk.found[: desk.known[2]]:
        alike = 0.0
        for source in sources:
            alike = max(alike, similarity(goods, source, product))
        propose(best, product, alike)


@compiled
def _offer_like(goods: Goods, asked: Asked, desk: Desk, best: Best, source: int) -> None:
    """Look at a source's farm, then at its category, then at all others, as long as they can be better."""
    _look_along(goods, asked, desk, best, source, goods.of_farm, goods.farm[source], 1.0)
    category = goods.category[source] if asked.category < 0 else asked.category
    bound = SAME_CATEGORY * (category == goods.category[source]) + SIMILAR_PRICE + SAME_ORGANIC
    if category < goods.categories:
        _look_along(goods, asked, desk, best, source, goods.of_category, category, bound)
    if asked.category < 0:
        for at in range(desk.known[2] if asked.searching else goods.products):
            product = desk.found[at] if asked.searching else at
            if is_closed(best, product, SIMILAR_PRICE + SAME_ORGANIC):
                break
            _propose(goods, asked, desk, best, source, product)


@compiled
def _look_along(
    goods: Goods, asked: Asked, desk: Desk, best: Best, source: int, rows: Rows, row: int, bound: float
) -> None:
    """Propose the products of a row, none of which is more similar than `bound`."""
    start = rows.heads[2 * row]
    for at in range(start, start + rows.heads[2 * row + 1]):
        product = rows.pool[at]
        if is_closed(best, product, bound):
            break
        _propose(goods, asked, desk, best, source, product)


@compiled
def _propose(goods: Goods, asked: Asked, desk: Desk, best: Best, source: int, product: int) -> None:
    if wanted(goods, asked, desk, product):
        propose(best, product, similarity(goods, source, product))
