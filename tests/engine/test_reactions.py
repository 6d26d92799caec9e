"""Reactions: what an action pushes, and which answer suits the page after it."""

import pytest

from punnet.engine.reactions import Reaction, query_after, reaction
from punnet.market import Context, EntityType, Query, UserAction
from tests.engine.facts import did

HOME, CHECKOUT = Context.HOME, Context.CHECKOUT
PUSHING = {
    UserAction.VIEW_PRODUCT,
    UserAction.ADD_TO_CART,
    UserAction.SEARCH,
    UserAction.FILTER_CATEGORY,
    UserAction.ADD_TO_WISHLIST,
    UserAction.RATE_FARM,
    UserAction.COMPLETE_PURCHASE,
}


def suggestion(query, **known):
    """Return a reaction that suggests something to ann when there is time."""
    about = {"message_type": "PERSONALIZED_SUGGESTION", "urgent": False}
    return Reaction(**{"user_id": "ann", "query": query, **about, **known})


def test_a_view_pushes_eight_products_beside_the_one_seen():
    query = Query(user_id="ann", product_id="leeks", limit=8, context=Context.PRODUCT_DETAIL)
    expected = Reaction(user_id="ann", message_type="RECOMMENDATION_UPDATE", query=query, urgent=True)
    assert reaction(did("ann", "VIEW_PRODUCT", "leeks")) == expected


def test_a_cart_addition_pushes_six_products_for_the_cart():
    query = Query(user_id="ann", limit=6, context=Context.CART)
    expected = Reaction(user_id="ann", message_type="CART_RECOMMENDATION", query=query, urgent=True)
    assert reaction(did("ann", "ADD_TO_CART", "leeks")) == expected


def test_a_search_pushes_ten_products_among_what_was_searched_for():
    query = Query(user_id="ann", limit=10, category="Fruits", search_query="sweet", context=Context.SEARCH)
    search = did("ann", "SEARCH", metadata={"searchQuery": "sweet", "category": "Fruits"})
    assert reaction(search) == suggestion(query)


def test_a_filter_pushes_ten_products_of_its_category():
    query = Query(user_id="ann", limit=10, category="Fruits", search_query="", context=Context.SEARCH)
    assert reaction(did("ann", "FILTER_CATEGORY", "Fruits")) == suggestion(query)


@pytest.mark.parametrize("is_farm", [True, False])
def test_a_wish_pushes_new_arrivals(is_farm):
    expected = suggestion(Query(user_id="ann", limit=10, context=HOME), arrivals_only=True)
    assert reaction(did("ann", "ADD_TO_WISHLIST", "hill", farm=is_farm)) == expected


@pytest.mark.parametrize("rating", [4, 4.0, 4.5, 5])
def test_a_farm_that_is_liked_pushes_new_arrivals(rating):
    expected = suggestion(Query(user_id="ann", limit=10, context=HOME), arrivals_only=True)
    assert reaction(did("ann", "RATE_FARM", "hill", metadata={"rating": rating})) == expected


@pytest.mark.parametrize("rating", [None, 1, 3.9, True, "5", float("nan"), 6, 10**400])
def test_a_farm_that_is_not_liked_pushes_nothing(rating):
    assert reaction(did("ann", "RATE_FARM", "hill", metadata={"rating": rating})) is None
    assert reaction(did("ann", "RATE_FARM", "hill")) is None


def test_a_purchase_pushes_ten_products_at_once():
    expected = suggestion(Query(user_id="ann", limit=10, context=CHECKOUT), urgent=True)
    assert reaction(did("ann", "COMPLETE_PURCHASE", "first", entity_type=EntityType.ORDER)) == expected


@pytest.mark.parametrize("kind", [kind for kind in UserAction if kind not in PUSHING])
def test_other_actions_push_nothing(kind):
    assert reaction(did("ann", kind, "leeks", metadata={"rating": 5, "searchQuery": "leeks"})) is None


@pytest.mark.parametrize(
    ("kind", "context", "product_id"),
    [
        (UserAction.VIEW_PRODUCT, Context.PRODUCT_DETAIL, "leeks"),
        (UserAction.ADD_TO_CART, Context.CART, None),
        (UserAction.REMOVE_FROM_CART, Context.CART, None),
        (UserAction.COMPLETE_PURCHASE, Context.CHECKOUT, None),
        (UserAction.ADD_TO_WISHLIST, Context.HOME, None),
        (UserAction.REMOVE_FROM_WISHLIST, Context.HOME, None),
        (UserAction.VIEW_FARM, Context.HOME, None),
        (UserAction.RATE_FARM, Context.HOME, None),
        (UserAction.RATE_PRODUCT, Context.HOME, None),
        (UserAction.SHARE_PRODUCT, Context.HOME, None),
        (UserAction.VIEW_RECOMMENDATIONS, Context.HOME, None),
        (UserAction.CLICK_RECOMMENDATION, Context.HOME, None),
    ],
)
def test_the_answer_after_an_action_suits_its_page(kind, context, product_id):
    expected = Query(user_id="ann", product_id=product_id, limit=7, context=context)
    assert query_after(did("ann", kind, "leeks"), 7) == expected


def test_after_a_search_the_answer_is_among_what_was_searched_for():
    search = did("ann", "SEARCH", metadata={"searchQuery": "sweet", "category": "Fruits"})
    expected = Query(user_id="ann", limit=3, category="Fruits", search_query="sweet", context=Context.SEARCH)
    assert query_after(search, 3) == expected


def test_after_a_search_by_its_entity_the_words_are_that():
    search = did("ann", "SEARCH", "sweet", entity_type=EntityType.SEARCH)
    expected = Query(user_id="ann", limit=3, search_query="sweet", context=Context.SEARCH)
    assert query_after(search, 3) == expected


def test_after_a_filter_the_answer_is_of_its_category():
    expected = Query(user_id="ann", limit=3, category="Fruits", search_query="", context=Context.SEARCH)
    assert query_after(did("ann", "FILTER_CATEGORY", "Fruits"), 3) == expected


def test_a_view_of_nothing_in_particular_has_no_product():
    query = query_after(did("ann", "VIEW_PRODUCT"), 3)
    assert (query.product_id, query.context) == (None, Context.PRODUCT_DETAIL)
