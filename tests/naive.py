"""The market of docs/reference/algorithms.md in plain Python, to be held beside that page.

Facts are kept as they came, in lists by shopper and by product, and every question is worked out
from them anew: nothing here is quick, and nothing is clever. Whatever orders products (scores,
shares, preferences, confidences) is first rounded to 12 decimals, so that equal is equal.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from punnet.errors import UnknownId
from punnet.market import (
    Action,
    Algorithm,
    Context,
    EntityType,
    Farm,
    FarmChange,
    Order,
    Product,
    ProductChange,
    Query,
    Reason,
    Record,
    Removal,
    UserAction,
)

DAY = 86_400.0
EARTH_RADIUS_KM = 6371.0088
TOLERANCE = 1e-9
SEASONS = (  # twelve months from December on, three a season
    ("Root Vegetables", "Preserved", "Citrus", "Greens"),
    ("Vegetables", "Herbs", "Greens", "Berries"),
    ("Fruits", "Vegetables", "Berries", "Melons"),
    ("Root Vegetables", "Squash", "Apples", "Pumpkins"),
)
WEIGHTS = {
    Algorithm.COLLABORATIVE: 0.30,
    Algorithm.CONTENT: 0.25,
    Algorithm.TRENDING: 0.15,
    Algorithm.SEASONAL: 0.15,
    Algorithm.BEHAVIOUR: 0.15,
}
MORE_WEIGHTS: dict[Context, dict[Algorithm, float]] = {
    Context.HOME: {Algorithm.ARRIVALS: 0.10},
    Context.PRODUCT_DETAIL: {Algorithm.TOGETHER: 0.15},
    Context.CART: {Algorithm.TOGETHER: 0.60},
    Context.CHECKOUT: {Algorithm.TOGETHER: 0.60},
    Context.SEARCH: {},
}
REASONS = {
    Algorithm.COLLABORATIVE: Reason.SIMILAR_USERS,
    Algorithm.CONTENT: Reason.SIMILAR_PRODUCTS,
    Algorithm.TRENDING: Reason.TRENDING_LOCAL,
    Algorithm.SEASONAL: Reason.SEASONAL,
    Algorithm.BEHAVIOUR: Reason.USER_BEHAVIOR,
    Algorithm.TOGETHER: Reason.FREQUENTLY_BOUGHT_TOGETHER,
    Algorithm.ARRIVALS: Reason.NEW_ARRIVAL,
}


class Offered(NamedTuple):
    """A product as one algorithm offers it."""

    product_id: str
    score: float
    confidence: float
    metadata: dict[str, object]


class Recommended(NamedTuple):
    """A product as an answer shows it; `contributions` maps an algorithm to its score and weight."""

    product_id: str
    score: float
    confidence: float
    reason: Reason
    reasons: tuple[Reason, ...]
    contributions: dict[Algorithm, tuple[float, float]]
    metadata: dict[str, object]


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


def kilometres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the great-circle distance of two places (latitude, longitude in degrees)."""
    (lat1, lon1), (lat2, lon2) = (tuple(map(math.radians, place)) for place in (one, other))
    half = math.sin((lat2 - lat1) / 2) ** 2
    half += math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(half, 1.0)))


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


def context_of(query: Query) -> Context:
    """Return the page a query is for."""
    if query.context is not None:
        return query.context
    return Context.HOME if query.product_id is None else Context.PRODUCT_DETAIL


def named(metadata: Mapping[str, object], key: str) -> str | None:
    """Return a text of an action's metadata, None where there is none."""
    value = metadata.get(key)
    return value if isinstance(value, str) else None


class Shopper:
    """What one shopper did, walked through in the order in which it arrived."""

    def __init__(self, market: "NaiveMarket", user_id: str) -> None:
        self.market = market
        self.purchases: list[Purchase] = []
        self.product_views: Counter[str] = Counter()
        self.farm_views: Counter[str] = Counter()
        self.searched: Counter[str] = Counter()
        self.wishlist: set[str] = set()
        self.followed: set[str] = set()
        self.rated: set[str] = set()
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
        elif isinstance(rating, int | float) and rating >= 4:
            self.rated.add(farm)
        elif isinstance(rating, int | float):
            self.rated.discard(farm)

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
        followed = Counter(self.followed | self.rated)
        return preference([(0.6, bought), (0.2, viewed), (0.1, wished), (0.05, followed)])

    def price_range(self) -> tuple[float, float] | None:
        """Return the 10th and 90th percentile of the unit prices paid."""
        paid = sorted(price for purchase in self.purchases for price in purchase.prices.values())
        return (percentile(paid, 0.1), percentile(paid, 0.9)) if paid else None


class NaiveMarket:
    """A market that answers like the engine, slowly."""

    def __init__(self, *, neighbours: int = 500, radius_km: float = 80.0, latitude: float = 0.0) -> None:
        self.neighbours, self.radius_km, self.latitude = neighbours, radius_km, latitude
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

    # What happens

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

    # What is counted

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

    def appearing(self, query: Query, now: float) -> list[str]:
        """Return the products that may appear, in the order in which they were added."""
        banned = {*query.exclude_ids, query.product_id}
        if context_of(query) in (Context.CART, Context.CHECKOUT):
            banned.update(Shopper(self, query.user_id).cart)
        return [
            product
            for product in sorted(self.products, key=self.ranks.__getitem__)
            if product not in banned
            and self.products[product].farm_id in self.farms
            and self._on_sale(self.products[product], now)
            and query.category in (None, self.products[product].category)
        ]

    def _on_sale(self, product: Product, now: float) -> bool:
        starts, ends = product.available_from, product.available_until
        return (
            product.available
            and product.stock != 0
            and (starts is None or starts.timestamp() <= now)
            and (ends is None or now < ends.timestamp())
        )

    def matching(self, query: Query, products: Iterable[str]) -> list[str]:
        """Return the products with a word of the search anywhere in name or category."""
        sought = words(query.search_query)
        texts = ((p, f"{self.products[p].name}\n{self.products[p].category}".casefold()) for p in products)
        return [product for product, text in texts if any(word in text for word in sought)]

    def shelf(self, query: Query, now: float) -> list[str]:
        """Return the products that the algorithms choose from."""
        appearing = self.appearing(query, now)
        if context_of(query) is Context.SEARCH:
            return self.matching(query, appearing) or appearing
        return appearing

    def best(self, offered: Iterable[Offered], count: int) -> list[Offered]:
        """Return the best so many of what an algorithm found."""
        equals = (offer._replace(score=rounded(offer.score)) for offer in offered)
        wanted = [offer for offer in equals if offer.score > 0]
        return sorted(wanted, key=lambda offer: (-offer.score, self.ranks[offer.product_id]))[:count]

    # The algorithms

    def collaborative(self, query: Query, _now: float, shelf: Sequence[str]) -> list[Offered]:
        """What those bought who bought the same."""
        mine = self.bought_by(query.user_id)
        latest: dict[str, tuple[float, int]] = {}
        for product in mine:
            for purchase in self.purchases_with[product]:
                if purchase.user_id != query.user_id:
                    last = (purchase.placed, purchase.arrival)
                    latest[purchase.user_id] = max(last, latest.get(purchase.user_id, last))
        similar = sorted(latest, key=latest.__getitem__, reverse=True)
        if self.neighbours:
            similar = similar[: self.neighbours]
        buyers = Counter(product for user in similar for product in self.bought_by(user) - mine)
        confidence = min(len(similar) / 10, 1.0)
        return [Offered(p, buyers[p] / len(similar), confidence, {}) for p in shelf if buyers[p]]

    def content(self, query: Query, _now: float, shelf: Sequence[str]) -> list[Offered]:
        """What is like the product on the page, or like those touched last."""
        if query.product_id is not None:
            sources, confidence = [query.product_id], 1.0
        else:
            touched = Shopper(self, query.user_id).touched
            sources = sorted(touched, key=lambda p: (-touched[p], self.ranks[p]))[:5]
            confidence = 0.5
        scores = ((p, max((self.similarity(s, p) for s in sources), default=0.0)) for p in shelf)
        return [Offered(product, score, confidence, {}) for product, score in scores]

    def similarity(self, source: str, product: str) -> float:
        """Return how like a source a product is; 0 for one that is no candidate of it."""
        one, other = self.known[source], self.known[product]
        same_category, same_farm = one.category == other.category, one.farm_id == other.farm_id
        apart = abs(other.price - one.price) - TOLERANCE
        candidate = same_category or same_farm or apart <= 0.3 * one.price
        if source == product or not candidate:
            return 0.0
        near, alike = apart <= 0.2 * one.price, one.organic == other.organic
        return 0.4 * same_category + 0.3 * same_farm + 0.2 * near + 0.1 * alike

    def trending(self, query: Query, now: float, shelf: Sequence[str]) -> list[Offered]:
        """What is bought most these days, near the place asked for."""
        area, there = "market", self.purchases
        if query.latitude is not None and query.longitude is not None:
            place = (query.latitude, query.longitude)
            near = [p for p in there if p.place and kilometres(p.place, place) <= self.radius_km]
            if len(self._trend(near, now)) >= 10:
                area, there = "local", near
        trend = self._trend(there, now)
        ranked = sorted(trend, key=lambda p: (*(-n for n in trend[p][:3]), self.ranks[p]))
        offered = []
        for rank, product in enumerate(ranked):
            orders, _, _, last = trend[product]
            score = (1 - rank / len(ranked)) / (1 + 0.1 * (now - last) / DAY)
            offered.append(Offered(product, score, min(orders / 50, 1.0), {"area": area}))
        return [offer for offer in offered if offer.product_id in set(shelf)]

    def _trend(self, purchases: Iterable[Purchase], now: float) -> dict[str, tuple[int, int, int, float]]:
        """Return orders, shoppers, growth and last order of the eligible products."""
        recent: dict[str, list[Purchase]] = {}
        before: Counter[str] = Counter()
        for purchase in purchases:
            if now - 7 * DAY < purchase.placed <= now:
                for product in purchase.prices:
                    recent.setdefault(product, []).append(purchase)
            elif now - 14 * DAY < purchase.placed <= now - 7 * DAY:
                before.update(purchase.prices.keys())
        return {
            product: (
                len(held),
                len({purchase.user_id for purchase in held}),
                len(held) - before[product],
                max(purchase.placed for purchase in held),
            )
            for product, held in recent.items()
            if len(held) >= 5
        }

    def seasonal(self, query: Query, now: float, shelf: Sequence[str]) -> list[Offered]:
        """What is in season, best of all in categories that the shopper likes."""
        latitude = self.latitude if query.latitude is None else query.latitude
        month = datetime.fromtimestamp(now, UTC).month + (6 if latitude < 0 else 0)
        season = SEASONS[month % 12 // 3]
        liked = Shopper(self, query.user_id).category_preference()
        offered = []
        for product in shelf:
            category = self.category_of(product)
            if category in season:
                new = now - 7 * DAY < self.added[product] <= now
                score = 0.5 + 0.3 * liked.get(category, 0.0) + 0.2 * new
                offered.append(Offered(product, min(score, 1.0), 0.8, {}))
        return offered

    def behaviour(self, query: Query, _now: float, shelf: Sequence[str]) -> list[Offered]:
        """What the shopper never bought, in the categories liked best."""
        shopper = Shopper(self, query.user_id)
        liked, farms = shopper.category_preference(), shopper.farm_preference()
        top = sorted(liked, key=lambda name: (-liked[name], self.categories[name]))[:5]
        prices = shopper.price_range()
        confidence = min(len(shopper.purchases) / 10, 1.0)
        offered = []
        for product in shelf:
            category, price = self.category_of(product), self.known[product].price
            if category in top and product not in shopper.bought:
                usual = prices is not None and prices[0] - TOLERANCE <= price <= prices[1] + TOLERANCE
                score = 0.6 * liked[category] + 0.3 * usual + 0.1 * farms.get(self.farm_of(product), 0.0)
                offered.append(Offered(product, min(score, 1.0), confidence, {}))
        return offered

    def bought_with(self, query: Query, _now: float, shelf: Sequence[str]) -> list[Offered]:
        """What is bought with the product on the page, or with the cart."""
        sources = [] if query.product_id is None else [query.product_id]
        if context_of(query) in (Context.CART, Context.CHECKOUT):
            sources += Shopper(self, query.user_id).cart
        best: dict[str, Offered] = {}
        for source in sources:
            for offer in self.companions(source, shelf):
                known = best.get(offer.product_id)
                if known is None or rounded(offer.score) > rounded(known.score):
                    best[offer.product_id] = offer
        return list(best.values())

    def companions(self, source: str, shelf: Sequence[str]) -> list[Offered]:
        """What stands in at least two orders with the source."""
        held = self.purchases_with.get(source, [])
        common = Counter(product for purchase in held for product in purchase.prices)
        offered = []
        for product in shelf:
            both = common[product]
            if both >= 2 and product != source:
                total = len(held) * len(self.purchases_with[product])
                figures: dict[str, object] = {
                    "coOccurrences": both,
                    "totalOrders": len(held),
                    "lift": both * len(self.purchases) / total,
                }
                offered.append(Offered(product, both / math.sqrt(total), min(both / 50, 1.0), figures))
        return offered

    def new_arrivals(self, query: Query, now: float, shelf: Sequence[str]) -> list[Offered]:
        """What the shopper's favourite farms added in the last 14 days."""
        liked = Shopper(self, query.user_id).farm_preference()
        top = sorted(liked, key=lambda farm: (-liked[farm], self.farm_ranks[farm]))[:5]
        offered = []
        for product in shelf:
            farm, age = self.farm_of(product), now - self.added[product]
            if farm in top and 0 <= age < 14 * DAY:
                offered.append(Offered(product, liked[farm] * (1 - age / (14 * DAY)), 1.0, {}))
        return offered

    # The answers

    def offers(self, query: Query, now: float) -> dict[Algorithm, list[Offered]]:
        """Return what each algorithm of the query's context offers, best first."""
        methods = {
            Algorithm.COLLABORATIVE: self.collaborative,
            Algorithm.CONTENT: self.content,
            Algorithm.TRENDING: self.trending,
            Algorithm.SEASONAL: self.seasonal,
            Algorithm.BEHAVIOUR: self.behaviour,
            Algorithm.TOGETHER: self.bought_with,
            Algorithm.ARRIVALS: self.new_arrivals,
        }
        shelf = self.shelf(query, now)
        asked = {**WEIGHTS, **MORE_WEIGHTS[context_of(query)]}
        return {a: self.best(methods[a](query, now, shelf), 2 * query.limit) for a in asked}

    def answer(self, query: Query, now: float) -> list[Recommended]:
        """Return the answer to a query, best first."""
        if query.product_id is not None and query.product_id not in self.products:
            raise UnknownId("there is no such product", field="productId", value=query.product_id)
        chosen = self.diverse(self.fused(query, now), query.limit)
        taken = {recommended.product_id for recommended in chosen}
        return [*chosen, *self.filling(query, now, taken)][: query.limit]

    def fused(self, query: Query, now: float) -> list[Recommended]:
        """Return every product that an algorithm offered, by its weighted score."""
        weights = {**WEIGHTS, **MORE_WEIGHTS[context_of(query)]}
        offers_of: dict[str, dict[Algorithm, Offered]] = {}
        for algorithm, offered in self.offers(query, now).items():
            for offer in offered:
                offers_of.setdefault(offer.product_id, {})[algorithm] = offer
        fused = [self._fuse(product, offers, weights) for product, offers in offers_of.items()]
        return sorted(fused, key=lambda r: (-r.score, -r.confidence, self.ranks[r.product_id]))

    def _fuse(
        self, product: str, offers: Mapping[Algorithm, Offered], weights: Mapping[Algorithm, float]
    ) -> Recommended:
        shares = {algorithm: rounded(weights[algorithm] * o.score) for algorithm, o in offers.items()}
        order = list(Algorithm)  # the order of the page
        algorithms = sorted(shares, key=lambda algorithm: (-shares[algorithm], order.index(algorithm)))
        reasons = tuple(REASONS[algorithm] for algorithm in algorithms)
        metadata: dict[str, object] = {}
        for offer in offers.values():
            metadata.update(offer.metadata)
        return Recommended(
            product,
            rounded(min(sum(weights[algorithm] * o.score for algorithm, o in offers.items()), 1.0)),
            rounded(sum(o.confidence for o in offers.values()) / len(offers)),
            reasons[0],
            reasons,
            {algorithm: (o.score, weights[algorithm]) for algorithm, o in offers.items()},
            metadata,
        )

    def diverse(self, fused: Sequence[Recommended], limit: int) -> list[Recommended]:
        """Return the first so many, not too many of a farm, a category or a third of the prices."""
        caps = {"farm": -(-3 * limit // 10), "category": -(-5 * limit // 10), "third": -(-7 * limit // 10)}
        prices = [self.known[r.product_id].price for r in fused]
        held: Counter[tuple[str, object]] = Counter()
        chosen: list[Recommended] = []
        passed: list[Recommended] = []
        for recommended in fused:
            product = self.known[recommended.product_id]
            kinds: list[tuple[str, object]] = [("farm", product.farm_id), ("category", product.category)]
            if min(prices) < max(prices):
                part = 3 * (product.price - min(prices)) / (max(prices) - min(prices))
                kinds.append(("third", min(math.floor(part + TOLERANCE), 2)))
            if all(held[kind] < caps[kind[0]] for kind in kinds):
                held.update(kinds)
                chosen.append(recommended)
            else:
                passed.append(recommended)
            if len(chosen) == limit:
                break
        return [*chosen, *passed][:limit]

    def filling(self, query: Query, now: float, taken: set[str]) -> list[Recommended]:
        """Return what fills an answer up: the products bought most, then the newest."""
        free = [product for product in self.appearing(query, now) if product not in taken]
        matching = self.matching(query, free) if context_of(query) is Context.SEARCH else []
        others = [product for product in free if product not in set(matching)]
        return [*self._filling(matching), *self._filling(others)]

    def _filling(self, products: Sequence[str]) -> list[Recommended]:
        bought = [p for p in products if p in self.purchases_with]
        never = [p for p in products if p not in self.purchases_with]
        bought.sort(key=lambda p: (-len(self.purchases_with[p]), self.ranks[p]))
        never.sort(key=lambda p: (-self.added[p], self.ranks[p]))
        most = [self._fill(product, Reason.TRENDING_LOCAL, "most_bought") for product in bought]
        return most + [self._fill(product, Reason.NEW_ARRIVAL, "newest") for product in never]

    def _fill(self, product: str, reason: Reason, filling: str) -> Recommended:
        return Recommended(product, 0.0, 0.0, reason, (reason,), {}, {"filling": filling})

    def together(self, product_id: str, limit: int, now: float) -> list[Offered]:
        """Return what is bought with one product, best first."""
        if product_id not in self.products:
            raise UnknownId("there is no such product", field="productId", value=product_id)
        shelf = self.appearing(Query(user_id="nobody", product_id=product_id), now)
        return self.best(self.companions(product_id, shelf), limit)
