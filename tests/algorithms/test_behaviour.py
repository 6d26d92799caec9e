"""What suits a shopper's own habits and was never bought."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.algorithms.behaviour import offer
from punnet.algorithms.taste import Taste
from tests.builders import all_of, row, scores_of, shelf_of

CATEGORIES, FARMS = 7, 3
NEVER = (math.nan, math.nan)
products = st.tuples(
    st.integers(0, CATEGORIES - 1), st.integers(0, FARMS - 1), st.sampled_from([100, 199, 200, 300, 301])
)


def tenths(count):
    return st.lists(st.integers(0, 10), min_size=count, max_size=count)


def taste_of(categories, farms=(0.0,), prices=NEVER, orders=10):
    return Taste(np.array(categories), np.array(farms), *prices, orders=orders)


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
    st.sets(st.integers(0, 9), max_size=2),
    st.integers(1, 10),
    st.data(),
)
def test_products_never_bought_of_favourite_categories_come_by_category_price_and_farm(
    listed, categories, farms, prices, orders, hidden, k, data
):
    bought = data.draw(st.sets(st.integers(0, len(listed) - 1), max_size=2)) if listed else set()
    in_units = NEVER if prices is None else (prices[0] / 100, prices[1] / 100)
    ours = offer(
        shelf_of(*(row(category=category, farm=farm, price=cents / 100) for category, farm, cents in listed)),
        taste_of(np.array(categories) / 10, np.array(farms) / 10, in_units, orders),
        np.array(sorted(bought), np.int64),
        all_of(len(listed), but=[at for at in hidden if at < len(listed)]),
        k,
    )
    favourites = sorted(range(CATEGORIES), key=lambda category: (-categories[category], category))[:5]
    scores = {
        at: hundredths(product, categories, farms, prices)
        for at, product in enumerate(listed)
        if product[0] in favourites and categories[product[0]] and at not in bought | hidden
    }
    expected = sorted(scores, key=lambda at: (-scores[at], at))[:k]
    assert ours.products.tolist() == expected
    assert ours.scores.tolist() == pytest.approx([scores[at] / 100 for at in expected], abs=1e-12)
    assert ours.confidences.tolist() == [float(Fraction(min(orders, 10), 10))] * len(expected)
    assert ours.notes["categoryMatch"].tolist() == [listed[at][0] for at in expected]
    assert ours.notes["priceInRange"].tolist() == [
        prices is not None and prices[0] <= listed[at][2] <= prices[1] for at in expected
    ]


def ask(taste, *rows, bought=(), hidden=()):
    mask = all_of(len(rows), but=hidden)
    return offer(shelf_of(*rows), taste, np.array(bought, np.int64), mask, 9)


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
    taste = taste_of([category], [farm], prices=(1.0, 3.0))
    assert scores_of(ask(taste, row(price=price))) == [(0, pytest.approx(score))]


def test_a_score_is_at_most_1_however_much_is_liked():
    assert scores_of(ask(taste_of([2.0], [1.0], prices=(1.0, 3.0)), row(price=2.0))) == [(0, 1.0)]


@pytest.mark.parametrize(
    ("price", "inside"),
    [(1.09, False), (1.1, True), (1.9, True), (1.91, False), (1.0999999, False), (1.9000001, False)],
)
def test_the_ends_of_the_price_range_are_inside_it(price, inside):
    # The percentiles of 1.00 and 2.00, as they come out in binary: a hair above 1.10, a hair below 1.90.
    taste = taste_of([0.5], prices=(1.1 + 2e-16, 1.9 - 2e-16))
    ours = ask(taste, row(price=price))
    assert scores_of(ours) == [(0, pytest.approx(0.6 if inside else 0.3))]
    assert ours.notes["priceInRange"].tolist() == [inside]


def test_a_price_off_by_less_than_the_tolerance_is_inside():
    taste = taste_of([0.5], prices=(1.0, 2.0))
    ours = ask(taste, row(price=1 - 5e-10), row(price=2 + 5e-10), row(price=1 - 2e-9), row(price=2 + 2e-9))
    assert ours.notes["priceInRange"].tolist() == [True, True, False, False]
    assert ours.products.tolist() == [0, 1, 2, 3]


def test_the_tolerance_itself_is_inside():
    nearly_free = ask(taste_of([0.5], prices=(1e-9, 1.0)), row(price=0.0))
    free = ask(taste_of([0.5], prices=(0.0, 0.0)), row(price=1e-9), row(price=1.001e-9))
    assert nearly_free.notes["priceInRange"].tolist() == [True]
    assert free.notes["priceInRange"].tolist() == [True, False]


def test_who_bought_nothing_has_no_usual_price():
    ours = ask(taste_of([1.0], orders=0), row())
    assert scores_of(ours) == [(0, 0.6)]
    assert ours.notes["priceInRange"].tolist() == [False]
    assert ours.confidences.tolist() == [0.0]


@pytest.mark.parametrize(("orders", "confidence"), [(1, 0.1), (9, 0.9), (10, 1.0), (11, 1.0)])
def test_ten_orders_make_it_sure_and_more_no_surer(orders, confidence):
    assert ask(taste_of([1.0], orders=orders), row()).confidences.tolist() == [confidence]


def test_the_sixth_category_is_no_favourite():
    liked = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    ours = ask(taste_of(liked), *(row(category=category) for category in range(6)))
    assert ours.products.tolist() == [5, 4, 3, 2, 1]
    assert ours.notes["categoryMatch"].tolist() == [5, 4, 3, 2, 1]


def test_a_category_not_liked_is_not_offered_whatever_its_price_and_farm():
    ours = ask(taste_of([0.0, 0.5], [1.0], prices=(1.0, 1.0)), row(category=0), row(category=1))
    assert ours.products.tolist() == [1]


def test_what_was_bought_is_not_offered_again():
    ours = ask(taste_of([1.0]), row(), row(), row(), bought=[0, 2])
    assert ours.products.tolist() == [1]


def test_what_may_not_appear_is_not_offered():
    assert ask(taste_of([1.0]), row(), row(), hidden=[0]).products.tolist() == [1]
