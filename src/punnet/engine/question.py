"""A query, in positions and masks."""

from dataclasses import dataclass

import numpy as np

from punnet.algorithms.trending import Place
from punnet.engine.index import Index
from punnet.engine.tuning import Tuning
from punnet.errors import UnknownId
from punnet.market import Context, Query
from punnet.types import Indices, Mask

CART_CONTEXTS = (Context.CART, Context.CHECKOUT)


@dataclass(frozen=True, slots=True)
class Question:
    """What the algorithms are asked. A shopper or product of -1 is unknown, or not named."""

    now: float
    limit: int
    context: Context
    shopper: int
    product: int
    cart: Indices
    """In CART and CHECKOUT: the request's product and the open cart."""
    eligible: Mask
    """What may appear."""
    wanted: Mask
    """What the algorithms choose from: in a search, what matches its words, if anything eligible does."""
    place: Place | None
    latitude: float

    @property
    def k(self) -> int:
        """How many products each algorithm offers at most."""
        return 2 * self.limit


def ask(index: Index, query: Query, now: float, tuning: Tuning) -> Question:
    """Return the question of `query` at `now` (seconds). UnknownId when its product was never heard of."""
    product = position_of(index, query.product_id)
    context = query.context or (Context.HOME if product < 0 else Context.PRODUCT_DETAIL)
    shopper = index.shoppers.find(query.user_id)
    cart = np.zeros(0, np.int64)
    if context in CART_CONTEXTS:
        inside = dict.fromkeys([product] if product >= 0 else []) | index.profile(shopper).cart
        cart = np.array(list(inside), np.int64)
    eligible = _eligible(index, query, now)
    eligible[cart] = False
    if product >= 0:
        eligible[product] = False
    place, latitude = None, tuning.market_latitude
    if query.latitude is not None and query.longitude is not None:
        place = Place(query.latitude, query.longitude, tuning.trending_radius_km)
        latitude = query.latitude
    return Question(
        now, query.limit, context, shopper, product, cart,
        eligible, _wanted(index, query, context, eligible), place, latitude,
    )  # fmt: skip


def position_of(index: Index, product_id: str | None) -> int:
    """Return the position of a product, -1 for None. UnknownId when the market has no such product."""
    if product_id is None:
        return -1
    if index.catalogue.product(product_id) is None:
        raise UnknownId(
            f'productId "{product_id}" is not in the catalogue.',
            field="productId",
            value=product_id,
            allowed="the id of a product of the catalogue",
        )
    return index.catalogue.products.find(product_id)


def _eligible(index: Index, query: Query, now: float) -> Mask:
    catalogue = index.catalogue
    eligible = catalogue.on_sale(now)
    if query.category is not None:
        eligible &= catalogue.shelf.category == catalogue.categories.find(query.category)
    excluded = [catalogue.products.find(product_id) for product_id in query.exclude_ids]
    eligible[[position for position in excluded if position >= 0]] = False
    return eligible


def _wanted(index: Index, query: Query, context: Context, eligible: Mask) -> Mask:
    if context is Context.SEARCH and query.search_query:
        matching = eligible & index.catalogue.matching(query.search_query)
        if matching.any():
            return matching
    return eligible
