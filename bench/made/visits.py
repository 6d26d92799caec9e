"""What shoppers of a made market did in the last two days, beside buying."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np

from bench.made.baskets import Baskets
from bench.made.chance import Chance, Ints, Urn, chance
from bench.made.names import sought
from bench.made.people import STAPLES, People
from bench.made.shelf import Shelf
from bench.made.words import KINDS
from punnet.market import Action, EntityType, Record, UserAction
from punnet.types import DAY, Floats, Indices


class Deed(NamedTuple):
    """Something to do, to what, and how often it is done."""

    action: UserAction
    entity_type: EntityType | None
    weight: int


DEEDS = (
    Deed(UserAction.ADD_TO_CART, EntityType.PRODUCT, 0),
    Deed(UserAction.VIEW_PRODUCT, EntityType.PRODUCT, 58),
    Deed(UserAction.SEARCH, EntityType.SEARCH, 12),
    Deed(UserAction.VIEW_FARM, EntityType.FARM, 8),
    Deed(UserAction.ADD_TO_WISHLIST, EntityType.PRODUCT, 8),
    Deed(UserAction.ADD_TO_WISHLIST, EntityType.FARM, 5),
    Deed(UserAction.CLICK_RECOMMENDATION, EntityType.PRODUCT, 4),
    Deed(UserAction.RATE_FARM, EntityType.FARM, 3),
    Deed(UserAction.FILTER_CATEGORY, None, 2),
)
CART = 0
"""Done by every other visitor at the end of the visit, and by nobody else: the carts stay open."""

MOST_IN_CART = 4
SPAN = 2 * int(DAY)
PAUSE = 60


class Visits(NamedTuple):
    """Who is about (`shoppers`, the active ones first to be met), and what they did, by time.

    Of each deed: the row of its visitor in `shoppers`, its row in DEEDS, the product it is about, when
    (seconds), and dice from 0 to 1 for what else is to be decided.
    """

    shoppers: Ints
    visitors: Ints
    deeds: Ints
    products: Ints
    times: Indices
    dice: Floats

    def with_cart(self, shoppers: int | None = None) -> Ints:
        """Return who has an open cart among the first so many."""
        return self.shoppers[:shoppers:2]


def made_visits(seed: int, count: int, now: int, baskets: Baskets, people: People) -> Visits:
    """Return the visits of so many different shoppers in the two days until `now` (seconds)."""
    luck = chance(seed, 5)
    shoppers = _about(luck, count, people)
    sizes = np.clip(luck.geometric(0.15, len(shoppers)), 2, 30)
    visitors = np.repeat(np.arange(len(shoppers)), sizes)
    left = np.repeat(np.cumsum(sizes), sizes) - np.arange(len(visitors))
    deeds = Urn(np.array([deed.weight for deed in DEEDS], np.float64)).draw(luck, len(visitors))
    carted = np.minimum(luck.integers(1, MOST_IN_CART + 1, len(shoppers)), sizes - 1)
    carted[1::2] = 0
    deeds = np.where(deeds == CART, 1, deeds)
    deeds[left <= carted[visitors]] = CART
    products = _products(luck, shoppers[visitors], baskets, people)
    ends = now - luck.integers(0, SPAN - 30 * PAUSE, len(shoppers))
    times = ends[visitors] - PAUSE * left + luck.integers(0, PAUSE, len(visitors))
    order = np.argsort(times, kind="stable")
    columns = visitors.astype(np.int32), deeds, products, times, luck.random(len(visitors))
    return Visits(shoppers, *(column[order] for column in columns))


def records(visits: Visits, shelf: Shelf, shoppers: int | None = None) -> Iterator[Record]:
    """Yield what the first so many visitors did, each taken in when it was done."""
    columns = visits.visitors, visits.deeds, visits.products, visits.times, visits.dice
    rows = zip(*(column.tolist() for column in columns), strict=True)
    for number, (visitor, deed, product, time, dice) in enumerate(rows):
        if shoppers is None or visitor < shoppers:
            about = DEEDS[deed]
            entity, metadata = _entity(shelf, about, product, dice)
            action = Action(
                event_id=f"event-{number}",
                user_id=f"shopper-{visits.shoppers[visitor]}",
                action=about.action,
                entity_id=entity,
                entity_type=about.entity_type,
                metadata=metadata,
                timestamp=datetime.fromtimestamp(time, UTC),
            )
            yield Record(at=float(time), fact=action)


def _about(luck: Chance, count: int, people: People) -> Ints:
    """Return so many different shoppers, or all there are, most of them active ones."""
    drawn = Urn(people.weights).draw(luck, 3 * count)
    everybody = np.concatenate((drawn, np.arange(len(people.weights), dtype=np.int32)))
    _, first = np.unique(everybody, return_index=True)
    return everybody[np.sort(first)][:count]


def _products(luck: Chance, who: Ints, baskets: Baskets, people: People) -> Ints:
    """Return what each deed is about: something that the shopper buys again and again, or what others buy."""
    staples = people.staples[who, luck.integers(0, STAPLES, len(who))]
    others = baskets.products[luck.integers(0, len(baskets.products), len(who))]
    return np.where(luck.random(len(who)) < 0.6, staples, others)


def _entity(shelf: Shelf, deed: Deed, product: int, dice: float) -> tuple[str | None, dict[str, object]]:
    """Return entity id and metadata of a deed."""
    match deed:
        case Deed(entity_type=EntityType.SEARCH):
            return None, {"searchQuery": sought(shelf, product, dice)}
        case Deed(entity_type=None):
            return None, {"category": KINDS[shelf.categories[product]].name}
        case Deed(entity_type=EntityType.FARM):
            rating: dict[str, object] = {"rating": 2 + int(4 * dice)}
            return f"farm-{shelf.farms[product]}", rating if deed.action is UserAction.RATE_FARM else {}
        case _:
            return f"product-{product}", {}
