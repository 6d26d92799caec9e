"""The market that benchmarks, long runs and tests make up is what it says it is."""

import math
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice

import numpy as np
import pytest

from bench.made import MadeMarket, made_market
from bench.made.words import KINDS, SEASONS
from punnet.market import Action, Context, EntityType, Farm, Order, Product, UserAction
from tests.naive import NaiveMarket, kilometres

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
SIZES = [
    (200, 100, 2_000, 365),
    (20, 10, 100, 365),
    (20, 100, 100, 7),
    (3, 2, 50, 30),
    (1, 1, 1, 1),
    (2_000, 500, 20_000, 30),
]


def sized(products, shoppers, lines, days, seed=1) -> MadeMarket:
    return made_market(seed, products=products, shoppers=shoppers, lines=lines, days=days, now=NOW)


@pytest.fixture(scope="module")
def middling() -> MadeMarket:
    return sized(5_000, 20_000, 200_000, 365)


def arrays(market):
    parts = (market.land, market.shelf, market.people, market.baskets, market.visits)
    return [column for part in parts for column in part]


def test_the_same_seed_makes_the_same_market():
    one, same, other = (sized(*SIZES[0], seed=seed) for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(arrays(one), arrays(same), strict=True))
    assert list(one.records()) == list(same.records())
    assert list(one.records()) != list(other.records())
    for context in Context:
        assert one.queries(context, 20, 3) == same.queries(context, 20, 3)
        assert one.queries(context, 20, 3) != one.queries(context, 20, 4)


def test_a_market_is_the_same_on_every_machine():
    market = sized(*SIZES[0])
    assert market.baskets.products[:12].tolist() == [30, 45, 10, 29, 6, 52, 14, 18, 32, 27, 2, 28]
    assert market.baskets.times[:3].tolist() == [1_750_069_043, 1_750_097_141, 1_750_105_672]
    assert market.shelf.cents[:8].tolist() == [295, 1_622, 1_179, 368, 291, 591, 383, 999]


def test_more_lines_change_nothing_of_the_catalogue():
    one, other = (sized(200, 100, lines, 365) for lines in (500, 2_000))
    assert list(one.catalogue()) == list(other.catalogue())


@pytest.mark.parametrize(("products", "shoppers", "lines", "days"), SIZES)
def test_sizes_are_as_asked(products, shoppers, lines, days):
    market = sized(products, shoppers, lines, days)
    facts = [record.fact for record in market.records()]
    orders = [fact for fact in facts if isinstance(fact, Order)]
    assert sum(isinstance(fact, Product) for fact in facts) == products
    assert sum(len(order.lines) for order in orders) == lines
    assert {order.user_id for order in orders} == {f"shopper-{n}" for n in range(shoppers)}
    assert all(NOW - timedelta(days=days) < order.placed_at <= NOW for order in orders)


@pytest.mark.parametrize(("products", "shoppers", "lines", "days"), SIZES)
def test_every_fact_names_what_was_there_before(products, shoppers, lines, days):
    known: set[str | None] = {None}
    for record in sized(products, shoppers, lines, days).records():
        match record.fact:
            case Product(farm_id=farm):
                assert farm in known
            case Order(lines=bought):
                assert {line.product_id for line in bought} <= known
            case Action(entity_id=entity):
                assert entity in known
        known.add(getattr(record.fact, "id", None))


@pytest.mark.parametrize("size", SIZES)
def test_an_order_holds_no_product_twice_and_none_before_it_was_added(size):
    market = sized(*size)
    created = market.shelf.created.tolist()
    for record in market.orders():
        products = [int(line.product_id.removeprefix("product-")) for line in record.fact.lines]
        assert len(set(products)) == len(products)
        assert all(created[product] <= record.at for product in products)


@pytest.mark.parametrize("size", SIZES)
def test_orders_and_actions_come_by_time(size):
    market = sized(*size)
    for records in (list(market.orders()), list(market.actions())):
        times = [record.at for record in records]
        assert times == sorted(times)
        assert times[-1] <= market.seconds


def test_some_orders_are_a_stretch_of_all(middling):
    everything = list(middling.orders())
    assert list(middling.orders(19_990, 20_050)) == everything[19_990:20_050]
    assert list(middling.orders(len(everything) - 3)) == everything[-3:]
    assert [record.fact.id for record in everything] == [f"order-{n}" for n in range(len(everything))]


def test_fewer_lines_than_shoppers_are_refused():
    with pytest.raises(
        ValueError, match="5 shoppers of whom each bought something need as many lines, not 4"
    ):
        sized(20, 5, 4, 365)


def test_products_are_bought_by_a_power_law(middling):
    bought = np.sort(np.bincount(middling.baskets.products, minlength=5_000))[::-1]
    ranks = np.array([30, 100, 300, 1_000])
    exponent = -np.polyfit(np.log(ranks), np.log(bought[ranks]), 1)[0]
    assert 0.6 < exponent < 1.1
    assert 0.01 < bought[0] / len(middling.baskets.times) < 0.06


def test_baskets_hold_about_four_lines_and_at_most_thirty(middling):
    sizes = middling.baskets.sizes
    assert sizes.mean() == pytest.approx(4, abs=0.1)
    assert 1 < np.median(sizes) < sizes.mean()
    assert sizes.max() <= 30


def test_baskets_have_structure(middling):
    """Pairs are bought together far more often than if each product came by itself."""
    baskets, orders = middling.baskets, len(middling.baskets.times)
    held = [products.tolist() for products in np.split(baskets.products, baskets.starts[1:-1])]
    together = Counter((a, b) for products in held for a in products for b in products if a < b)
    alone = Counter(baskets.products.tolist())
    lifts = [n * orders / (alone[a] * alone[b]) for (a, b), n in together.most_common(200)]
    assert np.median(lifts) > 2


def test_those_who_buy_often_buy_again_what_they_bought(middling):
    baskets = middling.baskets
    who = np.repeat(baskets.shoppers, baskets.sizes).astype(np.int64)
    pairs = (who * 5_000 + baskets.products)[np.bincount(baskets.shoppers)[who] > 10]
    assert 1 - len(np.unique(pairs)) / len(pairs) > 0.15


def test_a_category_sells_more_in_its_season(middling):
    baskets, shelf = middling.baskets, middling.shelf
    months = (baskets.times.astype("datetime64[s]").astype("datetime64[M]").astype(int) % 12 + 1) % 12
    seasons = np.repeat(months // 3, baskets.sizes)
    for season, names in enumerate(SEASONS):
        of_season = np.isin(shelf.categories, [n for n, kind in enumerate(KINDS) if kind.name in names])
        shares = of_season[baskets.products]
        assert shares[seasons == season].mean() > 1.2 * shares[seasons != season].mean()


def test_orders_follow_the_week_and_the_day(middling):
    times = middling.baskets.times
    hours, weekdays = times // 3_600 % 24, (times // 86_400 + 3) % 7
    assert np.mean((hours >= 9) & (hours < 21)) > 0.7
    assert np.mean(weekdays == 5) > 1.5 * np.mean(weekdays == 0)


def test_homes_are_within_20_km_of_a_town_and_most_orders_come_from_there(middling):
    land, people = middling.land, middling.people
    for shopper in range(0, 20_000, 97):
        home = people.latitudes[shopper], people.longitudes[shopper]
        town = people.towns[shopper]
        assert kilometres(home, (land.town_latitudes[town], land.town_longitudes[town])) <= 20
    records = list(islice(middling.orders(), 2_000))
    placed = [record.fact for record in records if record.fact.latitude is not None]
    assert 0.8 < len(placed) / len(records) < 0.9
    for order in placed[:100]:
        shopper = int(order.user_id.removeprefix("shopper-"))
        assert (order.latitude, order.longitude) == (people.latitudes[shopper], people.longitudes[shopper])


def test_the_first_town_is_much_larger_than_the_last(middling):
    towns = np.bincount(middling.people.towns, minlength=40)
    assert len(towns) == 40
    assert towns[0] > 10 * towns[39] > 0


def test_the_catalogue_is_as_mixed_as_a_real_one(middling):
    products = [record.fact for record in middling.catalogue() if isinstance(record.fact, Product)]
    farms = [record.fact for record in middling.catalogue() if isinstance(record.fact, Farm)]

    def share(of):
        return sum(map(of, products)) / len(products)

    assert len(farms) == 5_000 / 40
    assert share(lambda it: it.organic) == pytest.approx(0.3, abs=0.03)
    assert share(lambda it: it.stock == 0) == pytest.approx(0.03, abs=0.01)
    assert share(lambda it: not it.available) == pytest.approx(0.02, abs=0.01)
    assert share(lambda it: it.available_from is not None) == pytest.approx(0.01, abs=0.005)
    assert share(lambda it: it.created_at > NOW - timedelta(days=14)) == pytest.approx(0.02, abs=0.01)
    sizes = Counter(it.category for it in products).most_common()
    assert len(sizes) == len(KINDS)
    assert sizes[0][1] > 10 * sizes[-1][1]


def test_words_hit_from_a_handful_to_many_products(middling):
    naive = NaiveMarket()
    naive.apply(middling.catalogue())
    hits = [len(naive.matching(query, naive.products)) for query in middling.queries(Context.SEARCH, 60)]
    assert min(hits) < 20
    assert max(hits) > 300


def test_prices_paid_are_near_the_price_of_today(middling):
    baskets = middling.baskets
    ratio = baskets.cents / middling.shelf.cents[baskets.products]
    assert 0.8 < ratio.min() < 1 < ratio.max() < 1.2
    assert np.mean(ratio[-10_000:] == 1) > 0.7


def test_every_other_visitor_leaves_a_cart_open_and_is_asked_for():
    market = sized(*SIZES[5])
    naive = NaiveMarket()
    naive.apply(market.catalogue())
    naive.apply(market.actions(10))
    did = [record.fact for record in market.actions(10)]
    buying = {action.user_id for action in did if action.action is UserAction.ADD_TO_CART}
    assert len({action.user_id for action in did}) == 10
    assert len(buying) == 5
    asked = {query.user_id for query in market.queries(Context.CART, 200, shoppers=10)}
    assert asked == buying


def test_visitors_look_search_wish_and_follow():
    did = [record.fact for record in sized(*SIZES[5]).actions()]
    kinds = Counter(action.action for action in did)
    assert kinds.most_common(1)[0][0] is UserAction.VIEW_PRODUCT
    follows = [a for a in did if a.action is UserAction.ADD_TO_WISHLIST and a.entity_type is EntityType.FARM]
    assert follows
    assert all(kinds[kind] for kind in (UserAction.SEARCH, UserAction.VIEW_FARM, UserAction.RATE_FARM))
    assert all(isinstance(action, Action) for action in did)


def test_questions_are_a_real_mix(middling):
    queries = middling.queries(Context.HOME, 3_000)
    strangers = [query for query in queries if query.user_id.startswith("visitor-")]
    placed = [query for query in queries if query.latitude is not None]
    assert len(strangers) / 3_000 == pytest.approx(0.1, abs=0.02)
    assert len(placed) / 3_000 == pytest.approx(1 / 3, abs=0.04)
    towns = set(
        zip(middling.land.town_latitudes.tolist(), middling.land.town_longitudes.tolist(), strict=True)
    )
    assert {(query.latitude, query.longitude) for query in placed} <= towns
    orders = Counter(f"shopper-{shopper}" for shopper in middling.baskets.shoppers.tolist())
    known = [orders[query.user_id] for query in queries if query.user_id in orders]
    assert math.fsum(known) / len(known) > 1.2 * orders.total() / len(orders)


def test_questions_name_what_their_page_needs(middling):
    assert all(query.product_id for query in middling.queries(Context.PRODUCT_DETAIL, 50))
    assert all(query.search_query for query in middling.queries(Context.SEARCH, 50))
    for context in Context:
        assert {query.context for query in middling.queries(context, 50)} == {context}
