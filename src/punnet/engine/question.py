"""A query, in positions."""

from typing import NamedTuple

import numpy as np

from punnet.algorithms import seasonal
from punnet.algorithms.offer import Asked
from punnet.core.geo import Place
from punnet.engine.index import Index
from punnet.engine.kept import Kept
from punnet.engine.offers import CART_CONTEXTS, NOTHING, any_sells
from punnet.engine.tuning import Tuning
from punnet.errors import UnknownId
from punnet.market import Context, Query
from punnet.types import Positions

_NO_SEASON = np.zeros(0, np.bool_)


class Question(NamedTuple):
    """What is asked of the algorithms, on which page, and for which place."""

    asked: Asked
    context: Context
    place: Place | None


def ask(index: Index, kept: Kept, query: Query, now: float, tuning: Tuning) -> Question:
    """Return the question of `query` at `now` (seconds). UnknownId when its product was never heard of."""
    product = position_of(index, query.product_id)
    context = query.context or (Context.HOME if product < 0 else Context.PRODUCT_DETAIL)
    shopper = index.shoppers.find(query.user_id)
    sketch = kept.sketch_of(shopper)
    cart, banned = _companions(context, product, sketch.cart), _banned(index, query, product)
    if context in CART_CONTEXTS:
        banned = np.concatenate((banned, cart))
    category = -1 if query.category is None else _category(index, query.category)
    place, latitude = None, tuning.market_latitude
    if query.latitude is not None and query.longitude is not None:
        place = Place(float(query.latitude), float(query.longitude), float(tuning.trending_radius_km))
        latitude = query.latitude
    matches, searching = NOTHING, False
    if context is Context.SEARCH and query.search_query:
        matches = kept.searches.matching(query.search_query)
        goods = kept.whereabouts(now, None).goods
        searching = any_sells(goods, matches, banned, category, float(now))
    asked = Asked(
        float(now), shopper, product, category, searching, matches, cart, banned,
        sketch.signals, sketch.handled, sketch.handled_at,
        kept.in_season(seasonal.season(now, latitude)),
    )  # fmt: skip
    return Question(asked, context, place)


def blank(kept: Kept, shopper: int, now: float = 0.0, product: int = -1) -> Asked:
    """Return what asks about a shopper alone, or of a product for its companions."""
    sketch = kept.sketch_of(shopper)
    cart = NOTHING if product < 0 else np.array([product], np.int32)
    return Asked(
        float(now), shopper, -1, -1, False, NOTHING, cart, NOTHING,
        sketch.signals, sketch.handled, sketch.handled_at, _NO_SEASON,
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


def _companions(context: Context, product: int, cart: tuple[int, ...]) -> Positions:
    """Return the products whose companions are asked for: that on the page, and what is in the cart."""
    if context is Context.PRODUCT_DETAIL or context in CART_CONTEXTS:
        own = [product] if product >= 0 else []
        inside = dict.fromkeys(own) | dict.fromkeys(cart if context in CART_CONTEXTS else ())
        return np.array(list(inside), np.int32)
    return NOTHING


def _banned(index: Index, query: Query, product: int) -> Positions:
    """Return what is excluded by the request, and the product on the page itself."""
    if product < 0 and not query.exclude_ids:
        return NOTHING
    found = [product, *index.catalogue.products.find_all(query.exclude_ids)]
    return np.array([position for position in found if position >= 0], np.int32)


def _category(index: Index, name: str) -> int:
    """Return the position of the only category that may appear, behind all others where it is not known."""
    position = index.catalogue.categories.find(name)
    return position if position >= 0 else len(index.catalogue.categories)
