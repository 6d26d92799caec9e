"""Liking: a shopper's taste and present interest, counted from orders and profile."""

import math
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given

from punnet.algorithms import content
from punnet.algorithms import taste as tastes
from punnet.algorithms.offer import asked_at
from punnet.algorithms.taste import Taste
from punnet.core.compiled import Packed, entry
from punnet.core.desk import begin, desk_at
from punnet.core.ledger import book_at
from punnet.core.shelf import goods_at
from punnet.engine.index import Index
from punnet.engine.liking import Liking, liking_of
from punnet.engine.question import blank
from punnet.types import Floats, Positions
from tests.engine.facts import NOW, did, farm, index_of, kept_of, order, patched, product, removed
from tests.facts import Facts, Shopper
from tests.markets import markets

SHOP = (
    farm("hill"),
    farm("dale"),
    farm("moor"),
    product("leeks"),
    product("kale"),
    product("pears", category="Fruits", farm_id="dale"),
    product("honey", category="Honey", farm_id="moor"),
)
LEEKS, KALE, PEARS, HONEY = range(4)


class Known(NamedTuple):
    """What is known of a shopper: preferences by category and farm, prices paid, and orders."""

    categories: Floats
    farms: Floats
    low: float
    high: float
    orders: int


@entry
def measure(book: int, goods: int, asked: int, desk: int) -> Taste:
    begin(desk_at(desk))
    found = tastes.measure(book_at(book), goods_at(goods), asked_at(asked), desk_at(desk))
    tastes.forget(desk_at(desk))
    return found


@entry
def latest(book: int, asked: int, sources: Positions, times: Floats) -> int:
    return content.interest(book_at(book), asked_at(asked), sources, times)


def taste_of(index, shopper):
    """Return what is known of the shopper at a position."""
    kept = kept_of(index)
    at, asked = kept.whereabouts(NOW, None), Packed(blank(kept, shopper))
    liking, paid = liking_of(kept, shopper), measure(at.book, at.goods, asked.address, at.desk)
    return Known(*liking, *paid)


def interest_of(index, shopper):
    """Return the positions of the products that a shopper touched last."""
    kept, sources = kept_of(index), np.zeros(5, np.int32)
    at, asked = kept.whereabouts(NOW, None), Packed(blank(kept, shopper))
    return sources[: latest(at.book, asked.address, sources, np.zeros(5))]


def taste(*facts):
    """Return what is known of ann after these facts."""
    index = index_of(*SHOP, *facts)
    return taste_of(index, index.shoppers.find("ann"))


def interest(*facts):
    """Return the products that ann touched last, by name."""
    index = index_of(*SHOP, *facts, at=NOW)
    return [index.catalogue.products[at] for at in interest_of(index, index.shoppers.find("ann"))]


@given(markets())
def test_a_taste_is_that_of_the_naive_market(of):
    index, naive = Index(), Facts()
    index.apply(of.records)
    naive.apply(of.records)
    for user in of.users:
        shopper, expected = index.shoppers.find(user), Shopper(naive, user)
        liking = taste_of(index, shopper)
        categories, farms = expected.category_preference(), expected.farm_preference()
        names = index.catalogue.categories
        assert liking.categories.tolist() == pytest.approx(
            [categories.get(names[at], 0) for at in range(len(names))]
        )
        assert liking.farms.tolist() == pytest.approx([farms.get(name, 0) for name in of.farms])
        assert liking.orders == len(expected.purchases)
        prices = expected.price_range()
        assert (liking.low, liking.high) == pytest.approx(prices or (math.nan, math.nan), nan_ok=True)


def test_nobody_likes_nothing():
    index = index_of(*SHOP)
    liking = taste_of(index, -1)
    assert liking.categories.tolist() == liking.farms.tolist() == [0, 0, 0]
    assert (math.isnan(liking.low), math.isnan(liking.high), liking.orders) == (True, True, 0)
    assert interest_of(index, -1).tolist() == []


def test_in_an_empty_market_there_is_nothing_to_like():
    liking = taste_of(Index(), -1)
    assert (liking.categories.tolist(), liking.farms.tolist()) == ([], [])


def test_the_signals_of_categories_weigh_as_the_page_says():
    liking = taste(
        order("ann", "leeks", "kale"),
        order("ann", "pears"),
        did("ann", "VIEW_PRODUCT", "pears"),
        did("ann", "ADD_TO_WISHLIST", "honey"),
        did("ann", "SEARCH", metadata={"category": "Honey"}),
        did("ann", "SEARCH", metadata={"category": "Honey"}),
        did("ann", "SEARCH", metadata={"category": "Fruits"}),
    )
    vegetables, fruits, honey = 0.6, 0.6 / 2 + 0.2 + 0.05 / 2, 0.1 + 0.05
    assert liking.categories.tolist() == pytest.approx([1, fruits / vegetables, honey / vegetables])


def test_the_signals_of_farms_weigh_as_the_page_says():
    liking = taste(
        order("ann", "leeks", "kale"),
        order("ann", "pears"),
        did("ann", "VIEW_PRODUCT", "pears"),
        did("ann", "VIEW_FARM", "dale"),
        did("ann", "VIEW_FARM", "moor"),
        did("ann", "ADD_TO_WISHLIST", "honey"),
        did("ann", "ADD_TO_WISHLIST", "dale", farm=True),
        did("ann", "RATE_FARM", "moor", metadata={"rating": 5}),
        did("ann", "RATE_FARM", "hill", metadata={"rating": 3}),
    )
    hill, dale, moor = 0.6, 0.6 / 2 + 0.2 + 0.05, 0.2 / 2 + 0.1 + 0.05
    assert liking.farms.tolist() == pytest.approx([1, dale / hill, moor / hill])


def test_a_farm_that_is_followed_and_rated_counts_once():
    liking = taste(
        did("ann", "ADD_TO_WISHLIST", "dale", farm=True),
        did("ann", "RATE_FARM", "dale", metadata={"rating": 5}),
        did("ann", "RATE_FARM", "hill", metadata={"rating": 4}),
    )
    assert liking.farms.tolist() == [1, 1, 0]


def test_every_order_of_a_product_counts():
    liking = taste(order("ann", "leeks"), order("ann", "leeks"), order("ann", "pears"), order("bob", "honey"))
    assert liking.categories.tolist() == pytest.approx([1, 0.5, 0])
    assert liking.orders == 3


def test_every_view_counts():
    liking = taste(
        *[did("ann", "VIEW_PRODUCT", name) for name in ("leeks", "pears", "pears", "pears", "kale")]
    )
    assert liking.categories.tolist() == pytest.approx([2 / 3, 1, 0])
    assert liking.farms.tolist() == pytest.approx([2 / 3, 1, 0])


def test_a_product_counts_for_the_category_and_farm_it_has_now():
    liking = taste(order("ann", "leeks"), patched("leeks", category="Honey", farm_id="moor"))
    assert (liking.categories.tolist(), liking.farms.tolist()) == ([0, 0, 1], [0, 0, 1])


def test_what_left_the_catalogue_is_still_liked():
    liking = taste(
        order("ann", "leeks"), did("ann", "ADD_TO_WISHLIST", "kale"), removed("leeks"), removed("kale")
    )
    assert liking.categories.tolist() == [1, 0, 0]


def test_the_price_range_is_of_prices_paid_not_of_prices_now():
    liking = taste(
        *[order("ann", "leeks", price=float(price)) for price in range(11)], patched("leeks", price=99.0)
    )
    assert (liking.low, liking.high) == pytest.approx((1.0, 9.0))


def test_what_was_touched_last_comes_first():
    assert interest(
        did("ann", "VIEW_PRODUCT", "leeks", days=3),
        did("ann", "ADD_TO_CART", "pears", days=1),
        order("ann", "honey", days=2),
        did("ann", "REMOVE_FROM_CART", "kale", days=0),
        did("bob", "VIEW_PRODUCT", "kale", days=0),
    ) == ["pears", "honey", "leeks"]


def test_the_latest_touch_of_a_product_counts_whatever_it_was():
    views = did("ann", "VIEW_PRODUCT", "leeks", days=1), did("ann", "VIEW_PRODUCT", "honey", days=1.5)
    orders = order("ann", "leeks", days=4), order("ann", "pears", days=0.5), order("ann", "pears", days=2)
    assert interest(*views, *orders) == ["pears", "leeks", "honey"]
    assert interest(*orders, *views) == ["pears", "leeks", "honey"]


def test_each_product_of_an_order_is_touched_at_its_time():
    many = [product(f"p{n}") for n in range(4)]
    first, second = order("ann", "p0", "p1", "p2", days=2), order("ann", "leeks", "p3", days=1)
    assert interest(*many, first, second) == ["leeks", "p3", "p0", "p1", "p2"]


def test_of_equal_times_the_product_added_first_comes_first_and_no_more_than_five_count():
    many = [product(f"p{n}") for n in range(6)]
    views = [did("ann", "VIEW_PRODUCT", f"p{n}", days=1) for n in (4, 2, 0)]
    assert interest(*many, *views, order("ann", "p5", "p3", "p1", days=1)) == ["p0", "p1", "p2", "p3", "p4"]


def test_an_action_without_a_time_of_its_own_was_done_when_it_was_taken_in():
    assert interest(order("ann", "leeks", days=0.1), did("ann", "VIEW_PRODUCT", "pears")) == [
        "pears",
        "leeks",
    ]


def test_farms_liked_best_are_favourites_and_ties_go_to_the_one_added_first():
    farms = [0.5, 0.0, 1.0, 0.5, 0.25, 0.75, 0.125]
    assert Liking(np.zeros(0), np.array(farms)).favourite_farms.tolist() == [2, 5, 0, 3, 4]
    assert Liking(np.zeros(0), np.array(farms[:3])).favourite_farms.tolist() == [2, 0]
    assert Liking(np.zeros(0), np.zeros(0)).favourite_farms.tolist() == []


def test_asking_what_somebody_likes_changes_no_answer_of_another():
    index = index_of(*SHOP, order("ann", "leeks"), did("bob", "VIEW_PRODUCT", "pears"))
    kept = kept_of(index)
    for _ in range(2):
        assert liking_of(kept, 0).categories.tolist() == [1, 0, 0]
        assert liking_of(kept, 1).categories.tolist() == [0, 1, 0]
        assert liking_of(kept, -1).categories.tolist() == [0, 0, 0]
