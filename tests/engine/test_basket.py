"""Baskets: orders on their way into the ledger."""

import math
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from punnet.core.vocab import Vocabulary
from punnet.engine.basket import Baskets
from punnet.market import Order, OrderLine
from tests.engine.facts import order

KNOWN = ("leeks", "beets", "kale")

lines = st.lists(
    st.tuples(st.sampled_from((*KNOWN, "ghost", "phantom")), st.integers(0, 9).map(float)), min_size=1
)


def known():
    """Return the vocabulary of the products that are known."""
    products = Vocabulary()
    for name in KNOWN:
        products.add(name)
    return products


def holding(*priced):
    """Return an order of (product, price) lines."""
    return order(
        "ann",
        lines=tuple(OrderLine(product_id=name, quantity=2, unit_price=price) for name, price in priced),
    )


def collect(*orders):
    """Return what baskets hold after these orders of shoppers 0, 1, 2 …"""
    baskets = Baskets()
    if orders:
        baskets.add(orders, list(range(len(orders))), known())
    return baskets.collected()


@given(st.lists(lines, max_size=6))
def test_an_order_holds_each_known_product_once_at_the_first_price(baskets):
    expected = []
    for basket in baskets:
        prices = {}
        for name, price in basket:
            if name in KNOWN:
                prices.setdefault(KNOWN.index(name), price)
        expected.append(prices)
    collected = collect(*(holding(*basket) for basket in baskets))
    assert collected.sizes.tolist() == [len(prices) for prices in expected]
    assert collected.products.tolist() == [product for prices in expected for product in prices]
    assert collected.prices.tolist() == [price for prices in expected for price in prices.values()]
    assert collected.shoppers.tolist() == list(range(len(baskets)))


def test_adding_orders_tells_the_product_of_each_of_their_lines():
    one = holding(("kale", 1.0), ("ghost", 1.0), ("leeks", 1.0), ("kale", 2.0))
    other = holding(("beets", 1.0))
    assert Baskets().add([one, other], [0, 0], known()) == [2, -1, 0, 2, 1]


def test_an_order_of_nothing_known_is_an_order_all_the_same():
    collected = collect(holding(("ghost", 1.0)))
    assert (collected.sizes.tolist(), collected.products.tolist()) == ([0], [])


def test_times_and_places_are_kept():
    here = order(
        "ann",
        "kale",
        placed_at=datetime(2026, 6, 1, 12, 30, 15, 500_000, UTC),
        latitude=39.1,
        longitude=-84.5,
    )
    nowhere = order("bob", "kale")
    collected = collect(here, nowhere)
    assert collected.times.tolist()[0] == datetime(2026, 6, 1, tzinfo=UTC).timestamp() + 45_015.5
    assert (collected.latitudes[0], collected.longitudes[0]) == (39.1, -84.5)
    assert math.isnan(collected.latitudes[1])
    assert math.isnan(collected.longitudes[1])


def test_a_place_on_the_equator_and_the_meridian_is_a_place():
    collected = collect(order("ann", "kale", latitude=0.0, longitude=0.0))
    assert (collected.latitudes.tolist(), collected.longitudes.tolist()) == ([0.0], [0.0])


def test_the_first_and_the_last_year_of_the_calendar_are_times():
    years = [
        Order(
            id="o", user_id="u", placed_at=datetime(year, 1, 1, tzinfo=UTC), lines=holding(("kale", 1)).lines
        )
        for year in (1, 9999)
    ]
    assert collect(*years).times.tolist() == [-62_135_596_800.0, 253_370_764_800.0]


def test_the_length_is_the_number_of_orders():
    baskets = Baskets()
    assert len(baskets) == 0
    baskets.add([holding(("ghost", 1.0))], [0], known())
    baskets.add([holding(("kale", 1.0), ("leeks", 1.0)), holding(("kale", 1.0))], [1, 0], known())
    assert len(baskets) == 3
    assert baskets.collected().shoppers.tolist() == [0, 1, 0]


def test_without_orders_the_arrays_are_empty_and_of_their_kind():
    collected = Baskets().collected()
    assert [len(column) for column in collected] == [0] * 7
    assert [column.dtype.kind for column in collected] == list("ifffiif")
    assert {column.dtype.itemsize for column in collected if column.dtype.kind == "i"} == {4}
