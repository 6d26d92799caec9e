"""What an action asks for next."""

from typing import Literal, TypeAlias

from punnet.engine.actions import rating_of, search_category, search_words
from punnet.engine.profile import LIKES_FROM
from punnet.market import Action, Context, Id, Noun, Query, UserAction

ON_VIEW = 8
ON_CART = 6
ON_OTHERS = 10
"""How many recommendations a view, a cart addition and everything else push."""

URGENT = frozenset({UserAction.VIEW_PRODUCT, UserAction.ADD_TO_CART, UserAction.COMPLETE_PURCHASE})
"""What a shopper expects an answer to at once."""

MessageType: TypeAlias = Literal["RECOMMENDATION_UPDATE", "CART_RECOMMENDATION", "PERSONALIZED_SUGGESTION"]


class Reaction(Noun, frozen=True, kw_only=True):
    """An answer to push to a shopper, because of what the shopper did; one that is not `urgent` may wait.

    With `arrivals_only` it is the new arrivals of the shopper's favourite farms and nothing else.
    """

    user_id: Id
    message_type: MessageType
    query: Query
    urgent: bool
    arrivals_only: bool = False


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
            return _push(action, "RECOMMENDATION_UPDATE", ON_VIEW)
        case UserAction.ADD_TO_CART:
            return _push(action, "CART_RECOMMENDATION", ON_CART)
        case UserAction.SEARCH | UserAction.FILTER_CATEGORY | UserAction.COMPLETE_PURCHASE:
            return _push(action, "PERSONALIZED_SUGGESTION", ON_OTHERS)
        case UserAction.ADD_TO_WISHLIST:
            return _push(action, "PERSONALIZED_SUGGESTION", ON_OTHERS, arrivals_only=True)
        case UserAction.RATE_FARM if (rating_of(action) or 0) >= LIKES_FROM:
            return _push(action, "PERSONALIZED_SUGGESTION", ON_OTHERS, arrivals_only=True)
        case _:
            return None


def _push(action: Action, message_type: MessageType, limit: int, *, arrivals_only: bool = False) -> Reaction:
    return Reaction(
        user_id=action.user_id,
        message_type=message_type,
        query=query_after(action, limit),
        urgent=action.action in URGENT,
        arrivals_only=arrivals_only,
    )
