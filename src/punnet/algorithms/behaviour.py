"""What suits a shopper's own habits and was never bought."""

from punnet.algorithms.offer import Asked, Shortlist, be_sure, is_narrow, wanted
from punnet.algorithms.taste import Taste
from punnet.core.best import Best, is_closed, propose
from punnet.core.compiled import compiled
from punnet.core.desk import Desk
from punnet.core.postings import Rows
from punnet.core.shelf import Goods

CATEGORY = 0.6
PRICE_IN_RANGE = 0.3
FARM = 0.1

SURE_FROM = 10
"""Orders from which the confidence is 1."""

TOLERANCE = 1e-9
"""Keeps a price on the edge of the range inside it, whatever its binary form."""


@compiled
def offer(goods: Goods, asked: Asked, desk: Desk, taste: Taste, shortlist: Shortlist) -> None:
    """Shortlist products of the best-liked categories, by category, price and farm, none bought before."""
    best = shortlist.best
    if is_narrow(asked):
        for product in desk.found[: desk.known[2]]:
            _propose(goods, asked, desk, taste, best, product)
    else:
        for at in range(desk.known[0]):
            farm = desk.liked_farms[at]
            bound = CATEGORY + PRICE_IN_RANGE + FARM * desk.farm_liking[farm]
            _look_along(goods, asked, desk, taste, best, goods.of_farm, farm, bound)
        for category in desk.liked_categories:
            if category >= 0:
                bound = CATEGORY * desk.category_liking[category] + PRICE_IN_RANGE
                _look_along(goods, asked, desk, taste, best, goods.of_category, category, bound)
    be_sure(shortlist, min(taste.orders / SURE_FROM, 1.0))


@compiled
def is_in_range(goods: Goods, taste: Taste, product: int) -> bool:
    """Return whether a product costs what the shopper is used to pay."""
    return bool(taste.low - TOLERANCE <= goods.price[product] <= taste.high + TOLERANCE)


@compiled
def suits(goods: Goods, desk: Desk, taste: Taste, product: int) -> float:
    """Return how well a product suits the taste on the desk, 0..1."""
    score = (
        CATEGORY * desk.category_liking[goods.category[product]]
        + PRICE_IN_RANGE * is_in_range(goods, taste, product)
        + FARM * desk.farm_liking[goods.farm[product]]
    )
    return float(min(score, 1.0))


@compiled
def _look_along(
    goods: Goods, asked: Asked, desk: Desk, taste: Taste, best: Best, rows: Rows, row: int, bound: float
) -> None:
    """Propose the products of a row, none of which suits better than `bound`."""
    start = rows.heads[2 * row]
    for at in range(start, start + rows.heads[2 * row + 1]):
        product = rows.pool[at]
        if is_closed(best, product, bound):
            break
        _propose(goods, asked, desk, taste, best, product)


@compiled
def _propose(goods: Goods, asked: Asked, desk: Desk, taste: Taste, best: Best, product: int) -> None:
    if desk.bought[product] == desk.turn[0] or not wanted(goods, asked, desk, product):
        return
    category = goods.category[product]
    for liked in desk.liked_categories:
        if category == liked:
            propose(best, product, suits(goods, desk, taste, product))
