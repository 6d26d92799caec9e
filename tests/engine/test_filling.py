"""Filling: what is bought most, then what is newest."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from punnet.engine.filling import MOST_BOUGHT, NEWEST, fill

shelves = st.lists(st.tuples(st.booleans(), st.integers(0, 3), st.integers(0, 5).map(float)), max_size=12)


def filled(rows, missing):
    """Return the filling of (eligible, orders, added) rows."""
    eligible, orders, added = zip(*rows, strict=True) if rows else ((), (), ())
    return fill(np.array(eligible, bool), np.array(orders, np.int64), np.array(added, float), missing)


@given(shelves, st.integers(0, 14))
def test_the_filling_is_the_most_bought_and_then_the_newest(rows, missing):
    free = [product for product, (eligible, _, _) in enumerate(rows) if eligible]
    bought = sorted((p for p in free if rows[p][1]), key=lambda product: (-rows[product][1], product))
    never = sorted((p for p in free if not rows[p][1]), key=lambda product: (-rows[product][2], product))
    expected = [(product, MOST_BOUGHT) for product in bought] + [(product, NEWEST) for product in never]
    assert filled(rows, missing) == expected[:missing]


def test_those_bought_most_come_first_and_then_the_newest():
    rows = [(True, 0, 5.0), (True, 2, 1.0), (True, 7, 1.0), (True, 0, 9.0)]
    assert filled(rows, 10) == [(2, MOST_BOUGHT), (1, MOST_BOUGHT), (3, NEWEST), (0, NEWEST)]


def test_equals_go_to_the_product_added_first():
    rows = [(True, 0, 5.0), (True, 2, 0.0), (True, 0, 5.0), (True, 2, 9.0)]
    assert [product for product, _ in filled(rows, 10)] == [1, 3, 0, 2]
    many = [(True, orders, float(age)) for age in (1, 2) for orders in (0, 1) for _ in range(50)]
    expected = [*range(50, 100), *range(150, 200), *range(100, 150), *range(50)]
    assert [product for product, _ in filled(many, 200)] == expected


def test_what_may_not_appear_does_not_fill():
    assert filled([(False, 9, 1.0), (False, 0, 9.0), (True, 0, 1.0)], 10) == [(2, NEWEST)]


def test_no_more_comes_than_is_missing():
    rows = [(True, 3, 0.0), (True, 2, 0.0), (True, 0, 0.0), (True, 0, 1.0)]
    assert [filled(rows, missing) for missing in range(4)] == [
        [],
        [(0, MOST_BOUGHT)],
        [(0, MOST_BOUGHT), (1, MOST_BOUGHT)],
        [(0, MOST_BOUGHT), (1, MOST_BOUGHT), (3, NEWEST)],
    ]


def test_an_empty_shelf_fills_nothing():
    assert filled([], 10) == []


def test_what_comes_out_are_plain_positions():
    assert [type(product) for product, _ in filled([(True, 1, 0.0), (True, 0, 0.0)], 2)] == [int, int]
