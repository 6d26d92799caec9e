"""A small market that a server holds, and the ways a test changes it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import httpx

WHO = "user123"
ADMIN_KEY = "the-key-of-the-monitor"
STATISTICS = "/api/recommendations/stats?detailed=true"

PATIENCE = 10.0
"""Seconds that anything may take."""

GOODS = {
    "rye": ("hill", "Bread", 5.0),
    "wheat": ("hill", "Bread", 5.5),
    "spelt": ("hill", "Bread", 6.0),
    "oat": ("dale", "Bread", 5.2),
    "acacia": ("hill", "Honey", 9.0),
    "heather": ("dale", "Honey", 9.5),
    "brie": ("dale", "Cheese", 7.0),
    "gouda": ("moor", "Cheese", 20.0),
    "soap": ("moor", "Soap", 3.0),
    "mead": ("moor", "Drinks", 14.0),
}
"""Products of old with farm, category and price; none of them has a season."""


class Shop(NamedTuple):
    """A server, and a client of it."""

    address: str
    client: httpx.Client

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Return the data of an answer, which must be a success."""
        response = self.client.request(method, path, json=body)
        assert response.is_success, response.text
        return response.json()["data"]

    def add(self, product_id: str, farm_id: str, category: str, price: float, **more: object) -> None:
        """Add a product."""
        body = {"name": product_id.title(), "farmId": farm_id, "category": category, "price": price} | more
        self.call("PUT", f"/api/products/{product_id}", body)

    def change(self, product_id: str, **fields: object) -> None:
        """Change a product."""
        self.call("PATCH", f"/api/products/{product_id}", fields)

    def sell(self, order_id: str, user_id: str, *products: str, days_ago: float = 1) -> None:
        """Record an order of one of each of the products."""
        placed_at = datetime.now(UTC) - timedelta(days=days_ago)
        lines = [{"productId": each, "quantity": 1, "unitPrice": GOODS[each][2]} for each in products]
        body = {"id": order_id, "userId": user_id, "placedAt": placed_at.isoformat(), "lines": lines}
        self.call("POST", "/api/orders", body)

    def open(self) -> None:
        """Fill the market: many buy bread and soap, others mead, and the shopper once bought from a farm."""
        for farm in ("hill", "dale", "moor"):
            self.call("PUT", f"/api/farms/{farm}", {"name": f"{farm.title()} Farm"})
        for product, about in GOODS.items():
            self.add(product, *about, createdAt="2020-01-15T10:30:00Z")
        for number in range(6):
            self.sell(f"bread-{number}", f"neighbour-{number}", "rye", "wheat", "soap")
            self.sell(f"mead-{number}", f"stranger-{number}", "mead")
        self.sell("own", WHO, "rye", days_ago=20)

    def listeners(self) -> int:
        """Return how many connections are subscribed to falling prices."""
        return self.call("GET", STATISTICS)["websockets"]["subscriptionBreakdown"]["price_drops"]


def until(condition: Callable[[], bool]) -> None:
    """Return once the server says so; that takes a while each time it is asked."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
