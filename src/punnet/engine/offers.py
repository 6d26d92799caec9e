"""Which algorithms a context asks, with which weights, and their offers."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from punnet.algorithms import arrivals, behaviour, collaborative, content, seasonal, taste, together, trending
from punnet.algorithms.offer import Asked, mark
from punnet.algorithms.taste import Taste
from punnet.algorithms.trending import Trend, Window
from punnet.core.companions import Pairs
from punnet.core.compiled import compiled, entry, reader
from punnet.core.desk import Desk, begin
from punnet.core.ledger import Book
from punnet.core.shelf import Goods, goods_at, sells
from punnet.engine.fusion import ALGORITHMS, Mix, shortlist
from punnet.engine.tuning import Tuning
from punnet.market import Algorithm, Context
from punnet.types import Positions

CART_CONTEXTS = (Context.CART, Context.CHECKOUT)

COLLABORATIVE, CONTENT, TRENDING, SEASONAL, BEHAVIOUR, TOGETHER, ARRIVALS = (
    ALGORITHMS.index(algorithm)
    for algorithm in (
        Algorithm.COLLABORATIVE,
        Algorithm.CONTENT,
        Algorithm.TRENDING,
        Algorithm.SEASONAL,
        Algorithm.BEHAVIOUR,
        Algorithm.TOGETHER,
        Algorithm.ARRIVALS,
    )
)


class Market(NamedTuple):
    """All that an answer is made of, as compiled loops read it."""

    book: Book
    goods: Goods
    pairs: Pairs
    fresh: Positions
    """Products that are new to the season, in the order they were added."""
    everywhere: Trend
    near: Trend
    """The trend of the place asked for, or of everywhere."""


class Terms(NamedTuple):
    """The numbers of a tuning that the algorithms are asked with."""

    neighbours: int
    window: Window
    new_days: float
    arrivals_days: float


def terms(tuning: Tuning) -> Terms:
    """Return what a tuning asks the algorithms with."""
    window = Window(float(tuning.trending_days), tuning.trending_min_orders, tuning.trending_min_products)
    return Terms(tuning.neighbours, window, float(tuning.seasonal_new_days), float(tuning.arrivals_days))


def weights(context: Context, tuning: Tuning) -> Mapping[Algorithm, float]:
    """Return the algorithms that a context asks, in the order of the enumeration, with their weights."""
    given = {
        Algorithm.COLLABORATIVE: tuning.weight_collaborative,
        Algorithm.CONTENT: tuning.weight_content,
        Algorithm.TRENDING: tuning.weight_trending,
        Algorithm.SEASONAL: tuning.weight_seasonal,
        Algorithm.BEHAVIOUR: tuning.weight_behaviour,
    }
    if context is Context.PRODUCT_DETAIL:
        given[Algorithm.TOGETHER] = tuning.weight_together
    elif context in CART_CONTEXTS:
        given[Algorithm.TOGETHER] = tuning.weight_together_cart
    elif context is Context.HOME:
        given[Algorithm.ARRIVALS] = tuning.weight_arrivals
    return given


terms_at = reader(Terms)


@compiled
def offer(market: Market, asked: Asked, desk: Desk, mix: Mix, terms: Terms, asks: Positions, k: int) -> Taste:
    """Have each of the algorithms asked shortlist its best `k` products; return the shopper's taste."""
    begin(desk)
    mark(market.goods, asked, desk)
    liked = taste.measure(market.book, market.goods, asked, desk)
    for algorithm in asks:
        if algorithm <= TRENDING:
            _offer_of_others(market, asked, desk, mix, terms, algorithm, k)
        else:
            _offer_of_own(market, asked, desk, mix, terms, algorithm, k, liked)
    taste.forget(desk)
    return liked


@compiled
def _offer_of_others(
    market: Market, asked: Asked, desk: Desk, mix: Mix, terms: Terms, algorithm: int, k: int
) -> None:
    found = shortlist(mix, algorithm, k)
    if algorithm == COLLABORATIVE:
        collaborative.offer(market.book, market.goods, asked, desk, found, terms.neighbours)
    elif algorithm == CONTENT:
        content.offer(market.book, market.goods, asked, desk, found)
    else:
        trending.follow(market.book, desk, market.near, asked.now, terms.window)
        if market.near.size[0] >= terms.window.min_products:
            trending.offer(market.goods, asked, desk, market.near, found)
        else:
            trending.follow(market.book, desk, market.everywhere, asked.now, terms.window)
            trending.offer(market.goods, asked, desk, market.everywhere, found)


@compiled
def _offer_of_own(
    market: Market, asked: Asked, desk: Desk, mix: Mix, terms: Terms, algorithm: int, k: int, liked: Taste
) -> None:
    found = shortlist(mix, algorithm, k)
    if algorithm == SEASONAL:
        seasonal.offer(market.goods, asked, desk, market.fresh, found, terms.new_days)
    elif algorithm == BEHAVIOUR:
        behaviour.offer(market.goods, asked, desk, liked, found)
    elif algorithm == TOGETHER:
        together.offer(market.book, market.goods, asked, desk, market.pairs, asked.cart, found)
    else:
        arrivals.offer(market.goods, asked, desk, found, terms.arrivals_days)


@entry
def any_sells(goods_are_at: int, matches: Positions, banned: Positions, category: int, now: float) -> bool:
    """Return whether a search finds anything that may appear."""
    goods = goods_at(goods_are_at)
    for product in matches:
        if sells(goods, product, now) and (category < 0 or goods.category[product] == category):
            is_banned = False
            for other in banned:
                is_banned |= other == product
            if not is_banned:
                return True
    return False


NOTHING = np.zeros(0, np.int32)
