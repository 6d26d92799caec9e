"""What happened in a market, and what docs/reference/algorithms.md counts of it, in plain Python.

Facts are kept as they came, in lists by shopper and by product; a shopper's past is walked through anew
at every question.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from punnet.market import (
    Action,
    EntityType,
    Farm,
    FarmChange,
    Order,
    Product,
    ProductChange,
    Record,
    Removal,
    UserAction,
)


class Purchase(NamedTuple):
    """An order that counts: when and where it was placed, and the price paid for each product."""

    arrival: int
    user_id: str
    placed: float
    place: tuple[float, float] | None
    prices: dict[str, float]


class Did(NamedTuple):
    """An action that counts, and when it was done."""

    arrival: int
    time: float
    action: Action


def rounded(value: float) -> float:
    """Return the value to the 12 decimals that count in a comparison."""
    return round(value, 12)


def words(text: str | None) -> set[str]:
    """Return the words of a text: runs of letters and digits, without regard to case."""
    return set(re.findall(r"[^\W_]+", (text or "").casefold()))


def percentile(values: Sequence[float], share: float) -> float:
    """Return the percentile of sorted values, linear between ranks."""
    position = share * (len(values) - 1)
    low = math.floor(position)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (position - low)


def preference(rows: Iterable[tuple[float, Mapping[str, int]]]) -> dict[str, float]:
    """Return how much each name is liked, 0..1, from weighted rows of counts."""
    total: dict[str, float] = {}
    for weight, row in rows:
        most = max(row.values(), default=0)
        for name, count in row.items():
            total[name] = total.get(name, 0.0) + weight * count / most
    most_liked = max(total.values(), default=0.0)
    return {name: rounded(liked / most_liked) for name, liked in total.items()}


def named(metadata: Mapping[str, object], key: str) -> str | None:
    """Return a text of an action's metadata, None where there is none."""
    value = metadata.get(key)
    return value if isinstance(value, str) else None


class Shopper:
    """What one shopper did, walked through in the order in which it arrived."""

    def __init__(self, market: "Facts", user_id: str) -> None:
        self.market = market
        self.purchases: list[Purchase] = []
        self.product_views: Counter[str] = Counter()
        self.farm_views: Counter[str] = Counter()
        self.searched: Counter[str] = Counter()
        self.wishlist: set[str] = set()
        self.followed: set[str] = set()
        self.product_ratings: dict[str, float] = {}
        self.farm_ratings: dict[str, float] = {}
        self.shares: Counter[str] = Counter()
        self.clicks: Counter[str] = Counter()
        self.cart: dict[str, None] = {}
        self.touched: dict[str, float] = {}
        for fact in market.facts_of.get(user_id, []):
            if isinstance(fact, Purchase):
                self._buy(fact)
            else:
                self._do(fact)
        self.bought = market.bought_by(user_id)

    def _buy(self, purchase: Purchase) -> None:
        self.purchases.append(purchase)
        for product in purchase.prices:
            self._touch(product, purchase.placed)
            self.cart.pop(product, None)

    def _touch(self, product: str, time: float) -> None:
        self.touched[product] = max(time, self.touched.get(product, time))

    def _do(self, did: Did) -> None:
        action, entity = did.action, did.action.entity_id
        if action.action in (UserAction.SEARCH, UserAction.FILTER_CATEGORY):
            self.searched.update(self._sought(did))
        elif entity is not None and action.action in (UserAction.VIEW_FARM, UserAction.RATE_FARM):
            self._do_with_farm(action, entity)
        elif entity is not None:
            self._do_with_entity(did, entity)

    def _do_with_farm(self, action: Action, farm: str) -> None:
        rating = action.metadata.get("rating")
        if action.action is UserAction.VIEW_FARM:
            self.farm_views[farm] += 1
        elif isinstance(rating, int | float):
            self.farm_ratings[farm] = rating

    def _do_with_entity(self, did: Did, entity: str) -> None:
        wishes = self.followed if did.action.entity_type is EntityType.FARM else self.wishlist
        match did.action.action:
            case UserAction.VIEW_PRODUCT:
                self.product_views[entity] += 1
                self._touch(entity, did.time)
            case UserAction.ADD_TO_CART:
                self.cart.setdefault(entity, None)
                self._touch(entity, did.time)
            case UserAction.REMOVE_FROM_CART:
                self.cart.pop(entity, None)
            case UserAction.ADD_TO_WISHLIST:
                wishes.add(entity)
            case UserAction.REMOVE_FROM_WISHLIST:
                wishes.discard(entity)
            case UserAction.SHARE_PRODUCT | UserAction.CLICK_RECOMMENDATION:
                shares = did.action.action is UserAction.SHARE_PRODUCT
                (self.shares if shares else self.clicks)[entity] += 1
            case UserAction.RATE_PRODUCT:
                rating = did.action.metadata["rating"]
                assert isinstance(rating, int | float)
                self.product_ratings[entity] = rating

    def _sought(self, did: Did) -> list[str]:
        metadata = did.action.metadata
        category = named(metadata, "category")
        if category is None and did.action.action is UserAction.FILTER_CATEGORY:
            category = did.action.entity_id
        known = [name for name, arrival in self.market.categories.items() if arrival < did.arrival]
        if category is not None:
            return [name for name in known if name == category]
        searching = did.action.action is UserAction.SEARCH and "searchQuery" not in metadata
        sought = words(did.action.entity_id if searching else named(metadata, "searchQuery"))
        return [name for name in known if words(name) & sought]

    def category_preference(self) -> dict[str, float]:
        """Return how much the shopper likes each category, 0..1."""
        category = self.market.category_of
        bought = Counter(category(p) for purchase in self.purchases for p in purchase.prices)
        viewed: Counter[str] = Counter()
        for product, views in self.product_views.items():
            viewed[category(product)] += views
        wished = Counter(category(product) for product in self.wishlist)
        return preference([(0.6, bought), (0.2, viewed), (0.1, wished), (0.05, self.searched)])

    def farm_preference(self) -> dict[str, float]:
        """Return how much the shopper likes each farm, 0..1."""
        farm = self.market.farm_of
        bought = Counter(farm(p) for purchase in self.purchases for p in purchase.prices)
        viewed = self.farm_views.copy()
        for product, views in self.product_views.items():
            viewed[farm(product)] += views
        wished = Counter(farm(product) for product in self.wishlist)
        rated = {farm for farm, rating in self.farm_ratings.items() if rating >= 4}
        followed = Counter(self.followed | rated)
        return preference([(0.6, bought), (0.2, viewed), (0.1, wished), (0.05, followed)])

    def price_range(self) -> tuple[float, float] | None:
        """Return the 10th and 90th percentile of the unit prices paid."""
        paid = sorted(price for purchase in self.purchases for price in purchase.prices.values())
        return (percentile(paid, 0.1), percentile(paid, 0.9)) if paid else None


class Facts:
    """All that happened, in the order in which it arrived."""

    def __init__(self) -> None:
        self.arrivals = 0
        self.farms: dict[str, Farm] = {}
        self.farm_ranks: dict[str, int] = {}
        self.products: dict[str, Product] = {}
        self.known: dict[str, Product] = {}  # removed ones too, in their last form
        self.ranks: dict[str, int] = {}
        self.added: dict[str, float] = {}  # when, in seconds
        self.categories: dict[str, int] = {}  # to the arrival that named it first
        self.order_ids: set[str] = set()
        self.purchases: list[Purchase] = []
        self.purchases_with: dict[str, list[Purchase]] = {}
        self.facts_of: dict[str, list[Purchase | Did]] = {}

    def apply(self, records: Iterable[Record]) -> None:
        """Take facts in, in their order."""
        for record in records:
            self.arrivals += 1
            match record.fact:
                case Farm() as farm:
                    self.farms[farm.id] = farm
                    self.farm_ranks.setdefault(farm.id, len(self.farm_ranks))
                case Product() as product:
                    self._list(product, record.at)
                case FarmChange() | ProductChange() | Removal() as change:
                    self._change(change, record.at)
                case Order() as order:
                    self._buy(order)
                case Action() as action:
                    time = record.at if action.timestamp is None else action.timestamp.timestamp()
                    self.facts_of.setdefault(action.user_id, []).append(Did(self.arrivals, time, action))

    def _list(self, product: Product, at: float) -> None:
        if product.farm_id not in self.farms:
            return
        if product.created_at is not None:
            self.added[product.id] = product.created_at.timestamp()
        elif product.id not in self.products:
            self.added[product.id] = at
        self.products[product.id] = self.known[product.id] = product
        self.ranks.setdefault(product.id, len(self.ranks))
        self.categories.setdefault(product.category, self.arrivals)

    def _change(self, change: FarmChange | ProductChange | Removal, at: float) -> None:
        if isinstance(change, Removal):
            (self.farms if change.entity_type is EntityType.FARM else self.products).pop(change.id, None)
            return
        patch = {field: getattr(change.patch, field) for field in change.patch.__struct_fields__}
        patch = {field: value for field, value in patch.items() if value is not msgspec.UNSET}
        if isinstance(change, FarmChange) and change.id in self.farms:
            self.farms[change.id] = msgspec.structs.replace(self.farms[change.id], **patch)
        elif isinstance(change, ProductChange) and change.id in self.products:
            self._list(msgspec.structs.replace(self.products[change.id], **patch), at)

    def _buy(self, order: Order) -> None:
        if order.id in self.order_ids:
            return
        self.order_ids.add(order.id)
        prices: dict[str, float] = {}
        for line in order.lines:
            prices.setdefault(line.product_id, line.unit_price)
        located = order.latitude is not None and order.longitude is not None
        place = (order.latitude, order.longitude) if located else None
        purchase = Purchase(self.arrivals, order.user_id, order.placed_at.timestamp(), place, prices)
        self.purchases.append(purchase)
        self.facts_of.setdefault(order.user_id, []).append(purchase)
        for product in prices:
            self.purchases_with.setdefault(product, []).append(purchase)

    def category_of(self, product: str) -> str:
        """Return the category of a product, also of one that was removed."""
        return self.known[product].category

    def farm_of(self, product: str) -> str:
        """Return the farm of a product, also of one that was removed."""
        return self.known[product].farm_id

    def bought_by(self, user_id: str) -> set[str]:
        """Return the products that a shopper ever bought."""
        facts = self.facts_of.get(user_id, [])
        return {product for fact in facts if isinstance(fact, Purchase) for product in fact.prices}
