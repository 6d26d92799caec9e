"""Answering: offers become recommendations that explain themselves, filled up to the limit."""

import msgspec
import numpy as np
import pytest

from punnet.algorithms import taste
from punnet.algorithms.offer import asked_at, mark
from punnet.core.compiled import Packed, entry
from punnet.core.desk import begin, desk_at
from punnet.core.geo import Place
from punnet.engine import answering
from punnet.engine import kept as keeping
from punnet.engine.answering import Answering, Panel, tell
from punnet.engine.diversity import Shares, diversify
from punnet.engine.filling import fill
from punnet.engine.fusion import ALGORITHMS, COUNT, Mix, fuse, mix_at
from punnet.engine.kept import Whereabouts
from punnet.engine.offers import terms_at, weights
from punnet.engine.question import Question, ask, blank
from punnet.engine.telling import Account, account_at, fillings, recommendations
from punnet.engine.tuning import Tuning
from punnet.market import LARGEST_LIMIT, Algorithm, Context, Contribution, Query, Reason
from punnet.types import Floats, Positions
from tests.builders import positions
from tests.engine.facts import DAY, NOW, ago, did, farm, index_of, kept_of, order, product, records

C, T, S = Algorithm.COLLABORATIVE, Algorithm.TRENDING, Algorithm.SEASONAL
WEIGHTS = dict.fromkeys(Algorithm, 0.5)
ANYTHING_GOES = Shares(9.0, 9.0, 9.0)
SHOP = index_of(
    farm(),
    product("leeks"),
    product("kale"),
    product("pears", category="Fruits", created_at=ago(9)),
    product("plums", category="Fruits", created_at=ago(3)),
    order("bob", "kale", "leeks"),
    order("cat", "leeks"),
)
LEEKS, KALE, PEARS, PLUMS = range(4)


@entry
def settle(
    at: Whereabouts,
    asked_is_at: int,
    room: tuple[int, int, int],
    asks: Positions,
    weights: Floats,
    limit: int,
    caps: tuple[int, int, int],
) -> None:
    """Do what an answer does, with offers that are there already."""
    market, asked, desk = answering._market(at, asks), asked_at(asked_is_at), desk_at(at.desk)
    mix, account, terms = mix_at(room[0]), account_at(room[1]), terms_at(room[2])
    begin(desk)
    mark(market.goods, asked, desk)
    liked = taste.measure(market.book, market.goods, asked, desk)
    taste.forget(desk)
    fuse(mix, desk, asks, weights)
    diversify(mix, market.goods, desk, limit, caps)
    tell(market, desk, mix, account, weights, liked, terms)
    fill(mix, market.book, market.goods, asked, desk, limit)


def answer(offers, index=SHOP, shares=ANYTHING_GOES, weights=WEIGHTS, **known):
    """Return the recommendations that come of these offers of (product, score, confidence) rows."""
    kept, query = kept_of(index), Query(**{"user_id": "ann", **known})
    asked = ask(index, kept, query, NOW, Tuning()).asked
    mix, account = Mix.of(LARGEST_LIMIT), Account.of(LARGEST_LIMIT)
    for algorithm, rows in offers.items():
        number = ALGORITHMS.index(algorithm)
        mix.sizes[number] = len(rows)
        for at, row in enumerate(rows, number * mix.reach):
            mix.products[at], mix.scores[at], mix.confidences[at] = (*row, 0.5)[:3]
    packed, question = [Packed(it) for it in (mix, account, kept.terms)], Packed(asked)
    room = packed[0].address, packed[1].address, packed[2].address
    asks = positions(ALGORITHMS.index(algorithm) for algorithm in offers)
    weighed = np.array([float(weights.get(algorithm, 0)) for algorithm in ALGORITHMS])
    at = kept.whereabouts(NOW, None)
    settle(at, question.address, room, asks, weighed, query.limit, shares.caps(query.limit))
    told = recommendations(index.catalogue, account, int(mix.counts[1]), weighed.tolist())
    return [*told, *fillings(index.catalogue, mix.filling[: mix.counts[2]].tolist())]


def ids(recommendations):
    """Return the products of an answer."""
    return [it.product.id for it in recommendations]


def test_a_recommendation_says_what_each_algorithm_gave_largest_share_first():
    offers = {C: [(PEARS, 0.2, 0.4)], T: [(LEEKS, 0.9, 0.8), (PEARS, 1.0, 0.8)]}
    [first] = answer(offers, limit=1, weights={C: 0.3, T: 0.5})
    assert first.product == SHOP.catalogue.product("pears")
    assert (first.score, first.confidence) == (0.56, pytest.approx(0.6))
    assert (first.reason, first.reasons) == (
        Reason.TRENDING_LOCAL,
        (Reason.TRENDING_LOCAL, Reason.SIMILAR_USERS),
    )
    assert list(first.metadata["contributions"].items()) == [
        ("trending", Contribution(score=1.0, weight=0.5)),
        ("collaborative_filtering", Contribution(score=0.2, weight=0.3)),
    ]


def shares_of(offers, weights):
    """Return the algorithms of the first recommendation, the one with the largest share first."""
    [first] = answer(offers, weights=weights, limit=1)
    return [Algorithm(name) for name in first.metadata["contributions"]]


def test_the_largest_share_comes_first_whatever_the_score():
    offers = {C: [(LEEKS, 0.2)], T: [(LEEKS, 1.0)], S: [(LEEKS, 0.3)]}
    assert shares_of(offers, {C: 0.9, T: 0.15, S: 0.2}) == [C, T, S]
    assert shares_of(offers, {C: 0.1, T: 0.15, S: 0.9}) == [S, T, C]


def test_equal_shares_go_by_the_order_of_the_page():
    offers = {C: [(LEEKS, 0.5)], T: [(LEEKS, 1.0)], S: [(LEEKS, 0.1)]}
    assert shares_of(offers, {C: 0.3, T: 0.15, S: 3.0}) == [S, C, T]
    assert 0.1 * 3.0 > 0.3
    assert shares_of({C: [(LEEKS, 0.3)], S: [(LEEKS, 0.1)]}, {C: 1.0, S: 3.0}) == [C, S]


def test_the_offers_are_spread_over_farms_categories_and_prices():
    offers = {C: [(LEEKS, 0.9), (KALE, 0.8), (PEARS, 0.7)]}
    assert ids(answer(offers, limit=2)) == ["leeks", "kale"]
    assert ids(answer(offers, limit=2, shares=Shares(9.0, 0.5, 9.0))) == ["leeks", "pears"]
    assert ids(answer(offers, limit=3, shares=Shares(9.0, 0.3, 9.0))) == ["leeks", "pears", "kale"]


def test_what_is_missing_is_what_was_bought_most_and_then_what_is_newest():
    given = answer({C: []}, limit=10)
    assert ids(given) == ["leeks", "kale", "plums", "pears"]
    assert [it.metadata for it in given] == [
        {"contributions": {}, "filling": "most_bought"},
        {"contributions": {}, "filling": "most_bought"},
        {"contributions": {}, "filling": "newest"},
        {"contributions": {}, "filling": "newest"},
    ]


@pytest.mark.parametrize("limit", range(1, 7))
def test_what_was_offered_comes_before_the_filling_and_the_limit_holds(limit):
    given = answer({C: [(PEARS, 0.5), (KALE, 0.4)]}, limit=limit)
    assert ids(given) == ["pears", "kale", "leeks", "plums"][:limit]


def test_what_was_passed_over_comes_before_the_filling():
    offers = {C: [(LEEKS, 0.5), (KALE, 0.4), (PEARS, 0.3)]}
    assert ids(answer(offers, limit=4, shares=Shares(9.0, 0.1, 9.0))) == ["leeks", "pears", "kale", "plums"]


def test_the_filling_holds_only_what_may_appear():
    assert ids(answer({C: []}, exclude_ids=("leeks", "plums"))) == ["kale", "pears"]
    assert ids(answer({C: []}, category="Fruits")) == ["plums", "pears"]


def test_in_a_search_the_filling_matches_first_and_is_completed_by_the_rest():
    known = {"context": Context.SEARCH, "search_query": "fruits kale"}
    given = answer({C: []}, **known)
    assert ids(given) == ["kale", "plums", "pears", "leeks"]
    assert [it.metadata["filling"] for it in given] == ["most_bought", "newest", "newest", "most_bought"]
    assert ids(answer({C: []}, limit=3, **known)) == ["kale", "plums", "pears"]
    assert ids(answer({C: [(PEARS, 0.1)]}, **known)) == ["pears", "kale", "plums", "leeks"]


def test_an_empty_market_gives_an_empty_answer():
    assert answer({C: [], S: []}, index=index_of()) == []


# And with the offers of the algorithms themselves.

BUSY = index_of(
    farm(),
    *[product(name) for name in ("leeks", "kale", "corn", "peas")],
    *[order(f"u{n}", "leeks", "kale", price=3.0, latitude=39.0, longitude=-84.0) for n in range(6)],
    *[order(f"u{n}", "kale", price=3.0) for n in range(2)],
    order("ann", "leeks", price=2.0),
)


def answering_of(index, tuning=None):
    tuning = tuning or Tuning()
    kept = kept_of(index, tuning)
    return Answering(index.catalogue, kept, tuning), kept


def recommended(index=BUSY, tuning=None, **known):
    """Return the recommendations for a query of ann, by the name of the product."""
    found, kept = answering_of(index, tuning)
    query = Query(**{"user_id": "ann", **known})
    given = found.recommend(ask(index, kept, query, NOW, tuning or Tuning()), query.limit)
    return {it.product.id: it for it in given}


def test_beside_a_product_it_is_told_how_often_another_is_bought_with_it():
    kale = recommended(product_id="leeks")["kale"]
    assert (kale.metadata["coOccurrences"], kale.metadata["totalOrders"]) == (6, 7)
    assert kale.metadata["lift"] == pytest.approx(6 * 9 / (7 * 8))


def test_of_a_whole_cart_the_figures_are_those_of_the_product_that_it_goes_with_best():
    index = index_of(
        farm(),
        *[product(name) for name in ("leeks", "kale", "corn", "dill")],
        *[order("bob", "leeks", "corn", "dill") for _ in range(2)],
        *[order("bob", "kale", "corn") for _ in range(3)],
        did("ann", "ADD_TO_CART", "leeks"),
        did("ann", "ADD_TO_CART", "kale"),
    )
    found = recommended(index, context=Context.CART)
    told = {
        name: [found[name].metadata[note] for note in ("coOccurrences", "totalOrders", "lift")]
        for name in ("dill", "corn")
    }
    assert told == {"dill": [2, 2, pytest.approx(2 * 5 / 4)], "corn": [3, 3, pytest.approx(3 * 5 / 15)]}
    assert [type(number) for number in told["dill"]] == [int, int, float]


@pytest.mark.parametrize(("min_products", "area", "orders"), [(2, "local", 6), (3, "market", 8)])
def test_a_trend_counts_the_orders_of_the_place_or_of_the_market(min_products, area, orders):
    tuning = Tuning(trending_min_products=min_products)
    kale = recommended(tuning=tuning, latitude=39.0, longitude=-84.0)["kale"]
    assert (kale.metadata["area"], kale.metadata["recentOrders"]) == (area, orders)
    assert recommended(tuning=tuning)["kale"].metadata["area"] == "market"


def test_behaviour_tells_the_category_and_whether_the_price_is_the_usual_one():
    index = index_of(
        farm(), product("leeks"), product("kale"), product("corn", price=9.0), order("ann", "leeks")
    )
    found = recommended(index)
    assert {name: found[name].metadata["priceInRange"] for name in ("kale", "corn")} == {
        "kale": True,
        "corn": False,
    }
    assert found["kale"].metadata["categoryMatch"] == "Vegetables"


def test_the_weights_are_those_of_the_context():
    for context in Context:
        found, _ = answering_of(BUSY)
        given = weights(context, Tuning())
        assert found.algorithms(context) == tuple(given)
        for it in recommended(context=context, product_id="leeks").values():
            for name, contribution in it.metadata["contributions"].items():
                assert contribution.weight == given[Algorithm(name)]


def test_the_offers_are_those_that_the_answer_is_made_of_and_copies():
    found, kept = answering_of(BUSY)
    question = ask(BUSY, kept, Query(user_id="ann"), NOW, Tuning())
    once, again = found.offers(question, 20), found.offers(question, 20)
    assert list(once) == list(weights(Context.HOME, Tuning()))
    for algorithm in once:
        assert [part.tolist() for part in once[algorithm]] == [part.tolist() for part in again[algorithm]]
        assert not any(
            np.shares_memory(*parts) for parts in zip(once[algorithm], again[algorithm], strict=True)
        )


def test_an_algorithm_alone_gives_its_offer_as_it_stands():
    found, kept = answering_of(BUSY)
    question = Question(blank(kept, -1, NOW, LEEKS), Context.PRODUCT_DETAIL, None)
    [kale] = found.alone(Algorithm.TOGETHER, question, 5)
    assert (kale.product.id, kale.score, kale.confidence) == ("kale", pytest.approx(6 / 56**0.5), 6 / 50)
    assert list(kale.metadata["contributions"].values()) == [Contribution(score=kale.score, weight=1.0)]
    everything = found.alone(T, Question(blank(kept, -1, NOW), Context.HOME, None), 1)
    assert ids(everything) == ["kale"]
    assert found.alone(Algorithm.ARRIVALS, Question(blank(kept, -1, NOW), Context.HOME, None), 5) == ()


def test_an_algorithm_alone_may_be_asked_about_a_place():
    found, kept = answering_of(BUSY, Tuning(trending_min_products=1))
    here = Place(39.0, -84.0, 80.0)
    local = found.alone(T, Question(blank(kept, -1, NOW), Context.HOME, here), 5)
    assert ids(local) == ["leeks", "kale"]
    assert {it.metadata["area"] for it in local} == {"local"}


def test_who_paid_more_prices_than_there_is_room_for_gets_the_answer_all_the_same(monkeypatch):
    index = index_of(
        farm(),
        *[product(name, price=price) for name, price in (("leeks", 1.0), ("kale", 5.0), ("corn", 9.0))],
        *[order("ann", "leeks", price=price) for price in (1.0, 1.0, 9.0, 9.0, 9.0)],
    )
    expected = recommended(index)
    monkeypatch.setattr(keeping, "PAID", 2)
    assert recommended(index) == expected
    assert expected["corn"].metadata["priceInRange"]


def test_a_panel_knows_the_weight_of_every_algorithm():
    panel = Panel.of({C: 0.25, S: 0.5})
    assert panel.algorithms == (C, S)
    assert [ALGORITHMS[number] for number in panel.asks] == [C, S]
    assert panel.weights.tolist() == [{C: 0.25, S: 0.5}.get(algorithm, 0.0) for algorithm in ALGORITHMS]
    assert (panel.asks.dtype, panel.weights.dtype, len(panel.weights)) == (np.int32, np.float64, COUNT)


def test_what_one_was_answered_does_not_change_what_the_next_is():
    index = index_of(farm(), *[product(f"p{n}") for n in range(9)], did("ann", "VIEW_PRODUCT", "p3"))
    index.apply(records(order("bob", "p1", "p2"), order("cat", "p1", "p2")))
    found, kept = answering_of(index)
    queries = [
        Query(user_id="ann"),
        Query(user_id="bob", context=Context.SEARCH, search_query="p1"),
        Query(user_id="cat", product_id="p1", exclude_ids=("p5",), limit=2),
        Query(user_id="nobody", category="Fruits"),
        Query(user_id="cat", context=Context.CART, latitude=39.0, longitude=-84.0),
    ]

    def told(query, found, kept, now=NOW):
        question = ask(index, kept, query, now, Tuning())
        return msgspec.json.encode(found.recommend(question, query.limit))

    alone = [told(query, *answering_of(index)) for query in queries]
    for first in range(len(queries)):
        assert told(queries[first], found, kept) == alone[first]
        for query, expected in zip(queries, alone, strict=True):
            assert told(query, found, kept) == expected
        told(queries[first], found, kept, NOW - DAY)


def test_changing_an_answer_does_not_change_the_next():
    first = recommended()
    before = msgspec.json.encode(list(first.values()))
    for it in first.values():
        it.metadata["contributions"].clear()
        it.metadata.clear()
    assert msgspec.json.encode(list(recommended().values())) == before


def test_room_is_for_the_largest_answer():
    index = index_of(farm(), *[product(f"p{n}") for n in range(2 * LARGEST_LIMIT)])
    assert len(recommended(index, limit=LARGEST_LIMIT)) == LARGEST_LIMIT


def test_only_the_algorithms_that_are_named_offer_and_those_of_the_context():
    found, kept = answering_of(SHOP)
    question = ask(SHOP, kept, Query(user_id="bob"), NOW, Tuning())
    every = found.offers(question, 4)
    assert list(every) == list(weights(Context.HOME, Tuning()))
    only = found.offers(question, 4, {C, S, Algorithm.TOGETHER})
    assert list(only) == [C, S]
    assert only[S].products.tolist() == every[S].products.tolist()
    assert found.offers(question, 4, set()) == {}


def test_nothing_of_the_last_question_is_left_of_who_is_forgotten():
    found, kept = answering_of(SHOP)
    question = ask(SHOP, kept, Query(user_id="bob"), NOW, Tuning())
    found.recommend(question, 4)
    assert found._asked.struct.shopper == question.asked.shopper >= 0
    found.forget()
    assert found._asked.struct.shopper == -1
