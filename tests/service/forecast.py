"""Purchases to come, and whose lists they will change: asked of an engine that nobody else uses."""

import itertools
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple

import msgspec

from punnet.demo import market as demo
from punnet.engine.engine import Engine
from punnet.market import Context, Fact, Farm, Order, OrderLine, Product, Query, Record

LENGTH = 10
"""Products of a list that is watched."""

VILLAGERS = 10
"""Shoppers of a village, who buy the same things."""

List = tuple[str, ...]


class Market(NamedTuple):
    """What is there at first, who shops, how many of them did so before, and what they buy next."""

    name: str
    facts: list[Fact]
    shoppers: list[str]
    known: int
    coming: Iterator[Order]


class Purchase(NamedTuple):
    """An order, the lists of others that it changes and what they were, and each one's place by likeness."""

    order: Order
    before: dict[str, List]
    changed: dict[str, List]
    places: dict[str, int]


def from_demo(count: int, chance: Random) -> Market:
    """Return the demo market: a year of real baskets, and those that its shoppers really bought next."""
    goods, today = demo.load(), datetime.now(UTC)
    known = demo.shoppers(goods)[:count]
    visitors = [f"visitor-{number}" for number in range(count - len(known))]
    facts = [*demo.farms(goods), *demo.products(goods, today), *demo.history(goods, today)]
    baskets = demo.coming(goods, today, known)

    def coming() -> Iterator[Order]:
        while True:
            yield baskets[chance.choice(known)].pop(0)

    return Market("demo market", facts, known + visitors, len(known), coming())


def of_villages(count: int, chance: Random) -> Market:
    """Return a made-up market of villages: ten shoppers, who buy the same goods of one farm and no others.

    What one of them buys for the first time changes the lists of the other nine, and of hardly anybody else.
    """
    known = count - count // 10
    shoppers = [f"shopper-{number:04}" for number in range(count)]
    villages = [shoppers[start : start + VILLAGERS] for start in range(0, known - VILLAGERS + 1, VILLAGERS)]
    farms: list[Fact] = [Farm(id=f"farm-{place}", name=f"Farm {place}") for place in range(len(villages))]
    goods = [[_product(place, number) for number in range(8)] for place in range(len(villages))]
    orders = [
        _order(shopper, chance.sample(goods[place][:5], 4), chance.uniform(10, 300))
        for place, village in enumerate(villages)
        for shopper in village
    ]

    def coming() -> Iterator[Order]:
        for news in (7, 6, 5):
            for place, village in enumerate(villages):
                yield _order(chance.choice(village), [goods[place][news]], 0)

    facts = [*farms, *itertools.chain(*goods), *orders]
    return Market("made-up villages", facts, shoppers, known, coming())


def _product(place: int, number: int) -> Product:
    return Product(
        id=f"product-{place}-{number}",
        name=f"Product {number}",
        farm_id=f"farm-{place}",
        category=f"Category {place % 7}",
        price=4,
        created_at=datetime.now(UTC) - timedelta(days=400),
    )


def _order(shopper: str, goods: list[Product], days: float) -> Order:
    return Order(
        id=f"order-{next(_NUMBERS)}",
        user_id=shopper,
        placed_at=datetime.now(UTC) - timedelta(days=days),
        lines=tuple(OrderLine(product_id=it.id, quantity=1, unit_price=it.price) for it in goods),
    )


_NUMBERS = itertools.count(1)


class Forecast:
    """The market as it will be after each purchase; `seconds` are what one list took to make, each time."""

    def __init__(self, market: Market) -> None:
        self.seconds: list[float] = []
        self._market = market
        self._engine = Engine()
        self._engine.apply([Record(at=time.time() - 1, fact=fact) for fact in market.facts])
        self._lists = self._made()

    def purchase(self) -> Purchase:
        """Return the next purchase, its time now, and what it will change."""
        now = time.time()
        order = msgspec.structs.replace(next(self._market.coming), placed_at=datetime.fromtimestamp(now, UTC))
        self._engine.apply([Record(at=now, fact=order)])
        before, self._lists = self._lists, self._made()
        changed = {
            shopper: found
            for shopper, found in self._lists.items()
            if found != before[shopper] and shopper != order.user_id
        }
        others = [shopper for shopper in self._market.shoppers if shopper != order.user_id]
        shares = dict(zip(others, self._engine.kinship(others, order.user_id), strict=True))
        nearest = sorted(others, key=lambda shopper: -shares[shopper])
        places = {shopper: place for place, shopper in enumerate(nearest, start=1) if shopper in changed}
        return Purchase(order, {shopper: before[shopper] for shopper in changed}, changed, places)

    def _made(self) -> dict[str, List]:
        shoppers, known = self._market.shoppers, self._market.known
        lists = {shopper: self._list(shopper) for shopper in shoppers[: known + 1]}
        # Of whom nothing is known, all are the same.
        return lists | dict.fromkeys(shoppers[known:], lists[shoppers[min(known, len(shoppers) - 1)]])

    def _list(self, shopper: str) -> List:
        began = time.perf_counter()
        query = Query(user_id=shopper, limit=LENGTH, context=Context.HOME)
        answer = self._engine.answer(query, time.time())
        self.seconds.append(time.perf_counter() - began)
        return tuple(one.product.id for one in answer.recommendations)
