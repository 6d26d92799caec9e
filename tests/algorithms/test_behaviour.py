"""What suits a shopper's own habits and was never bought."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.algorithms import behaviour
from punnet.algorithms.offer import Shortlist, asked_at
from punnet.algorithms.taste import Taste
from punnet.core.compiled import Packed, entry
from punnet.core.desk import desk_at
from punnet.core.shelf import goods_at
from tests.builders import ANYTHING, Case, Wish, offered, row, scores_of, shelf_of, wishes

CATEGORIES, FARMS = 7, 3
NEVER = (math.nan, math.nan)
products = st.tuples(
    st.integers(0, CATEGORIES - 1), st.integers(0, FARMS - 1), st.sampled_from([100, 199, 200, 300, 301])
)


def tenths(count):
    return st.lists(st.integers(0, 10), min_size=count, max_size=count)


@entry
def offer(_book: int, goods: int, asked: int, desk: int, found: Shortlist, taste: Taste) -> None:
    behaviour.offer(goods_at(goods), asked_at(asked), desk_at(desk), taste, found)


@entry
def is_in_range(goods: int, taste: Taste, product: int) -> bool:
    return behaviour.is_in_range(goods_at(goods), taste, product)


def taste_of(prices=NEVER, orders=10):
    return Taste(*map(float, prices), orders)


def hundredths(product, categories, farms, prices):
    """Return the score of a product of a favourite category, in hundredths."""
    category, farm, cents = product
    in_range = prices is not None and prices[0] <= cents <= prices[1]
    return 6 * categories[category] + 30 * in_range + farms[farm]


@given(
    st.lists(products, max_size=10),
    tenths(CATEGORIES),
    tenths(FARMS),
    st.sampled_from([None, (200, 300), (100, 100)]),
    st.integers(0, 12),
    st.integers(1, 10),
    st.data(),
)
def test_products_never_bought_of_favourite_categories_come_by_category_price_and_farm(
    listed, categories, farms, prices, orders, k, data
):
    bought = data.draw(st.sets(st.integers(0, len(listed) - 1), max_size=2)) if listed else set()
    wish = data.draw(wishes(len(listed), CATEGORIES))
    rows = (row(category=category, farm=farm, price=cents / 100) for category, farm, cents in listed)
    case = Case(shelf_of(*rows, farms=FARMS, categories=CATEGORIES), wish=wish)
    case.like(np.array(categories) / 10, np.array(farms) / 10)
    case.desk.bought[sorted(bought)] = 1
    taste = taste_of(NEVER if prices is None else (prices[0] / 100, prices[1] / 100), orders)
    ours = offered(offer, case, k, taste)
    favourites = sorted(range(CATEGORIES), key=lambda category: (-categories[category], category))[:5]
    scores = {
        at: hundredths(product, categories, farms, prices)
        for at, product in enumerate(listed)
        if product[0] in favourites and categories[product[0]] and at not in bought
        if wish.allows(at, product[0])
    }
    expected = sorted(scores, key=lambda at: (-scores[at], at))[:k]
    assert ours.products.tolist() == expected
    assert ours.scores.tolist() == pytest.approx([scores[at] / 100 for at in expected], abs=1e-12)
    assert ours.confidences.tolist() == [float(Fraction(min(orders, 10), 10))] * len(expected)


def ask(taste, *rows, categories=(1.0,), farms=(0.0,), bought=(), wish=ANYTHING, k=9):
    case = Case(shelf_of(*rows, categories=len(categories)), wish=wish).like(categories, farms)
    case.desk.bought[list(bought)] = 1
    return offered(offer, case, k, taste)


def in_range(taste, *prices):
    goods = Packed(shelf_of(*(row(price=price) for price in prices)).goods)
    return [is_in_range(goods.address, taste, product) for product in range(len(prices))]


@pytest.mark.parametrize(
    ("category", "farm", "price", "score"),
    [
        (1.0, 1.0, 2.0, 1.0),
        (0.5, 0.0, 9.0, 0.3),
        (0.5, 0.0, 2.0, 0.6),
        (0.5, 0.5, 9.0, 0.35),
        (0.1, 1.0, 9.0, 0.16),
    ],
)
def test_the_score_is_made_of_category_price_and_farm(category, farm, price, score):
    ours = ask(taste_of((1, 3)), row(price=price), categories=(category,), farms=(farm,))
    assert scores_of(ours) == [(0, pytest.approx(score))]


def test_a_score_is_at_most_1_however_much_is_liked():
    ours = ask(taste_of((1, 3)), row(price=2.0), categories=(2.0,), farms=(1.0,))
    assert scores_of(ours) == [(0, 1.0)]


@pytest.mark.parametrize(
    ("price", "inside"),
    [(1.09, False), (1.1, True), (1.9, True), (1.91, False), (1.0999999, False), (1.9000001, False)],
)
def test_the_ends_of_the_price_range_are_inside_it(price, inside):
    # The percentiles of 1.00 and 2.00, as they come out in binary: a hair above 1.10, a hair below 1.90.
    taste = taste_of((1.1 + 2e-16, 1.9 - 2e-16))
    ours = ask(taste, row(price=price), categories=(0.5,))
    assert scores_of(ours) == [(0, pytest.approx(0.6 if inside else 0.3))]
    assert in_range(taste, price) == [inside]


def test_a_price_off_by_less_than_the_tolerance_is_inside():
    taste, prices = taste_of((1, 2)), (1 - 5e-10, 2 + 5e-10, 1 - 2e-9, 2 + 2e-9)
    assert in_range(taste, *prices) == [True, True, False, False]
    assert ask(taste, *(row(price=price) for price in prices)).products.tolist() == [0, 1, 2, 3]


def test_the_tolerance_itself_is_inside():
    assert in_range(taste_of((1e-9, 1)), 0.0) == [True]
    assert in_range(taste_of((0, 0)), 1e-9, 1.001e-9) == [True, False]


def test_who_bought_nothing_has_no_usual_price():
    ours = ask(taste_of(orders=0), row())
    assert scores_of(ours) == [(0, 0.6)]
    assert in_range(taste_of(), 1.0) == [False]
    assert ours.confidences.tolist() == [0.0]


@pytest.mark.parametrize(("orders", "confidence"), [(1, 0.1), (9, 0.9), (10, 1.0), (11, 1.0)])
def test_ten_orders_make_it_sure_and_more_no_surer(orders, confidence):
    assert ask(taste_of(orders=orders), row()).confidences.tolist() == [confidence]


def test_the_sixth_category_is_no_favourite():
    liked = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    ours = ask(taste_of(), *(row(category=category) for category in range(6)), categories=liked)
    assert ours.products.tolist() == [5, 4, 3, 2, 1]


def test_a_category_not_liked_is_not_offered_whatever_its_price_and_farm():
    ours = ask(taste_of((1, 1)), row(category=0), row(category=1), categories=(0.0, 0.5), farms=(1.0,))
    assert ours.products.tolist() == [1]


def test_a_farm_comes_before_a_category_liked_as_much():
    # Farm 1 gives 0.6 · 0.5 + 0.1, category 1 gives 0.6 · 0.5: among many equals it must still be found.
    rows = [row(category=1) for _ in range(12)] + [row(category=1, farm=1)]
    ours = ask(taste_of(), *rows, categories=(1.0, 0.5), farms=(0.0, 1.0))
    assert scores_of(ours)[:2] == [(12, pytest.approx(0.4)), (0, pytest.approx(0.3))]


def test_among_more_that_suit_equally_those_added_first_are_offered():
    rows = [row(category=at % 2) for at in range(20)]
    assert ask(taste_of((1, 1)), *rows, categories=(1.0, 0.5), k=3).products.tolist() == [0, 2, 4]


def test_what_was_bought_is_not_offered_again():
    ours = ask(taste_of(), row(), row(), row(), bought=[0, 2])
    assert ours.products.tolist() == [1]


def test_what_may_not_appear_is_not_offered():
    ours = ask(taste_of(), row(), row(), row(available=False), wish=Wish(hidden=frozenset({0})))
    assert ours.products.tolist() == [1]


@pytest.mark.parametrize("much", [False, True])
def test_of_what_a_search_finds_all_that_suits_is_offered(much):
    rows = row(), row(), row(category=1), row(farm=1)
    wish = Wish(matched=frozenset({1, 2, 3}), much=much)
    ours = ask(taste_of(), *rows, categories=(1.0, 0.0), farms=(0.0, 1.0), wish=wish)
    assert ours.products.tolist() == [3, 1]
