"""What an action asks for next."""

from typing import Literal

from punnet.engine.actions import search_category, search_words
from punnet.market import Action, Context, Id, Noun, Query, UserAction

ON_VIEW = 8
ON_CART = 6
"""How many recommendations a view and a cart addition push."""


class Reaction(Noun, frozen=True, kw_only=True):
    """An answer to push to a shopper, because of what the shopper did."""

    user_id: Id
    message_type: Literal["RECOMMENDATION_UPDATE", "CART_RECOMMENDATION"]
    query: Query


def query_after(action: Action, limit: int) -> Query:
    """Return the query for the page that the shopper sees after `action`."""
    user_id = action.user_id
    match action.action:
        case UserAction.VIEW_PRODUCT:
            product_id, context = action.entity_id, Context.PRODUCT_DETAIL
            return Query(user_id=user_id, product_id=product_id, limit=limit, context=context)
        case UserAction.ADD_TO_CART | UserAction.REMOVE_FROM_CART:
            return Query(user_id=user_id, limit=limit, context=Context.CART)
        case UserAction.COMPLETE_PURCHASE:
            return Query(user_id=user_id, limit=limit, context=Context.CHECKOUT)
        case UserAction.SEARCH | UserAction.FILTER_CATEGORY:
            category, words = search_category(action), search_words(action)
            return Query(
                user_id=user_id, limit=limit, category=category, search_query=words, context=Context.SEARCH
            )
        case _:
            return Query(user_id=user_id, limit=limit, context=Context.HOME)


def reaction(action: Action) -> Reaction | None:
    """Return what is pushed to the shopper because of `action`, if anything is."""
    match action.action:
        case UserAction.VIEW_PRODUCT:
            query = query_after(action, ON_VIEW)
            return Reaction(user_id=action.user_id, message_type="RECOMMENDATION_UPDATE", query=query)
        case UserAction.ADD_TO_CART:
            query = query_after(action, ON_CART)
            return Reaction(user_id=action.user_id, message_type="CART_RECOMMENDATION", query=query)
        case _:
            return None
