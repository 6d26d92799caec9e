"""What a shop asks about its visitors, as often as pages of a made market are opened."""

from typing import NamedTuple

import numpy as np

from bench.made.baskets import Baskets
from bench.made.chance import Chance, Ints, Urn
from bench.made.land import Land
from bench.made.names import sought
from bench.made.shelf import Shelf
from punnet.market import Context, Query
from punnet.types import Mask

STRANGERS = 0.1
"""The share of visitors of whom nothing is known."""

PLACED = 1 / 3
"""The share of questions that name the town of the visitor."""

WITH_CART = (Context.CART, Context.CHECKOUT)


class Visitors(NamedTuple):
    """Who asks: a shopper, or a stranger in place of one; and the town that they come from."""

    shoppers: Ints
    strange: Mask
    towns: Ints


def queries(
    luck: Chance, context: Context, visitors: Visitors, land: Land, shelf: Shelf, baskets: Baskets
) -> list[Query]:
    """Return a question of each visitor for one kind of page; what is bought much is asked about much."""
    count = len(visitors.shoppers)
    products = baskets.products[luck.integers(0, len(baskets.products), count)]
    placed, dice = luck.random(count) < PLACED, luck.random(count)
    rows = zip(*(column.tolist() for column in (*visitors, placed, products, dice)), strict=True)
    return [
        Query(
            user_id=f"visitor-{number}" if stranger else f"shopper-{shopper}",
            context=context,
            product_id=f"product-{product}" if context is Context.PRODUCT_DETAIL else None,
            latitude=float(land.town_latitudes[home]) if near else None,
            longitude=float(land.town_longitudes[home]) if near else None,
            search_query=sought(shelf, product, die) if context is Context.SEARCH else None,
        )
        for number, (shopper, stranger, home, near, product, die) in enumerate(rows)
    ]


def visitors(luck: Chance, count: int, land: Land, baskets: Baskets, towns: Ints) -> Visitors:
    """Return so many visitors of a page: who buys much comes often. `towns` holds that of each shopper."""
    shoppers = baskets.shoppers[luck.integers(0, len(baskets.shoppers), count)]
    strange = luck.random(count) < STRANGERS
    return Visitors(
        shoppers, strange, np.where(strange, Urn(land.town_weights).draw(luck, count), towns[shoppers])
    )


def holders(luck: Chance, count: int, carts: Ints, towns: Ints) -> Visitors:
    """Return so many visitors of a cart or a checkout, all of whom are in `carts`."""
    shoppers = carts[luck.integers(0, len(carts), count)]
    return Visitors(shoppers, np.zeros(count, np.bool_), towns[shoppers])
