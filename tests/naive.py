"""The market of docs/reference/algorithms.md in plain Python, to be held beside that page.

Every question is worked out anew from the facts (tests/facts.py): nothing here is quick, and nothing is
clever. Whatever orders products (scores, shares, preferences, confidences) is first rounded to 12
decimals, so that equal is equal.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from punnet.errors import UnknownId
from punnet.market import Algorithm, Context, Product, Query, Reason
from tests.facts import Facts, Purchase, Shopper, rounded, words

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


def kilometres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the great-circle distance of two places (latitude, longitude in degrees)."""
    (lat1, lon1), (lat2, lon2) = (tuple(map(math.radians, place)) for place in (one, other))
    half = math.sin((lat2 - lat1) / 2) ** 2
    half += math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(half, 1.0)))


def context_of(query: Query) -> Context:
    """Return the page a query is for."""
    if query.context is not None:
        return query.context
    return Context.HOME if query.product_id is None else Context.PRODUCT_DETAIL


class NaiveMarket(Facts):
    """A market that answers like the engine, slowly."""

    def __init__(self, *, neighbours: int = 500, radius_km: float = 80.0, latitude: float = 0.0) -> None:
        super().__init__()
        self.neighbours, self.radius_km, self.latitude = neighbours, radius_km, latitude

    # What may appear

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
