"""What is for sale."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from punnet.core.shelf import UNTRACKED, Row, Shelf
from tests.builders import row, shelf_of

moments = st.sampled_from([-np.inf, 0.0, 10.0, 20.0, np.inf])
rows = st.builds(
    Row,
    category=st.integers(0, 3),
    farm=st.integers(0, 3),
    price=st.sampled_from([0.0, 1.5, 3.25]),
    organic=st.booleans(),
    added=st.sampled_from([0.0, 1e9]),
    stock=st.sampled_from([UNTRACKED, 0, 1, 2**31 - 1]),
    available=st.booleans(),
    since=moments,
    until=moments,
)


@given(st.lists(rows, min_size=1, max_size=5), st.data())
def test_a_shelf_shows_the_last_that_was_put_for_each_product(first, data):
    shelf = shelf_of(*first)
    shown = list(first)
    gone = set()
    for product in data.draw(st.lists(st.integers(0, len(first) - 1), max_size=5)):
        if data.draw(st.booleans()):
            shelf.remove(product)
            gone.add(product)
        else:
            shown[product] = data.draw(rows)
            shelf.put(product, shown[product])
            gone.discard(product)
    now = data.draw(st.sampled_from([-5.0, 0.0, 10.0, 15.0, 20.0]))
    assert len(shelf) == len(shown)
    assert shelf.category.tolist() == [product.category for product in shown]
    assert shelf.farm.tolist() == [product.farm for product in shown]
    assert shelf.price.tolist() == [product.price for product in shown]
    assert shelf.organic.tolist() == [product.organic for product in shown]
    assert shelf.added.tolist() == [product.added for product in shown]
    assert shelf.listed.tolist() == [product not in gone for product in range(len(shown))]
    assert shelf.on_sale(now).tolist() == [
        at not in gone
        and product.available
        and product.stock != 0
        and product.since <= now
        and now < product.until
        for at, product in enumerate(shown)
    ]
    assert [shelf.is_on_sale(at, now) for at in range(len(shown))] == shelf.on_sale(now).tolist()


def test_whether_one_product_is_on_sale_is_a_plain_answer():
    shelf = shelf_of(row(), row(stock=0))
    assert shelf.is_on_sale(0, 0.0) is True
    assert shelf.is_on_sale(1, 0.0) is False


def test_an_empty_shelf_has_nothing_on_sale():
    assert len(Shelf()) == 0
    assert Shelf().on_sale(0.0).tolist() == []


def test_a_product_is_on_sale_unless_something_is_said_against_it():
    assert shelf_of(row()).on_sale(0.0).tolist() == [True]


def test_a_stock_of_0_is_sold_out_and_one_that_nobody_counts_is_not():
    shelf = shelf_of(row(stock=0), row(stock=1), row(stock=UNTRACKED))
    assert shelf.on_sale(0.0).tolist() == [False, True, True]


def test_the_window_holds_its_first_moment_and_not_its_last():
    shelf = shelf_of(row(since=10.0, until=20.0))
    assert [shelf.on_sale(now).item() for now in (9.9, 10.0, 19.9, 20.0)] == [False, True, True, False]


def test_a_product_taken_off_keeps_its_row_and_can_come_back():
    shelf = shelf_of(row(price=2.5), row())
    shelf.remove(0)
    assert shelf.on_sale(0.0).tolist() == [False, True]
    assert shelf.price.tolist() == [2.5, 1.0]
    shelf.put(0, row(price=3.0))
    assert shelf.on_sale(0.0).tolist() == [True, True]


def test_what_is_on_sale_may_be_narrowed_without_changing_the_shelf():
    shelf = shelf_of(row(), row())
    shelf.on_sale(0.0)[0] = False
    assert shelf.on_sale(0.0).tolist() == [True, True]
    assert shelf.listed.tolist() == [True, True]
