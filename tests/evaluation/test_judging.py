"""How good lists are, where that can be told by hand."""

import pytest

from punnet.engine.engine import Engine
from punnet.engine.tuning import Tuning
from punnet.evaluation.judging import Judge, evaluate
from punnet.evaluation.replay import Purchase
from punnet.market import Query
from tests.engine.facts import NOON, NOW, ago, farm, order, product, records

GOODS = farm(), *(product(name, created_at=ago(90)) for name in ("kale", "leek", "pear", "fig"))
PAST = order("ann", "kale", days=40), order("ben", "kale", "leek", days=40)
RECENT = order("ann", "kale", "leek", days=2), order("cem", "pear", days=1)


def means(quality):
    return quality.orders, quality.hit_rate.mean, quality.recall.mean, quality.ndcg.mean


def test_plain_lists_are_judged_by_what_was_bought_and_by_what_was_new():
    found = evaluate(records(*GOODS, *PAST, *RECENT), Tuning(), days=28, limit=1, most=100)
    assert (found.orders, found.asked, found.limit, found.products) == (2, 2, 1, 4)
    assert (found.since, found.until) == (ago(2), ago(1))
    popular = next(each for each in found.lists if each.name == "popular")
    new = next(each for each in found.lists if each.name == "popular, never bought before")
    # ann is shown kale, which she buys again; cem is shown it too.
    best = 1 / (1 + 1 / 1.584962500721156)
    assert means(popular.bought) == pytest.approx((2, 0.5, 0.25, best / 2))
    assert means(popular.bought_first) == (2, 0, 0, 0)
    # She is shown leek, which is new to her.
    assert means(new.bought_first) == (2, 0.5, 0.5, 0.5)
    assert (popular.coverage, new.coverage) == (0.25, 0.5)
    assert popular.milliseconds > 0


def test_lists_of_the_engine_are_those_that_a_server_would_have_given():
    facts = (*GOODS, *PAST, *RECENT)
    found = evaluate(records(*facts), Tuning(), days=28, limit=3, most=100)
    hits = 0
    for bought in RECENT:
        engine = Engine()
        engine.apply(records(*facts[: facts.index(bought)]))
        answer = engine.answer(Query(user_id=bought.user_id, limit=3), bought.placed_at.timestamp())
        listed = {each.product.id for each in answer.recommendations}
        hits += bool(listed & {line.product_id for line in bought.lines})
    assert found.lists[0].name == "punnet"
    assert found.lists[0].bought.hit_rate.mean == hits / 2 > 0


def test_the_engine_goes_by_what_is_set():
    winter = (product(name, category="Preserved", created_at=ago(90)) for name in ("kale", "leek"))
    goods = farm(), *winter, product("berry", category="Berries", created_at=ago(90))
    taken_in = records(*goods, *PAST, order("dan", "berry", days=1))
    places = (Tuning(market_latitude=latitude) for latitude in (45, -45))
    found = (evaluate(taken_in, place, days=28, limit=1, most=100) for place in places)
    assert [each.lists[0].bought.hit_rate.mean for each in found] == [1, 0]


def test_an_order_of_nothing_new_says_nothing_of_first_purchases():
    judge = Judge("a list", lambda *_: ["kale"], 1)
    judge.ask(Purchase(NOW, "ann", frozenset({"kale"}), frozenset()))
    judged = judge.judged(4)
    assert (judged.bought.orders, judged.bought_first.orders) == (1, 0)


def test_it_tells_how_far_it_is():
    told = []
    evaluate(
        records(*GOODS, *PAST, *RECENT),
        Tuning(),
        days=28,
        limit=3,
        most=1,
        advance=lambda *far: told.append(far),
    )
    assert told == [(1, 1)]


def test_an_order_whose_products_left_the_catalogue_counts_nowhere():
    gone = order("ann", "gone", days=1)
    found = evaluate(records(*GOODS, *PAST, gone), Tuning(), days=28, limit=3, most=100)
    assert (found.asked, found.lists[0].bought.orders) == (1, 0)
    assert found.until == NOON.replace(day=14)
