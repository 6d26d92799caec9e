"""Every call there is: where it goes, what it carries, and what it is answered with."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar
from urllib.parse import quote, urlencode
from uuid import uuid4

from punnet.market import (
    Answer,
    EntityType,
    Farm,
    FarmPatch,
    ListedProduct,
    Order,
    OrderLine,
    Product,
    ProductPatch,
    Query,
    Reset,
    ResetType,
    UserAction,
)
from punnet.protocol import codec
from punnet.protocol.actions import PostedAction
from punnet.protocol.messages import PageOrContext
from punnet.protocol.replies import (
    Cleared,
    Erasure,
    Listing,
    PersonalData,
    PostedOrder,
    Processed,
    Ready,
    Removed,
    Together,
)
from punnet.protocol.statistics import Statistics

T = TypeVar("T")

FARMS = "/api/farms"
PRODUCTS = "/api/products"
ORDERS = "/api/orders"
USERS = "/api/users"
RECOMMENDATIONS = "/api/recommendations"
STATISTICS = "/api/recommendations/stats"


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One call. All of them may be made again: the second time they change nothing.

    `lines` says that the body is NDJSON, `admin` that it needs the admin key. `gone` is the answer where a
    second try finds nothing there any more.
    """

    method: str
    path: str
    kind: type[T]
    body: bytes = b""
    lines: bool = False
    admin: bool = False
    gone: T | None = None


def new_id() -> str:
    """Return an id that nobody has."""
    return uuid4().hex


def get_farm(farm_id: str) -> Call[Farm]:
    """Ask for a farm."""
    return Call("GET", _at(FARMS, farm_id), Farm)


def put_farm(farm: Farm) -> Call[Farm]:
    """Make a farm what it says."""
    return Call("PUT", _at(FARMS, farm.id), Farm, codec.write(farm))


def patch_farm(farm_id: str, patch: FarmPatch) -> Call[Farm]:
    """Change some fields of a farm."""
    return Call("PATCH", _at(FARMS, farm_id), Farm, codec.write(patch))


def delete_farm(farm_id: str) -> Call[Removed]:
    """Remove a farm."""
    return _remove(FARMS, farm_id, EntityType.FARM)


def get_product(product_id: str) -> Call[ListedProduct]:
    """Ask for a product."""
    return Call("GET", _at(PRODUCTS, product_id), ListedProduct)


def put_product(product: Product) -> Call[ListedProduct]:
    """Make a product what it says."""
    return Call("PUT", _at(PRODUCTS, product.id), ListedProduct, codec.write(unlisted(product)))


def patch_product(product_id: str, patch: ProductPatch) -> Call[ListedProduct]:
    """Change some fields of a product."""
    return Call("PATCH", _at(PRODUCTS, product_id), ListedProduct, codec.write(patch))


def delete_product(product_id: str) -> Call[Removed]:
    """Remove a product."""
    return _remove(PRODUCTS, product_id, EntityType.PRODUCT)


def listing(category: str | None, after: str | None, limit: int) -> Call[Listing]:
    """Ask for one page of products."""
    return Call("GET", _asked(PRODUCTS, {"category": category, "after": after, "limit": limit}), Listing)


def order(
    user_id: str,
    lines: Iterable[OrderLine],
    order_id: str | None,
    placed_at: datetime | None,
    latitude: float | None,
    longitude: float | None,
) -> Call[PostedOrder]:
    """Record a purchase, now unless it says when."""
    placed = Order(
        id=order_id or new_id(),
        user_id=user_id,
        placed_at=placed_at or datetime.now(UTC),
        lines=tuple(lines),
        latitude=latitude,
        longitude=longitude,
    )
    return Call("POST", ORDERS, PostedOrder, codec.write(placed))


def get_order(order_id: str) -> Call[Order]:
    """Ask for an order."""
    return Call("GET", _at(ORDERS, order_id), Order)


def action(
    user_id: str,
    action: UserAction | str,
    entity_id: str | None,
    entity_type: EntityType | str | None,
    metadata: Mapping[str, object] | None,
    timestamp: datetime | None,
    event_id: str | None,
    *,
    limit: int | None = None,
    context: PageOrContext | None = None,
) -> Call[Processed]:
    """Record what a shopper did, and ask for what to show next where there is a `limit`."""
    done = PostedAction(
        event_id=event_id or new_id(),
        user_id=user_id,
        action=UserAction(action),
        entity_id=entity_id,
        entity_type=None if entity_type is None else EntityType(entity_type),
        metadata=None if metadata is None else dict(metadata),
        timestamp=timestamp,
        get_recommendations=limit is not None,
        limit=10 if limit is None else limit,
        context=context,
    )
    return Call("POST", RECOMMENDATIONS, Processed, codec.write(done))


def recommend(query: Query) -> Call[Answer]:
    """Ask what to show."""
    asked = {
        "userId": query.user_id,
        "context": query.context,
        "productId": query.product_id,
        "category": query.category,
        "limit": query.limit,
        "excludeIds": ",".join(query.exclude_ids),
        "latitude": query.latitude,
        "longitude": query.longitude,
        "searchQuery": query.search_query,
    }
    return Call("GET", _asked(RECOMMENDATIONS, asked), Answer)


def together(product_id: str, limit: int) -> Call[Together]:
    """Ask what is bought together with a product."""
    path = f"{RECOMMENDATIONS}/frequently-bought-together"
    return Call("GET", _asked(path, {"productId": product_id, "limit": limit}), Together)


def user(user_id: str) -> Call[PersonalData]:
    """Ask for all that is kept of a shopper."""
    return Call("GET", _at(USERS, user_id), PersonalData)


def erase(user_id: str) -> Call[Erasure]:
    """Erase all that is kept of a shopper."""
    return Call("DELETE", _at(USERS, user_id), Erasure)


def statistics(*, detailed: bool) -> Call[Statistics]:
    """Ask for the statistics."""
    return Call("GET", _asked(STATISTICS, {"detailed": "true" if detailed else None}), Statistics)


def reset(reset_type: ResetType | str) -> Call[Reset]:
    """Begin the statistics anew."""
    asked = Reset(reset_type=ResetType(reset_type))
    return Call("POST", STATISTICS, Reset, codec.write(asked), admin=True)


def clear() -> Call[Cleared]:
    """Drop the reactions that wait."""
    return Call("DELETE", STATISTICS, Cleared, admin=True)


def readiness() -> Call[Ready]:
    """Ask whether requests are taken."""
    return Call("GET", "/health/ready", Ready)


def unlisted(product: Product) -> Product:
    """Return a product as it is sent: without the farm inside, which answers show."""
    if not isinstance(product, ListedProduct):
        return product
    return Product(**{name: getattr(product, name) for name in Product.__struct_fields__})


def query_string(fields: Mapping[str, object]) -> str:
    """Return the fields as a query, with its question mark; those without a value are left out."""
    given = {name: str(value) for name, value in fields.items() if value not in (None, "")}
    return f"?{urlencode(given, quote_via=quote)}" if given else ""


def _asked(path: str, fields: Mapping[str, object]) -> str:
    return f"{path}{query_string(fields)}"


def _at(path: str, thing: str) -> str:
    if not thing:
        raise ValueError("an id has at least one character")
    escaped = quote(thing, safe="")
    # A whole step of dots would be walked, and lead to something else.
    return f"{path}/{escaped if escaped.strip('.') else escaped.replace('.', '%2E')}"


def _remove(path: str, thing: str, kind: EntityType) -> Call[Removed]:
    removed = Removed(id=thing, entity_type=kind)
    return Call("DELETE", _at(path, thing), Removed, gone=removed)
