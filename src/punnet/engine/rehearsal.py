"""Everything once in a market of two products, so that nothing is compiled when someone waits."""

import gc
from datetime import UTC, datetime

import numpy as np

from punnet.core.companions import Companions, count_common, uncounted
from punnet.core.compiled import Packed
from punnet.core.ledger import Ledger, Purchases
from punnet.engine.engine import Engine
from punnet.market import Context, Fact, Farm, Order, OrderLine, Product, Query, Record

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def rehearse() -> None:
    """Have all compiled loops compiled, or loaded from where they were kept.

    A compiler makes many objects and leaves few: without Python's collector it takes a tenth less.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        _rehearse()
    finally:
        if collects:
            gc.enable()


def _rehearse() -> None:
    engine, ids = Engine(), ("one", "two")
    lines = tuple(OrderLine(product_id=name, quantity=1, unit_price=1.0) for name in ids)
    goods = (Product(id=name, name=name, farm_id="farm", category="any", price=1.0) for name in ids)
    order = Order(id="order", user_id="shopper", placed_at=EPOCH, lines=lines)
    facts: tuple[Fact, ...] = (Farm(id="farm", name="farm"), *goods, order)
    engine.apply([Record(at=0.0, fact=fact) for fact in facts])
    for query in (
        Query(user_id="shopper", latitude=0.0, longitude=0.0),
        Query(user_id="shopper", context=Context.SEARCH, search_query="one"),
    ):
        engine.answer(query, 1.0)
    engine.apply([Record(at=2.0, fact=Order(id="later", user_id="other", placed_at=EPOCH, lines=lines))])
    engine.together("one", 1, 3.0)
    engine.favourite_farms("shopper")
    engine.forget("shopper")
    _count()


def _count() -> None:
    """Count companions, as is done of a product in thousands of orders."""
    ledger, one = Ledger(), np.zeros(1, np.int32)
    ledger.reserve(1, 1)
    ledger.add(Purchases(one, np.zeros(1), np.zeros(1), np.zeros(1), one + 1, one, np.zeros(1)))
    book, companions = Packed(ledger.book), Companions()
    companions.follow(book, 1)
    uncounted(book.address, companions.address, 0)
    count_common(book.address, 0, np.zeros(1, np.int32))
