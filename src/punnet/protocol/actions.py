"""What an action must bring with it, and the order that a purchase brings itself."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from punnet.market import (
    Action,
    Address,
    EntityType,
    Id,
    Limit,
    Name,
    Noun,
    Order,
    OrderLine,
    UserAction,
    Words,
)
from punnet.protocol import codec, refusal
from punnet.protocol.messages import ActionDetails, PageOrContext

DEEPEST_METADATA = 32
"""Levels of lists and objects that metadata may nest."""

ENTITIES: dict[UserAction, tuple[EntityType, ...]] = {
    UserAction.VIEW_PRODUCT: (EntityType.PRODUCT,),
    UserAction.VIEW_FARM: (EntityType.FARM,),
    UserAction.ADD_TO_CART: (EntityType.PRODUCT,),
    UserAction.REMOVE_FROM_CART: (EntityType.PRODUCT,),
    UserAction.ADD_TO_WISHLIST: (EntityType.PRODUCT, EntityType.FARM),
    UserAction.REMOVE_FROM_WISHLIST: (EntityType.PRODUCT, EntityType.FARM),
    UserAction.SEARCH: (EntityType.SEARCH,),
    UserAction.FILTER_CATEGORY: (EntityType.SEARCH,),
    UserAction.COMPLETE_PURCHASE: (EntityType.ORDER,),
    UserAction.RATE_PRODUCT: (EntityType.PRODUCT,),
    UserAction.RATE_FARM: (EntityType.FARM,),
    UserAction.SHARE_PRODUCT: (EntityType.PRODUCT,),
    UserAction.VIEW_RECOMMENDATIONS: (EntityType.PRODUCT,),
    UserAction.CLICK_RECOMMENDATION: (EntityType.PRODUCT,),
}
"""What each action may be about; the first is meant when it does not say."""

_WITHOUT_ENTITY = {
    UserAction.SEARCH,
    UserAction.FILTER_CATEGORY,
    UserAction.COMPLETE_PURCHASE,
    UserAction.VIEW_RECOMMENDATIONS,
}


class PostedAction(ActionDetails, frozen=True, kw_only=True):
    """An action as POST /api/recommendations and POST /api/events take it.

    `eventId` is assigned when it is left out. `getRecommendations`, `limit` and `context` say which answer
    comes back; in bulk none does.
    """

    user_id: Id
    action: UserAction
    get_recommendations: bool = False
    limit: Limit = 10
    context: PageOrContext | None = None


class Tracked(Noun, frozen=True, kw_only=True):
    """An action that brings what it needs, and the order that it records, if it does."""

    action: Action
    order: Order | None = None


class SearchNotes(msgspec.Struct, frozen=True, rename="camel"):
    """What a search says in its metadata."""

    search_query: Words | None = None
    category: Name | None = None


class RatingNotes(msgspec.Struct, frozen=True, rename="camel"):
    """What a rating says in its metadata."""

    rating: Annotated[float, Meta(ge=1, le=5)]


class PurchaseNotes(msgspec.Struct, frozen=True, rename="camel"):
    """What a purchase says in its metadata: what was bought, and where thanks for it go."""

    email: Address | None = None
    items: Annotated[tuple[OrderLine, ...], Meta(min_length=1, max_length=1000)] | None = None


class ShownNotes(msgspec.Struct, frozen=True, rename="camel"):
    """What a view of recommendations says in its metadata."""

    product_ids: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=100)] | None = None


def tracked(action: Action, now: float, *, place: str = "") -> Tracked:
    """Return the action with all that follows from it, or raise Refused.

    Its entity type is filled in, the words of a search stand in `metadata.searchQuery`, and a purchase that
    carries its items becomes an order, placed at the action's own time or `now`. `place` stands before the
    names of fields.
    """
    _shallow(action.metadata, place)
    action = _about_something(action, place)
    follow = _FOLLOWING.get(action.action)
    return Tracked(action=action) if follow is None else follow(action, now, place)


def _about_something(action: Action, place: str) -> Action:
    kinds = ENTITIES[action.action]
    if action.entity_type is not None and action.entity_type not in kinds:
        raise refusal.refuse(
            f"{place}entityType", str(action.entity_type), f"{' or '.join(kinds)} in {action.action}"
        )
    if action.entity_id is None:
        if action.action not in _WITHOUT_ENTITY:
            raise refusal.missing(f"{place}entityId", f"the id of a {' or a '.join(kinds).lower()}")
        return action
    if action.entity_type is not None:
        return action
    return msgspec.structs.replace(action, entity_type=kinds[0])


def _searched(action: Action, _: float, place: str) -> Tracked:
    notes = codec.convert(action.metadata, SearchNotes, place=f"{place}metadata.")
    if notes.search_query is None and notes.category is None and action.entity_id is None:
        field = "searchQuery" if action.action is UserAction.SEARCH else "category"
        raise refusal.missing(f"{place}metadata.{field}", "a text, in metadata or as entityId")
    if action.action is UserAction.SEARCH and notes.search_query is None and action.entity_id is not None:
        metadata = {**action.metadata, "searchQuery": action.entity_id}
        return Tracked(action=msgspec.structs.replace(action, metadata=metadata))
    return Tracked(action=action)


def _rated(action: Action, _: float, place: str) -> Tracked:
    codec.convert(action.metadata, RatingNotes, place=f"{place}metadata.")
    return Tracked(action=action)


def _shown(action: Action, _: float, place: str) -> Tracked:
    codec.convert(action.metadata, ShownNotes, place=f"{place}metadata.")
    return Tracked(action=action)


def _purchased(action: Action, now: float, place: str) -> Tracked:
    items = codec.convert(action.metadata, PurchaseNotes, place=f"{place}metadata.").items
    if items is None:
        if action.entity_id is None:
            raise refusal.missing(
                f"{place}entityId", "the id of a posted order, unless metadata.items has its lines"
            )
        return Tracked(action=action)
    order_id = action.entity_id or f"order-of-{action.event_id}"
    if len(order_id) > 128:
        raise refusal.refuse(
            f"{place}eventId", action.event_id, "at most 119 characters, or entityId names the order"
        )
    order = Order(
        id=order_id,
        user_id=action.user_id,
        placed_at=action.timestamp or datetime.fromtimestamp(now, UTC),
        lines=items,
    )
    return Tracked(
        action=msgspec.structs.replace(action, entity_id=order_id, entity_type=EntityType.ORDER), order=order
    )


_FOLLOWING: dict[UserAction, Callable[[Action, float, str], Tracked]] = {
    UserAction.SEARCH: _searched,
    UserAction.FILTER_CATEGORY: _searched,
    UserAction.RATE_PRODUCT: _rated,
    UserAction.RATE_FARM: _rated,
    UserAction.VIEW_RECOMMENDATIONS: _shown,
    UserAction.COMPLETE_PURCHASE: _purchased,
}
"""What follows from an action, where it depends on its metadata."""


def _shallow(metadata: dict[str, object], place: str) -> None:
    """Refuse metadata so deep that writing it down again could fail."""
    level: list[object] = [value for value in metadata.values() if isinstance(value, dict | list)]
    if not level:
        return
    level = [metadata]
    for _ in range(DEEPEST_METADATA):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return
    raise refusal.refuse(f"{place}metadata", metadata, f"nested at most {DEEPEST_METADATA} levels deep")


def _inside(outer: object) -> Iterable[object]:
    if isinstance(outer, dict):
        return outer.values()
    return outer if isinstance(outer, list) else ()
