"""The market that the pages speak of, where they do not open one of their own."""

import json
from urllib.request import Request, urlopen

FARMS = {"hill": "Hill Farm", "low": "Low Farm"}

PRODUCTS = {
    "kale": ("Kale", "hill", "Greens", 2.5, 3),
    "leeks": ("Leeks", "low", "Vegetables", 3.0, None),
    "tomatoes": ("Tomatoes", "hill", "Vegetables", 4.99, 40),
    "basil": ("Basil", "hill", "Herbs", 2.49, None),
    "eggs": ("Eggs", "low", "Eggs", 4.0, 12),
}
"""Each with its name, farm, category, price and stock."""

ORDERS = {
    "order-1": ("ann", "kale", "leeks"),
    "order-2": ("ben", "kale", "tomatoes", "basil"),
    "order-3": ("cleo", "tomatoes", "basil"),
    "order-4": ("shopper-17", "tomatoes"),
}
"""Each with its shopper and what was bought."""

ACTIONS = (
    ("ann", "VIEW_PRODUCT", "basil"),
    ("ann", "ADD_TO_WISHLIST", "eggs"),
    ("ben", "VIEW_PRODUCT", "eggs"),
)


def fill(address: str) -> None:
    """Bring the market into a server that has none."""
    for farm, name in FARMS.items():
        _send("PUT", f"{address}/api/farms/{farm}", {"name": name})
    for product, (name, farm, category, price, stock) in PRODUCTS.items():
        body = {"name": name, "farmId": farm, "category": category, "price": price, "stock": stock}
        _send("PUT", f"{address}/api/products/{product}", body)
    for order, (shopper, *bought) in ORDERS.items():
        lines = [{"productId": each, "quantity": 1, "unitPrice": PRODUCTS[each][3]} for each in bought]
        body = {"id": order, "userId": shopper, "placedAt": "2026-07-04T09:30:00Z", "lines": lines}
        _send("POST", f"{address}/api/orders", body)
    for shopper, action, product in ACTIONS:
        _send(
            "POST",
            f"{address}/api/recommendations",
            {"userId": shopper, "action": action, "entityId": product},
        )


def _send(method: str, address: str, body: object) -> None:
    headers = {"content-type": "application/json"}
    with urlopen(Request(address, json.dumps(body).encode(), headers, method=method)) as response:
        assert response.status in (200, 201)
