"""Every purchase of the market, indexed from both sides."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.core.column import Column
from punnet.core.compiled import Packed, entry
from punnet.core.ledger import Ledger, book_at, lines_of, timeline_after
from tests.builders import Basket, ledger_of, purchases_of, shuffled_products

SHOPPERS, PRODUCTS = 4, 5

baskets = st.builds(
    Basket,
    shopper=st.integers(0, SHOPPERS - 1),
    products=shuffled_products(PRODUCTS),
    at=st.integers(0, 6).map(float),
    place=st.tuples(st.integers(-90, 90).map(float), st.integers(-180, 180).map(float)),
    prices=st.none(),
)


def ints(values):
    return np.array(values, np.int64)


def timeline(ledger):
    """Return all orders by time; of equal times the one that arrived first is first."""
    return ledger.book.timeline[: len(ledger)]


def between(ledger, start, end):
    """Return the orders with start < time ≤ end, by time."""
    packed = Packed(ledger.book)
    return timeline(ledger)[after(packed.address, float(start), 0) : after(packed.address, float(end), 0)]


def state(ledger):
    """Return all that a ledger says of its orders, as one comparable value."""
    orders = np.arange(len(ledger))
    return (
        ledger.shoppers.tolist(),
        ledger.times.tolist(),
        ledger.latitudes.tolist(),
        ledger.longitudes.tolist(),
        ledger.sizes(orders).tolist(),
        ledger.lines(orders).tolist(),
        ledger.prices(orders).tolist(),
        [ledger.placed_by.row(shopper).tolist() for shopper in range(SHOPPERS)],
        [ledger.bought_by.row(shopper).tolist() for shopper in range(SHOPPERS)],
        [ledger.holding.row(product).tolist() for product in range(PRODUCTS)],
        timeline(ledger).tolist(),
    )


def naive_state(orders):
    """Return the same, counted from the baskets one by one."""
    numbered = sorted(enumerate(orders), key=lambda entry: entry[1].at)
    of_shopper = [[order for order in orders if order.shopper == who] for who in range(SHOPPERS)]
    return (
        [order.shopper for order in orders],
        [order.at for order in orders],
        [order.place[0] for order in orders],
        [order.place[1] for order in orders],
        [len(order.products) for order in orders],
        [product for order in orders for product in order.products],
        [price for order in orders for price in order.paid],
        [[at for at, order in numbered if order.shopper == who] for who in range(SHOPPERS)],
        [sorted({product for order in placed for product in order.products}) for placed in of_shopper],
        [[at for at, order in numbered if product in order.products] for product in range(PRODUCTS)],
        [at for at, _ in numbered],
    )


@given(st.lists(st.lists(baskets, max_size=4), max_size=4))
def test_a_ledger_says_what_counting_says_whatever_the_batches(batches):
    ledger, orders = ledger_of(shoppers=SHOPPERS, products=PRODUCTS), []
    for batch in batches:
        ledger.add(purchases_of(batch))
        orders += batch
        assert state(ledger) == naive_state(orders)
        assert len(ledger) == len(orders)


@given(st.lists(baskets, max_size=8), st.integers(-1, 7), st.integers(-1, 7))
def test_orders_between_two_times_come_by_time_then_by_arrival(orders, after, until):
    ledger = ledger_of(*orders, shoppers=SHOPPERS, products=PRODUCTS)
    within = [at for at, order in enumerate(orders) if after < order.at <= until]
    assert between(ledger, after, until).tolist() == sorted(within, key=lambda at: orders[at].at)


@entry
def after(book: int, time: float, guess: int) -> int:
    return timeline_after(book_at(book), time, guess)


@given(st.lists(baskets, max_size=8), st.integers(0, SHOPPERS - 1), st.integers(-1, 7).map(float))
def test_compiled_loops_find_a_moment_in_the_orders_by_time(orders, gone, time):
    ledger = ledger_of(*orders, shoppers=SHOPPERS, products=PRODUCTS)
    ledger.forget(gone)
    book = ledger.book
    assert (book.orders, book.kept) == (len(orders), len(ledger))
    packed, expected = Packed(book), sum(order.at <= time and order.shopper != gone for order in orders)
    assert [after(packed.address, time, guess) for guess in range(10)] == [expected] * 10
    assert after(packed.address, np.nan, 5) == 0


@entry
def lines_at(book: int, order: int) -> tuple[int, int]:
    return lines_of(book_at(book), order)


def test_the_lines_of_an_order_lie_between_two_places_of_the_pool():
    ledger = ledger_of(Basket(0, (3, 1)), Basket(1, ()), Basket(0, (2,)))
    packed = Packed(ledger.book)
    assert [tuple(lines_at(packed.address, order)) for order in range(3)] == [(0, 2), (2, 2), (2, 3)]
    assert ledger.book.lines.pool[:3].tolist() == [3, 1, 2]


def test_a_moment_is_found_from_any_guess_in_a_long_timeline():
    ledger = ledger_of(*(Basket(0, (0,), at=time // 3) for time in range(300)))
    packed = Packed(ledger.book)
    for time in (-1.0, 0.0, 0.5, 31.0, 98.0, 99.0, 200.0):
        found = {after(packed.address, time, guess) for guess in range(302)}
        assert found == {sum(at // 3 <= time for at in range(300))}


@given(st.lists(baskets, min_size=1, max_size=6))
def test_compiled_loops_read_the_lines_of_an_order_from_where_it_starts(orders):
    book = ledger_of(*orders, shoppers=SHOPPERS, products=PRODUCTS).book
    for at, order in enumerate(orders):
        first, count = book.lines.heads[2 * at : 2 * at + 2].tolist()
        lines = slice(first, first + count)
        assert (book.lines.pool[lines].tolist(), book.prices[lines].tolist()) == (
            list(order.products),
            list(order.paid),
        )


@given(st.lists(baskets, min_size=1, max_size=5), st.data())
def test_lines_prices_and_sizes_can_be_asked_of_some_orders_in_any_order(orders, data):
    orders = [order._replace(prices=tuple(at + 0.5 for at in order.products)) for order in orders]
    ledger = ledger_of(*orders, shoppers=SHOPPERS, products=PRODUCTS)
    asked = data.draw(st.lists(st.integers(0, len(orders) - 1), max_size=8))
    assert ledger.sizes(ints(asked)).tolist() == [len(orders[at].products) for at in asked]
    assert ledger.lines(ints(asked)).tolist() == [p for at in asked for p in orders[at].products]
    assert ledger.prices(ints(asked)).tolist() == [price for at in asked for price in orders[at].paid]


def known_of(ledger):
    """Return all that a ledger says, with orders by their rank among those there are."""
    left = np.flatnonzero(ledger.shoppers >= 0)
    rank = {order: at for at, order in enumerate(left.tolist())}
    ranked = [
        [[rank[order] for order in rows.row(row).tolist()] for row in range(len(rows))]
        for rows in (ledger.placed_by, ledger.holding)
    ]
    return (
        len(ledger),
        ledger.shoppers[left].tolist(),
        ledger.times[left].tolist(),
        repr(ledger.latitudes[left].tolist() + ledger.longitudes[left].tolist()),
        ledger.sizes(left).tolist(),
        ledger.lines(left).tolist(),
        ledger.prices(left).tolist(),
        ranked,
        [ledger.bought_by.row(shopper).tolist() for shopper in range(SHOPPERS)],
        [rank[order] for order in timeline(ledger).tolist()],
    )


@given(st.lists(st.tuples(st.lists(baskets, max_size=5), st.integers(0, SHOPPERS - 1)), max_size=4))
def test_who_was_forgotten_never_ordered_and_may_order_again(steps):
    ledger, orders, positions = ledger_of(shoppers=SHOPPERS, products=PRODUCTS), [], []
    for batch, shopper in steps:
        positions += range(len(ledger.shoppers), len(ledger.shoppers) + len(batch))
        ledger.add(purchases_of(batch))
        orders += batch
        gone = [at for at, order in zip(positions, orders, strict=True) if order.shopper == shopper]
        assert ledger.forget(shopper).tolist() == gone
        left = [(at, it) for at, it in zip(positions, orders, strict=True) if it.shopper != shopper]
        positions, orders = [at for at, _ in left], [order for _, order in left]
        assert known_of(ledger) == known_of(ledger_of(*orders, shoppers=SHOPPERS, products=PRODUCTS))
        assert np.flatnonzero(ledger.shoppers >= 0).tolist() == positions


def test_nothing_of_a_forgotten_order_stays_in_memory():
    secret = Basket(1, (4, 3), at=777.5, place=(66.25, 77.75), prices=(88.5, 99.5))
    ledger = ledger_of(Basket(0, (0, 3)), secret, Basket(2, (4,)), shoppers=SHOPPERS, products=PRODUCTS)
    ledger.forget(1)
    kept = [getattr(ledger, name) for name in Ledger.__slots__]
    values = [column.room for column in kept if isinstance(column, Column)]
    for number in (777.5, 66.25, 77.75, 88.5, 99.5):
        assert not any((room == number).any() for room in values)
    assert ledger.bought_by.rows.pool.tolist().count(4) == 1
    assert ledger.lines(ints([1])).tolist() == []


def test_an_empty_ledger_holds_nothing():
    ledger = Ledger()
    assert len(ledger) == 0
    assert timeline(ledger).tolist() == []
    assert ledger.lines(ints([])).tolist() == []


def test_who_ordered_nothing_and_what_nobody_ordered_have_empty_rows():
    ledger = ledger_of(Basket(0, (1,)), shoppers=2, products=3)
    assert ledger.placed_by.row(1).tolist() == []
    assert ledger.bought_by.row(1).tolist() == []
    assert ledger.holding.lengths.tolist() == [0, 1, 0]


def test_an_order_at_the_start_of_a_span_is_outside_and_one_at_its_end_inside():
    ledger = ledger_of(*(Basket(0, (0,), at=time) for time in (1.0, 2.0, 3.0)))
    assert between(ledger, 1.0, 2.0).tolist() == [1]


@pytest.mark.parametrize("late", [False, True])
def test_an_order_that_arrives_late_stands_at_its_time(late):
    ledger = ledger_of(Basket(0, (0,), at=5.0), Basket(0, (1,), at=9.0))
    ledger.add(purchases_of([Basket(1, (2,), at=7.0 if late else 9.0)]))
    assert between(ledger, 0.0, 9.0).tolist() == ([0, 2, 1] if late else [0, 1, 2])


def test_a_product_bought_again_is_remembered_once_also_when_the_market_has_grown_since():
    ledger = ledger_of(Basket(1, (1, 0)), shoppers=2, products=2)
    ledger.reserve(3, 4)
    ledger.add(purchases_of([Basket(1, (3, 1)), Basket(2, (0,)), Basket(1, (3, 2))]))
    assert ledger.bought_by.row(1).tolist() == [0, 1, 2, 3]
    assert ledger.bought_by.row(2).tolist() == [0]


def test_an_order_without_a_place_has_no_latitude_and_longitude():
    ledger = ledger_of(Basket(0, (0,)))
    assert np.isnan(ledger.latitudes).all()
    assert np.isnan(ledger.longitudes).all()


def test_taking_in_no_orders_moves_none():
    ledger = ledger_of(Basket(0, (0,)))
    before = timeline(ledger)
    ledger.add(purchases_of([]))
    assert np.shares_memory(before, timeline(ledger))
