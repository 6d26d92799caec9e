"""What a shopper likes, from what the shopper did."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.algorithms import taste
from punnet.algorithms.offer import asked_at
from punnet.algorithms.taste import FARM_LIKED, FARM_VIEWED, SEARCHED, VIEWED, WISHED, Taste
from punnet.core.compiled import Packed, entry
from punnet.core.desk import desk_at
from punnet.core.ledger import book_at
from punnet.core.shelf import goods_at
from tests.builders import Basket, Case, ledger_of, positions, row, shelf_of, shuffled_products

CATEGORIES, FARMS, PRODUCTS = 7, 7, 8
PERCENT = {"bought": 60, "viewed": 20, "wished": 10, "last": 5}
"""The weights; those of searches and of farms followed or rated are the same, and are both `last`."""


@entry
def measured(book: int, goods: int, asked: int, desk: int) -> Taste:
    return taste.measure(book_at(book), goods_at(goods), asked_at(asked), desk_at(desk))


@entry
def forget(desk: int) -> None:
    taste.forget(desk_at(desk))


def likings(case):
    """Return what is on the desk: preferences by category and by farm, and the liked ones, the best first."""
    desk = case.desk
    return (
        {at: liked for at, liked in enumerate(desk.category_liking.tolist()) if liked},
        {at: liked for at, liked in enumerate(desk.farm_liking.tolist()) if liked},
        [at for at in desk.liked_categories.tolist() if at >= 0],
        desk.liked_farms[: desk.known[0]].tolist(),
    )


baskets = st.builds(
    Basket,
    shopper=st.integers(0, 1),
    products=shuffled_products(PRODUCTS),
    at=st.integers(0, 4).map(float),
    place=st.just((0.0, 0.0)),
    prices=st.none(),
)
of_a_product = st.tuples(st.sampled_from([VIEWED, WISHED]), st.integers(0, PRODUCTS - 1), st.integers(1, 6))
of_a_kind = st.tuples(
    st.sampled_from([SEARCHED, FARM_VIEWED, FARM_LIKED]), st.integers(0, CATEGORIES - 1), st.integers(1, 6)
)


def count_signals(shelf, orders, signals, kinds, own):
    """Return for each signal what it counts, of categories or of farms: `kinds` of the products."""
    counts = {name: [0] * CATEGORIES for name in PERCENT}
    for order in orders:
        for product in order.products:
            counts["bought"][kinds[product]] += 1
    for kind, position, times in signals:
        if kind in (VIEWED, WISHED):
            counts["viewed" if kind == VIEWED else "wished"][kinds[position]] += times
        elif kind in own:
            counts[own[kind]][position] += times
    return counts


def scaled(values):
    most = max(values, default=0)
    return [Fraction(value) / most for value in values] if most > 0 else [Fraction(0)] * len(values)


def preference(counts):
    """Return the preferences as the page has them; weights are in percent, so that they are exact."""
    weighted = [[Fraction(PERCENT[name], 100) * part for part in scaled(counts[name])] for name in counts]
    return scaled([sum(column) for column in zip(*weighted, strict=True)])


@given(
    st.lists(st.tuples(st.integers(0, CATEGORIES - 1), st.integers(0, FARMS - 1)), min_size=8, max_size=8),
    st.lists(baskets, max_size=6),
    st.lists(of_a_product | of_a_kind, max_size=8),
    st.integers(-1, 1),
)
def test_each_signal_and_then_their_sum_is_scaled_to_a_maximum_of_1(kinds, orders, signals, shopper):
    shelf = shelf_of(
        *(row(category=category, farm=farm) for category, farm in kinds), farms=FARMS, categories=CATEGORIES
    )
    told = positions(number for signal in signals for number in signal)
    ledger = ledger_of(*orders, shoppers=2, products=PRODUCTS)
    case = Case(shelf, ledger, shopper=shopper, signals=told)
    case.desk.bought[:] = 0
    liked = measured(*case.at)
    mine = [order for order in orders if order.shopper == shopper]
    categories, farms = zip(*kinds, strict=True)
    by_category = preference(count_signals(shelf, mine, signals, categories, {SEARCHED: "last"}))
    own = {FARM_VIEWED: "viewed", FARM_LIKED: "last"}
    by_farm = preference(count_signals(shelf, mine, signals, farms, own))
    found = likings(case)
    for ours, expected, ranked, most in (
        (found[0], by_category, found[2], 5),
        (found[1], by_farm, found[3], FARMS),
    ):
        known = [at for at, part in enumerate(expected) if part]
        assert ours == pytest.approx({at: float(expected[at]) for at in known}, abs=1e-12)
        assert ranked == sorted(known, key=lambda at, of=expected: (-of[at], at))[:most]
    assert liked.orders == len(mine)
    assert set(np.flatnonzero(case.desk.bought).tolist()) == {p for order in mine for p in order.products}
    assert not case.desk.tally.any()


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=60))
def test_the_price_range_lies_between_ranks_in_proportion(cents):
    ranked = [Fraction(price, 100) for price in sorted(cents)]

    def percentile(share):
        place = share * (len(ranked) - 1)
        low = math.floor(place)
        high = min(low + 1, len(ranked) - 1)
        return float(ranked[low] + (ranked[high] - ranked[low]) * (place - low))

    liked = paid(*(price / 100 for price in cents))
    expected = percentile(Fraction(1, 10)), percentile(Fraction(9, 10))
    assert (liked.low, liked.high) == pytest.approx(expected)


def paid(*prices):
    """Return the taste of who paid these prices, an order each."""
    orders = [Basket(0, (0,), prices=(price,)) for price in prices]
    case = Case(shelf_of(row()), ledger_of(*orders, shoppers=1, products=1), shopper=0)
    return measured(*case.at)


def measure(*signals, orders=(), rows=None):
    """Return the case in which somebody's taste has been measured; product n is of category and farm n."""
    shelf = shelf_of(*(row(category=at, farm=at) for at in range(6)) if rows is None else rows)
    ledger = ledger_of(*(Basket(0, order) for order in orders), shoppers=1, products=len(shelf))
    case = Case(
        shelf, ledger, shopper=0, signals=positions(number for signal in signals for number in signal)
    )
    measured(*case.at)
    return case


def test_the_signals_weigh_what_the_page_says():
    assert (taste.PURCHASES, taste.VIEWS, taste.WISHLIST) == (0.6, 0.2, 0.1)
    assert (taste.SEARCHES, taste.FARMS) == (0.05, 0.05)


def test_a_signal_counts_by_its_share_not_by_its_number():
    # Bought 2 and 1: 0.6 and 0.3. Viewed 0 and 100: 0.2 more for the second. Then 0.6 : 0.5 is 1 : 5/6.
    case = measure((VIEWED, 1, 100), orders=[(0, 1), (0,)])
    assert likings(case)[0] == pytest.approx({0: 1.0, 1: 5 / 6}, abs=1e-12)


def test_the_only_signal_there_is_counts_whole_whatever_its_weight():
    # 0.05 · (1, 1/2) and nothing else.
    assert likings(measure((SEARCHED, 0, 4), (SEARCHED, 1, 2))) == ({0: 1.0, 1: 0.5}, {}, [0, 1], [])
    assert likings(measure((FARM_LIKED, 0, 1), (FARM_LIKED, 1, 1))) == ({}, {0: 1.0, 1: 1.0}, [], [0, 1])


def test_a_view_of_a_farm_counts_like_one_of_a_product_of_it():
    assert likings(measure((VIEWED, 2, 3), (FARM_VIEWED, 1, 6)))[1] == {2: 0.5, 1: 1.0}
    assert likings(measure((VIEWED, 2, 3), (FARM_VIEWED, 1, 6)))[0] == {2: 1.0}


def test_who_did_nothing_likes_nothing():
    assert likings(measure()) == ({}, {}, [], [])


def test_in_an_empty_market_nothing_is_liked():
    assert likings(measure(rows=())) == ({}, {}, [], [])


def test_preferences_equal_on_paper_are_ties():
    # Category 1: 0.1 · 1. Category 0: 0.6 · 1/6, which is another number in binary.
    case = measure((WISHED, 1, 3), orders=[(0, 2)] + [(2,)] * 5)
    assert likings(case)[0] == pytest.approx({0: 1 / 6, 1: 1 / 6, 2: 1.0}, abs=1e-12)
    assert case.desk.category_liking[0] == case.desk.category_liking[1]
    assert likings(case)[2] == [2, 0, 1]


def test_preferences_are_told_to_their_12th_decimal():
    assert likings(measure((VIEWED, 0, 3), (VIEWED, 1, 1)))[0] == {0: 1.0, 1: 0.333333333333}


def test_five_categories_are_favourites_and_no_sixth_and_all_farms_are_ranked():
    rising = [(VIEWED, at, at + 1) for at in range(6)]
    assert likings(measure(*rising))[2:] == ([5, 4, 3, 2, 1], [5, 4, 3, 2, 1, 0])
    assert likings(measure(*((VIEWED, at, 1) for at in (3, 5, 1, 0, 4, 2))))[2:] == (
        [0, 1, 2, 3, 4],
        [0, 1, 2, 3, 4, 5],
    )


def test_what_was_forgotten_leaves_the_desk_clear_for_the_next():
    case = measure((VIEWED, 1, 2), (SEARCHED, 3, 1), (FARM_VIEWED, 4, 1), orders=[(0, 5)])
    forget(case.at[3])
    desk = case.desk
    assert not any(array.any() for array in (desk.tally, desk.category_liking, desk.farm_liking))
    assert desk.known[0] == 0


def test_where_there_is_no_room_for_all_prices_it_is_told_how_many_there_are():
    case = Case(shelf_of(row()), ledger_of(*[Basket(0, (0,))] * 3, shoppers=1, products=1), shopper=0)
    desk = case.desk._replace(paid=np.zeros(2))
    small = Packed(desk)
    liked = measured(*case.at[:3], small.address)
    assert desk.known[1] == 3
    assert (liked.low, liked.high, liked.orders) == (1.0, 1.0, 3)


def test_the_prices_from_1_to_11_range_from_2_to_10():
    assert paid(*range(11, 0, -1)) == (2.0, 10.0, 11)


def test_between_two_prices_the_range_is_a_tenth_from_either():
    assert paid(1.0, 2.0)[:2] == pytest.approx((1.1, 1.9))


def test_one_price_is_a_range_of_its_own():
    assert paid(4.5) == (4.5, 4.5, 1)


def test_who_paid_nothing_has_no_range():
    liked = paid()
    assert (math.isnan(liked.low), math.isnan(liked.high), liked.orders) == (True, True, 0)
