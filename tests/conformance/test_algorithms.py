"""What holds for every algorithm, whatever it computes."""

from collections.abc import Sequence
from functools import cache
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from punnet.algorithms.offer import Offer
from punnet.engine.engine import Engine
from punnet.engine.tuning import Tuning
from punnet.errors import UnknownId
from punnet.market import Algorithm, Context, Query
from tests.markets import Market, Size, market, markets, query, random_market, random_queries
from tests.naive import NaiveMarket

CONTEXTS: dict[Algorithm, Sequence[Context]] = dict.fromkeys(Algorithm, tuple(Context)) | {
    Algorithm.TOGETHER: (Context.PRODUCT_DETAIL, Context.CART, Context.CHECKOUT),
    Algorithm.ARRIVALS: (Context.HOME,),
}
"""The contexts in which an algorithm is asked."""

every_algorithm = pytest.mark.parametrize("algorithm", Algorithm)


def filled(of: Market) -> tuple[Engine, NaiveMarket]:
    engine, naive = Engine(), NaiveMarket()
    engine.apply(of.records)
    naive.apply(of.records)
    return engine, naive


@cache
def some_markets() -> list[tuple[Market, Engine, NaiveMarket]]:
    sizes = [Size(farms=4, products=16, shoppers=6, orders=60, actions=60, changes=8)] * 8 + [Size()] * 4
    made = [market(Random(seed), size) for seed, size in enumerate(sizes)]
    return [(of, *filled(of)) for of in made]


def asked(algorithm: Algorithm) -> list[tuple[Query, float, Engine, NaiveMarket]]:
    """Questions in which the algorithm takes part, to markets that are all different."""
    return [
        (question, of.seconds, engine, naive)
        for seed, (of, engine, naive) in enumerate(some_markets())
        for question in random_queries(seed, of, 8, contexts=CONTEXTS[algorithm])
        if question.product_id is None or engine.catalogue.product(question.product_id) is not None
    ]


def ids(engine: Engine, offer: Offer) -> list[str]:
    return [engine.catalogue.products[position] for position in offer.products.tolist()]


def assert_as_naive(engine: Engine, naive: NaiveMarket, algorithm: Algorithm, q: Query, now: float) -> None:
    offer, expected = engine.offers(q, now)[algorithm], naive.offers(q, now)[algorithm]
    assert ids(engine, offer) == [offered.product_id for offered in expected]
    assert offer.scores.tolist() == pytest.approx([offered.score for offered in expected], abs=1e-9)
    confidences = [offered.confidence for offered in expected]
    assert offer.confidences.tolist() == pytest.approx(confidences, abs=1e-9)


@every_algorithm
def test_an_offer_is_twice_the_limit_long_at_most_with_the_best_first_and_ties_by_age(algorithm):
    longest = 0
    for question, now, engine, _ in asked(algorithm):
        offer = engine.offers(question, now)[algorithm]
        rows = list(zip((-offer.scores).tolist(), offer.products.tolist(), strict=True))
        assert rows == sorted(set(rows))
        assert len(offer.products) == len(offer.confidences) <= 2 * question.limit
        longest = max(longest, len(rows))
    assert longest > 2


@every_algorithm
def test_scores_lie_above_0_and_confidences_between_0_and_1(algorithm):
    for question, now, engine, _ in asked(algorithm):
        offer = engine.offers(question, now)[algorithm]
        assert ((offer.scores > 0) & (offer.scores <= 1)).all()
        assert ((offer.confidences >= 0) & (offer.confidences <= 1)).all()


@every_algorithm
def test_what_may_not_appear_is_not_offered(algorithm):
    for question, now, engine, naive in asked(algorithm):
        offered = ids(engine, engine.offers(question, now)[algorithm])
        assert len(set(offered)) == len(offered)
        assert set(offered) <= set(naive.appearing(question, now))


@every_algorithm
def test_the_same_question_twice_has_the_same_offer(algorithm):
    for question, now, engine, _ in asked(algorithm):
        once, again = engine.offers(question, now)[algorithm], engine.offers(question, now)[algorithm]
        assert once.products.tolist() == again.products.tolist()
        assert once.scores.tolist() == again.scores.tolist()
        assert once.confidences.tolist() == again.confidences.tolist()


@every_algorithm
def test_an_empty_market_offers_nothing(algorithm):
    for context in CONTEXTS[algorithm]:
        offer = Engine().offers(Query(user_id="ann", context=context), 0.0)[algorithm]
        assert len(offer.products) == len(offer.scores) == len(offer.confidences) == 0


@every_algorithm
@settings(max_examples=settings.default.max_examples // 2)
@given(st.data())
def test_an_offer_is_that_of_the_naive_version(algorithm, data):
    of = data.draw(markets())
    random = data.draw(st.randoms(use_true_random=False))
    questions = [query(random, of, contexts=CONTEXTS[algorithm]) for _ in range(3)]
    tuning = Tuning(
        neighbours=data.draw(st.sampled_from((500, 0, 1, 2))),
        trending_radius_km=data.draw(st.sampled_from((80.0, 15.0))),
        market_latitude=data.draw(st.sampled_from((0.0, -10.0))),
    )
    engine, radius_km = Engine(tuning), tuning.trending_radius_km
    naive = NaiveMarket(neighbours=tuning.neighbours, radius_km=radius_km, latitude=tuning.market_latitude)
    engine.apply(of.records)
    naive.apply(of.records)
    for question in questions:
        try:
            naive.answer(question, of.seconds)
        except UnknownId:
            with pytest.raises(UnknownId):
                engine.offers(question, of.seconds)
        else:
            assert_as_naive(engine, naive, algorithm, question, of.seconds)


@every_algorithm
def test_an_offer_in_a_larger_market_is_that_of_the_naive_version(algorithm):
    of, engine, naive = larger_market()
    for question in random_queries(7, of, 6, contexts=CONTEXTS[algorithm]):
        if question.product_id is None or question.product_id in naive.products:
            assert_as_naive(engine, naive, algorithm, question, of.seconds)


@cache
def larger_market() -> tuple[Market, Engine, NaiveMarket]:
    of = random_market(1)
    return of, *filled(of)
