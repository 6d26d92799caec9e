"""Answering: offers become recommendations that explain themselves, filled up to the limit."""

import msgspec
import numpy as np
import pytest

from punnet.algorithms.offer import NOTHING, Offer
from punnet.engine.answering import REASONS, describe, recommend
from punnet.engine.diversity import Shares
from punnet.engine.fusion import Candidate, Part
from punnet.engine.question import ask
from punnet.engine.tuning import Tuning
from punnet.market import Algorithm, Context, Contribution, Query, Reason
from tests.engine.facts import NOW, ago, farm, index_of, order, product

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


def offer(*rows, confidence=0.5, **notes):
    """Return an offer of (product, score) rows, with notes."""
    products, scores = zip(*rows, strict=True)
    sure = np.full(len(rows), confidence)
    return Offer(
        np.array(products), np.array(scores), sure, {name: np.array(it) for name, it in notes.items()}
    )


def answer(offers, index=SHOP, shares=ANYTHING_GOES, weights=WEIGHTS, **known):
    """Return the recommendations that come of these offers."""
    question = ask(index, Query(**{"user_id": "ann", **known}), NOW, Tuning())
    return recommend(index, question, offers, weights, shares)


def ids(recommendations):
    """Return the products of an answer."""
    return [it.product.id for it in recommendations]


@pytest.mark.parametrize(
    ("algorithm", "reason"),
    [
        (Algorithm.COLLABORATIVE, Reason.SIMILAR_USERS),
        (Algorithm.CONTENT, Reason.SIMILAR_PRODUCTS),
        (Algorithm.TRENDING, Reason.TRENDING_LOCAL),
        (Algorithm.SEASONAL, Reason.SEASONAL),
        (Algorithm.BEHAVIOUR, Reason.USER_BEHAVIOR),
        (Algorithm.TOGETHER, Reason.FREQUENTLY_BOUGHT_TOGETHER),
        (Algorithm.ARRIVALS, Reason.NEW_ARRIVAL),
    ],
)
def test_every_algorithm_has_its_reason(algorithm, reason):
    [first] = answer({algorithm: offer((PEARS, 0.5))}, limit=1)
    assert (first.reason, first.reasons) == (reason, (reason,))
    assert set(REASONS) == set(Algorithm)


def test_a_recommendation_says_what_each_algorithm_gave_largest_share_first():
    offers = {C: offer((PEARS, 0.2), confidence=0.4), T: offer((LEEKS, 0.9), (PEARS, 1.0), confidence=0.8)}
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


def test_the_notes_of_an_offer_stand_in_the_metadata_at_the_row_of_the_product():
    together = offer((LEEKS, 1.0), (PEARS, 0.9), coOccurrences=[7, 3], totalOrders=[9, 8], lift=[1.5, 2.5])
    behaviour = offer((PEARS, 0.8), (LEEKS, 0.1), categoryMatch=[1, 0], priceInRange=[True, False])
    known = answer({Algorithm.BEHAVIOUR: behaviour, Algorithm.TOGETHER: together}, limit=2)
    notes = {
        it.product.id: {name: it.metadata[name] for name in it.metadata if name != "contributions"}
        for it in known
    }
    assert notes == {
        "pears": {
            "coOccurrences": 3,
            "totalOrders": 8,
            "lift": 2.5,
            "categoryMatch": "Fruits",
            "priceInRange": True,
        },
        "leeks": {
            "coOccurrences": 7,
            "totalOrders": 9,
            "lift": 1.5,
            "categoryMatch": "Vegetables",
            "priceInRange": False,
        },
    }


@pytest.mark.parametrize(("local", "area"), [(True, "local"), (False, "market")])
def test_a_trend_says_where_it_is_one(local, area):
    [first] = answer({T: offer((PEARS, 0.5), recentOrders=[12], local=[local])}, limit=1)
    assert {name: it for name, it in first.metadata.items() if name != "contributions"} == {
        "recentOrders": 12,
        "area": area,
    }


def test_an_answer_can_be_written_as_json():
    offers = {
        T: offer((PEARS, 0.5), recentOrders=[12], local=[True]),
        Algorithm.BEHAVIOUR: offer((PEARS, 0.5), categoryMatch=[1], priceInRange=[True]),
    }
    written = msgspec.json.decode(msgspec.json.encode(answer(offers, limit=2)))
    assert [it["metadata"].keys() for it in written] == [
        {"contributions", "recentOrders", "area", "categoryMatch", "priceInRange"},
        {"contributions", "filling"},
    ]
    assert written[0]["product"]["farm"] == {
        "id": "hill",
        "name": "Hill",
        "latitude": None,
        "longitude": None,
        "region": None,
    }


def test_the_offers_are_spread_over_farms_categories_and_prices():
    offers = {C: offer((LEEKS, 0.9), (KALE, 0.8), (PEARS, 0.7))}
    assert ids(answer(offers, limit=2)) == ["leeks", "kale"]
    assert ids(answer(offers, limit=2, shares=Shares(9.0, 0.5, 9.0))) == ["leeks", "pears"]
    assert ids(answer(offers, limit=3, shares=Shares(9.0, 0.3, 9.0))) == ["leeks", "pears", "kale"]


def test_what_is_missing_is_what_was_bought_most_and_then_what_is_newest():
    given = answer({C: NOTHING}, limit=10)
    assert ids(given) == ["leeks", "kale", "plums", "pears"]
    assert [it.metadata for it in given] == [
        {"contributions": {}, "filling": "most_bought"},
        {"contributions": {}, "filling": "most_bought"},
        {"contributions": {}, "filling": "newest"},
        {"contributions": {}, "filling": "newest"},
    ]
    trending, new = (Reason.TRENDING_LOCAL,), (Reason.NEW_ARRIVAL,)
    assert [it.reasons for it in given] == [trending, trending, new, new]
    assert {it.reason for it in given[:2]} | {it.reason for it in given[2:]} == {*trending, *new}
    assert {(it.score, it.confidence) for it in given} == {(0.0, 0.0)}


@pytest.mark.parametrize("limit", range(1, 7))
def test_what_was_offered_comes_before_the_filling_and_the_limit_holds(limit):
    given = answer({C: offer((PEARS, 0.5), (KALE, 0.4))}, limit=limit)
    assert ids(given) == ["pears", "kale", "leeks", "plums"][:limit]


def test_what_was_passed_over_comes_before_the_filling():
    offers = {C: offer((LEEKS, 0.5), (KALE, 0.4), (PEARS, 0.3))}
    assert ids(answer(offers, limit=4, shares=Shares(9.0, 0.1, 9.0))) == ["leeks", "pears", "kale", "plums"]


def test_the_filling_holds_only_what_may_appear():
    assert ids(answer({C: NOTHING}, exclude_ids=("leeks", "plums"))) == ["kale", "pears"]
    assert ids(answer({C: NOTHING}, category="Fruits")) == ["plums", "pears"]


def test_in_a_search_the_filling_matches_first_and_is_completed_by_the_rest():
    known = {"context": Context.SEARCH, "search_query": "fruits kale"}
    given = answer({C: NOTHING}, **known)
    assert ids(given) == ["kale", "plums", "pears", "leeks"]
    assert [it.metadata["filling"] for it in given] == ["most_bought", "newest", "newest", "most_bought"]
    assert ids(answer({C: NOTHING}, limit=3, **known)) == ["kale", "plums", "pears"]
    assert ids(answer({C: offer((PEARS, 0.1))}, **known)) == ["pears", "kale", "plums", "leeks"]


def test_a_candidate_is_described_alone():
    offers = {
        C: offer((LEEKS, 0.5)),
        T: offer((KALE, 1.0), (LEEKS, 0.25), recentOrders=[5, 6], local=[True, True]),
    }
    candidate = Candidate(LEEKS, 0.4, 0.3, (Part(T, 0.25, 0.2, 0.1, 1), Part(C, 0.5, 0.1, 0.5, 0)))
    described = describe(SHOP.catalogue, candidate, offers)
    assert (described.product.id, described.score, described.confidence) == ("leeks", 0.4, 0.3)
    assert described.reasons == (Reason.TRENDING_LOCAL, Reason.SIMILAR_USERS)
    assert described.metadata == {
        "contributions": {
            "trending": Contribution(score=0.25, weight=0.2),
            "collaborative_filtering": Contribution(score=0.5, weight=0.1),
        },
        "recentOrders": 6,
        "area": "local",
    }


def test_changing_an_answer_does_not_change_the_next():
    offers = {T: offer((PEARS, 0.5), recentOrders=[12], local=[True])}
    first = answer(offers)
    before = msgspec.json.encode(first)
    for it in first:
        it.metadata["contributions"].clear()
        it.metadata.clear()
    assert msgspec.json.encode(answer(offers)) == before


def test_an_empty_market_gives_an_empty_answer():
    assert answer({C: NOTHING, S: NOTHING}, index=index_of()) == ()
