"""What is for sale."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.core.compiled import Packed, entry
from punnet.core.shelf import UNTRACKED, Row, Shelf, goods_at, sells
from tests.builders import row, shelf_of

FARMS = CATEGORIES = 4
moments = st.sampled_from([-np.inf, 0.0, 10.0, 20.0, np.inf])
rows = st.builds(
    Row,
    category=st.integers(0, CATEGORIES - 1),
    farm=st.integers(0, FARMS - 1),
    price=st.sampled_from([0.0, 1.5, 3.25]),
    organic=st.booleans(),
    added=st.sampled_from([0.0, 1e9]),
    stock=st.sampled_from([UNTRACKED, 0, 1, 2**31 - 1]),
    available=st.booleans(),
    since=moments,
    until=moments,
)


@entry
def sells_at(goods: int, product: int, now: float) -> bool:
    return sells(goods_at(goods), product, now)


class Market:
    """A shelf as one would keep it in a dictionary."""

    def __init__(self):
        self.shown, self.gone, self.farms, self.moves = [], set(), set(range(FARMS)), 0

    def put(self, product, shown):
        stays = product < len(self.shown) and product not in self.gone
        before = self.shown[product] if stays else None
        self.moves += before is None or (before.category, before.farm, before.added) != (
            shown.category, shown.farm, shown.added,
        )  # fmt: skip
        self.shown[product : product + 1] = [shown]
        self.gone.discard(product)

    def remove(self, product):
        self.moves += product not in self.gone
        self.gone.add(product)

    def listed(self):
        return [(at, product) for at, product in enumerate(self.shown) if at not in self.gone]

    def on_sale(self, now):
        return [
            at not in self.gone
            and product.farm in self.farms
            and product.available
            and product.stock != 0
            and product.since <= now < product.until
            for at, product in enumerate(self.shown)
        ]


STEPS = st.lists(st.sampled_from(["put", "put", "remove", "farm comes", "farm goes"]), max_size=6)


def changes(draw, shelf, market):
    """Change a shelf and what is expected of it a few times."""
    count = len(market.shown)
    for step in draw(
        st.lists(st.sampled_from(["put", "put", "remove", "farm comes", "farm goes"]), max_size=6)
    ):
        product, farm = draw(st.integers(0, count - 1)), draw(st.integers(0, FARMS - 1))
        match step:
            case "put":
                shown = draw(rows)
                shelf.put(product, shown)
                market.put(product, shown)
            case "remove":
                shelf.remove(product)
                market.remove(product)
            case "farm comes":
                shelf.put_farm(farm)
                market.farms.add(farm)
            case "farm goes":
                shelf.remove_farm(farm)
                market.farms.discard(farm)


@given(st.lists(rows, min_size=1, max_size=5), st.data())
def test_a_shelf_shows_the_last_that_was_put_for_each_product(first, data):
    shelf, market = Shelf(), Market()
    for farm in range(FARMS):
        shelf.put_farm(farm)
    for product, shown in enumerate(first):
        shelf.put(product, shown)
        market.put(product, shown)
    changes(data.draw, shelf, market)
    shown = market.shown
    assert len(shelf) == len(shown)
    assert shelf.category.tolist() == [product.category for product in shown]
    assert shelf.farm.tolist() == [product.farm for product in shown]
    assert shelf.price.tolist() == [product.price for product in shown]
    assert shelf.organic.tolist() == [product.organic for product in shown]
    assert shelf.added.tolist() == [product.added for product in shown]
    assert shelf.listed.tolist() == [product not in market.gone for product in range(len(shown))]
    for now in (-5.0, 0.0, 10.0, 15.0, 20.0):
        assert shelf.on_sale(now).tolist() == market.on_sale(now)
        assert [shelf.is_on_sale(at, now) for at in range(len(shown))] == market.on_sale(now)
        edges = [edge for product in shown for edge in (product.since, product.until) if edge > now]
        assert shelf.steady_until(now) == min(edges, default=np.inf)
    assert shelf.moves == market.moves
    listed = market.listed()
    assert [shelf.of_category.row(at).tolist() for at in range(len(shelf.of_category))] == [
        [product for product, shown in listed if shown.category == at] for at in range(len(shelf.of_category))
    ]
    assert [shelf.of_farm.row(at).tolist() for at in range(FARMS)] == [
        [product for product, shown in listed if shown.farm == at] for at in range(FARMS)
    ]


@given(st.lists(rows, min_size=1, max_size=5), st.sampled_from([-5.0, 0.0, 15.0, 20.0]), st.data())
def test_compiled_loops_see_the_same(first, now, data):
    shelf, market = shelf_of(*first, farms=FARMS), Market()
    for product, shown in enumerate(first):
        market.put(product, shown)
    changes(data.draw, shelf, market)
    goods, count = shelf.goods, len(shelf)
    packed = Packed(goods)
    assert [sells_at(packed.address, at, now) for at in range(count)] == market.on_sale(now)
    assert (goods.products, goods.categories, goods.farms) == (
        count,
        len(shelf.of_category),
        len(shelf.of_farm),
    )
    for name in ("category", "farm", "price", "organic", "added"):
        assert getattr(goods, name)[:count].tolist() == getattr(shelf, name).tolist()
    assert goods.of_farm.pool.tolist() == shelf.of_farm.rows.pool.tolist()
    assert goods.of_category.heads.tolist() == shelf.of_category.rows.heads.tolist()


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


def test_without_its_farm_nothing_is_on_sale_and_with_it_all_that_was():
    shelf = shelf_of(row(farm=0), row(farm=1), row(farm=0, stock=0))
    shelf.remove_farm(0)
    assert shelf.on_sale(0.0).tolist() == [False, True, False]
    shelf.put(0, row(farm=0, price=9.0))
    assert shelf.on_sale(0.0).tolist() == [False, True, False]
    shelf.put_farm(0)
    assert shelf.on_sale(0.0).tolist() == [True, True, False]


def test_what_left_does_not_come_back_with_its_farm():
    shelf = shelf_of(row(), row())
    shelf.remove_farm(0)
    shelf.remove(0)
    shelf.put_farm(0)
    assert shelf.on_sale(0.0).tolist() == [False, True]


def test_a_farm_without_products_can_leave():
    shelf = shelf_of(row())
    shelf.put_farm(3)
    shelf.remove_farm(3)
    assert shelf.on_sale(0.0).tolist() == [True]


def test_a_product_stands_where_it_was_added_also_after_it_moved_away_and_back():
    shelf = shelf_of(row(), row(), row(farm=1, category=1))
    shelf.put(0, row(farm=1, category=1))
    assert (shelf.of_farm.row(0).tolist(), shelf.of_farm.row(1).tolist()) == ([1], [0, 2])
    shelf.put(0, row())
    assert (shelf.of_category.row(0).tolist(), shelf.of_category.row(1).tolist()) == ([0, 1], [2])


@pytest.mark.parametrize(
    ("change", "moves"),
    [
        ({"price": 2.0}, 0),
        ({"stock": 0, "available": False}, 0),
        ({"since": 5.0, "until": 6.0, "organic": True}, 0),
        ({"added": 1.0}, 1),
        ({"category": 1}, 1),
        ({"farm": 1}, 1),
    ],
)
def test_a_move_is_told_from_another_change(change, moves):
    shelf = shelf_of(row(), row(farm=1))
    before = shelf.moves
    shelf.put(0, row(**change))
    assert shelf.moves - before == moves


def test_leaving_is_a_move_and_leaving_again_is_none():
    shelf = shelf_of(row())
    shelf.remove(0)
    assert shelf.moves == 2
    shelf.remove(0)
    assert shelf.moves == 2
    shelf.put(0, row())
    assert shelf.moves == 3
