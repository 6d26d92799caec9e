"""What shoppers do, in ways that nobody else may hear of."""

from random import Random
from typing import Any

from tests.web.strangers.shoppers import Shopper

PRODUCTS = tuple(f"product-{number}" for number in range(24))
FARMS = tuple(f"farm-{number}" for number in range(6))
CATEGORIES = ("Vegetables", "Herbs", "Fruits", "Dairy", "Preserved")
FEW = 3
"""Products that a sequence is about."""

PLAIN = ("VIEW_PRODUCT", "ADD_TO_CART", "REMOVE_FROM_CART", "SHARE_PRODUCT", "CLICK_RECOMMENDATION")


class Deeds:
    """Thinks up what two shoppers do, and knows the ids that each of them used."""

    def __init__(self, chance: Random, pair: tuple[Shopper, Shopper]) -> None:
        self._chance = chance
        self._pair = pair
        self._count = 0
        self._events: tuple[list[str], list[str]] = ([], [])
        self._orders: tuple[list[str], list[str]] = ([], [])
        # Two who look at the same few things feel what each other does, if that can be felt.
        self._products = chance.sample(PRODUCTS, FEW)
        self._farms = chance.sample(FARMS, 2)

    @property
    def product(self) -> str:
        """A product, most often one of a few."""
        return self._chance.choice(self._products if self._chance.random() < 0.8 else PRODUCTS)

    @property
    def farm(self) -> str:
        """A farm, most often one of two."""
        return self._chance.choice(self._farms if self._chance.random() < 0.8 else FARMS)

    def new_id(self, who: int, kind: str) -> str:
        """Return an id with the number of a shopper in it."""
        self._count += 1
        return f"{kind}-{self._pair[who].number}-{self._count}"

    def new_order(self, who: int) -> str:
        """Return the id of an order that there is from now on, or soon."""
        self._orders[who].append(self.new_id(who, "order"))
        return self._orders[who][-1]

    def some_order(self, who: int) -> str:
        """Return the id of an order, most often one of theirs."""
        return self._some(self._orders, who, "order")

    def items(self, who: int) -> list[dict[str, Any]]:
        """Return what somebody buys, and how much of it at which price."""
        own = self._pair[who]
        products = dict.fromkeys(self.product for _ in range(self._chance.randint(1, 4)))
        prices = (own.figure(self._chance.randint(1, 9)) for _ in products)
        return [
            {"productId": product, "quantity": own.figure(1), "unitPrice": price}
            for product, price in zip(products, prices, strict=True)
        ]

    def deed(self, who: int) -> tuple[str, dict[str, Any]]:
        """Return a kind of action, and all that is said of it."""
        kind, about = self._about(who)
        metadata = {"note": f"{self._pair[who].number} tells nobody", **about.pop("metadata", {})}
        roll = self._chance.random()
        if roll < 0.65:
            self._events[who].append(self.new_id(who, "event"))
            about["eventId"] = self._events[who][-1]
        elif roll < 0.8:
            about["eventId"] = self._some(self._events, who, "event")
        return kind, {**about, "metadata": metadata}

    def _some(self, known: tuple[list[str], list[str]], who: int, kind: str) -> str:
        """Return an id that one of them used or will use; or one that nobody does."""
        whose = who if self._chance.random() < 0.5 else 1 - who
        return self._chance.choice([*known[whose][-3:], self.new_id(whose, kind)])

    def _about(self, who: int) -> tuple[str, dict[str, Any]]:
        chance, own = self._chance, self._pair[who]
        product, farm = self.product, self.farm
        rating = {"rating": own.figure(chance.randint(1, 4))}
        words = f"{own.number} {chance.choice(CATEGORIES).lower()}"
        plain = [(kind, {"entityId": product}) for kind in PLAIN]
        return chance.choice((
            *plain,
            *plain,
            ("VIEW_FARM", {"entityId": farm}),
            ("ADD_TO_WISHLIST", {"entityId": product, "entityType": "PRODUCT"}),
            ("ADD_TO_WISHLIST", {"entityId": farm, "entityType": "FARM"}),
            ("REMOVE_FROM_WISHLIST", {"entityId": farm, "entityType": "FARM"}),
            ("SEARCH", {"entityId": words}),
            ("SEARCH", {"metadata": {"searchQuery": words, "category": chance.choice(CATEGORIES)}}),
            ("FILTER_CATEGORY", {"metadata": {"category": chance.choice(CATEGORIES)}}),
            ("FILTER_CATEGORY", {"entityId": f"{own.number} things"}),
            ("RATE_PRODUCT", {"entityId": product, "metadata": rating}),
            ("RATE_FARM", {"entityId": farm, "metadata": rating}),
            ("VIEW_RECOMMENDATIONS", {"metadata": {"productIds": [product]}}),
            *(self._purchase(who) for _ in range(4)),
        ))  # fmt: skip

    def _purchase(self, who: int) -> tuple[str, dict[str, Any]]:
        email = {"email": f"{self._pair[who].user_id}@example.org"}
        about: dict[str, Any] = {"metadata": email}
        roll = self._chance.random()
        if roll < 0.6:
            about["metadata"] = email | {"items": self.items(who)}
        if roll < 0.4:
            about["entityId"] = self.new_order(who)
        elif roll > 0.5:
            about["entityId"] = self.some_order(who)
        return "COMPLETE_PURCHASE", about
