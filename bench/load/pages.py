"""The requests behind the pages of a made market, as they go over the wire."""

from urllib.parse import urlencode

import msgspec
import numpy as np
from msgspec.structs import replace

from bench.load.callers import HOST, post
from bench.made import MadeMarket
from punnet.market import Action, Context, EntityType, Query, UserAction
from punnet.protocol import codec

PATH = "/api/recommendations"

PAGES = {Context.HOME: 0.40, Context.PRODUCT_DETAIL: 0.45, Context.SEARCH: 0.10, Context.CART: 0.05}
"""How often each kind of page is opened."""

STRANGERS = 0.7
"""The share of pages opened by people of whom nothing is known: new, not signed in, or no people at all."""

AGAIN = 0.2
"""The share of the others' pages that are opened once more: somebody reloads, or comes back."""

DEEDS = 50
"""So many pages are opened for each action that is recorded."""

PRICES = 20_000
"""So many pages are opened for each change of the catalogue: one a second, at the pace of a run."""


def get(path: str) -> bytes:
    """Return a request as the back end of a shop sends it."""
    head = f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nAccept: application/json\r\nUser-Agent: shop/1.0\r\n\r\n"
    return head.encode()


def ask(query: Query) -> bytes:
    """Return the request for a query."""
    given = {name: value for name, value in msgspec.to_builtins(query).items() if value not in (None, ())}
    return get(f"{PATH}?{urlencode(given)}")


def computed(market: MadeMarket, count: int, run: int) -> list[bytes]:
    """Return requests for all kinds of pages as they are opened; who buys much comes often."""
    return [ask(query) for query in _opened(market, count, run)]


def visited(market: MadeMarket, count: int, run: int) -> list[bytes]:
    """Return what the shop of a made market sends while people are about.

    Strangers come to the pages that others open as well, each under an id of their own. Beside the pages
    there are actions (a shopper puts something in the cart) and changes of prices.
    """
    luck = np.random.default_rng([market.seed, 8, run])
    strange, again = luck.random(count) < STRANGERS, luck.random(count) < AGAIN
    asked: list[bytes] = []
    for number, query in enumerate(_opened(market, count, run)):
        if strange[number] and query.context is not Context.CART:
            asked.append(ask(replace(query, user_id=f"stranger-{run}-{number}")))
        else:
            asked += [ask(query)] * (2 if again[number] else 1)
        if number % DEEDS == 0:
            asked.append(_deed(market, query, luck, f"{run}-{number}"))
        if number % PRICES == PRICES // 2:
            asked.append(price(market, run + number))
    return asked[:count]


def price(market: MadeMarket, number: int) -> bytes:
    """Return a request that changes a price, which is another one for each number."""
    product = number % len(market.shelf.farms)
    body = codec.write({"price": 2 + number % 400 / 100})
    return post(f"/api/products/product-{product}", body).replace(b"POST", b"PATCH", 1)


def _deed(market: MadeMarket, query: Query, luck: np.random.Generator, event: str) -> bytes:
    bought = market.baskets.products
    action = Action(
        event_id=event,
        user_id=query.user_id,
        action=UserAction.ADD_TO_CART,
        entity_id=f"product-{bought[luck.integers(0, len(bought))]}",
        entity_type=EntityType.PRODUCT,
    )
    return post(PATH, codec.write(action))


def _opened(market: MadeMarket, count: int, run: int) -> list[Query]:
    """Return what is asked for so many pages, in no order."""
    luck = np.random.default_rng([market.seed, 7, run])
    numbers = {page: round(count * share) for page, share in PAGES.items()}
    queries = [query for page, number in numbers.items() for query in market.queries(page, number, run)]
    return [queries[at] for at in luck.permutation(len(queries))]
