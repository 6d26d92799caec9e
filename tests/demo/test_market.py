"""The demo market: what ships, and how it is moved to end today."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest

from punnet.demo import market as demo
from punnet.market import FarmPatch, ProductPatch

SEASONAL = {
    "Apples", "Berries", "Citrus", "Fruits", "Greens", "Herbs", "Melons", "Preserved", "Pumpkins",
    "Root Vegetables", "Squash", "Vegetables",
}  # fmt: skip
CATEGORIES = SEASONAL | {"Bakery", "Dairy", "Eggs", "Flowers", "Meat", "Seafood"}
TODAY = datetime(2026, 11, 22, 20, 30, 15, tzinfo=UTC)
TODAYS = [
    TODAY,
    datetime(2024, 2, 29, 12, 0, tzinfo=UTC),
    datetime(2023, 12, 31, 23, 59, 59, tzinfo=UTC),
    datetime(2025, 1, 1, 0, 0, tzinfo=UTC),
    datetime(2028, 12, 31, 0, 0, tzinfo=UTC),
    datetime(2017, 1, 1, 0, 0, tzinfo=UTC),
    datetime(2031, 6, 15, 1, 0, tzinfo=timezone(timedelta(hours=9))),
]


@pytest.fixture(scope="module")
def market():
    return demo.load()


@pytest.fixture(scope="module")
def products(market):
    return demo.products(market, TODAY)


@pytest.fixture(scope="module")
def orders(market):
    return demo.history(market, TODAY)


def moments(market, today):
    calendar = demo.Calendar(market.about.start, today)
    return [(basket.minute, calendar.last(basket.minute)) for basket in market.baskets]


def test_the_first_line_counts_what_follows_it(market):
    about = market.about
    assert len(market.places) == about.markets
    assert len(market.growers) == about.farms
    assert len(market.goods) == about.products
    assert len(market.baskets) == about.baskets
    assert sum(len(basket.sold) for basket in market.baskets) == 3 * about.lines
    assert {basket.shopper for basket in market.baskets} == set(range(1, about.shoppers + 1))
    assert "Complete Journey" in about.source
    assert "CC0" in about.licence


def test_the_market_is_large_enough_to_be_one_and_small_enough_to_ship(market):
    assert 500 <= market.about.products <= 1_000
    assert 25_000 <= market.about.baskets <= 35_000
    packed = demo.files("punnet.demo").joinpath("market.ndjson.gz").read_bytes()
    assert len(packed) < 3_000_000
    assert packed[4:8] == bytes(4), "the time in the gzip header would make two builds differ"


def test_every_category_is_sold_and_no_other(market):
    assert {good.category for good in market.goods} == CATEGORIES


def test_ids_are_unique_plain_words(market, products):
    for ids in ([farm.id for farm in demo.farms(market)], [product.id for product in products]):
        assert len(set(ids)) == len(ids)
        assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", one) for one in ids)


def test_names_read_like_those_of_a_shop(market, products):
    for name in [farm.name for farm in demo.farms(market)] + [product.name for product in products]:
        assert re.fullmatch(r"[^\W\d_a-z][\w'’&\- ]*", name), name
        assert "  " not in name
        assert not any(len(word) > 1 and word.isupper() for word in name.split()), name
        assert len(name) <= 40


def test_no_farm_has_two_products_of_one_name_or_no_product_or_far_more_than_others(market, products):
    assert len({(product.farm_id, product.name) for product in products}) == len(products)
    counts = Counter(product.farm_id for product in products)
    assert set(counts) == {farm.id for farm in demo.farms(market)}
    assert max(counts.values()) <= 10


def test_farm_names_are_distinct_and_farms_lie_around_one_city(market):
    farms = demo.farms(market)
    assert len({farm.name for farm in farms}) == len(farms)
    assert len({farm.region for farm in farms}) > 4
    for place in [*farms, *market.places]:
        assert abs(place.latitude - 39.10) < 1.4
        assert abs(place.longitude + 84.51) < 1.8


def test_what_is_called_organic_is_organic(products):
    organic = [product for product in products if product.organic]
    assert organic == [product for product in products if "Organic" in product.name]
    assert len(organic) > 10


def test_prices_are_those_of_groceries(products):
    assert all(0.10 <= product.price <= 60 for product in products)
    assert all(product.unit for product in products)


def test_a_price_is_the_last_one_asked(market, products):
    price = {product.id: product.price for product in products}
    calendar = demo.Calendar(market.about.start, TODAY)
    steady = 0
    for good in market.goods:
        if good.prices:
            latest = max((calendar.last(minute), cents) for minute, cents in good.prices)
            assert price[good.id] == latest[1] / 100
        else:
            steady += 1
            assert price[good.id] == good.cents / 100
    assert 0 < steady < len(market.goods)


@pytest.mark.parametrize("today", TODAYS)
def test_some_products_are_new_and_most_are_not(market, today):
    ages = [today - product.created_at for product in demo.products(market, today)]
    assert all(timedelta(0) <= age <= demo.YEAR for age in ages)
    assert 5 <= sum(age <= timedelta(days=14) for age in ages) <= 60


@pytest.mark.parametrize("today", TODAYS)
def test_the_moved_year_ends_today_and_keeps_weekdays_and_hours(market, today):
    start = market.about.start
    for minute, moved in moments(market, today):
        assert today - demo.YEAR < moved <= today
        assert (moved - start - timedelta(minutes=minute)) % timedelta(weeks=1) == timedelta(0)


@pytest.mark.parametrize("today", TODAYS)
def test_the_moved_year_keeps_the_season(market, today):
    year = timedelta(days=365.2425)
    for minute, moved in moments(market, today):
        apart = (moved - market.about.start - timedelta(minutes=minute)) % year
        assert min(apart, year - apart) < timedelta(days=7)


def test_orders_run_up_to_today_and_hold_products_of_the_market(market, orders, products):
    known = {product.id for product in products}
    assert len(orders) == market.about.baskets
    assert len({order.id for order in orders}) == len(orders)
    assert all(one.placed_at <= other.placed_at for one, other in pairwise(orders))
    assert TODAY - orders[-1].placed_at < timedelta(days=1)
    assert all(line.product_id in known for order in orders for line in order.lines)
    assert all(line.unit_price > 0 for order in orders for line in order.lines)


def test_orders_are_placed_at_a_market_by_neutral_shoppers(market, orders):
    places = {(place.latitude, place.longitude) for place in market.places}
    assert {(order.latitude, order.longitude) for order in orders} == places
    assert {order.user_id for order in orders} == set(demo.shoppers(market))
    assert demo.shoppers(market)[0] == "shopper-0001"
    assert all(re.fullmatch(r"demo-\d{6}", order.id) for order in orders)


def test_an_order_is_the_same_one_whatever_day_it_is(market, orders):
    later = {order.id: order for order in demo.history(market, TODAY + timedelta(days=3))}
    for order in orders[::500]:
        assert later[order.id].lines == order.lines
        assert later[order.id].user_id == order.user_id


def test_each_shopper_goes_on_with_the_baskets_of_a_year_ago(market, orders):
    chosen = demo.shoppers(market)[3:5]
    coming = demo.coming(market, TODAY, chosen)
    assert list(coming) == chosen
    for shopper in chosen:
        past = [order for order in orders if order.user_id == shopper]
        assert [order.lines for order in coming[shopper]] == [order.lines for order in past]
        assert [order.placed_at for order in coming[shopper]] == [
            order.placed_at + demo.YEAR for order in past
        ]
        assert not {order.id for order in coming[shopper]} & {order.id for order in past}


def test_a_shopper_nobody_knows_has_nothing_to_come(market):
    assert demo.coming(market, TODAY, ["nobody"]) == {"nobody": []}


def test_prices_change_in_the_year_to_come_some_of_them_down(market, products):
    price = {product.id: product.price for product in products}
    changes = demo.price_changes(market, TODAY)
    assert all(one <= other for (one, _), (other, _) in pairwise(changes))
    assert TODAY < changes[0][0] <= changes[-1][0] <= TODAY + demo.YEAR
    falls = 0
    for _, change in changes:
        assert not isinstance(change.patch, FarmPatch)
        assert change.patch == ProductPatch(price=change.patch.price)
        falls += change.patch.price < price[change.id]
        price[change.id] = change.patch.price
    assert 200 < falls < len(changes)
    assert price == {product.id: product.price for product in products}, "after a year prices are back"
