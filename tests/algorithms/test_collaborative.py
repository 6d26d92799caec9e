"""Shoppers who bought what you bought also bought this."""

from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.algorithms import collaborative
from punnet.algorithms.offer import Shortlist, asked_at
from punnet.core.compiled import entry
from punnet.core.desk import desk_at
from punnet.core.ledger import book_at
from punnet.core.shelf import goods_at
from tests.builders import (
    ANYTHING,
    Basket,
    Case,
    Wish,
    ledger_of,
    offered,
    scores_of,
    shuffled_products,
    wishes,
)

SHOPPERS, PRODUCTS = 6, 5
ME, ANN, BEN, CAM, DEE = range(5)
LEEK, KALE, CORN, PEAS, DILL = range(5)

baskets = st.builds(
    Basket,
    shopper=st.integers(0, SHOPPERS - 1),
    products=shuffled_products(PRODUCTS),
    at=st.integers(0, 4).map(float),
    place=st.just((0.0, 0.0)),
    prices=st.none(),
)


@entry
def offer(book: int, goods: int, asked: int, desk: int, found: Shortlist, neighbours: int) -> None:
    collaborative.offer(book_at(book), goods_at(goods), asked_at(asked), desk_at(desk), found, neighbours)


def naive(orders, shopper, neighbours):
    """Return the score of each product not bought yet, and the confidence."""
    bought = {who: set() for who in range(SHOPPERS)}
    for order in orders:
        bought[order.shopper].update(order.products)
    mine = bought[shopper]
    latest = {}
    for arrival, order in enumerate(orders):
        if order.shopper != shopper and mine & set(order.products):
            moment = (order.at, arrival)
            latest[order.shopper] = max(latest.get(order.shopper, moment), moment)
    similar = sorted(latest, key=latest.__getitem__, reverse=True)[: neighbours or None]
    buyers = Counter(product for who in similar for product in bought[who] - mine)
    return {p: Fraction(n, len(similar)) for p, n in buyers.items()}, min(len(similar) / 10, 1.0)


@given(
    st.lists(baskets, max_size=12) | st.lists(baskets, min_size=12, max_size=40),
    st.integers(0, 4),
    st.integers(1, PRODUCTS),
    wishes(PRODUCTS, 1),
)
def test_a_product_has_the_share_of_the_similar_shoppers_who_bought_it(orders, neighbours, k, wish):
    ledger = ledger_of(*orders, shoppers=SHOPPERS, products=PRODUCTS)
    ours = offered(offer, Case(None, ledger, wish, shopper=ME), k, neighbours)
    scores, confidence = naive(orders, ME, neighbours)
    expected = sorted(filter(wish.allows, scores), key=lambda p: (-scores[p], p))[:k]
    assert ours.products.tolist() == expected
    assert ours.scores.tolist() == pytest.approx([float(scores[p]) for p in expected], abs=1e-12)
    assert ours.confidences.tolist() == [confidence] * len(expected)


def ask(*orders, neighbours=0, shopper=ME, wish=ANYTHING, k=10):
    ledger = ledger_of(*orders, shoppers=20, products=PRODUCTS)
    return offered(offer, Case(None, ledger, wish, shopper=shopper), k, neighbours)


def test_two_of_three_similar_shoppers_bought_kale_and_one_corn():
    ours = ask(
        Basket(ME, (LEEK,)),
        Basket(ANN, (LEEK, KALE)),
        Basket(BEN, (LEEK, KALE)),
        Basket(CAM, (LEEK, CORN)),
        Basket(DEE, (PEAS,)),  # no product in common
    )
    assert scores_of(ours) == [(KALE, pytest.approx(2 / 3)), (CORN, pytest.approx(1 / 3))]
    assert ours.confidences.tolist() == [0.3, 0.3]


def test_a_shopper_counts_once_however_often_the_same_was_bought():
    ours = ask(
        Basket(ME, (LEEK, DILL)),
        Basket(ANN, (LEEK, KALE)),
        Basket(ANN, (DILL, KALE)),
        Basket(BEN, (LEEK, CORN)),
    )
    assert scores_of(ours) == [(KALE, 0.5), (CORN, 0.5)]
    assert ours.confidences.tolist() == [0.2, 0.2]


def test_what_was_bought_in_other_orders_counts_too():
    assert scores_of(ask(Basket(ME, (LEEK,)), Basket(ANN, (LEEK,)), Basket(ANN, (PEAS,)))) == [(PEAS, 1.0)]


def test_what_the_shopper_bought_is_not_offered_again():
    ours = ask(Basket(ME, (LEEK,)), Basket(ME, (KALE,)), Basket(ANN, (LEEK, KALE, CORN)))
    assert scores_of(ours) == [(CORN, 1.0)]


def test_ten_similar_shoppers_make_it_sure_and_more_no_surer():
    def confidence(similar):
        others = [Basket(who, (LEEK, KALE)) for who in range(1, similar + 1)]
        return ask(Basket(ME, (LEEK,)), *others).confidences.tolist()

    assert [confidence(similar) for similar in (9, 10, 11)] == [[0.9], [1.0], [1.0]]


@pytest.mark.parametrize(
    ("neighbours", "expected"),
    [
        (0, {KALE: 1 / 3, CORN: 1 / 3, PEAS: 1 / 3, DILL: 1 / 3}),
        (3, {KALE: 1 / 3, CORN: 1 / 3, PEAS: 1 / 3, DILL: 1 / 3}),
        (2, {KALE: 1 / 2, PEAS: 1 / 2}),
        (1, {PEAS: 1.0}),
    ],
)
def test_of_too_many_similar_shoppers_those_of_the_latest_common_purchase_stay(neighbours, expected):
    ours = ask(
        Basket(ME, (LEEK,), at=0.0),
        Basket(CAM, (LEEK, PEAS), at=3.0),
        Basket(ANN, (LEEK, KALE), at=2.0),
        Basket(BEN, (LEEK, CORN), at=1.0),
        Basket(BEN, (DILL,), at=4.0),  # later, but nothing in common
        neighbours=neighbours,
    )
    assert dict(scores_of(ours)) == pytest.approx(expected)


def test_neighbours_are_looked_for_further_back_where_the_latest_orders_have_nothing_in_common():
    ours = ask(
        Basket(ME, (LEEK,), at=0.0),
        *(Basket(ANN, (LEEK, CORN), at=1.0 + number) for number in range(20)),
        Basket(BEN, (LEEK, KALE), at=30.0),
        *(Basket(CAM, (DILL,), at=40.0 + number) for number in range(3)),
        neighbours=1,
    )
    assert scores_of(ours) == [(KALE, 1.0)]


def test_of_equal_times_the_order_that_arrived_later_is_the_more_recent():
    ours = ask(Basket(ME, (LEEK,)), Basket(CAM, (LEEK, CORN)), Basket(ANN, (LEEK, KALE)), neighbours=1)
    assert scores_of(ours) == [(KALE, 1.0)]


def test_who_bought_nothing_is_like_nobody():
    ours = ask(Basket(ANN, (LEEK, KALE)))
    assert scores_of(ours) == []


def test_a_visitor_nobody_knows_is_like_nobody():
    assert scores_of(ask(Basket(ANN, (LEEK, KALE)), shopper=-1)) == []


def test_who_is_like_nobody_else_gets_no_offer():
    assert scores_of(ask(Basket(ME, (LEEK,)), Basket(ANN, (KALE,)))) == []


def test_what_may_not_appear_makes_room_for_the_next():
    orders = Basket(ME, (LEEK,)), Basket(ANN, (LEEK, KALE)), Basket(BEN, (LEEK, KALE, CORN))
    assert scores_of(ask(*orders, k=1)) == [(KALE, 1.0)]
    assert scores_of(ask(*orders, k=1, wish=Wish(hidden=frozenset({KALE})))) == [(CORN, 0.5)]
