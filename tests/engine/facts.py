"""Facts of a small market, written down the way a person would: `order("ann", "leeks", "beets", days=2)`."""

from datetime import UTC, datetime, timedelta
from itertools import count

from punnet.engine.engine import Engine
from punnet.engine.index import Index
from punnet.engine.kept import Kept
from punnet.engine.tuning import Tuning
from punnet.market import (
    Action,
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
    Record,
    Removal,
    UserAction,
)

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
"""The moment a test asks at: a summer's day in the north."""

NOW = NOON.timestamp()
DAY = 86_400.0

_numbers = count()


def ago(days: float) -> datetime:
    """Return a moment before noon; a negative one is still to come."""
    return NOON - timedelta(days=days)


def farm(farm_id: str = "hill", **known: object) -> Farm:
    """Return a farm named like its id."""
    return Farm(**{"id": farm_id, "name": farm_id.title(), **known})


def product(product_id: str, **known: object) -> Product:
    """Return vegetables of the farm `hill` for 2.00, but for what is `known`."""
    about = {"name": product_id.title(), "farm_id": "hill", "category": "Vegetables", "price": 2.0}
    return Product(**{"id": product_id, **about, **known})


def order(user_id: str, *products: str, days: float = 1, price: float = 2.0, **known: object) -> Order:
    """Return an order placed some days ago, of products at one price."""
    lines = tuple(OrderLine(product_id=name, quantity=1, unit_price=price) for name in products)
    made = {"id": f"order-{next(_numbers)}", "placed_at": ago(days), "lines": lines}
    return Order(**{"user_id": user_id, **made, **known})


def did(user_id: str, action: UserAction | str, entity: str | None = None, **known: object) -> Action:
    """Return an action; `days` is how long ago the shopper did it, `farm=True` says the entity is one."""
    about: dict[str, object] = {"event_id": f"event-{next(_numbers)}", "entity_id": entity}
    if known.pop("farm", False):
        about["entity_type"] = EntityType.FARM
    if "days" in known:
        about["timestamp"] = ago(known.pop("days"))
    return Action(**{"user_id": user_id, "action": UserAction(action), **about, **known})


def patched(product_id: str, **fields: object) -> ProductChange:
    """Return a change to a product."""
    return ProductChange(id=product_id, patch=ProductPatch(**fields))


def patched_farm(farm_id: str, **fields: object) -> FarmChange:
    """Return a change to a farm."""
    return FarmChange(id=farm_id, patch=FarmPatch(**fields))


def removed(product_id: str) -> Removal:
    """Return that a product left."""
    return Removal(entity_type=EntityType.PRODUCT, id=product_id)


def removed_farm(farm_id: str = "hill") -> Removal:
    """Return that a farm left."""
    return Removal(entity_type=EntityType.FARM, id=farm_id)


def records(*facts: Fact, at: float = NOW - 30 * DAY) -> list[Record]:
    """Return facts as taken in, 30 days before noon if nothing is said."""
    return [Record(at=at, fact=fact) for fact in facts]


def index_of(*facts: Fact, at: float = NOW - 30 * DAY) -> Index:
    """Return the index of a market in which this happened."""
    index = Index()
    index.apply(records(*facts, at=at))
    return index


def kept_of(index: Index, tuning: Tuning | None = None) -> Kept:
    """Return what is kept of an index, which has worked out nothing yet."""
    return Kept(index, tuning or Tuning())


def engine_of(*facts: Fact, at: float = NOW - 30 * DAY) -> Engine:
    """Return the engine of a market in which this happened."""
    engine = Engine()
    engine.apply(records(*facts, at=at))
    return engine
