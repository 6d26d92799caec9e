"""Random markets and queries, with borders and ties where formulas break.

One generator serves both uses: `market` and `query` draw from any `random.Random`, a seeded one for
large markets or hypothesis' own, whose draws shrink.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple

from hypothesis import strategies as st

from punnet.market import (
    Action,
    Context,
    EntityType,
    Fact,
    Farm,
    FarmChange,
    FarmPatch,
    Order,
    OrderLine,
    Product,
    ProductChange,
    ProductPatch,
    Query,
    Record,
    Removal,
    UserAction,
)

CATEGORIES = ("Vegetables", "Root Vegetables", "Berries", "Greens", "Apples", "Dairy", "Flowers", "Fruits")
NAMES = ("Red Apples", "Green beans", "Sweet berries", "Apples", "Old vegetables", "Milk", "Tulips")
SEARCHES = ("apples", "GREEN apples", "vegetables", "sweet-milk", "nothing of it", "", "berries red", "dairy")
PRICES = (1.0, 1.5, 2.0, 2.4, 2.41, 2.5, 2.6, 2.61, 3.0, 3.25, 3.5, 4.0, 5.0, 0.1, 0.12, 0.13, 0.0)
PLACES: tuple[tuple[float, float] | None, ...] = (
    None,
    (39.1, -84.5),
    (39.1 + 79.5 / 111.195, -84.5),  # 79.5 km north of the first: near
    (39.1 + 80.5 / 111.195, -84.5),  # 80.5 km north of the first: far, though 1 km from the second
    (39.2, -84.4),
    (-33.9, 151.2),
    (-17.0, 179.9),
    (-17.0, -179.9),  # 43 km from the one before, over the date line
)
NOWS = tuple(
    datetime(2026, *day, tzinfo=UTC) for day in ((1, 31, 12), (4, 15), (6, 1), (8, 31, 23), (11, 22, 20))
)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
AGES = (
    20 * DAY,
    14 * DAY + SECOND,
    14 * DAY,
    14 * DAY - SECOND,
    10 * DAY,
    7 * DAY + SECOND,
    7 * DAY,
    7 * DAY - SECOND,
    5 * DAY + 7 * SECOND,
    3 * DAY,
    DAY,
    SECOND,
    0 * SECOND,
)
ABOUT_PRODUCTS = (
    UserAction.VIEW_PRODUCT,
    UserAction.VIEW_PRODUCT,
    UserAction.ADD_TO_CART,
    UserAction.ADD_TO_CART,
    UserAction.REMOVE_FROM_CART,
    UserAction.ADD_TO_WISHLIST,
    UserAction.REMOVE_FROM_WISHLIST,
    UserAction.RATE_PRODUCT,
    UserAction.SHARE_PRODUCT,
    UserAction.CLICK_RECOMMENDATION,
    UserAction.CLICK_RECOMMENDATION,
)
ABOUT_FARMS = (
    UserAction.VIEW_FARM,
    UserAction.ADD_TO_WISHLIST,
    UserAction.REMOVE_FROM_WISHLIST,
    UserAction.RATE_FARM,
)
ABOUT_NOTHING = (
    UserAction.SEARCH,
    UserAction.FILTER_CATEGORY,
    UserAction.COMPLETE_PURCHASE,
    UserAction.VIEW_RECOMMENDATIONS,
)


class Size(NamedTuple):
    """How much of everything a market has."""

    farms: int = 3
    products: int = 12
    shoppers: int = 5
    orders: int = 20
    actions: int = 20
    changes: int = 4


class Market(NamedTuple):
    """Records, and the moment to ask at; `products`, `farms` and `users` are all ids that occur."""

    records: tuple[Record, ...]
    now: datetime
    farms: tuple[str, ...]
    products: tuple[str, ...]
    users: tuple[str, ...]

    @property
    def seconds(self) -> float:
        """The moment to ask at, in seconds since 1970."""
        return self.now.timestamp()


class _Maker:
    """Makes the facts of one market, naming only what was heard of before."""

    def __init__(self, random: Random, size: Size) -> None:
        self.random, self.size = random, size
        self.now: datetime = random.choice(NOWS)
        self.farms: list[str] = []
        self.left: set[str] = set()
        self.products: list[Product] = []
        self.orders: list[Order] = []
        self.users = [f"user-{n}" for n in range(size.shoppers)]
        self.made = 0

    def some(self, name: str) -> str:
        """Return a new id."""
        self.made += 1
        return f"{name}-{self.made}"

    def chance(self, one_in: int) -> bool:
        """Return whether something rare happens."""
        return self.random.randint(1, one_in) == one_in

    def time(self) -> datetime:
        """Return a moment before now, often one on a border; rarely one still to come."""
        kind = self.random.randint(0, 9)
        if kind == 9:
            return self.now + self.random.choice((SECOND, DAY))
        if kind < 5:
            return self.now - self.random.choice(AGES)
        return self.now - self.random.randint(1, 8 * 24) * timedelta(hours=1)

    def farm(self) -> Farm:
        """Return a new farm."""
        self.farms.append(self.some("farm"))
        return Farm(id=self.farms[-1], name=f"The {self.farms[-1]}")

    def product(self, known: str | None = None) -> Product:
        """Return a product, new or in place of one."""
        product = Product(
            id=known or self.some("product"),
            name=self.random.choice(NAMES),
            farm_id=self.random.choice([farm for farm in self.farms if farm not in self.left]),
            category=self.random.choice(CATEGORIES),
            price=self.random.choice(PRICES),
            organic=self.chance(2),
            stock=self.random.choice((None, None, None, None, 7, 1, 0)),
            available=not self.chance(15),
            created_at=None if self.chance(3) else self.time(),
            available_from=self.time() if self.chance(10) else None,
            available_until=self.time() + 3 * DAY if self.chance(10) else None,
        )
        self.products.append(product)
        return product

    def order(self) -> Order:
        """Return a basket, often of the first products, so that some are bought by many."""
        reach = len(self.products) if self.chance(3) else max(len(self.products) // 2, 1)
        products = [self.products[self.random.randrange(reach)] for _ in range(self.random.randint(1, 6))]
        place = self.random.choice(PLACES[:6] + PLACES[1:3])
        order = Order(
            id=self.some("order"),
            user_id=self.random.choice(self.users),
            placed_at=self.time(),
            lines=tuple(
                OrderLine(
                    product_id=product.id,
                    quantity=self.random.choice((0.5, 1, 3)),
                    unit_price=product.price if self.chance(2) else self.random.choice(PRICES),
                )
                for product in products
            ),
            latitude=place and place[0],
            longitude=place and place[1],
        )
        self.orders.append(order)
        return order

    def action(self) -> Action:
        """Return one action of any of the 14 kinds."""
        entity_id: str | None
        entity_type: EntityType | None
        metadata: dict[str, object] = {}
        kind = self.random.randint(0, 5)
        if kind < 3:
            action = self.random.choice(ABOUT_PRODUCTS)
            entity_id = self.random.choice(self.products).id
            entity_type = self.random.choice((None, EntityType.PRODUCT))
            if action is UserAction.RATE_PRODUCT:
                metadata = {"rating": self.random.choice((1, 3.5, 4, 5))}
        elif kind < 4:
            action = self.random.choice(ABOUT_FARMS)
            entity_id, entity_type = self.random.choice(self.farms), EntityType.FARM
            if action is UserAction.RATE_FARM:
                metadata = {"rating": self.random.choice((1, 3.5, 4, 5))}
        else:
            action = self.random.choice(ABOUT_NOTHING)
            entity_id, entity_type, metadata = self.sought(action)
        return Action(
            event_id=self.some("event"),
            user_id=self.random.choice(self.users),
            action=action,
            entity_id=entity_id,
            entity_type=entity_type,
            metadata=metadata,
            timestamp=self.time() if self.chance(2) else None,
        )

    def sought(self, action: UserAction) -> tuple[str | None, EntityType | None, dict[str, object]]:
        """Return entity, its type and metadata of an action that names neither product nor farm."""
        category = self.random.choice(self.products).category
        if action is UserAction.COMPLETE_PURCHASE and self.orders:
            return self.random.choice(self.orders).id, EntityType.ORDER, {}
        if action is UserAction.FILTER_CATEGORY:
            return (None, None, {"category": category}) if self.chance(2) else (category, None, {})
        if action is UserAction.SEARCH:
            words = self.random.choice(SEARCHES)
            if words and self.chance(3):
                return words, EntityType.SEARCH, {}
            search: dict[str, object] = {"searchQuery": words}
            return None, EntityType.SEARCH, {**search, "category": category} if self.chance(2) else search
        if action is UserAction.VIEW_RECOMMENDATIONS and self.chance(2):
            return None, None, {"productIds": [self.random.choice(self.products).id for _ in range(3)]}
        return None, None, {}

    def change(self) -> Fact:
        """Return a change to the catalogue."""
        product = self.random.choice(self.products)
        match self.random.randint(0, 7):
            case 0:
                return Removal(entity_type=EntityType.PRODUCT, id=product.id)
            case 1 if len(self.left) + 1 < len(self.farms):
                self.left.add(self.random.choice(self.farms))
                return Removal(entity_type=EntityType.FARM, id=self.random.choice(sorted(self.left)))
            case 2:
                return self.product(product.id)
            case 3:
                farm = self.random.choice(self.farms)
                self.left.discard(farm)
                return Farm(id=farm, name=f"The new {farm}", region="East")
            case 4:
                patch = FarmPatch(latitude=39.0, longitude=-84.0)
                return FarmChange(id=self.random.choice(self.farms), patch=patch)
            case _:
                return ProductChange(id=product.id, patch=self.patch())

    def patch(self) -> ProductPatch:
        """Return a patch of one or two fields."""
        return self.random.choice(
            (
                ProductPatch(price=self.random.choice(PRICES)),
                ProductPatch(stock=self.random.choice((0, 3, None))),
                ProductPatch(category=self.random.choice(CATEGORIES), organic=self.chance(2)),
                ProductPatch(farm_id=self.random.choice(self.farms), name=self.random.choice(NAMES)),
                ProductPatch(available=self.chance(2), created_at=None),
                ProductPatch(created_at=self.time()),
            )
        )

    def facts(self) -> list[Fact]:
        """Return the facts: some of the catalogue, then everything else mixed, orders out of order."""
        size = self.size
        facts: list[Fact] = [self.farm() for _ in range(size.farms)]
        facts += [self.product() for _ in range(size.products - size.products // 4)]
        later = [self.product] * (size.products // 4)
        kinds = [self.order] * size.orders + [self.action] * size.actions + [self.change] * size.changes
        todo = [*later, *kinds]
        self.random.shuffle(todo)
        return facts + [make() for make in todo]

    def records(self) -> tuple[Record, ...]:
        """Return the facts as taken in one after the other over the last 20 days."""
        facts = self.facts()
        ages = sorted((self.random.choice(AGES) for _ in range(12)), reverse=True)
        taken = [(self.now - ages[n * len(ages) // len(facts)]).timestamp() for n in range(len(facts))]
        return tuple(Record(at=at, fact=fact) for at, fact in zip(taken, facts, strict=True))


def market(random: Random, size: Size) -> Market:
    """Return a market of that size."""
    maker = _Maker(random, size)
    records = maker.records()
    products = tuple(dict.fromkeys(product.id for product in maker.products))
    return Market(records, maker.now, tuple(maker.farms), products, tuple(maker.users))


def query(random: Random, of: Market, *, contexts: Sequence[Context | None] = (None, *Context)) -> Query:
    """Return a question to a market, about a product that it heard of, now and then by a stranger."""
    place = random.choice((None, *PLACES))
    context = random.choice(contexts)
    searching = context is Context.SEARCH or random.randint(0, 3) == 0
    excluded = random.choice((0, 0, 0, 1, 2))
    return Query(
        user_id=random.choice((*of.users, *of.users, "stranger")),
        product_id=random.choice(of.products) if random.randint(0, 1) else None,
        category=random.choice(CATEGORIES) if random.randint(0, 5) == 0 else None,
        limit=random.choice((1, 2, 3, 4, 5, 7, 10, 20, 100)),
        exclude_ids=tuple(random.choice(of.products) for _ in range(excluded)),
        latitude=place and place[0],
        longitude=place and place[1],
        context=context,
        search_query=random.choice(SEARCHES) if searching else None,
    )


def random_market(
    seed: int,
    *,
    farms: int = 20,
    products: int = 200,
    shoppers: int = 60,
    orders: int = 1500,
    actions: int = 1500,
    changes: int = 60,
) -> Market:
    """Return the market of a seed."""
    return market(Random(seed), Size(farms, products, shoppers, orders, actions, changes))


def random_queries(
    seed: int, of: Market, count: int, *, contexts: Sequence[Context | None] = (None, *Context)
) -> list[Query]:
    """Return questions to a market, the same for the same seed."""
    random = Random(seed)
    return [query(random, of, contexts=contexts) for _ in range(count)]


@st.composite
def markets(draw: st.DrawFn) -> Market:
    """Small markets of any make-up, down to one farm with one product."""
    size = Size(
        farms=draw(st.integers(1, 7)),
        products=draw(st.integers(1, 14)),
        shoppers=draw(st.integers(1, 6)),
        orders=draw(st.integers(0, 25)),
        actions=draw(st.integers(0, 25)),
        changes=draw(st.integers(0, 6)),
    )
    return market(draw(st.randoms(use_true_random=False)), size)


@st.composite
def markets_and_queries(
    draw: st.DrawFn, *, contexts: Sequence[Context | None] = (None, *Context)
) -> tuple[Market, Query]:
    """A small market and a question to it."""
    of = draw(markets())
    return of, query(draw(st.randoms(use_true_random=False)), of, contexts=contexts)
