"""The one table of what the server answers over HTTP; handlers and OpenAPI document both come from it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from punnet.market import Answer, Farm, FarmPatch, ListedProduct, Order, Product, ProductPatch, Query, Reset
from punnet.protocol import replies
from punnet.protocol.actions import PostedAction
from punnet.protocol.statistics import Statistics
from punnet.web import administration, catalogue, health, orders, recommendations, statistics, users
from punnet.web.callers import Access
from punnet.web.exchange import Call, Reply
from punnet.web.shop import Shop

Handler: TypeAlias = Callable[[Shop, Call], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Route:
    """What one method of one path does, takes and gives.

    `{id}` in a path is all that follows. `lines` says that the body is NDJSON or a JSON array of `body`.
    `meta` names what the answer's meta says beside the request's id and its time; `refusals` are statuses
    beside those that follow from what it takes. `access` is who may make the call; where all are trusted, the
    admin alone is still asked for. `prompt` says that a GET waits for nothing, and can be answered before the
    next request is read.
    """

    method: str
    path: str
    tag: str
    summary: str
    handle: Handler
    data: type
    query: type | None = None
    body: tuple[type, ...] = ()
    lines: bool = False
    statuses: tuple[int, ...] = (200,)
    refusals: tuple[int, ...] = ()
    meta: tuple[str, ...] = ()
    access: Access = Access.BACK_END
    prompt: bool = False

    @property
    def admin(self) -> bool:
        """Whether only the administrator may."""
        return self.access is Access.ADMIN


def _thing(
    path: str, tag: str, noun: str, handlers: tuple[Handler, ...], kinds: tuple[type, ...]
) -> tuple[Route, ...]:
    """Return the four methods of one thing of the catalogue."""
    get, put, patch, delete = handlers
    whole, change, shown = kinds
    return (
        Route("GET", path, tag, f"One {noun}", get, shown, access=Access.ANYONE),
        Route(
            "PUT", path, tag, f"Add a {noun}, or replace it", put, shown, body=(whole,), statuses=(200, 201)
        ),
        Route("PATCH", path, tag, f"Change some fields of a {noun}", patch, shown, body=(change,)),
        Route("DELETE", path, tag, f"Remove a {noun}", delete, replies.Removed, refusals=(409,)),
    )


ROUTES: tuple[Route, ...] = (
    Route(
        "GET", "/api/recommendations", "recommendations",
        "Recommendations for a shopper", recommendations.get_recommendations, Answer,
        query=Query, refusals=(404,), meta=("count",), access=Access.SHOPPER, prompt=True,
    ),
    Route(
        "POST", "/api/recommendations", "recommendations",
        "Record an action, and get recommendations", recommendations.post_action, replies.Processed,
        body=(PostedAction,), refusals=(404, 409), access=Access.SHOPPER,
    ),
    Route(
        "GET", "/api/recommendations/frequently-bought-together", "recommendations",
        "What is bought together with a product", recommendations.get_together, replies.Together,
        query=recommendations.TogetherQuery, refusals=(404,), meta=("algorithms", "timestamp"),
        access=Access.ANYONE, prompt=True,
    ),
    Route(
        "GET", "/api/recommendations/stats", "server",
        "Statistics", statistics.get_statistics, Statistics, query=statistics.StatisticsQuery,
    ),
    Route(
        "POST", "/api/recommendations/stats", "server",
        "Begin the statistics anew", administration.reset_statistics, Reset,
        body=(administration.StatisticsReset,), access=Access.ADMIN,
    ),
    Route(
        "DELETE", "/api/recommendations/stats", "server",
        "Drop the reactions that wait", administration.clear_reactions, replies.Cleared, access=Access.ADMIN,
    ),
    *_thing(
        "/api/farms/{id}", "catalogue", "farm",
        (catalogue.get_farm, catalogue.put_farm, catalogue.patch_farm, catalogue.delete_farm),
        (Farm, FarmPatch, Farm),
    ),
    *_thing(
        "/api/products/{id}", "catalogue", "product",
        (catalogue.get_product, catalogue.put_product, catalogue.patch_product, catalogue.delete_product),
        (Product, ProductPatch, ListedProduct),
    ),
    Route(
        "GET", "/api/products", "catalogue",
        "The products, page by page", catalogue.list_products, replies.Listing,
        query=catalogue.ListingQuery, refusals=(404,), meta=("count",), access=Access.ANYONE,
    ),
    Route(
        "POST", "/api/catalog", "catalogue",
        "Farms and products in bulk", catalogue.post_catalogue, replies.BulkReport,
        body=(Farm, Product), lines=True,
    ),
    Route(
        "POST", "/api/orders", "orders",
        "Record a purchase", orders.post_order, replies.PostedOrder,
        body=(Order,), statuses=(200, 201), refusals=(404, 409),
    ),
    Route("GET", "/api/orders/{id}", "orders", "One order", orders.get_order, Order),
    Route(
        "GET", "/api/users/{id}", "people",
        "All that is kept of a shopper", users.get_user, replies.PersonalData,
    ),
    Route(
        "DELETE", "/api/users/{id}", "people",
        "Erase all that is kept of a shopper", users.delete_user, replies.Erasure,
    ),
    Route(
        "GET", "/api/events", "events",
        "The latest actions", administration.get_events, replies.RecentActions,
        query=administration.RecentQuery, access=Access.ADMIN,
    ),
    Route(
        "POST", "/api/events", "events",
        "Actions in bulk", recommendations.post_events, replies.BulkReport, body=(PostedAction,), lines=True,
    ),
    Route(
        "GET", "/health/live", "server", "Whether the process lives", health.get_live, replies.Live,
        access=Access.ANYONE,
    ),
    Route(
        "GET", "/health/ready", "server",
        "Whether the server takes requests", health.get_ready, replies.Ready,
        access=Access.ANYONE,
    ),
)  # fmt: skip
