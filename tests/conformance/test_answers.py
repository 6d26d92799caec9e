"""Whole answers: those of the engine are those of the naive market, however the facts arrived."""

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from punnet.engine.effects import Effects
from punnet.engine.engine import Engine
from punnet.errors import UnknownId
from punnet.market import (
    Action,
    Answer,
    Context,
    Contribution,
    Farm,
    Order,
    OrderLine,
    Product,
    Query,
    Recommendation,
    Record,
    UserAction,
)
from tests.markets import Market, markets, query, random_market, random_queries
from tests.naive import NaiveMarket, Recommended

ON_THE_PAGE = ("area", "coOccurrences", "totalOrders", "lift", "filling")
"""What docs/reference/algorithms.md says of an answer's metadata."""


fewer = settings(max_examples=settings.default.max_examples // 2)


def answers(engine: Engine, questions: list[Query], now: float) -> list[Answer | str]:
    """Every answer, and the message where there is none."""
    given: list[Answer | str] = []
    for question in questions:
        try:
            given.append(engine.answer(question, now))
        except UnknownId as unknown:
            given.append(unknown.message)
    return given


def assert_same(recommendation: Recommendation, expected: Recommended) -> None:
    metadata = recommendation.metadata
    assert recommendation.product.id == expected.product_id
    assert recommendation.score == pytest.approx(expected.score, abs=1e-9)
    assert recommendation.confidence == pytest.approx(expected.confidence, abs=1e-9)
    assert recommendation.reason is expected.reason
    assert recommendation.reasons == expected.reasons
    contributions = msgspec.convert(metadata["contributions"], dict[str, Contribution])
    assert contributions.keys() == expected.contributions.keys()
    for algorithm, part in contributions.items():
        assert (part.score, part.weight) == pytest.approx(expected.contributions[algorithm], abs=1e-9)
    known = {name: metadata[name] for name in ON_THE_PAGE if name in metadata}
    assert known == pytest.approx(expected.metadata, abs=1e-9)


def assert_answers_as_naive(engine: Engine, naive: NaiveMarket, question: Query, now: float) -> None:
    try:
        expected = naive.answer(question, now)
    except UnknownId:
        with pytest.raises(UnknownId):
            engine.answer(question, now)
        return
    answer = engine.answer(question, now)
    assert [r.product.id for r in answer.recommendations] == [r.product_id for r in expected]
    for recommendation, one in zip(answer.recommendations, expected, strict=True):
        assert_same(recommendation, one)
    assert answer.algorithms == tuple(naive.offers(question, now))
    assert answer.user_id == question.user_id
    assert answer.timestamp == datetime.fromtimestamp(now, UTC)


def both(of: Market) -> tuple[Engine, NaiveMarket]:
    engine, naive = Engine(), NaiveMarket()
    engine.apply(of.records)
    naive.apply(of.records)
    return engine, naive


@given(markets(), st.randoms(use_true_random=False))
def test_every_answer_is_that_of_the_naive_market(of, random):
    engine, naive = both(of)
    for _ in range(3):
        assert_answers_as_naive(engine, naive, query(random, of), of.seconds)


@pytest.mark.parametrize("context", Context)
@pytest.mark.parametrize("orders", [60, 90, 200])
def test_every_answer_of_a_busy_market_is_that_of_the_naive_market(context, orders):
    of = random_market(orders, farms=8, products=40, shoppers=12, orders=orders, actions=300)
    engine, naive = both(of)
    for question in random_queries(orders, of, 8, contexts=(context,)):
        assert_answers_as_naive(engine, naive, question, of.seconds)


@fewer
@given(markets(), st.integers(1, 100))
def test_what_is_bought_together_is_that_of_the_naive_market(of, limit):
    engine, naive = both(of)
    for product in of.products:
        try:
            expected = naive.together(product, limit, of.seconds)
        except UnknownId:
            with pytest.raises(UnknownId):
                engine.together(product, limit, of.seconds)
            continue
        given = engine.together(product, limit, of.seconds)
        assert [r.product.id for r in given] == [offered.product_id for offered in expected]
        for recommendation, offered in zip(given, expected, strict=True):
            assert recommendation.reason == "FREQUENTLY_BOUGHT_TOGETHER"
            assert recommendation.score == pytest.approx(offered.score, abs=1e-9)
            assert recommendation.confidence == pytest.approx(offered.confidence, abs=1e-9)
            assert (
                offered.metadata.items()
                <= {
                    name: pytest.approx(value) if isinstance(value, float) else value
                    for name, value in recommendation.metadata.items()
                }.items()
            )


@fewer
@given(markets(), st.randoms(use_true_random=False), st.data())
def test_the_batches_that_records_come_in_change_nothing(of, random, data):
    cuts = data.draw(st.lists(st.integers(0, len(of.records)), max_size=8).map(sorted))
    whole, batched = Engine(), Engine()
    follows, followed = whole.apply(of.records), Effects()
    for first, last in zip([0, *cuts], [*cuts, len(of.records)], strict=True):
        followed.add(batched.apply(of.records[first:last]))
    questions = [query(random, of) for _ in range(3)]
    assert answers(batched, questions, of.seconds) == answers(whole, questions, of.seconds)
    assert followed == follows
    assert batched.tally.by_type == whole.tally.by_type
    hour, day = (whole.tally.since(of.seconds, span) for span in (3_600, 86_400))
    assert (batched.tally.since(of.seconds, 3_600), batched.tally.since(of.seconds, 86_400)) == (hour, day)


@fewer
@given(markets(), st.randoms(use_true_random=False))
def test_a_replay_gives_the_same_answers_bit_for_bit(of, random):
    questions = [query(random, of) for _ in range(2)]
    first, second = Engine(), Engine()
    for number, record in enumerate(of.records):
        first.apply([record])
        if number % 8 == 0:
            answers(first, questions, of.seconds)  # asking in between leaves no trace
    second.apply(of.records)
    encode = msgspec.json.encode
    assert encode(answers(second, questions, of.seconds)) == encode(answers(first, questions, of.seconds))


@fewer
@given(markets(), st.randoms(use_true_random=False))
def test_an_order_that_comes_twice_counts_once(of, random):
    questions = [query(random, of) for _ in range(3)]
    engine = Engine()
    engine.apply(of.records)
    before = answers(engine, questions, of.seconds)
    engine.apply([record for record in of.records if isinstance(record.fact, Order)])
    assert answers(engine, questions, of.seconds) == before


NOW = datetime(2026, 5, 1, tzinfo=UTC)


def bought(number: int, user_id: str, *products: str) -> Order:
    lines = tuple(OrderLine(product_id=product, quantity=1, unit_price=1.0) for product in products)
    return Order(id=f"order-{number}", user_id=user_id, placed_at=NOW, lines=lines)


def ties(facts: list[Order | Action], products: dict[str, str], question: Query) -> Answer:
    """The engine's answer, the same as the naive one, in a market of products in their categories."""
    farm = Farm(id="farm", name="Farm")
    catalogue = [
        Product(id=name, name=name, farm_id="farm", category=category, price=1.0, created_at=NOW)
        for name, category in products.items()
    ]
    now = NOW.timestamp()
    records = [Record(at=now, fact=fact) for fact in [farm, *catalogue, *facts]]
    engine, naive = Engine(), NaiveMarket()
    engine.apply(records)
    naive.apply(records)
    assert_answers_as_naive(engine, naive, question, now)
    return engine.answer(question, now)


def test_preferences_that_are_equal_on_paper_are_equal():
    """A third of 0.6 for one purchase of three is as much as 0.2 for the only view."""
    products = {name: name[0] for name in ("r1", "r2", "r3", "w1", "w2", "x1", "x2", "y1", "y2", "a1", "a2")}
    orders = [bought(n, "ann", name) for n, name in enumerate(products) if name != "a2"]
    view = Action(event_id="view", user_id="ann", action=UserAction.VIEW_PRODUCT, entity_id="b1")
    answer = ties([*orders, view], {**products, "b1": "b", "b2": "b"}, Query(user_id="ann", limit=20))
    suited = [r.product.id for r in answer.recommendations if "USER_BEHAVIOR" in r.reasons]
    assert suited == ["a2"]  # the fifth category; b is as much liked, but was heard of later


def test_of_equal_companions_in_a_cart_the_one_put_in_first_gives_the_figures():
    """4/√(4·8) is 6/√(9·8) on paper, and less in binary."""
    baskets = [("p", "q", "c")] * 2 + [("p", "c")] * 2 + [("q", "c")] * 4 + [("q",)] * 3
    orders = [bought(n, f"user-{n}", *basket) for n, basket in enumerate(baskets)]
    cart = [
        Action(event_id=name, user_id="ann", action=UserAction.ADD_TO_CART, entity_id=name) for name in "pq"
    ]
    answer = ties([*orders, *cart], {n: n for n in "pqc"}, Query(user_id="ann", context=Context.CART))
    assert [r.metadata["coOccurrences"] for r in answer.recommendations] == [4]
