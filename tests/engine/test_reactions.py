"""Reactions: what an action pushes, and which answer suits the page after it."""

import pytest

from punnet.engine.reactions import Reaction, query_after, reaction
from punnet.market import Context, EntityType, Query, UserAction
from tests.engine.facts import did

SILENT = [kind for kind in UserAction if kind not in (UserAction.VIEW_PRODUCT, UserAction.ADD_TO_CART)]


def test_a_view_pushes_eight_products_beside_the_one_seen():
    query = Query(user_id="ann", product_id="leeks", limit=8, context=Context.PRODUCT_DETAIL)
    expected = Reaction(user_id="ann", message_type="RECOMMENDATION_UPDATE", query=query)
    assert reaction(did("ann", "VIEW_PRODUCT", "leeks")) == expected


def test_a_cart_addition_pushes_six_products_for_the_cart():
    query = Query(user_id="ann", limit=6, context=Context.CART)
    expected = Reaction(user_id="ann", message_type="CART_RECOMMENDATION", query=query)
    assert reaction(did("ann", "ADD_TO_CART", "leeks")) == expected


@pytest.mark.parametrize("kind", SILENT)
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
