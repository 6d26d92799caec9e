"""The messages of a stream, both ways, and the numbers that order them."""

from enum import StrEnum
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from punnet.errors import PunnetError, Refused, Unavailable
from punnet.market import (
    Action,
    Answer,
    Context,
    EntityType,
    Id,
    Latitude,
    ListedProduct,
    Longitude,
    Moment,
    Name,
    Noun,
    Price,
    Query,
    Stock,
    UserAction,
    Wanted,
    Words,
    both_or_neither,
)
from punnet.protocol.discretion import HIDDEN, discreet, is_secret
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


LONGEST_TOKEN = 8_192
"""Characters of the longest token that is looked at."""


class ClientType(StrEnum):
    """What a client may say."""

    SUBSCRIBE = "SUBSCRIBE"
    UNSUBSCRIBE = "UNSUBSCRIBE"
    USER_ACTION = "USER_ACTION"
    REQUEST_RECOMMENDATIONS = "REQUEST_RECOMMENDATIONS"
    AUTHENTICATE = "AUTHENTICATE"
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


Ids: TypeAlias = Annotated[tuple[Id, ...], Meta(min_length=1, max_length=100)]
Names: TypeAlias = Annotated[tuple[Name, ...], Meta(min_length=1, max_length=100)]
Topics: TypeAlias = Annotated[tuple[Topic, ...], Meta(min_length=1, max_length=20)]


class Relevance(StrEnum):
    """Which products a shopper has to do with."""

    MINE = "mine"


class Filter(Noun, frozen=True, kw_only=True):
    """Which alerts come: those that fit all that is given, and of each list any of its members.

    `relevance` "mine" are the products that the shopper viewed, put in the cart, wished for or bought.
    """

    product_ids: Ids | None = None
    farm_ids: Ids | None = None
    categories: Names | None = None
    relevance: Relevance | None = None


class SubscribePayload(Noun, frozen=True, kw_only=True):
    """The topics that SUBSCRIBE adds; the same one again takes the place of what it was.

    `filter` narrows the alerts of these topics. With a place, trends are those near it, and the shopper's own
    list is made for there.
    """

    topics: Topics
    filter: Filter | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        both_or_neither(self.latitude, self.longitude)


class UnsubscribePayload(Noun, frozen=True, kw_only=True):
    """The topics that UNSUBSCRIBE takes away."""

    topics: Topics


class AuthenticatePayload(Noun, frozen=True, kw_only=True):
    """A token of the same shopper that lasts longer than the one that the stream was opened with."""

    token: Annotated[str, Meta(min_length=1, max_length=LONGEST_TOKEN)]


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
    """The first message of a connection; `heartbeatInterval` is in milliseconds.

    `resumed` answers a `lastMessageId`: whether all that came after it on a topic is still held.
    """

    server_time: Moment
    user_id: Id
    topics: tuple[Topic, ...]
    epoch: str
    heartbeat_interval: int
    resumed: bool | UnsetType = UNSET


class Subscriptions(Noun, frozen=True, kw_only=True):
    """The topics a connection now has; `resumed` as in CONNECTION_ACK, after the first SUBSCRIBE."""

    topics: tuple[Topic, ...]
    resumed: bool | UnsetType = UNSET


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


class PriceDrop(Noun, frozen=True, kw_only=True):
    """A price fell from `oldPrice` to `newPrice`.

    `lastSeenPrice` is what this shopper last saw it at, left out where they never did.
    """

    type: Literal["PRICE_DROP_ALERT"] = "PRICE_DROP_ALERT"
    product_id: Id
    product: ListedProduct
    old_price: Price
    new_price: Price
    last_seen_price: Price | UnsetType = UNSET


class BackInStock(Noun, frozen=True, kw_only=True):
    """There is some again of what was sold out; a `stock` of null is not counted."""

    type: Literal["STOCK_ALERT"] = "STOCK_ALERT"
    product_id: Id
    product: ListedProduct
    stock: Stock | None


class NewArrivals(Noun, frozen=True, kw_only=True):
    """A favourite farm has something new."""

    type: Literal["NEW_ARRIVAL_ALERT"] = "NEW_ARRIVAL_ALERT"
    products: tuple[ListedProduct, ...]


class Area(Noun, frozen=True, kw_only=True):
    """A place in degrees, and how far around it counts."""

    latitude: Latitude
    longitude: Longitude
    radius_km: float


class Trending(Noun, frozen=True, kw_only=True):
    """What trends in an area, best first; `area` is null for the whole market.

    A place where too little is sold to tell has the trends of the whole market: `local` is false there.
    """

    type: Literal["TRENDING_UPDATE"] = "TRENDING_UPDATE"
    products: tuple[ListedProduct, ...]
    area: Area | None
    local: bool


class PersonalUpdate(Answer, frozen=True, kw_only=True):
    """A shopper's own list, which changed because of what others did."""

    topic: Literal["personalized"] = "personalized"


MESSAGE_ID = r"^([A-Za-z0-9_.]+)-([A-Za-z0-9_.]+):([0-9]{1,30})$(?!\n)"
"""An epoch, of a journal and a run of a server, and an offset."""

MessageId: TypeAlias = Annotated[
    str,
    Meta(
        pattern=MESSAGE_ID,
        examples=["7c1d-01:4294967298"],
        extra={"allowed": "an epoch and an offset, such as 7c1d-01:4294967298"},
    ),
]


class Draft(Noun, frozen=True, kw_only=True):
    """A message of the server but for its number."""

    type: ServerType
    payload: object
    timestamp: Moment
    request_id: Id | UnsetType = UNSET


class ServerMessage(Draft, frozen=True, kw_only=True):
    """One frame of the server. `messageId` is `epoch:offset`."""

    message_id: MessageId


def error_payload(error: PunnetError) -> ErrorPayload:
    """Return an error as it is told to a client, without any secret that was put where none belongs."""
    if not isinstance(error, Refused):
        code = "UNAVAILABLE" if isinstance(error, Unavailable) else "INTERNAL_ERROR"
        return ErrorPayload(error=discreet(str(error)), code=code)
    message, value = error.message, shown(error.value)
    if value is not None and error.field is not None and is_secret(error.field):
        message, value = message.replace(str(value), HIDDEN), None
    return ErrorPayload(
        error=discreet(message),
        code=error.code,
        field=error.field and discreet(error.field),
        value=discreet(value) if isinstance(value, str) else value,
        allowed=error.allowed and discreet(error.allowed),
    )


Payload: TypeAlias = (
    ConnectionAck
    | Subscriptions
    | ActionAck
    | Heartbeat
    | ErrorPayload
    | Answer
    | PersonalUpdate
    | PriceDrop
    | BackInStock
    | NewArrivals
    | Trending
)

PAYLOADS: dict[ServerType, tuple[type[Payload], ...]] = {
    ServerType.CONNECTION_ACK: (ConnectionAck,),
    ServerType.SUBSCRIBED: (Subscriptions,),
    ServerType.UNSUBSCRIBED: (Subscriptions,),
    ServerType.ACTION_ACK: (ActionAck,),
    ServerType.HEARTBEAT: (Heartbeat,),
    ServerType.ERROR: (ErrorPayload,),
    ServerType.RECOMMENDATION_UPDATE: (Answer,),
    ServerType.PRICE_DROP_ALERT: (PriceDrop,),
    ServerType.STOCK_ALERT: (BackInStock,),
    ServerType.TRENDING_UPDATE: (Trending,),
    ServerType.NEW_ARRIVAL_ALERT: (NewArrivals,),
    ServerType.CART_RECOMMENDATION: (Answer,),
    ServerType.PERSONALIZED_SUGGESTION: (Answer, PersonalUpdate),
}
"""What each message of the server carries."""
