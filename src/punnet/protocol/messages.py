"""The messages of a stream, both ways, and the numbers that order them."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from punnet.errors import PunnetError, Refused, Unavailable
from punnet.market import (
    Action,
    Answer,
    Context,
    EntityType,
    Id,
    Moment,
    Name,
    Noun,
    Query,
    UserAction,
    Wanted,
    Words,
)
from punnet.protocol import codec
from punnet.protocol.refusal import shown

LARGEST_FRAME = 16 * 1024
"""Bytes of the largest frame a client may send."""


class Topic(StrEnum):
    """What a client can subscribe to."""

    PRICE_DROPS = "price_drops"
    STOCK_ALERTS = "stock_alerts"
    TRENDING = "trending"
    NEW_ARRIVALS = "new_arrivals"
    PERSONALIZED = "personalized"


class ClientType(StrEnum):
    """What a client may say."""

    SUBSCRIBE = "SUBSCRIBE"
    UNSUBSCRIBE = "UNSUBSCRIBE"
    USER_ACTION = "USER_ACTION"
    REQUEST_RECOMMENDATIONS = "REQUEST_RECOMMENDATIONS"
    HEARTBEAT = "HEARTBEAT"


class ServerType(StrEnum):
    """What the server says."""

    CONNECTION_ACK = "CONNECTION_ACK"
    SUBSCRIBED = "SUBSCRIBED"
    UNSUBSCRIBED = "UNSUBSCRIBED"
    ACTION_ACK = "ACTION_ACK"
    HEARTBEAT = "HEARTBEAT"
    ERROR = "ERROR"
    RECOMMENDATION_UPDATE = "RECOMMENDATION_UPDATE"
    PRICE_DROP_ALERT = "PRICE_DROP_ALERT"
    STOCK_ALERT = "STOCK_ALERT"
    TRENDING_UPDATE = "TRENDING_UPDATE"
    NEW_ARRIVAL_ALERT = "NEW_ARRIVAL_ALERT"
    CART_RECOMMENDATION = "CART_RECOMMENDATION"
    PERSONALIZED_SUGGESTION = "PERSONALIZED_SUGGESTION"


class ClientMessage(Noun, frozen=True, kw_only=True):
    """One frame of a client. Its `requestId` comes back in the answer."""

    type: ClientType
    payload: dict[str, object] | None = None
    request_id: Id | None = None
    timestamp: Moment | None = None
    message_id: Id | None = None


class TopicsPayload(Noun, frozen=True, kw_only=True):
    """The topics that SUBSCRIBE adds and UNSUBSCRIBE takes away."""

    topics: Annotated[tuple[Topic, ...], Meta(min_length=1, max_length=20)]


class ActionDetails(Noun, frozen=True, kw_only=True):
    """What an action may say beside who did what; `eventId` is assigned when it is left out."""

    entity_id: Id | None = None
    entity_type: EntityType | None = None
    metadata: dict[str, object] | None = None
    timestamp: Moment | None = None
    event_id: Id | None = None

    def by(self, user_id: str, action: UserAction, event_id: str) -> Action:
        """Return it as an Action of the shopper, under `event_id` unless it brought its own."""
        return Action(
            event_id=self.event_id or event_id,
            user_id=user_id,
            action=action,
            entity_id=self.entity_id,
            entity_type=self.entity_type,
            metadata=self.metadata or {},
            timestamp=self.timestamp,
        )


class ActionPayload(ActionDetails, frozen=True, kw_only=True):
    """An action as USER_ACTION carries it: `type` is what the shopper did."""

    type: UserAction


class Page(Noun, frozen=True, kw_only=True):
    """A context in words: the kind of page, and what is on it."""

    page_type: Context | None = None
    product_id: Id | None = None
    category: Name | None = None
    search_query: Words | None = None


PageOrContext: TypeAlias = Page | Context


def on_page(query: Query, context: PageOrContext | None) -> Query:
    """Return the query with everything that `context` names put in its place."""
    if isinstance(context, Page):
        named = {
            "context": context.page_type,
            "product_id": context.product_id,
            "category": context.category,
            "search_query": context.search_query,
        }
    else:
        named = {"context": context}
    changes = {field: value for field, value in named.items() if value is not None}
    return msgspec.structs.replace(query, **changes) if changes else query


class QueryPayload(Wanted, frozen=True, kw_only=True):
    """What REQUEST_RECOMMENDATIONS asks for: a Query without the user."""

    context: PageOrContext | None = None

    def query(self, user_id: str) -> Query:
        """Return it as the Query of the shopper."""
        wanted = {name: getattr(self, name) for name in Wanted.__struct_fields__}
        return on_page(Query(user_id=user_id, **wanted), self.context)


class ConnectionAck(Noun, frozen=True, kw_only=True):
    """The first message of a connection; `heartbeatInterval` is in milliseconds."""

    server_time: Moment
    user_id: Id
    topics: tuple[Topic, ...]
    epoch: str
    heartbeat_interval: int


class Subscriptions(Noun, frozen=True, kw_only=True):
    """The topics a connection now has."""

    topics: tuple[Topic, ...]


class ActionAck(Noun, frozen=True, kw_only=True):
    """An action is durable; `duplicate` when it already was."""

    event_id: Id
    duplicate: bool


class Heartbeat(Noun, frozen=True, kw_only=True):
    """A sign of life."""

    server_time: Moment


class ErrorPayload(Noun, frozen=True, kw_only=True, omit_defaults=True):
    """Why a frame was not accepted. The connection lives on."""

    error: str
    code: str
    field: str | None = None
    value: str | float | bool | None = None
    allowed: str | None = None


class ServerMessage(Noun, frozen=True, kw_only=True):
    """One frame of the server. `messageId` is `epoch:offset`, and a later one has a higher offset."""

    type: ServerType
    payload: object
    timestamp: Moment
    message_id: str
    request_id: Id | UnsetType = UNSET


def error_payload(error: PunnetError) -> ErrorPayload:
    """Return an error as it is told to a client."""
    if not isinstance(error, Refused):
        code = "UNAVAILABLE" if isinstance(error, Unavailable) else "INTERNAL_ERROR"
        return ErrorPayload(error=str(error), code=code)
    return ErrorPayload(
        error=error.message,
        code=error.code,
        field=error.field,
        value=shown(error.value),
        allowed=error.allowed,
    )


Payload: TypeAlias = ConnectionAck | Subscriptions | ActionAck | Heartbeat | ErrorPayload | Answer


class Frames:
    """Makes the frames of one server, each with the next `messageId`."""

    def __init__(self, epoch: str) -> None:
        self.epoch = epoch
        self._offset = 0

    def frame(self, kind: ServerType, payload: Payload, now: float, request_id: str | None = None) -> bytes:
        """Return the message as one JSON text."""
        self._offset += 1
        message = ServerMessage(
            type=kind,
            payload=payload,
            timestamp=datetime.fromtimestamp(now, UTC),
            message_id=f"{self.epoch}:{self._offset}",
            request_id=request_id or UNSET,
        )
        return codec.write(message)
