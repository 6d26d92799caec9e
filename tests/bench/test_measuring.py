"""What the benchmarks on a made market say of it is so."""

from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
import pytest
from msgspec.structs import replace

from bench.made import made_market
from bench.measuring import pages
from bench.measuring.agreement import differing, same
from bench.measuring.live import coming, live
from bench.measuring.memory import parts
from bench.measuring.shares import Costs, costs, rows
from bench.measuring.sizes import Size, batches
from bench.measuring.times import Spread, in_turn, percentile, ratio, spread, typical
from bench.sql import alike
from punnet.engine.engine import Engine
from punnet.market import Algorithm, Context
from tests.naive import NaiveMarket

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def market():
    return made_market(3, products=200, shoppers=100, lines=3_000, days=60, now=NOW)


@pytest.fixture(scope="module")
def engine(market):
    filled = Engine()
    for batch in batches(market.records()):
        filled.apply(batch)
    return filled


@pytest.fixture(scope="module")
def naive(market):
    plain = NaiveMarket()
    plain.apply(market.records())
    return plain


@pytest.mark.parametrize("context", Context)
def test_engine_and_plain_python_agree_on_a_made_market(market, engine, naive, context):
    assert not differing(engine, naive, market.queries(context, 25), market.seconds)


def test_another_product_score_or_confidence_is_no_agreement(market, engine, naive):
    query = market.queries(Context.HOME, 1)[0]
    ours = engine.answer(query, market.seconds).recommendations
    plain = naive.answer(query, market.seconds)
    assert same(ours, plain)
    assert not same(ours[:-1], plain)
    for wrong in ({"product_id": "other"}, {"score": 0.5}, {"confidence": 0.01}):
        assert not same(ours, [plain[0]._replace(**wrong), *plain[1:]])
    assert not differing(engine, naive, [query], market.seconds)
    older = replace(market.queries(Context.CART, 1)[0], limit=20)
    assert differing(engine, NaiveMarket(), [older], market.seconds) == [older]


def test_answers_of_sql_may_differ_in_which_of_several_equals_comes_last():
    one = [(7, 0.5), (3, 0.25), (4, 0.25)]
    assert alike(one, one)
    assert alike(one, [(7, 0.5), (3, 0.25), (9, 0.25 + 1e-12)])
    assert not alike(one, [(8, 0.5), (3, 0.25), (4, 0.25)])
    assert not alike(one, [(7, 0.5), (3, 0.26), (4, 0.25)])
    assert not alike(one, one[:2])
    assert alike([], [])


def test_new_orders_come_after_all_others_and_hold_the_same_lines(market):
    batches_ = coming(market, 25, 10)
    records = [record for batch in batches_ for record in batch.records]
    last = [record.fact for record in market.orders(len(market.baskets.times) - 25)]
    assert [len(batch.records) for batch in batches_] == [10, 10, 5]
    assert [record.fact.lines for record in records] == [order.lines for order in last]
    assert sum(batch.lines for batch in batches_) == sum(len(order.lines) for order in last)
    times = [record.at for record in records]
    assert times == sorted(times)
    assert times[0] > market.seconds
    assert len({record.fact.id for record in records}) == 25


def taken(market, orders, a_second):
    """Return what taking in orders showed while so much is asked, and how many were taken in."""
    engine = Engine()
    engine.apply(list(market.catalogue()))
    return live(engine, orders, market.queries(Context.HOME, 3), a_second), engine.order_count


def test_all_orders_are_taken_in_while_questions_are_answered(market):
    seen, orders = taken(market, coming(market, 50, 5), a_second=1.0)
    assert orders == 50
    assert len(seen.waits) >= 1
    assert min(seen.waits) >= 0
    assert seen.lines_per_s > 0 < seen.answers_per_s


def test_questions_that_are_due_come_before_orders_and_there_is_an_end(market, monkeypatch):
    monkeypatch.setattr("bench.measuring.live.PATIENCE", 0.1)
    seen, orders = taken(market, coming(market, 50, 5), a_second=1e6)
    assert orders == 0
    assert len(seen.waits) > 1
    assert seen.p99 > seen.waits[0]


@pytest.mark.parametrize("page", pages.NAMES)
def test_each_run_asks_anew(market, page):
    one, other = (pages.asked(market, page, 50, run) for run in (1, 2))
    assert len(one) == len(other) == 50
    assert one != other
    assert one == pages.asked(market, page, 50, 1)
    if page.startswith("home"):
        assert {query.latitude is not None for query in one} == {page == "home_near"}


def test_each_way_runs_in_every_round():
    rounds = []

    def way(name, milliseconds):
        def run(number):
            rounds.append((name, number))
            return [milliseconds * (number + 1)] * 3

        return run

    shown = in_turn({"slow": way("slow", 6.0), "fast": way("fast", 2.0)}, 3)
    assert rounds == [("slow", 0), ("fast", 0), ("slow", 1), ("fast", 1), ("slow", 2), ("fast", 2)]
    assert typical(shown["slow"]) == Spread(12, 12)
    assert ratio(shown["slow"], shown["fast"]) == 3
    assert typical(shown["fast"]).named("answer") == {"answer.p50_ms": 4, "answer.p99_ms": 4}


def test_percentiles_are_of_the_sorted_times():
    times = [float(time) for time in range(200, 0, -1)]
    assert percentile(times, 0.99) == 199
    assert percentile([5.0], 0.99) == 5
    assert spread(times) == Spread(100.5, 199)


class Room(NamedTuple):
    numbers: np.ndarray
    view: np.ndarray
    names: list[str]


def test_memory_is_counted_once_by_part():
    numbers = np.zeros(1_000)
    sizes = parts(Room(numbers, numbers[:10], ["x" * 500]))
    assert sizes[".numbers"] == 8_000
    assert sizes[".view"] == 0
    assert 500 < sizes[".names"] < 800


def test_memory_of_an_engine_has_its_rooms(engine):
    sizes = parts(engine)
    assert sizes.total() > 50_000
    assert any("ledger" in path for path in sizes)


def test_each_algorithm_of_a_page_is_asked_alone(engine, market):
    queries = pages.asked(market, "cart", 20, 0)
    told = costs(engine, queries, market.seconds, 2)
    assert tuple(told.alone) == engine.answer(queries[0], market.seconds).algorithms
    assert Algorithm.ARRIVALS not in told.alone
    assert told.none > 0
    assert sum(told.shares.values()) == pytest.approx(1)


def test_shares_are_of_the_sum_and_in_the_column_of_their_page():
    home = Costs(0.01, {Algorithm.CONTENT: 0.03, Algorithm.ARRIVALS: 0.01}, 0.05)
    cart = Costs(0.02, {Algorithm.CONTENT: 0.06}, 0.07)
    table = {row[:26].strip(): row[26:].split() for row in rows({"home": home, "cart": cart})}
    assert table["algorithms alone, in µs"] == ["home", "cart"]
    assert table["content_based"] == ["30.0", "75%", "60.0", "100%"]
    assert table["new_arrivals"] == ["10.0", "25%"]
    assert table["their sum"] == ["40.0", "60.0"]
    assert table["all at once"] == ["50.0", "70.0"]
    assert table["none of them"] == ["10.0", "20.0"]


def test_a_tenth_is_a_tenth_of_everything():
    assert Size().tenth() == Size(10_000, 100_000, 1_000_000)
    assert str(Size(1_000, 20, 30)) == "1,000 products, 20 shoppers, 30 lines of orders"
