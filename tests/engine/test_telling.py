"""Telling: what was chosen becomes recommendations that explain themselves."""

import msgspec
import numpy as np
import pytest

from punnet.engine.fusion import ALGORITHMS, COUNT
from punnet.engine.offers import BEHAVIOUR, COLLABORATIVE, TOGETHER, TRENDING
from punnet.engine.telling import (
    COMMON,
    IN_RANGE,
    LIFT,
    LOCAL,
    NOTES,
    REASONS,
    RECENT,
    TOTAL,
    Account,
    fillings,
    recommendations,
)
from punnet.market import Algorithm, Contribution, Reason
from tests.engine.facts import farm, index_of, product

SHOP = index_of(farm(), product("leeks"), product("kale"), product("pears", category="Fruits")).catalogue
LEEKS, KALE, PEARS = range(3)
WEIGHTS = [(number + 1) / 8 for number in range(COUNT)]


def account_of(*chosen, limit=5):
    """Return the account of (product, score, confidence, parts, notes); parts are of algorithm and score."""
    account = Account.of(limit)
    account.parts[:] = -1
    for at, (position, score, confidence, parts, notes) in enumerate(chosen):
        account.products[at], account.scores[at], account.confidences[at] = position, score, confidence
        for place, (algorithm, given) in enumerate(parts, at * COUNT):
            account.parts[place], account.given[place] = algorithm, given
        for note, value in notes.items():
            account.notes[at * NOTES + note] = value
    return account


def told(*chosen):
    return recommendations(SHOP, account_of(*chosen), len(chosen), WEIGHTS)


def notes_of(recommendation):
    return {name: it for name, it in recommendation.metadata.items() if name != "contributions"}


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
    number = ALGORITHMS.index(algorithm)
    [first] = told((PEARS, 0.5, 0.5, [(number, 0.25)], {}))
    assert (first.reason, first.reasons) == (reason, (reason,))
    assert first.metadata["contributions"] == {
        algorithm.value: Contribution(score=0.25, weight=WEIGHTS[number])
    }
    assert set(REASONS) == set(Algorithm)


def test_a_recommendation_says_what_each_algorithm_gave_in_the_order_of_the_account():
    [first] = told((PEARS, 0.56, 0.6, [(TRENDING, 1.0), (COLLABORATIVE, 0.2)], {}))
    assert first.product == SHOP.product("pears")
    assert (first.score, first.confidence) == (0.56, 0.6)
    assert (first.reason, first.reasons) == (
        Reason.TRENDING_LOCAL,
        (Reason.TRENDING_LOCAL, Reason.SIMILAR_USERS),
    )
    assert list(first.metadata["contributions"].items()) == [
        ("trending", Contribution(score=1.0, weight=WEIGHTS[TRENDING])),
        ("collaborative_filtering", Contribution(score=0.2, weight=WEIGHTS[COLLABORATIVE])),
    ]


def test_what_all_algorithms_offered_names_all_of_them():
    [first] = told((KALE, 1.0, 1.0, [(number, 0.5) for number in range(COUNT)], {}))
    assert list(first.metadata["contributions"]) == [algorithm.value for algorithm in Algorithm]


def test_the_notes_of_each_product_stand_in_its_metadata():
    parts = [(BEHAVIOUR, 0.8), (TOGETHER, 0.9)]
    leeks = (LEEKS, 0.9, 0.5, parts, {COMMON: 7, TOTAL: 9, LIFT: 1.5, IN_RANGE: False})
    pears = (PEARS, 0.8, 0.5, parts, {COMMON: 3, TOTAL: 8, LIFT: 2.5, IN_RANGE: True})
    assert [(it.product.id, notes_of(it)) for it in told(pears, leeks)] == [
        (
            "pears",
            {
                "categoryMatch": "Fruits",
                "priceInRange": True,
                "coOccurrences": 3,
                "totalOrders": 8,
                "lift": 2.5,
            },
        ),
        (
            "leeks",
            {
                "categoryMatch": "Vegetables",
                "priceInRange": False,
                "coOccurrences": 7,
                "totalOrders": 9,
                "lift": 1.5,
            },
        ),
    ]


@pytest.mark.parametrize(("local", "area"), [(True, "local"), (False, "market")])
def test_a_trend_says_where_it_is_one(local, area):
    [first] = told((PEARS, 0.5, 0.5, [(TRENDING, 0.5)], {RECENT: 12, LOCAL: local, COMMON: 5}))
    assert notes_of(first) == {"recentOrders": 12, "area": area}


def test_no_more_is_told_than_was_chosen():
    account = account_of((PEARS, 0.5, 0.5, [(TRENDING, 0.5)], {}), (KALE, 0.5, 0.5, [(TRENDING, 0.5)], {}))
    assert [it.product.id for it in recommendations(SHOP, account, 1, WEIGHTS)] == ["pears"]
    assert recommendations(SHOP, account, 0, WEIGHTS) == []


def test_what_was_bought_most_and_what_is_newest_fill_up():
    given = fillings(SHOP, [KALE, -1 - LEEKS, -1 - PEARS, LEEKS])
    trending, new = Reason.TRENDING_LOCAL, Reason.NEW_ARRIVAL
    assert [(it.product.id, it.reason, it.reasons, it.metadata["filling"]) for it in given] == [
        ("kale", trending, (trending,), "most_bought"),
        ("leeks", new, (new,), "newest"),
        ("pears", new, (new,), "newest"),
        ("leeks", trending, (trending,), "most_bought"),
    ]
    assert [it.metadata["contributions"] for it in given] == [{}] * 4
    assert {(it.score, it.confidence) for it in given} == {(0.0, 0.0)}
    assert fillings(SHOP, []) == []


def test_what_is_told_can_be_written_as_json():
    notes = {RECENT: 12, LOCAL: True, IN_RANGE: True, COMMON: 3, TOTAL: 4, LIFT: 1.5}
    parts = [(TRENDING, 0.5), (BEHAVIOUR, 0.5), (TOGETHER, 0.5)]
    written = msgspec.json.decode(
        msgspec.json.encode([*told((PEARS, 0.5, 0.5, parts, notes)), *fillings(SHOP, [KALE])])
    )
    assert [it["metadata"].keys() for it in written] == [
        {
            "contributions",
            "recentOrders",
            "area",
            "categoryMatch",
            "priceInRange",
            "coOccurrences",
            "totalOrders",
            "lift",
        },
        {"contributions", "filling"},
    ]
    assert written[0]["product"]["farm"]["id"] == "hill"
    assert written[0]["metadata"]["recentOrders"] == 12


def test_a_new_account_has_room_for_every_part_and_note():
    account = Account.of(3)
    assert [len(part) for part in account] == [3, 3, 3, 3 * COUNT, 3 * COUNT, 3 * NOTES]
    assert account.parts.dtype == np.int32
    assert sorted((RECENT, LOCAL, IN_RANGE, COMMON, TOTAL, LIFT)) == list(range(NOTES))
