"""Questions: a query in positions and masks."""

from datetime import timedelta

import pytest
from hypothesis import given

from punnet.algorithms.trending import Place
from punnet.engine.index import Index
from punnet.engine.question import ask, position_of
from punnet.engine.tuning import Tuning
from punnet.errors import UnknownId
from punnet.market import Context, Query
from tests.engine.facts import NOON, NOW, did, farm, index_of, order, product, removed, removed_farm
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


def asked(index=SHOP, tuning=None, now=NOW, **known):
    """Return the question of a query, by ann if nothing is said."""
    return ask(index, Query(**{"user_id": "ann", **known}), now, tuning or Tuning())


def eligible(**known):
    """Return the positions of what may appear."""
    return asked(**known).eligible.nonzero()[0].tolist()


def wanted(**known):
    """Return the positions of what the algorithms choose from."""
    return asked(**known).wanted.nonzero()[0].tolist()


@given(markets_and_queries())
def test_what_may_appear_is_that_of_the_naive_market(of_and_query):
    of, query = of_and_query
    index, naive = Index(), NaiveMarket()
    index.apply(of.records)
    naive.apply(of.records)
    if query.product_id is not None and index.catalogue.product(query.product_id) is None:
        with pytest.raises(UnknownId):
            ask(index, query, of.seconds, Tuning())
        return
    question = ask(index, query, of.seconds, Tuning())
    names = index.catalogue.products
    assert [names[at] for at in question.eligible.nonzero()[0]] == naive.appearing(query, of.seconds)
    assert [names[at] for at in question.wanted.nonzero()[0]] == naive.shelf(query, of.seconds)


def test_without_a_context_it_is_home_or_the_page_of_the_product():
    assert asked().context is Context.HOME
    assert asked(product_id="leeks").context is Context.PRODUCT_DETAIL


@pytest.mark.parametrize("context", Context)
def test_a_context_that_is_given_holds(context):
    assert asked(context=context).context is context
    assert asked(context=context, product_id="leeks").context is context


def test_an_algorithm_offers_twice_the_limit():
    question = asked(limit=7)
    assert (question.limit, question.k, question.now) == (7, 14, NOW)


def test_shopper_and_product_are_positions_and_strangers_are_minus_one():
    question = asked(user_id="bob", product_id="pears")
    assert (question.shopper, question.product) == (1, PEARS)
    question = asked(user_id="stranger")
    assert (question.shopper, question.product) == (-1, -1)


@pytest.mark.parametrize("context", CARTS)
def test_nothing_of_the_cart_may_appear_beside_the_cart(context):
    question = asked(context=context)
    assert question.cart.tolist() == [PEARS, LEEKS]
    assert question.eligible.nonzero()[0].tolist() == [KALE]


@pytest.mark.parametrize("context", CARTS)
def test_the_product_asked_for_comes_first_in_the_cart_and_once(context):
    assert asked(context=context, product_id="kale").cart.tolist() == [KALE, PEARS, LEEKS]
    assert asked(context=context, product_id="leeks").cart.tolist() == [LEEKS, PEARS]
    assert asked(context=context, product_id="leeks", user_id="stranger").cart.tolist() == [LEEKS]
    assert asked(context=context, user_id="stranger").cart.tolist() == []


@pytest.mark.parametrize("context", OTHERS)
def test_elsewhere_the_cart_does_not_matter(context):
    question = asked(context=context)
    assert question.cart.tolist() == []
    assert question.eligible.nonzero()[0].tolist() == [LEEKS, KALE, PEARS]


@pytest.mark.parametrize("context", OTHERS)
def test_the_product_on_the_page_never_appears(context):
    assert eligible(context=context, product_id="leeks") == [KALE, PEARS]
    assert eligible(context=context, product_id="kale") == [LEEKS, PEARS]


def test_the_cart_itself_does_not_change():
    asked(context=Context.CART, product_id="kale").cart[:] = 0
    assert asked(context=Context.CART).cart.tolist() == [PEARS, LEEKS]


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
    question = asked(index=Index(), **known)
    assert (question.eligible.tolist(), question.wanted.tolist(), question.cart.tolist()) == ([], [], [])


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
    question = asked(latitude=39.0, longitude=-84.0, tuning=Tuning(trending_radius_km=5, market_latitude=-30))
    assert (question.place, question.latitude) == (Place(39.0, -84.0, 5), 39.0)
    assert asked(latitude=0.0, longitude=0.0).place == Place(0.0, 0.0, 80)


def test_without_a_place_the_latitude_is_that_of_the_market():
    question = asked(tuning=Tuning(market_latitude=-30))
    assert (question.place, question.latitude) == (None, -30)


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
