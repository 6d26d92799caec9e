"""Which algorithms a context asks, with which weights, and their offers."""

from collections.abc import Mapping
from typing import assert_never

import numpy as np

from punnet.algorithms import arrivals, behaviour, collaborative, content, seasonal, together, trending
from punnet.algorithms.offer import Offer
from punnet.algorithms.taste import Taste
from punnet.engine.index import Index
from punnet.engine.liking import interest_of, taste_of
from punnet.engine.question import CART_CONTEXTS, Question
from punnet.engine.tuning import Tuning
from punnet.market import Algorithm, Context
from punnet.types import Indices, Mask

SURE = 1.0
UNSURE = 0.5
"""Confidence of content beside a product, and from a shopper's latest products."""


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


def offers(index: Index, question: Question, tuning: Tuning) -> dict[Algorithm, Offer]:
    """Return the offer of every algorithm that the question's context asks."""
    taste = taste_of(index, question.shopper)
    asked = weights(question.context, tuning)
    return {algorithm: _offer(algorithm, index, question, taste, tuning) for algorithm in asked}


def _offer(algorithm: Algorithm, index: Index, question: Question, taste: Taste, tuning: Tuning) -> Offer:
    shelf, ledger, shopper = index.catalogue.shelf, index.ledger, question.shopper
    now, wanted, k = question.now, question.wanted, question.k
    match algorithm:
        case Algorithm.COLLABORATIVE:
            return collaborative.offer(ledger, shopper, wanted, k, neighbours=tuning.neighbours)
        case Algorithm.CONTENT:
            return content.offer(shelf, *_sources(index, question), wanted, k)
        case Algorithm.TRENDING:
            return trending.offer(ledger, now, question.place, wanted, k, window=tuning.trending_window)
        case Algorithm.SEASONAL:
            in_season, new_days = _in_season(index, question), tuning.seasonal_new_days
            return seasonal.offer(shelf, in_season, taste.categories, now, wanted, k, new_days=new_days)
        case Algorithm.BEHAVIOUR:
            return behaviour.offer(shelf, taste, ledger.bought_by.row(shopper), wanted, k)
        case Algorithm.TOGETHER:
            return together.offer(ledger, _companions(question), wanted, k)
        case Algorithm.ARRIVALS:
            return arrivals.offer(shelf, taste.farms, now, wanted, k, days=tuning.arrivals_days)
        case _:
            assert_never(algorithm)


def _sources(index: Index, question: Question) -> tuple[Indices, float]:
    if question.product >= 0:
        return np.array([question.product]), SURE
    return interest_of(index, question.shopper), UNSURE


def _companions(question: Question) -> Indices:
    if question.context in CART_CONTEXTS:
        return question.cart
    return np.array([question.product] if question.product >= 0 else [], np.int64)


def _in_season(index: Index, question: Question) -> Mask:
    names = index.catalogue.categories
    season = seasonal.season(question.now, question.latitude)
    return np.array([names[position] in season.value for position in range(len(names))], np.bool_)
