"""Punnet from a back end in Python: `Punnet` waits for each answer, `AsyncPunnet` is for asyncio.

    from punnet.client import OrderLine, Punnet

    with Punnet("http://localhost:3000") as punnet:
        punnet.order("ann", [OrderLine(product_id="tomatoes", quantity=2, unit_price=4.99)])
        for recommendation in punnet.recommend("ann", limit=4).recommendations:
            print(recommendation.product.name, recommendation.reason)

What goes in and comes out are the nouns of `punnet.market`; those one needs are here as well.
"""

from punnet.client.asynchronous import AsyncPunnet, AsyncStream
from punnet.client.bulk import Failed, Report
from punnet.client.errors import Refused, Unreachable
from punnet.client.reading import Message
from punnet.client.sync import Punnet, Stream
from punnet.market import (
    Action,
    Answer,
    Context,
    EntityType,
    Farm,
    FarmPatch,
    ListedProduct,
    Order,
    OrderLine,
    Product,
    ProductPatch,
    Reason,
    Recommendation,
    ResetType,
    UserAction,
)
from punnet.protocol.actions import PostedAction
from punnet.protocol.messages import (
    ActionAck,
    BackInStock,
    ConnectionAck,
    Filter,
    NewArrivals,
    Page,
    PersonalUpdate,
    PriceDrop,
    Relevance,
    ServerType,
    Topic,
    Trending,
)

__all__ = [
    "Action",
    "ActionAck",
    "Answer",
    "AsyncPunnet",
    "AsyncStream",
    "BackInStock",
    "ConnectionAck",
    "Context",
    "EntityType",
    "Failed",
    "Farm",
    "FarmPatch",
    "Filter",
    "ListedProduct",
    "Message",
    "NewArrivals",
    "Order",
    "OrderLine",
    "Page",
    "PersonalUpdate",
    "PostedAction",
    "PriceDrop",
    "Product",
    "ProductPatch",
    "Punnet",
    "Reason",
    "Recommendation",
    "Refused",
    "Relevance",
    "Report",
    "ResetType",
    "ServerType",
    "Stream",
    "Topic",
    "Trending",
    "Unreachable",
    "UserAction",
]
