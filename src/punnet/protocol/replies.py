"""What calls are answered with where that is no noun of the market itself."""

from enum import StrEnum
from typing import Literal

from msgspec import UNSET, UnsetType

from punnet.market import (
    Action,
    Answer,
    EntityType,
    Id,
    ListedProduct,
    Moment,
    Noun,
    Order,
    Recommendation,
    ShopperProfile,
)
from punnet.protocol.envelope import Error


class Listing(Noun, frozen=True, kw_only=True):
    """Products, the one added first first; `next` is the `after` of the next page, if there is one."""

    products: tuple[ListedProduct, ...]
    next: Id | None


class Removed(Noun, frozen=True, kw_only=True):
    """What is no longer in the catalogue."""

    id: Id
    entity_type: EntityType


class Outcome(StrEnum):
    """What became of a line."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


class LineReport(Noun, frozen=True, kw_only=True):
    """What became of one line; lines and elements count from 1."""

    line: int
    outcome: Outcome
    id: Id | UnsetType = UNSET
    error: Error | UnsetType = UNSET


class BulkReport(Noun, frozen=True, kw_only=True):
    """What became of a bulk call."""

    accepted: int
    duplicate: int
    refused: int
    lines: tuple[LineReport, ...]


class PostedOrder(Order, frozen=True, kw_only=True):
    """An order, and whether it was posted before."""

    duplicate: bool


class Processed(Noun, frozen=True, kw_only=True):
    """An action is durable; `duplicate` when it already was. The answer is there when it was asked for."""

    event_processed: bool
    event_id: Id
    duplicate: bool
    recommendations: Answer | UnsetType = UNSET


class Together(Noun, frozen=True, kw_only=True):
    """What is bought together with a product."""

    product_id: Id
    recommendations: tuple[Recommendation, ...]
    count: int


class KeptOrder(Order, frozen=True, kw_only=True):
    """An order, and when the server took it in."""

    recorded_at: Moment


class KeptAction(Action, frozen=True, kw_only=True):
    """An action, and when the server took it in."""

    recorded_at: Moment


class PersonalData(Noun, frozen=True, kw_only=True):
    """All that is kept of a shopper; orders and actions in the order they were taken in.

    `profile` is what was learned from them.
    """

    user_id: Id
    profile: ShopperProfile | None
    orders: tuple[KeptOrder, ...]
    actions: tuple[KeptAction, ...]


class Erasure(Noun, frozen=True, kw_only=True):
    """How many orders and actions of a shopper were erased."""

    user_id: Id
    erased: int


class RecentAction(KeptAction, frozen=True, kw_only=True):
    """An action that was taken in a moment ago; later ones have a higher `position`.

    One that is `debounced` came too quickly after the same one to be reacted to.
    """

    position: int
    debounced: bool


class RecentActions(Noun, frozen=True, kw_only=True):
    """Actions in the order they were taken in; what comes next comes `after` the position `last`."""

    actions: tuple[RecentAction, ...]
    last: int


class Cleared(Noun, frozen=True, kw_only=True):
    """How many reactions and calls of handlers were dropped before they were made."""

    dropped: int


class Live(Noun, frozen=True, kw_only=True):
    """The process answers."""

    status: Literal["LIVE"] = "LIVE"


class Ready(Noun, frozen=True, kw_only=True):
    """The journal was read, and facts are taken in."""

    status: Literal["READY"] = "READY"
