"""Offers: which algorithms a context asks, and that each is given what the page says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.algorithms.trending import Window
from punnet.core.compiled import Packed
from punnet.engine.answering import Answering
from punnet.engine.index import Index
from punnet.engine.offers import NOTHING, Terms, any_sells, terms, weights
from punnet.engine.question import ask
from punnet.engine.tuning import Tuning
from punnet.market import Algorithm, Context, Query
from tests.builders import Wish, positions, row, shelf_of, wishes
from tests.engine.facts import DAY, NOW, ago, did, farm, index_of, kept_of, order, product, removed

FIVE = {
    Algorithm.COLLABORATIVE: 0.30,
    Algorithm.CONTENT: 0.25,
    Algorithm.TRENDING: 0.15,
    Algorithm.SEASONAL: 0.15,
    Algorithm.BEHAVIOUR: 0.15,
}


def offers(index, query, now, tuning):
    """Return what every algorithm that is asked offers for a query."""
    kept = kept_of(index, tuning)
    question = ask(index, kept, query, now, tuning)
    return Answering(index.catalogue, kept, tuning).offers(question, 2 * query.limit)


def offered(index, algorithm, tuning=None, now=NOW, **known):
    """Return what an algorithm offers for a query of ann, scores and confidences by name."""
    offer = offers(index, Query(**{"user_id": "ann", **known}), now, tuning or Tuning())[algorithm]
    names = [index.catalogue.products[at] for at in offer.products]
    assert len(offer.confidences) == len(names)
    return dict(zip(names, offer.scores.tolist(), strict=True))


def confidences(index, algorithm, **known):
    """Return the confidences of an offer."""
    query = Query(**{"user_id": "ann", **known})
    return set(offers(index, query, NOW, Tuning())[algorithm].confidences.tolist())


@pytest.mark.parametrize(
    ("context", "more"),
    [
        (Context.HOME, {Algorithm.ARRIVALS: 0.10}),
        (Context.PRODUCT_DETAIL, {Algorithm.TOGETHER: 0.15}),
        (Context.CART, {Algorithm.TOGETHER: 0.60}),
        (Context.CHECKOUT, {Algorithm.TOGETHER: 0.60}),
        (Context.SEARCH, {}),
    ],
)
def test_each_context_asks_its_algorithms_in_the_order_of_the_page(context, more):
    assert list(weights(context, Tuning()).items()) == list({**FIVE, **more}.items())


def test_the_weights_are_those_of_the_tuning():
    tuning = Tuning(
        weight_collaborative=1, weight_content=2, weight_trending=3, weight_seasonal=4, weight_behaviour=5,
        weight_together=6, weight_together_cart=7, weight_arrivals=8,
    )  # fmt: skip
    given = [list(weights(context, tuning).values()) for context in Context]
    assert given == [[1, 2, 3, 4, 5, extra] for extra in (8, 6, 7, 7)] + [[1, 2, 3, 4, 5]]


@pytest.mark.parametrize("context", Context)
def test_every_algorithm_that_is_asked_answers_even_in_an_empty_market(context):
    given = offers(Index(), Query(user_id="ann", context=context), NOW, Tuning())
    assert list(given) == list(weights(context, Tuning()))
    assert all(len(offer.products) == 0 for offer in given.values())


@pytest.mark.parametrize("limit", [1, 3])
def test_every_algorithm_offers_at_most_twice_the_limit(limit):
    many = [product(f"p{n}") for n in range(9)]
    index = index_of(farm(), *many)
    assert len(offered(index, Algorithm.SEASONAL, limit=limit)) == 2 * limit
    assert len(offered(index, Algorithm.CONTENT, limit=limit, product_id="p0")) == 2 * limit


SHARED = index_of(
    farm(),
    *[product(name) for name in ("leeks", "kale", "pears", "plums")],
    order("ann", "leeks"),
    order("bob", "leeks", "kale", days=2),
    order("cat", "leeks", "pears", days=1),
)


def test_collaborative_asks_the_neighbours_of_the_shopper():
    assert offered(SHARED, Algorithm.COLLABORATIVE) == {"kale": 0.5, "pears": 0.5}
    assert offered(SHARED, Algorithm.COLLABORATIVE, user_id="stranger") == {}
    assert offered(SHARED, Algorithm.COLLABORATIVE, exclude_ids=("kale",)) == {"pears": 0.5}


def test_collaborative_asks_as_many_neighbours_as_the_tuning_says():
    assert offered(SHARED, Algorithm.COLLABORATIVE, Tuning(neighbours=1)) == {"pears": 1.0}
    assert offered(SHARED, Algorithm.COLLABORATIVE, Tuning(neighbours=0)) == {"kale": 0.5, "pears": 0.5}


ALIKE = index_of(
    farm(),
    farm("dale"),
    product("leeks"),
    product("kale", price=9.0),
    product("pears", category="Fruits", farm_id="dale", price=50.0),
    product("plums", category="Fruits", farm_id="dale", price=50.0, organic=True),
    did("ann", "VIEW_PRODUCT", "pears"),
)


def test_content_starts_from_the_product_on_the_page_and_is_sure():
    assert offered(ALIKE, Algorithm.CONTENT, product_id="leeks") == {"kale": 0.8}
    assert confidences(ALIKE, Algorithm.CONTENT, product_id="leeks") == {1.0}


def test_content_starts_from_what_was_touched_last_and_is_half_sure():
    assert offered(ALIKE, Algorithm.CONTENT) == {"plums": 0.9}
    assert confidences(ALIKE, Algorithm.CONTENT) == {0.5}
    assert offered(ALIKE, Algorithm.CONTENT, user_id="stranger") == {}


def test_content_starts_from_the_product_asked_for_in_any_context():
    assert offered(ALIKE, Algorithm.CONTENT, product_id="leeks", context=Context.HOME) == {"kale": 0.8}
    assert offered(ALIKE, Algorithm.CONTENT, product_id="leeks", context=Context.CART) == {"kale": 0.8}


BUSY = index_of(
    farm(),
    *[product(f"p{n}") for n in range(3)],
    *[order(f"u{n}", "p0", latitude=39.0, longitude=-84.0) for n in range(5)],
    *[order(f"u{n}", "p1", latitude=-33.0, longitude=151.0) for n in range(6)],
    *[order(f"u{n}", "p2", days=3) for n in range(2)],
)


def test_trending_looks_at_the_market():
    expected = {"p1": 1 / 1.1, "p0": 0.5 / 1.1}
    assert offered(BUSY, Algorithm.TRENDING) == pytest.approx(expected)
    assert offered(BUSY, Algorithm.TRENDING, latitude=39.0, longitude=-84.0) == pytest.approx(expected)


def test_trending_looks_at_the_place_when_enough_trends_there():
    tuning = Tuning(trending_min_products=1)
    there = {"latitude": 39.5, "longitude": -84.0}
    assert offered(BUSY, Algorithm.TRENDING, tuning, **there) == pytest.approx({"p0": 1 / 1.1})
    tuning = Tuning(trending_min_products=1, trending_radius_km=50)
    assert list(offered(BUSY, Algorithm.TRENDING, tuning, **there)) == ["p1", "p0"]


@pytest.mark.parametrize(("local", "found"), [(9, 10), (10, 10)])
def test_a_place_with_fewer_than_ten_trending_products_gets_the_market(local, found):
    here = {"latitude": 39.0, "longitude": -84.0}
    index = index_of(
        farm(),
        *[product(f"p{n}") for n in range(12)],
        *[order(f"u{n}", *(f"p{at}" for at in range(local)), **here) for n in range(5)],
        *[order(f"u{n}", "p11") for n in range(5)],
    )
    given = offered(index, Algorithm.TRENDING, **here)
    assert len(given) == found
    assert ("p11" in given) == (local < 10)


def test_trending_counts_the_days_and_orders_of_the_tuning():
    assert list(offered(BUSY, Algorithm.TRENDING, Tuning(trending_min_orders=2))) == ["p1", "p0", "p2"]
    assert list(offered(BUSY, Algorithm.TRENDING, Tuning(trending_min_orders=2, trending_days=2))) == [
        "p1",
        "p0",
    ]
    assert offered(BUSY, Algorithm.TRENDING, now=NOW + 7 * DAY) == {}


SEASONS = index_of(
    farm(),
    product("pears", category="Fruits"),
    product("roots", category="Root Vegetables"),
    product("peas", created_at=ago(3)),
    product("mint", category="mint"),
)


def test_seasonal_offers_what_is_in_season_and_more_of_what_is_new():
    assert offered(SEASONS, Algorithm.SEASONAL) == {"peas": 0.7, "pears": 0.5}
    assert offered(SEASONS, Algorithm.SEASONAL, Tuning(seasonal_new_days=2)) == {"peas": 0.5, "pears": 0.5}
    assert offered(SEASONS, Algorithm.SEASONAL, now=NOW + 182 * DAY) == {"roots": 0.5}


def test_seasonal_looks_at_the_latitude_of_the_request_or_of_the_market():
    assert offered(SEASONS, Algorithm.SEASONAL, latitude=-33.0, longitude=151.0) == {"roots": 0.5}
    assert offered(SEASONS, Algorithm.SEASONAL, Tuning(market_latitude=-33)) == {"roots": 0.5}


def test_seasonal_prefers_the_categories_that_the_shopper_likes():
    index = index_of(
        farm(), product("pears", category="Fruits"), product("peas"), did("ann", "VIEW_PRODUCT", "peas")
    )
    assert offered(index, Algorithm.SEASONAL) == {"peas": 0.8, "pears": 0.5}
    assert offered(index, Algorithm.SEASONAL, user_id="stranger") == {"peas": 0.5, "pears": 0.5}


def test_behaviour_offers_what_suits_and_was_never_bought():
    index = index_of(
        farm(), product("leeks"), product("kale"), product("pears", category="Fruits"), order("ann", "leeks")
    )
    assert offered(index, Algorithm.BEHAVIOUR) == {"kale": 1.0}
    assert confidences(index, Algorithm.BEHAVIOUR) == {0.1}
    assert offered(index, Algorithm.BEHAVIOUR, user_id="stranger") == {}


TOGETHER = index_of(
    farm(),
    *[product(name) for name in ("leeks", "kale", "pears", "plums")],
    *[order("bob", "leeks", "kale") for _ in range(2)],
    *[order("bob", "pears", "plums") for _ in range(2)],
    did("ann", "ADD_TO_CART", "pears"),
)


def test_together_stands_beside_the_product_on_the_page():
    known = {"context": Context.PRODUCT_DETAIL}
    assert offered(TOGETHER, Algorithm.TOGETHER, product_id="leeks", **known) == {"kale": 1.0}
    assert offered(TOGETHER, Algorithm.TOGETHER, **known) == {}


@pytest.mark.parametrize("context", [Context.CART, Context.CHECKOUT])
def test_together_stands_beside_the_whole_cart(context):
    assert offered(TOGETHER, Algorithm.TOGETHER, context=context) == {"plums": 1.0}
    expected = {"kale": 1.0, "plums": 1.0}
    assert offered(TOGETHER, Algorithm.TOGETHER, context=context, product_id="leeks") == expected
    assert offered(TOGETHER, Algorithm.TOGETHER, context=context, user_id="stranger") == {}


def test_arrivals_come_from_the_farms_that_the_shopper_likes():
    index = index_of(
        farm(),
        farm("dale"),
        product("new", created_at=ago(7)),
        product("newest", farm_id="dale", created_at=ago(1)),
        did("ann", "VIEW_FARM", "hill"),
    )
    assert offered(index, Algorithm.ARRIVALS) == {"new": 0.5}
    assert offered(index, Algorithm.ARRIVALS, Tuning(arrivals_days=28)) == {"new": 0.75}
    assert offered(index, Algorithm.ARRIVALS, user_id="stranger") == {}


def test_in_a_search_the_algorithms_choose_among_what_matches():
    known = {"context": Context.SEARCH, "search_query": "roots"}
    assert offered(SEASONS, Algorithm.SEASONAL, **known, now=NOW + 182 * DAY) == {"roots": 0.5}
    assert offered(SEASONS, Algorithm.SEASONAL, **known) == {}


def test_a_product_that_left_is_still_a_source():
    index = index_of(
        farm(), product("leeks"), product("kale"), did("ann", "VIEW_PRODUCT", "leeks"), removed("leeks")
    )
    assert offered(index, Algorithm.CONTENT) == {"kale": 1.0}


def test_what_is_excluded_is_offered_by_nobody():
    for context in Context:
        query = Query(user_id="ann", context=context, exclude_ids=("kale",))
        for offer in offers(SHARED, query, NOW, Tuning()).values():
            assert SHARED.catalogue.products.find("kale") not in offer.products.tolist()


def test_the_terms_are_those_of_the_tuning():
    tuning = Tuning(
        neighbours=7, trending_days=3, trending_min_orders=2, trending_min_products=4,
        seasonal_new_days=5, arrivals_days=6,
    )  # fmt: skip
    assert terms(tuning) == Terms(7, Window(3.0, 2, 4), 5.0, 6.0)
    assert [type(days) for days in (terms(tuning).new_days, terms(tuning).arrivals_days)] == [float, float]


@given(st.lists(st.tuples(st.integers(0, 1), st.booleans()), max_size=6), st.data())
def test_a_search_finds_something_where_any_of_its_matches_may_appear(listed, data):
    wish = data.draw(wishes(len(listed), 2))
    wish = wish._replace(matched=wish.matched or frozenset())
    shelf = shelf_of(*(row(category=category, available=available) for category, available in listed))
    goods = Packed(shelf.goods)
    found = any_sells(goods.address, wish.matches, positions(wish.hidden), wish.category, 0.0)
    assert found == any(
        available and wish.allows(at, category) for at, (category, available) in enumerate(listed)
    )


def test_a_search_without_matches_finds_nothing():
    goods = Packed(shelf_of(row()).goods)
    assert not any_sells(goods.address, NOTHING, NOTHING, -1, 0.0)
    assert any_sells(goods.address, Wish(matched=frozenset({0})).matches, NOTHING, -1, 0.0)
