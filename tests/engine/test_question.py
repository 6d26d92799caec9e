"""Questions: a query in positions."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given

from punnet.algorithms import offer
from punnet.algorithms.offer import asked_at
from punnet.algorithms.seasonal import Season
from punnet.core.compiled import Packed, entry
from punnet.core.desk import begin, desk_at
from punnet.core.geo import Place
from punnet.core.shelf import goods_at
from punnet.engine.index import Index
from punnet.engine.question import ask, blank, position_of
from punnet.engine.tuning import Tuning
from punnet.errors import UnknownId
from punnet.market import Context, Query
from punnet.types import Mask
from tests.engine.facts import (
    DAY,
    NOON,
    NOW,
    did,
    farm,
    index_of,
    kept_of,
    order,
    product,
    removed,
    removed_farm,
)
from tests.markets import markets_and_queries
from tests.naive import NaiveMarket

SHOP = index_of(
    farm(),
    product("leeks"),
    product("kale"),
    product("pears", category="Fruits"),
    product("sold out", stock=0),
    product("old"),
    did("ann", "ADD_TO_CART", "pears"),
    did("ann", "ADD_TO_CART", "leeks"),
    order("bob", "kale"),
    removed("old"),
)
LEEKS, KALE, PEARS, SOLD_OUT, OLD = range(5)
CARTS = (Context.CART, Context.CHECKOUT)
OTHERS = tuple(context for context in Context if context not in CARTS)


@entry
def look(goods: int, asked_is_at: int, desk_is_at: int, eligible: Mask, wanted: Mask) -> None:
    """Find for each product whether it may appear, and whether the algorithms may choose it."""
    asked, desk = asked_at(asked_is_at), desk_at(desk_is_at)
    begin(desk)
    offer.mark(goods_at(goods), asked, desk)
    for at in range(len(eligible)):
        eligible[at] = offer.may_appear(goods_at(goods), asked, desk, at)
        wanted[at] = offer.wanted(goods_at(goods), asked, desk, at)


def question_of(query, index, now, tuning=None):
    """Return the question of a query, and what may appear and what is wanted in answer to it."""
    kept = kept_of(index, tuning)
    question = ask(index, kept, query, now, tuning or Tuning())
    at, packed, count = kept.whereabouts(now, None), Packed(question.asked), len(index.catalogue.shelf)
    found = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    look(at.goods, packed.address, at.desk, *found)
    eligible, wanted = (np.flatnonzero(mask).tolist() for mask in found)
    return question, eligible, wanted


def all_of(index=SHOP, tuning=None, now=NOW, **known):
    """Return all of a query, by ann if nothing is said."""
    return question_of(Query(**{"user_id": "ann", **known}), index, now, tuning)


def asked(**known):
    """Return what is asked of the algorithms."""
    return all_of(**known)[0].asked


def eligible(**known):
    """Return the positions of what may appear."""
    return all_of(**known)[1]


def wanted(**known):
    """Return the positions of what the algorithms choose from."""
    return all_of(**known)[2]


@given(markets_and_queries())
def test_what_may_appear_is_that_of_the_naive_market(of_and_query):
    of, query = of_and_query
    index, naive = Index(), NaiveMarket()
    index.apply(of.records)
    naive.apply(of.records)
    if query.product_id is not None and index.catalogue.product(query.product_id) is None:
        with pytest.raises(UnknownId):
            ask(index, kept_of(index), query, of.seconds, Tuning())
        return
    _, eligible, wanted = question_of(query, index, of.seconds)
    names = index.catalogue.products
    assert [names[at] for at in eligible] == naive.appearing(query, of.seconds)
    assert [names[at] for at in wanted] == naive.shelf(query, of.seconds)


def test_without_a_context_it_is_home_or_the_page_of_the_product():
    assert all_of()[0].context is Context.HOME
    assert all_of(product_id="leeks")[0].context is Context.PRODUCT_DETAIL


@pytest.mark.parametrize("context", Context)
def test_a_context_that_is_given_holds(context):
    assert all_of(context=context)[0].context is context
    assert all_of(context=context, product_id="leeks")[0].context is context


def test_a_moment_in_whole_seconds_is_one():
    assert type(asked(now=int(NOW)).now) is float
    assert asked(now=int(NOW)).now == NOW


def test_shopper_and_product_are_positions_and_strangers_are_minus_one():
    question = asked(user_id="bob", product_id="pears")
    assert (question.shopper, question.product) == (1, PEARS)
    question = asked(user_id="stranger")
    assert (question.shopper, question.product) == (-1, -1)


@pytest.mark.parametrize("context", CARTS)
def test_nothing_of_the_cart_may_appear_beside_the_cart(context):
    question, eligible, _ = all_of(context=context)
    assert question.asked.cart.tolist() == [PEARS, LEEKS]
    assert eligible == [KALE]


@pytest.mark.parametrize("context", CARTS)
def test_the_product_asked_for_comes_first_in_the_cart_and_once(context):
    assert asked(context=context, product_id="kale").cart.tolist() == [KALE, PEARS, LEEKS]
    assert asked(context=context, product_id="leeks").cart.tolist() == [LEEKS, PEARS]
    assert asked(context=context, product_id="leeks", user_id="stranger").cart.tolist() == [LEEKS]
    assert asked(context=context, user_id="stranger").cart.tolist() == []


@pytest.mark.parametrize("context", OTHERS)
def test_elsewhere_the_cart_does_not_matter(context):
    question, eligible, _ = all_of(context=context)
    assert question.asked.cart.tolist() == []
    assert eligible == [LEEKS, KALE, PEARS]


@pytest.mark.parametrize("context", OTHERS)
def test_the_product_on_the_page_never_appears(context):
    assert eligible(context=context, product_id="leeks") == [KALE, PEARS]
    assert eligible(context=context, product_id="kale") == [LEEKS, PEARS]


def test_beside_a_product_its_own_companions_are_asked_for():
    known = {"context": Context.PRODUCT_DETAIL}
    assert asked(**known, product_id="kale").cart.tolist() == [KALE]
    assert asked(**known).cart.tolist() == []


def test_the_cart_itself_does_not_change():
    kept = kept_of(SHOP)
    cart = Query(user_id="ann", context=Context.CART)
    ask(SHOP, kept, cart, NOW, Tuning()).asked.cart[:] = 0
    assert ask(SHOP, kept, cart, NOW, Tuning()).asked.cart.tolist() == [PEARS, LEEKS]


def test_only_the_category_asked_for_may_appear():
    assert eligible(category="Fruits") == [PEARS]
    assert eligible(category="Vegetables") == [LEEKS, KALE]
    assert eligible(category="vegetables") == []
    assert eligible(category="Honey") == []


def test_what_is_excluded_does_not_appear_and_an_unknown_id_excludes_nothing():
    assert eligible(exclude_ids=("kale", "ghost", "old", "kale")) == [LEEKS, PEARS]
    assert eligible(exclude_ids=("ghost",)) == [LEEKS, KALE, PEARS]


@pytest.mark.parametrize(
    "known", [{}, {"category": "Vegetables"}, {"exclude_ids": ("a",)}, {"context": Context.CART}]
)
def test_an_empty_market_has_nothing_to_appear(known):
    question, eligible, wanted = all_of(index=Index(), **known)
    assert (eligible, wanted, question.asked.cart.tolist()) == ([], [], [])


def test_the_window_of_a_product_holds_its_beginning_and_not_its_end():
    second = timedelta(seconds=1)
    index = index_of(farm(), product("leeks", available_from=NOON - second, available_until=NOON + second))
    seen = [eligible(index=index, now=NOW + seconds) for seconds in (-1.001, -1, 0, 0.999, 1)]
    assert seen == [[], [0], [0], [0], []]


def test_in_a_search_only_what_matches_is_wanted_while_all_may_appear():
    known = {"context": Context.SEARCH, "search_query": "fruits"}
    assert wanted(**known) == [PEARS]
    assert eligible(**known) == [LEEKS, KALE, PEARS]


@pytest.mark.parametrize("search", ["nothing", "sold", "old", "", None])
def test_a_search_that_matches_nothing_eligible_wants_all(search):
    assert wanted(context=Context.SEARCH, search_query=search) == [LEEKS, KALE, PEARS]


def test_a_search_stays_within_category_and_exclusions():
    known = {"context": Context.SEARCH, "search_query": "vegetables"}
    assert wanted(**known, exclude_ids=("leeks",)) == [KALE]
    assert wanted(**known, category="Fruits") == [PEARS]


@pytest.mark.parametrize("context", [context for context in Context if context is not Context.SEARCH])
def test_words_count_in_a_search_only(context):
    assert wanted(context=context, search_query="fruits", user_id="bob") == [LEEKS, KALE, PEARS]


def test_the_place_is_that_of_the_request_with_the_radius_of_the_tuning():
    tuning = Tuning(trending_radius_km=5)
    assert all_of(latitude=39.0, longitude=-84.0, tuning=tuning)[0].place == Place(39.0, -84.0, 5.0)
    place = all_of(latitude=0, longitude=0)[0].place
    assert place == Place(0.0, 0.0, 80.0)
    assert {type(part) for part in place} == {float}


def test_without_a_place_there_is_none():
    assert all_of()[0].place is None


def in_season(**known):
    return asked(**known).in_season.tolist()


def test_the_season_is_that_of_the_place_else_that_of_the_market():
    vegetables_and_fruits = [name in Season.SUMMER.value for name in ("Vegetables", "Fruits")]
    assert in_season() == in_season(latitude=39.0, longitude=0.0) == vegetables_and_fruits == [True, True]
    south = Tuning(market_latitude=-30)
    assert in_season(tuning=south) == in_season(latitude=-33.0, longitude=151.0) == [False, False]
    assert in_season(tuning=south, latitude=39.0, longitude=0.0) == [True, True]
    assert in_season(now=NOW + 182 * DAY) == [False, False]


def test_what_the_shopper_did_is_asked_along():
    kept = kept_of(SHOP)
    question = ask(SHOP, kept, Query(user_id="ann"), NOW, Tuning()).asked
    assert question.handled.tolist() == [PEARS, LEEKS]
    assert question.signals is kept.sketch_of(0).signals
    assert question.handled_at is kept.sketch_of(0).handled_at


def test_a_blank_question_asks_about_a_shopper_alone():
    question = blank(kept_of(SHOP), 0, int(NOW))
    assert (question.now, question.shopper, question.product, question.category) == (NOW, 0, -1, -1)
    assert (question.searching, question.handled.tolist()) == (False, [PEARS, LEEKS])
    assert [len(part) for part in (question.matches, question.cart, question.banned)] == [0, 0, 0]
    assert type(question.now) is float


def test_a_blank_question_may_ask_for_the_companions_of_a_product():
    question = blank(kept_of(SHOP), -1, NOW, KALE)
    assert (question.cart.tolist(), question.product, question.handled.tolist()) == ([KALE], -1, [])


@pytest.mark.parametrize("product_id", ["ghost", "old", "hill"])
def test_an_unknown_product_is_named(product_id):
    with pytest.raises(UnknownId) as caught:
        asked(product_id=product_id)
    assert (caught.value.field, caught.value.value) == ("productId", product_id)
    assert caught.value.message == f'productId "{product_id}" is not in the catalogue.'
    assert caught.value.allowed == "the id of a product of the catalogue"


def test_a_product_that_is_not_on_sale_has_its_page_all_the_same():
    assert asked(product_id="sold out").product == SOLD_OUT
    index = index_of(farm(), product("leeks"), removed_farm())
    assert asked(index=index, product_id="leeks").product == 0


def test_no_product_has_no_position():
    assert (position_of(SHOP, None), position_of(SHOP, "kale")) == (-1, KALE)
