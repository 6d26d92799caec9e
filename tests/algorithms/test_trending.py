"""What the market, or a place in it, buys more of this week."""

from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.algorithms import trending
from punnet.algorithms.offer import Shortlist, asked_at
from punnet.algorithms.trending import Trend, Window, trend_at, window_at
from punnet.core.compiled import Packed, entry
from punnet.core.desk import desk_at
from punnet.core.geo import EVERYWHERE, Place
from punnet.core.ledger import book_at
from punnet.core.shelf import goods_at
from tests.builders import (
    ANYTHING,
    DAY,
    NOWHERE,
    Basket,
    Case,
    Wish,
    ledger_of,
    offered,
    purchases_of,
    scores_of,
    shuffled_products,
    wishes,
)

NOW = 1_000_000.0
SHOPPERS, PRODUCTS = 3, 4
PLACES = HERE, NEAR, FAR = (0.0, 0.0), (0.5, 0.0), (1.0, 0.0)  # 55.6 km and 111.2 km apart
PLACE = Place(*HERE, radius_km=80.0)
ANY = Window(days=7, min_orders=1)

# Whole seconds before now: the edges of both weeks, a moment on either side of them, and the future.
AGES = [-1, 0, 1, 86_400, 3 * 86_400, 7 * 86_400 - 1, 7 * 86_400, 10 * 86_400, 14 * 86_400 - 1, 14 * 86_400]
baskets = st.builds(
    Basket,
    shopper=st.integers(0, SHOPPERS - 1),
    products=shuffled_products(PRODUCTS),
    at=st.sampled_from(AGES).map(lambda age: NOW - age),
    place=st.sampled_from([NOWHERE, HERE, NEAR, FAR]),
    prices=st.none(),
)
windows = st.builds(Window, st.sampled_from([7.0, 3.0]), st.integers(1, 3), st.just(1))
places = st.sampled_from([EVERYWHERE, PLACE])


@entry
def offer(book: int, goods: int, asked: int, desk: int, found: Shortlist, trend: int, window: int) -> None:
    question, followed = asked_at(asked), trend_at(trend)
    trending.follow(book_at(book), desk_at(desk), followed, question.now, window_at(window))
    trending.offer(goods_at(goods), question, desk_at(desk), followed, found)


class Market:
    """Orders that come in, and the trends that follow them."""

    def __init__(self, *orders, products=PRODUCTS):
        self.ledger = ledger_of(*orders, shoppers=60, products=products)
        self.trends, self.products = {}, products

    def add(self, *orders):
        self.ledger.add(purchases_of(orders))

    def ask(self, now=NOW, place=EVERYWHERE, window=ANY, wish=ANYTHING, k=20):
        """Return what trends; beside each product its orders in the window."""
        trend = self.trends.setdefault((place, window), Trend.of(place, self.products + 3))
        case, packed = Case(None, self.ledger, wish, now=now), (Packed(trend), Packed(window))
        ours = offered(offer, case, k, *(each.address for each in packed))
        return ours._replace(figures={"orders": trend.counts[ours.products].tolist()})


def naive_ranking(orders, window, now):
    """Return the eligible products by rank, each with its orders and the time of the last one."""
    span = window.days * DAY
    week = [order for order in orders if now - span < order.at <= now]
    before = [order for order in orders if now - 2 * span < order.at <= now - span]
    count = Counter(product for order in week for product in order.products)
    earlier = Counter(product for order in before for product in order.products)
    ranks = {}
    for product in range(PRODUCTS):
        if count[product] >= window.min_orders:
            holding = [order for order in week if product in order.products]
            shoppers = len({order.shopper for order in holding})
            growth = count[product] - earlier[product]
            last = max(order.at for order in holding)
            ranks[product] = (-count[product], -shoppers, -growth, product, last)
    return [(product, count[product], ranks[product][-1]) for product in sorted(ranks, key=ranks.__getitem__)]


def naive(orders, place, window, now):
    """Return what each product is offered with: score and orders."""
    around = [order for order in orders if place is EVERYWHERE or order.place in (HERE, NEAR)]
    ranking = naive_ranking(around, window, now)
    return {
        product: ((1 - Fraction(rank, len(ranking))) / (1 + Fraction(round(now - last), 864_000)), count)
        for rank, (product, count, last) in enumerate(ranking)
    }


def assert_as_naive(ours, trend, wish, k):
    expected = sorted(filter(wish.allows, trend), key=lambda p: (-trend[p][0], p))[:k]
    assert ours.products.tolist() == expected
    assert ours.scores.tolist() == pytest.approx([float(trend[p][0]) for p in expected], abs=1e-12)
    assert ours.confidences.tolist() == [min(trend[p][1] / 50, 1.0) for p in expected]
    assert ours.figures["orders"] == [trend[p][1] for p in expected]


@given(st.lists(baskets, max_size=14), places, windows, wishes(PRODUCTS, 1), st.integers(1, PRODUCTS))
def test_what_is_ordered_most_and_last_has_the_highest_score(orders, place, window, wish, k):
    ours = Market(*orders).ask(NOW, place, window, wish, k)
    assert_as_naive(ours, naive(orders, place, window, NOW), wish, k)


STEPS = [0, 0, 1, 3_600, 86_400, 3 * 86_400, 7 * 86_400 - 1, 7 * 86_400, 20 * 86_400, -1, -86_400]


steps_of = st.tuples(st.lists(baskets, max_size=5), st.sampled_from(STEPS), st.booleans())


@given(st.lists(steps_of, min_size=1, max_size=8), windows)
def test_a_trend_that_follows_is_the_one_that_is_counted_anew(steps, window):
    market, so_far, now = Market(), [], NOW
    for arriving, seconds, asks in steps:
        moved = [order._replace(at=order.at + now - NOW) for order in arriving]
        market.add(*moved)
        so_far += moved
        now += seconds
        for place in (EVERYWHERE, PLACE) if asks else (EVERYWHERE,):
            trend = naive(so_far, place, window, now)
            assert_as_naive(market.ask(now, place, window), trend, ANYTHING, 20)


def test_a_trend_that_follows_many_orders_is_the_one_that_is_counted_anew():
    market, so_far = Market(), []
    for hour in range(24 * 30):
        now = NOW + hour * 3_600
        product, shopper = hour * hour % PRODUCTS, hour * 5 % 7 % SHOPPERS
        order = Basket(
            shopper, (product, (product + 1) % PRODUCTS), now - (hour % 5) * 7_200, PLACES[hour % 3]
        )
        market.add(order)
        so_far.append(order)
        if hour % 7 == 0:
            for place in (EVERYWHERE, PLACE):
                trend = naive(so_far, place, Window(days=3, min_orders=9), now)
                ours = market.ask(now, place, Window(days=3, min_orders=9))
                assert_as_naive(ours, trend, ANYTHING, 20)


def ask(*orders, place=EVERYWHERE, window=ANY, wish=ANYTHING, products=PRODUCTS):
    return Market(*orders, products=products).ask(NOW, place, window, wish)


def many(count, product, *, shopper=0, at=NOW, place=NOWHERE):
    return [Basket(shopper, (product,), at, place) for _ in range(count)]


def test_the_page_asks_for_five_orders_in_seven_days_and_for_ten_products_in_a_place():
    assert Window() == (7, 5, 10)


def test_five_orders_are_enough_and_four_are_not():
    assert ask(*many(5, 1), *many(4, 2), window=Window()).products.tolist() == [1]


def test_an_order_seven_days_old_no_longer_counts():
    old = many(1, 0, at=NOW - 7 * DAY)
    young = many(1, 1, at=NOW - 7 * DAY + 1)
    assert ask(*old, *young).products.tolist() == [1]


def test_an_order_of_this_moment_counts_and_one_of_the_future_does_not():
    assert ask(*many(1, 0, at=NOW + 1), *many(1, 1, at=NOW)).products.tolist() == [1]


def test_the_scores_of_three_products_ordered_now_are_the_shares_of_their_ranks():
    # rank 0, 1 and 2 of 3.
    ours = ask(*many(1, 0), *many(3, 1), *many(2, 2))
    assert scores_of(ours) == [(1, 1.0), (2, pytest.approx(2 / 3)), (0, pytest.approx(1 / 3))]


def test_ten_days_since_the_last_order_would_halve_the_score_and_five_take_a_third():
    # (1 - 0/1) / (1 + 0.1 · 5)
    ours = ask(*many(1, 3, at=NOW - 5 * DAY))
    assert scores_of(ours) == [(3, pytest.approx(2 / 3))]


def test_the_last_order_counts_however_it_arrived():
    ours = ask(*many(1, 3, at=NOW - 2.5 * DAY), *many(1, 3, at=NOW - 5 * DAY))
    assert scores_of(ours) == [(3, pytest.approx(0.8))]


def test_a_first_rank_that_cooled_down_comes_after_a_fresh_second():
    # Of 4 in rank: (1 - 0) / 1.6 = 0.625 and (1 - 1/4) / 1 = 0.75.
    ours = ask(*many(4, 0, at=NOW - 6 * DAY), *many(3, 1), *many(2, 2), *many(1, 3))
    assert scores_of(ours) == [(1, 0.75), (0, 0.625), (2, 0.5), (3, 0.25)]


def test_of_equal_orders_more_shoppers_rank_higher():
    ours = ask(*many(2, 0), *many(1, 1, shopper=1), *many(1, 1, shopper=2))
    assert ours.products.tolist() == [1, 0]


def test_of_equal_orders_and_shoppers_more_growth_ranks_higher():
    before = [*many(1, 0, at=NOW - 8 * DAY), *many(2, 1, at=NOW - 8 * DAY)]
    ours = ask(*many(2, 0), *many(2, 1), *many(2, 2), *before)
    assert ours.products.tolist() == [2, 0, 1]


def test_growth_knows_nothing_of_the_future():
    assert ask(*many(1, 0), *many(1, 1), *many(1, 0, at=NOW + 1)).products.tolist() == [0, 1]


def test_growth_looks_back_two_weeks_and_no_further():
    ours = ask(
        *many(1, 0), *many(1, 0, at=NOW - 14 * DAY + 1),
        *many(1, 1), *many(1, 1, at=NOW - 7 * DAY),
        *many(1, 2), *many(1, 2, at=NOW - 14 * DAY),
    )  # fmt: skip
    assert ours.products.tolist() == [2, 0, 1]


def test_a_shopper_counts_once_a_product_and_not_once_an_order():
    # Product 1: three orders of two shoppers. Product 0: three orders of one.
    ours = ask(*many(3, 0, shopper=2), *many(2, 1, shopper=0), *many(1, 1, shopper=1))
    assert ours.products.tolist() == [1, 0]


def test_a_basket_counts_for_each_of_its_products():
    ours = ask(Basket(0, (2, 1), NOW), Basket(1, (1,), NOW), Basket(1, (3, 1), NOW - DAY))
    assert ours.products.tolist() == [1, 2, 3]
    assert ours.figures["orders"] == [3, 1, 1]


def test_fifty_orders_make_it_sure_and_more_no_surer():
    ours = ask(*many(49, 0), *many(50, 1), *many(51, 2))
    assert ours.products.tolist() == [2, 1, 0]
    assert ours.confidences.tolist() == [1.0, 1.0, 0.98]


def test_in_a_place_only_the_orders_around_it_count():
    ours = ask(*many(1, 1, place=NEAR), *many(3, 0, place=FAR), *many(3, 2), place=PLACE)
    assert scores_of(ours) == [(1, 1.0)]
    assert ours.figures["orders"] == [1]


def test_the_last_order_and_the_growth_are_those_of_the_place():
    ours = ask(
        *many(1, 0, place=HERE, at=NOW - 5 * DAY), *many(1, 0, place=FAR),
        *many(1, 1, place=HERE, at=NOW - 5 * DAY), *many(1, 1, place=HERE, at=NOW - 8 * DAY),
        *many(1, 2, place=HERE, at=NOW - 5 * DAY), *many(2, 2, place=FAR, at=NOW - 8 * DAY),
        place=PLACE,
    )  # fmt: skip
    # Ranks 0 and 2 grew by 1, rank 1 by none; all cooled for five days: 1/1.5 of 1, 2/3 and 1/3.
    assert scores_of(ours) == [(p, pytest.approx(score)) for p, score in ((0, 2 / 3), (2, 4 / 9), (1, 2 / 9))]


def test_what_lies_on_the_circle_is_inside():
    edge = Place(*HERE, radius_km=6371.0088 * np.pi / 180)
    assert ask(*many(1, 1, place=FAR), place=edge).products.tolist() == [1]


def test_longitude_counts_as_well_as_latitude():
    elsewhere = Place(latitude=0.0, longitude=100.0, radius_km=80.0)
    ours = ask(*many(2, 1, place=(0.0, 100.0)), *many(1, 2, place=(0.0, -100.0)), place=elsewhere)
    assert scores_of(ours) == [(1, 1.0)]


def test_what_may_not_appear_still_holds_its_rank():
    assert scores_of(ask(*many(2, 0), *many(1, 1), wish=Wish(hidden=frozenset({0})))) == [(1, 0.5)]


def test_where_nothing_was_ordered_nothing_trends():
    assert scores_of(ask()) == []
    assert scores_of(ask(place=PLACE)) == []


def test_what_was_never_ordered_does_not_trend_even_where_no_order_is_asked_for():
    assert scores_of(ask(*many(1, 1), window=Window(min_orders=0))) == [(1, 1.0)]


def test_of_products_alike_the_one_added_first_ranks_higher():
    assert ask(Basket(0, (3, 1, 2), NOW)).products.tolist() == [1, 2, 3]


def test_a_product_that_cooled_stays_among_many_that_are_fresh():
    ours = ask(*many(2, 0, at=NOW - 6 * DAY), *(Basket(0, (product,), NOW) for product in range(1, PRODUCTS)))
    assert ours.products.tolist() == [1, 0, 2, 3]


def test_what_left_the_window_no_longer_trends_and_a_forgotten_trend_begins_anew():
    market = Market(*many(1, 0), *many(2, 1, at=NOW - 6 * DAY))
    assert market.ask().products.tolist() == [1, 0]
    assert market.ask(NOW + 2 * DAY).products.tolist() == [0]
    assert market.ask(NOW + 30 * DAY).products.tolist() == []
    market.add(*many(1, 2, at=NOW + 30 * DAY))
    assert scores_of(market.ask(NOW + 30 * DAY)) == [(2, 1.0)]
    assert market.ask().products.tolist() == [1, 0]


def test_a_new_trend_has_seen_nothing():
    trend = Trend.of(PLACE, 5)
    assert trend.size.tolist() == [0, 0]
    assert np.isnan(trend.until).all()
    assert len(trend.counts) == len(trend.ranked) == 5
