"""The nouns of a market, as they stand on the wire, in the journal and in the engine."""

from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Annotated, TypeAlias, get_args, get_type_hints

import msgspec
from msgspec import UNSET, Meta, UnsetType

CALM = r"^[^\x00-\x1f\x7f]+$(?!\n)"
"""No control characters; to Python, a `$` alone also stands before a new line at the end."""

ADDRESS = (
    r"^(?=[^@]{1,64}@)[A-Za-z0-9_!#$%&'*+/=?^`{|}~-]+(\.[A-Za-z0-9_!#$%&'*+/=?^`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])$(?!\n)"
)
"""An e-mail address as people have them: no name, no quotes, no comment."""

Id: TypeAlias = Annotated[str, Meta(min_length=1, max_length=128, pattern=CALM, examples=["tomatoes"])]
Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=200, pattern=CALM)]
Address: TypeAlias = Annotated[
    str,
    Meta(
        max_length=254,
        pattern=ADDRESS,
        extra={"allowed": "an e-mail address of at most 254 characters, such as ann@example.org"},
    ),
]
Price: TypeAlias = Annotated[float, Meta(ge=0, le=1e9, examples=[4.99])]
Stock: TypeAlias = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Latitude: TypeAlias = Annotated[float, Meta(ge=-90, le=90, examples=[39.1])]
Longitude: TypeAlias = Annotated[float, Meta(ge=-180, le=180, examples=[-84.5])]
Moment: TypeAlias = Annotated[datetime, Meta(tz=True)]


class Told(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True, kw_only=True, gc=False):
    """What everything on the wire shares: camelCase, no unknown fields, never changed.

    What comes from JSON holds no cycles, so the garbage collector need not walk a market's whole history.
    """


class Noun(Told, frozen=True, kw_only=True):
    """What all nouns share that are also taken in: times in UTC."""

    def __post_init__(self) -> None:
        for field in _moments(type(self)):
            value = getattr(self, field)
            if isinstance(value, datetime) and value.tzinfo is not UTC:
                try:
                    msgspec.structs.force_setattr(self, field, value.astimezone(UTC))
                except OverflowError:
                    raise ValueError(f"{field} is outside the calendar") from None


@cache
def _moments(kind: type[Noun]) -> tuple[str, ...]:
    """Return the names of the fields of a noun that may hold a time."""
    hints = get_type_hints(kind)
    return tuple(name for name in kind.__struct_fields__ if datetime in (hints[name], *get_args(hints[name])))


def both_or_neither(latitude: float | None, longitude: float | None) -> None:
    """Raise ValueError where only half a place is given."""
    if (latitude is None) != (longitude is None):
        raise ValueError("latitude and longitude come together or not at all")


class Farm(Noun, frozen=True, kw_only=True):
    """Who grows it. Latitude and longitude come together or not at all."""

    id: Id
    name: Name
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    region: Name | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        both_or_neither(self.latitude, self.longitude)


class Product(Noun, frozen=True, kw_only=True):
    """What a farm sells. Price in the market's currency; a stock of null is not tracked."""

    id: Id
    name: Name
    farm_id: Id
    category: Name
    price: Price
    organic: bool = False
    stock: Stock | None = None
    available: bool = True
    unit: Name | None = None
    created_at: Moment | None = None
    harvested_at: Moment | None = None
    available_from: Moment | None = None
    available_until: Moment | None = None
    image_url: Annotated[str, Meta(max_length=2000)] | None = None


class OrderLine(Noun, frozen=True, kw_only=True):
    """One product of an order, at the price paid for one unit of it."""

    product_id: Id
    quantity: Annotated[float, Meta(gt=0, le=1e6)]
    unit_price: Price


class Order(Noun, frozen=True, kw_only=True):
    """One purchase: a whole basket. `id` is its idempotency key."""

    id: Id
    user_id: Id
    placed_at: Moment
    lines: Annotated[tuple[OrderLine, ...], Meta(min_length=1, max_length=1000)]
    latitude: Latitude | None = None
    longitude: Longitude | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        both_or_neither(self.latitude, self.longitude)

    def is_same_basket(self, other: "Order") -> bool:
        """Return whether both are the same lines of the same shopper, whenever they were placed."""
        return (self.user_id, self.lines) == (other.user_id, other.lines)


class UserAction(StrEnum):
    """What a shopper did."""

    VIEW_PRODUCT = "VIEW_PRODUCT"
    VIEW_FARM = "VIEW_FARM"
    ADD_TO_CART = "ADD_TO_CART"
    REMOVE_FROM_CART = "REMOVE_FROM_CART"
    ADD_TO_WISHLIST = "ADD_TO_WISHLIST"
    REMOVE_FROM_WISHLIST = "REMOVE_FROM_WISHLIST"
    SEARCH = "SEARCH"
    FILTER_CATEGORY = "FILTER_CATEGORY"
    COMPLETE_PURCHASE = "COMPLETE_PURCHASE"
    RATE_PRODUCT = "RATE_PRODUCT"
    RATE_FARM = "RATE_FARM"
    SHARE_PRODUCT = "SHARE_PRODUCT"
    VIEW_RECOMMENDATIONS = "VIEW_RECOMMENDATIONS"
    CLICK_RECOMMENDATION = "CLICK_RECOMMENDATION"

    # Every action is looked up in several dictionaries, and an Enum's own hash is written in Python.
    __hash__ = str.__hash__


class EntityType(StrEnum):
    """What an action's `entityId` names."""

    PRODUCT = "PRODUCT"
    FARM = "FARM"
    ORDER = "ORDER"
    SEARCH = "SEARCH"


class Action(Noun, frozen=True, kw_only=True):
    """One event. `event_id` is its idempotency key; `timestamp` is when the shopper did it."""

    event_id: Id
    user_id: Id
    action: UserAction
    entity_id: Id | None = None
    entity_type: EntityType | None = None
    metadata: dict[str, object] = msgspec.field(default_factory=dict)
    timestamp: Moment | None = None


class FarmPatch(Noun, frozen=True, kw_only=True):
    """The fields of a farm to change; those left out stay as they are."""

    name: Name | UnsetType = UNSET
    latitude: Latitude | None | UnsetType = UNSET
    longitude: Longitude | None | UnsetType = UNSET
    region: Name | None | UnsetType = UNSET

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.latitude is UNSET) != (self.longitude is UNSET):
            raise ValueError("latitude and longitude come together or not at all")
        if self.latitude is not UNSET and self.longitude is not UNSET:
            both_or_neither(self.latitude, self.longitude)


class ProductPatch(Noun, frozen=True, kw_only=True):
    """The fields of a product to change; those left out stay as they are."""

    name: Name | UnsetType = UNSET
    farm_id: Id | UnsetType = UNSET
    category: Name | UnsetType = UNSET
    price: Price | UnsetType = UNSET
    organic: bool | UnsetType = UNSET
    stock: Stock | None | UnsetType = UNSET
    available: bool | UnsetType = UNSET
    unit: Name | None | UnsetType = UNSET
    created_at: Moment | None | UnsetType = UNSET
    harvested_at: Moment | None | UnsetType = UNSET
    available_from: Moment | None | UnsetType = UNSET
    available_until: Moment | None | UnsetType = UNSET
    image_url: Annotated[str, Meta(max_length=2000)] | None | UnsetType = UNSET


class FarmChange(Noun, frozen=True, kw_only=True):
    """A patch, and the farm it changes."""

    id: Id
    patch: FarmPatch


class ProductChange(Noun, frozen=True, kw_only=True):
    """A patch, and the product it changes."""

    id: Id
    patch: ProductPatch


class Removal(Noun, frozen=True, kw_only=True):
    """A farm or a product that left the catalogue."""

    entity_type: EntityType
    id: Id


class Forgotten(Noun, frozen=True, kw_only=True):
    """Somebody was erased. `shopper` is the digest of the name: who does not know it cannot read it."""

    shopper: str


class Erased(Noun, frozen=True, kw_only=True):
    """What stays of an order or an action of someone who was erased: that there was one, of a kind."""

    action: UserAction | None = None


class ResetType(StrEnum):
    """Which statistics begin anew: the counts of actions, or those of recommendations as well."""

    EVENTS = "events"
    ALL = "all"


class Reset(Noun, frozen=True, kw_only=True):
    """The statistics begin anew."""

    reset_type: ResetType


class Context(StrEnum):
    """The page an answer is for."""

    HOME = "HOME"
    PRODUCT_DETAIL = "PRODUCT_DETAIL"
    CART = "CART"
    CHECKOUT = "CHECKOUT"
    SEARCH = "SEARCH"


LARGEST_LIMIT = 100
"""The most recommendations that one answer can have."""

Limit: TypeAlias = Annotated[int, Meta(ge=1, le=LARGEST_LIMIT)]
Words: TypeAlias = Annotated[str, Meta(max_length=200)]


class Wanted(Noun, frozen=True, kw_only=True):
    """What an answer is asked for, whoever it is for and on whatever page."""

    product_id: Id | None = None
    category: Name | None = None
    limit: Limit = 10
    exclude_ids: tuple[Id, ...] = ()
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    search_query: Words | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        both_or_neither(self.latitude, self.longitude)


class Query(Wanted, frozen=True, kw_only=True):
    """What an answer is asked for. Without a context it is PRODUCT_DETAIL beside a product, else HOME."""

    user_id: Id
    context: Context | None = None


class Reason(StrEnum):
    """Why a product is in an answer: the algorithm with the largest share of its score."""

    SIMILAR_USERS = "SIMILAR_USERS"
    SIMILAR_PRODUCTS = "SIMILAR_PRODUCTS"
    TRENDING_LOCAL = "TRENDING_LOCAL"
    SEASONAL = "SEASONAL"
    USER_BEHAVIOR = "USER_BEHAVIOR"
    FREQUENTLY_BOUGHT_TOGETHER = "FREQUENTLY_BOUGHT_TOGETHER"
    NEW_ARRIVAL = "NEW_ARRIVAL"
    BUY_AGAIN = "BUY_AGAIN"


class Algorithm(StrEnum):
    """The name of an algorithm in `algorithms` and in `metadata.contributions`."""

    COLLABORATIVE = "collaborative_filtering"
    CONTENT = "content_based"
    TRENDING = "trending"
    SEASONAL = "seasonal"
    BEHAVIOUR = "user_behavior"
    TOGETHER = "co_occurrence"
    ARRIVALS = "new_arrivals"


class ListedProduct(Product, frozen=True, kw_only=True):
    """A product with its farm inside, as answers show it."""

    farm: Farm


class Contribution(Told, frozen=True, kw_only=True):
    """What one algorithm gave to a score, and the weight it had there."""

    score: float
    weight: float


class Recommendation(Told, frozen=True, kw_only=True):
    """One product of an answer; `reasons` lists every algorithm that offered it, largest share first."""

    product: ListedProduct
    score: Annotated[float, Meta(ge=0, le=1)]
    reason: Reason
    reasons: tuple[Reason, ...]
    confidence: Annotated[float, Meta(ge=0, le=1)]
    metadata: dict[str, object]


class Answer(Noun, frozen=True, kw_only=True):
    """A list of recommendations, best first, and the algorithms asked for it."""

    recommendations: tuple[Recommendation, ...]
    algorithms: tuple[Algorithm, ...]
    timestamp: Moment
    user_id: Id


class ShopperProfile(Noun, frozen=True, kw_only=True):
    """What is known of a shopper, beside the orders and actions it was learned from.

    Products and farms go by their ids, categories by their names. Ratings are the last ones, of 5; views,
    shares, searches and clicks on recommendations are counts; preferences are 0 to 1, the best-liked first.
    """

    cart: tuple[Id, ...]
    wishlist: tuple[Id, ...]
    followed_farms: tuple[Id, ...]
    product_ratings: dict[Id, float]
    farm_ratings: dict[Id, float]
    views: dict[Id, int]
    farm_views: dict[Id, int]
    shares: dict[Id, int]
    searches: dict[Name, int]
    recommendations_clicked: dict[Id, int]
    category_preferences: dict[Name, float]
    farm_preferences: dict[Id, float]


Fact: TypeAlias = (
    Farm | Product | FarmChange | ProductChange | Removal | Order | Action | Erased | Forgotten | Reset
)
"""What can happen to a market."""


class Record(Noun, frozen=True, kw_only=True):
    """A fact and when the server took it in, in seconds since 1970-01-01 UTC."""

    at: float
    fact: Fact
