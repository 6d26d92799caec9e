"""Concern: whether an alert still stands, and whom it has to do with."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.engine.alerts import Alert, AlertKind
from punnet.engine.concern import favourite_farms, kinship, price_last_seen, prices_last_seen, stands
from punnet.engine.tuning import Tuning
from punnet.market import UserAction
from tests.engine.facts import (
    DAY,
    NOW,
    ago,
    did,
    farm,
    index_of,
    kept_of,
    order,
    patched,
    product,
    records,
    removed,
    removed_farm,
)

TUNING = Tuning()
SHOP = (farm("hill"), farm("dale"), product("leeks"), product("kale"), product("honey", farm_id="dale"))
NAMES = ("leeks", "kale", "honey")
LEEKS, KALE, HONEY = range(3)
SHOPPERS = ("ann", "bob", "cem")


def is_favourite(index, user_id, product):
    return index.catalogue.shelf.farm[product] in favourite_farms(index, kept_of(index), user_id)


def alert(kind, *, before=3.0, after=2.0, what=LEEKS):
    """Return an alert about leeks that now cost 2.00."""
    return Alert(1, NOW, kind, what, before, after)


def market(*facts):
    """Return the index of the shop in which this happened."""
    return index_of(*SHOP, *facts)


sightings = st.sampled_from(("VIEW_PRODUCT", "ADD_TO_CART", "ADD_TO_WISHLIST"))
overlooked = st.sampled_from(
    ("REMOVE_FROM_CART", "REMOVE_FROM_WISHLIST", "SHARE_PRODUCT", "RATE_PRODUCT", "CLICK_RECOMMENDATION")
)
who, what, when = st.sampled_from(SHOPPERS), st.sampled_from(NAMES), st.integers(0, 20)
deeds = st.one_of(
    st.tuples(st.just("see"), who, sightings, what, when),
    st.tuples(st.just("other"), who, overlooked, what, when),
    st.tuples(
        st.just("buy"), who, st.lists(what, min_size=1, max_size=3, unique=True), when, st.integers(1, 9)
    ),
    st.tuples(st.just("cost"), what, st.integers(1, 9)),
)


def fact_of(deed):
    """Return a deed as the fact that it is."""
    match deed:
        case "see", user_id, action, name, days:
            return did(user_id, action, name, days=days)
        case "other", user_id, action, name, days:
            return did(user_id, action, name, days=days, metadata={"rating": 3})
        case "buy", user_id, names, days, price:
            return order(user_id, *names, days=days, price=float(price))
        case "cost", name, price:
            return patched(name, price=float(price))


def naive_last_seen(deeds, user_id, name):
    """Return the price of the latest of all sightings, a purchase losing a tie."""
    costs, found = dict.fromkeys(NAMES, 2.0), []
    for number, deed in enumerate(deeds):
        match deed:
            case "cost", changed, price:
                costs[changed] = float(price)
            case "see", user, _, seen, days if (user, seen) == (user_id, name):
                found.append((-days, 1, number, costs[name]))
            case "buy", user, bought, days, price if user == user_id and name in bought:
                # Of purchases at one moment the first counts.
                found.append((-days, 0, -number, float(price)))
    return max(found)[-1] if found else None


@given(st.lists(deeds, max_size=25))
def test_the_price_last_seen_is_that_of_the_latest_sighting_or_purchase(deeds):
    index = market(*map(fact_of, deeds))
    for position, name in enumerate(NAMES):
        prices = {user_id: naive_last_seen(deeds, user_id, name) for user_id in (*SHOPPERS, "nobody")}
        assert {user_id: price_last_seen(index, user_id, position) for user_id in prices} == prices
        seen = {user_id: price for user_id, price in prices.items() if price is not None}
        assert prices_last_seen(index, prices, position) == seen


@given(
    st.lists(st.tuples(who, st.lists(what, min_size=1, max_size=3)), max_size=12),
    st.lists(who, max_size=5),
    who,
)
def test_kinship_is_the_share_of_what_one_bought_that_the_other_bought_too(baskets, user_ids, buyer_id):
    index = market(*(order(user_id, *names) for user_id, names in baskets))
    bought = {user_id: set() for user_id in SHOPPERS}
    for user_id, names in baskets:
        bought[user_id].update(names)
    theirs = bought[buyer_id]
    expected = [len(bought[it] & theirs) / max(len(bought[it]), 1) for it in user_ids]
    assert kinship(index, user_ids, buyer_id) == expected


def test_who_is_not_known_shares_nothing_with_anybody():
    index = market(order("ann", "leeks"))
    assert kinship(index, ["nobody", "ann"], "ann") == [0.0, 1.0]
    assert kinship(index, ["ann", "nobody"], "nobody") == [0.0, 0.0]
    assert kinship(index, [], "ann") == []


def test_who_bought_nothing_shares_nothing():
    index = market(order("ann", "leeks"), did("bob", "VIEW_PRODUCT", "leeks"))
    assert kinship(index, ["bob", "ann"], "ann") == [0.0, 1.0]


def test_kinship_is_of_one_and_not_the_same_the_other_way():
    index = market(order("ann", "leeks", "kale"), order("bob", "leeks"))
    assert kinship(index, ["ann"], "bob") == [0.5]
    assert kinship(index, ["bob"], "ann") == [1.0]


def test_who_never_saw_a_product_has_no_price_for_it():
    index = market(did("ann", "VIEW_PRODUCT", "leeks"))
    assert price_last_seen(index, "ann", KALE) is None
    assert price_last_seen(index, "nobody", LEEKS) is None


def test_a_view_reported_late_does_not_hide_a_later_one():
    late = did("ann", "VIEW_PRODUCT", "leeks", days=5)
    index = market(did("ann", "VIEW_PRODUCT", "leeks", days=1), patched("leeks", price=9.0), late)
    assert price_last_seen(index, "ann", LEEKS) == 2.0


def test_the_price_paid_is_the_one_seen_where_a_purchase_was_last():
    index = market(
        did("ann", "VIEW_PRODUCT", "leeks", days=5), order("ann", "kale", "leeks", days=1, price=1.25)
    )
    assert price_last_seen(index, "ann", LEEKS) == 1.25


def test_a_wish_for_a_farm_is_no_sight_of_a_product_of_that_name():
    index = market(product("hill"), did("ann", "ADD_TO_WISHLIST", "hill", farm=True))
    assert price_last_seen(index, "ann", 3) is None


def test_what_was_seen_is_forgotten_with_who_saw_it():
    index = market(did("ann", "VIEW_PRODUCT", "leeks"), order("ann", "kale"))
    index.forget("ann")
    assert price_last_seen(index, "ann", LEEKS) is None
    assert price_last_seen(index, "ann", KALE) is None
    assert kinship(index, ["ann"], "ann") == [0.0]


@pytest.mark.parametrize("kind", list(AlertKind))
@pytest.mark.parametrize(
    ("what_happened", "still"),
    [
        ([], True),
        ([patched("leeks", stock=1)], True),
        ([patched("leeks", stock=0)], False),
        ([patched("leeks", available=False)], False),
        ([patched("leeks", available_until=ago(1))], False),
        ([patched("leeks", available_from=ago(-1))], False),
        ([removed("leeks")], False),
        ([removed_farm("hill")], False),
        ([removed_farm("dale")], True),
    ],
)
def test_an_alert_stands_as_long_as_the_product_can_be_bought(kind, what_happened, still):
    index = index_of(*SHOP, *what_happened, at=NOW - DAY)
    assert stands(index, alert(kind), NOW, TUNING) is still


@pytest.mark.parametrize(("price", "still"), [(1.5, True), (2.0, True), (2.01, False), (3.0, False)])
def test_a_price_drop_stands_until_the_price_is_higher_again(price, still):
    index = index_of(*SHOP, patched("leeks", price=price), at=NOW - DAY)
    assert stands(index, alert(AlertKind.PRICE_DROP), NOW, TUNING) is still


@pytest.mark.parametrize("kind", [AlertKind.STOCK, AlertKind.NEW_ARRIVAL])
def test_the_price_does_not_matter_to_the_other_alerts(kind):
    index = index_of(*SHOP, patched("leeks", price=99.0), at=NOW - DAY)
    assert stands(index, alert(kind), NOW, TUNING)


@pytest.mark.parametrize(
    ("seconds", "still"), [(0, True), (1, True), (14 * DAY - 1, True), (14 * DAY, False)]
)
def test_an_arrival_stands_as_long_as_it_is_new(seconds, still):
    index = index_of(*SHOP, at=NOW - seconds)
    assert stands(index, alert(AlertKind.NEW_ARRIVAL), NOW, TUNING) is still
    assert stands(index, alert(AlertKind.STOCK), NOW, TUNING)


def test_how_long_something_is_new_can_be_set():
    index = index_of(*SHOP, at=NOW - 2 * DAY)
    assert stands(index, alert(AlertKind.NEW_ARRIVAL), NOW, Tuning(arrivals_days=3))
    assert not stands(index, alert(AlertKind.NEW_ARRIVAL), NOW, Tuning(arrivals_days=2))


@pytest.mark.parametrize(
    "deed",
    [
        order("ann", "leeks"),
        did("ann", "VIEW_PRODUCT", "leeks"),
        did("ann", "VIEW_FARM", "hill"),
        did("ann", "ADD_TO_WISHLIST", "leeks"),
        did("ann", "ADD_TO_WISHLIST", "hill", farm=True),
        did("ann", "RATE_FARM", "hill", metadata={"rating": 4}),
    ],
)
def test_a_farm_is_a_favourite_of_who_likes_it(deed):
    index = market(deed)
    assert is_favourite(index, "ann", LEEKS)
    assert is_favourite(index, "ann", KALE)
    assert not is_favourite(index, "ann", HONEY)
    assert not is_favourite(index, "bob", LEEKS)


@pytest.mark.parametrize(
    "deed",
    [
        did("ann", "ADD_TO_CART", "leeks"),
        did("ann", "RATE_FARM", "hill", metadata={"rating": 3}),
        did("ann", UserAction.SEARCH, "vegetables"),
    ],
)
def test_what_says_nothing_of_a_farm_makes_no_favourite(deed):
    index = market(deed)
    assert not is_favourite(index, "ann", LEEKS)


def test_only_the_five_farms_liked_best_are_favourites():
    farms = [farm(f"farm-{number}") for number in range(6)]
    goods = [product(f"good-{number}", farm_id=f"farm-{number}") for number in range(6)]
    views = [did("ann", "VIEW_FARM", f"farm-{number}") for number in range(6) for _ in range(number + 1)]
    index = index_of(*farms, *goods, *views)
    assert [is_favourite(index, "ann", number) for number in range(6)] == [False] + [True] * 5


def test_what_happened_to_an_index_later_counts():
    index = market()
    assert not is_favourite(index, "ann", LEEKS)
    index.apply(records(did("ann", "VIEW_FARM", "hill")))
    assert is_favourite(index, "ann", LEEKS)
