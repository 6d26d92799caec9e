"""What is known of products in common orders."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from punnet.core.companions import (
    COUNTED_FROM,
    LISTED,
    LISTS,
    Companions,
    count_common,
    drop_list,
    pairs_at,
    take_list,
)
from punnet.core.compiled import Packed, entry
from tests.builders import Basket, ledger_of, purchases_of, shuffled_products

PRODUCTS = 6
LEEK, KALE, CORN, PEAS, DILL, MINT = range(PRODUCTS)
orders_of = st.lists(shuffled_products(PRODUCTS), max_size=12)


@entry
def drop(pairs: int, product: int) -> None:
    drop_list(pairs_at(pairs), product)


@entry
def take(pairs: int, product: int) -> int:
    return take_list(pairs_at(pairs), product)


def ledger_with(*orders):
    return ledger_of(*(Basket(0, order) for order in orders), shoppers=1, products=PRODUCTS)


def add(ledger, *orders):
    ledger.add(purchases_of([Basket(0, order) for order in orders]))


def common(orders, product):
    """Return in how many orders each product is with one."""
    return [sum(product in order and other in order for order in orders) for other in range(PRODUCTS)]


def both(ledger, product, other):
    """Return how many orders hold both of two products."""
    return len(np.intersect1d(ledger.holding.row(product), ledger.holding.row(other)))


def weight(ledger, product, other):
    """Return what a list is ordered by: orders in common over the root of all orders of the other."""
    return both(ledger, product, other) / len(ledger.holding.row(other)) ** 0.5


def make_list(kept, ledger, product, members, floor=0.0):
    """Have a list of a product, as the algorithm makes one."""
    pairs = kept.pairs
    listed = take(kept.address, product)
    begin = listed * LISTED
    pairs.members[begin : begin + len(members)] = members
    pairs.common[begin : begin + len(members)] = [both(ledger, product, other) for other in members]
    pairs.sizes[listed], pairs.floors[listed] = len(members), floor


def list_of(kept, product):
    """Return who is on the list of a product, with the orders in common; None where there is none."""
    pairs = kept.pairs
    listed = int(pairs.lists[product])
    if listed < 0:
        return None
    assert pairs.owners[listed] == product
    begin, end = listed * LISTED, listed * LISTED + int(pairs.sizes[listed])
    return dict(zip(pairs.members[begin:end].tolist(), pairs.common[begin:end].tolist(), strict=True))


def counted(kept, product):
    """Return what is counted along of a product, None where nothing is."""
    pairs = kept.pairs
    row = int(pairs.counted[product])
    return None if row < 0 else pairs.counts[row * pairs.stride :][:PRODUCTS].tolist()


MANY = [(LEEK, KALE)] * (COUNTED_FROM - 3) + [(LEEK,)]
"""So many orders that two more of leek have it counted along; of kale there must be three more."""


@given(orders_of, st.integers(0, PRODUCTS - 1))
def test_orders_in_common_are_those_that_hold_both(orders, product):
    counts, book = np.zeros(PRODUCTS, np.int32), Packed(ledger_with(*orders).book)
    count_common(book.address, product, counts)
    assert counts.tolist() == common(orders, product)


@settings(max_examples=10)
@given(st.lists(orders_of, min_size=1, max_size=4))
def test_what_is_in_many_orders_is_counted_along_however_they_come(batches):
    ledger, orders, kept = ledger_with(*MANY), list(MANY), Companions()
    kept.follow(Packed(ledger.book), PRODUCTS)
    for batch in batches:
        add(ledger, *batch)
        orders += batch
        kept.follow(Packed(ledger.book), PRODUCTS)
        late = Companions()
        late.follow(Packed(ledger.book), PRODUCTS)
        for product in range(PRODUCTS):
            many = sum(product in order for order in orders) >= COUNTED_FROM
            assert counted(kept, product) == (common(orders, product) if many else None)
            assert counted(late, product) == counted(kept, product)


def test_a_product_is_counted_from_so_many_orders_on_and_others_join_it():
    ledger, kept = ledger_with(*MANY), Companions()
    kept.follow(Packed(ledger.book), PRODUCTS)
    assert [counted(kept, product) for product in (LEEK, KALE)] == [None, None]
    add(ledger, (LEEK, CORN))
    kept.follow(Packed(ledger.book), PRODUCTS)
    assert counted(kept, LEEK) is None
    add(ledger, (LEEK, CORN))
    kept.follow(Packed(ledger.book), PRODUCTS)
    assert counted(kept, LEEK) == [COUNTED_FROM, COUNTED_FROM - 3, 2, 0, 0, 0]
    add(ledger, (KALE,), (KALE,), (KALE, MINT))
    kept.follow(Packed(ledger.book), PRODUCTS)
    assert counted(kept, KALE) == [COUNTED_FROM - 3, COUNTED_FROM, 0, 0, 0, 1]
    assert counted(kept, LEEK)[KALE] == COUNTED_FROM - 3


def test_any_number_of_products_can_be_counted_along():
    orders, kept = [(LEEK, KALE, CORN, PEAS)] * COUNTED_FROM + [(LEEK, PEAS), (DILL,)], Companions()
    kept.follow(Packed(ledger_with(*orders).book), PRODUCTS)
    assert [counted(kept, product) for product in (LEEK, KALE, CORN, PEAS)] == [
        common(orders, product) for product in (LEEK, KALE, CORN, PEAS)
    ]
    assert [counted(kept, product) for product in (DILL, MINT)] == [None, None]


def test_in_a_market_that_has_outgrown_it_everything_is_counted_anew():
    ledger, kept = ledger_with(*MANY, (LEEK, MINT), (LEEK, MINT)), Companions()
    kept.follow(Packed(ledger.book), PRODUCTS)
    room = kept.pairs.stride
    make_list(kept, ledger, DILL, [])
    ledger.reserve(1, room + 1)
    kept.follow(Packed(ledger.book), room)
    assert (kept.pairs.stride, list_of(kept, DILL)) == (room, {})
    kept.follow(Packed(ledger.book), room + 1)
    assert kept.pairs.stride > room > PRODUCTS
    assert counted(kept, LEEK)[:PRODUCTS] == [COUNTED_FROM, COUNTED_FROM - 3, 0, 0, 0, 2]
    assert list_of(kept, DILL) is None


def test_compiled_loops_find_counts_and_lists_at_one_address():
    ledger, kept = ledger_with(*FULL), Companions()
    kept.follow(Packed(ledger.book), PRODUCTS)
    make_list(kept, ledger, LEEK, [KALE])
    drop(kept.address, LEEK)
    assert list_of(kept, LEEK) is None


def test_in_an_empty_market_there_is_nothing_to_follow():
    kept = Companions()
    kept.follow(Packed(ledger_of(shoppers=0, products=0).book), 0)
    assert kept.pairs.used[0] == 0


def test_an_order_of_a_product_that_is_not_counted_drops_its_list_and_no_other():
    ledger, kept = ledger_with((LEEK, KALE), (LEEK, KALE), (CORN, DILL)), Companions()
    kept.follow(Packed(ledger.book), PRODUCTS)
    make_list(kept, ledger, LEEK, [KALE])
    make_list(kept, ledger, CORN, [DILL])
    make_list(kept, ledger, KALE, [LEEK])
    kept.follow(Packed(ledger.book), PRODUCTS)
    assert [list_of(kept, product) for product in (LEEK, CORN, KALE)] == [{KALE: 2}, {DILL: 1}, {LEEK: 2}]
    add(ledger, (LEEK, PEAS))
    kept.follow(Packed(ledger.book), PRODUCTS)
    assert [list_of(kept, product) for product in (LEEK, CORN, KALE)] == [None, {DILL: 1}, {LEEK: 2}]
    assert kept.pairs.used[0] == 2


FULL = [*MANY, (LEEK, CORN), (LEEK, CORN), (LEEK, PEAS)]
"""Orders after which leek is counted along."""


@settings(max_examples=15)
@given(st.lists(orders_of, min_size=1, max_size=3), st.integers(0, 3))
def test_a_list_of_a_product_that_is_counted_stays_right(batches, length):
    ledger, kept = ledger_with(*FULL), Companions()
    kept.follow(Packed(ledger.book), PRODUCTS)
    ranked = sorted((KALE, CORN, PEAS), key=lambda other: -weight(ledger, LEEK, other))
    floor = weight(ledger, LEEK, ranked[length]) if length < len(ranked) else 0.0
    make_list(kept, ledger, LEEK, ranked[:length], floor)
    for batch in batches:
        add(ledger, *batch)
        kept.follow(Packed(ledger.book), PRODUCTS)
        found = list_of(kept, LEEK)
        assert found == {other: both(ledger, LEEK, other) for other in ranked[:length]}
        others = (
            other for other in range(PRODUCTS) if other not in (LEEK, *found) and both(ledger, LEEK, other)
        )
        now = kept.pairs.floors[kept.pairs.lists[LEEK]]
        assert all(weight(ledger, LEEK, other) <= now for other in others)
        assert kept.pairs.raised[kept.pairs.lists[LEEK]] == (now > floor)


@pytest.mark.parametrize(
    ("order", "floor", "left", "now"),
    [
        ((LEEK,), 0.0, {KALE: COUNTED_FROM - 3, CORN: 2}, 0.0),
        ((LEEK, CORN, KALE), 0.0, {KALE: COUNTED_FROM - 2, CORN: 3}, 0.0),
        ((CORN, PEAS), 0.0, {KALE: COUNTED_FROM - 3, CORN: 2}, 0.0),
        ((LEEK, PEAS), 1.4, {KALE: COUNTED_FROM - 3, CORN: 2}, 2 / 2**0.5),
        ((LEEK, PEAS), 1.5, {KALE: COUNTED_FROM - 3, CORN: 2}, 1.5),
        ((LEEK, MINT, CORN), 0.9, {KALE: COUNTED_FROM - 3, CORN: 3}, 1.0),
    ],
)
def test_an_order_that_brings_in_someone_new_raises_the_floor(order, floor, left, now):
    ledger, kept = ledger_with(*FULL), Companions()
    kept.follow(Packed(ledger.book), PRODUCTS)
    make_list(kept, ledger, LEEK, [KALE, CORN], floor)
    add(ledger, order)
    kept.follow(Packed(ledger.book), PRODUCTS)
    assert list_of(kept, LEEK) == left
    assert (kept.pairs.floors[0], kept.pairs.raised[0]) == (now, now > floor)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, PRODUCTS - 1)), max_size=15))
def test_a_list_that_was_dropped_may_be_that_of_another(steps):
    ledger, kept, expected = ledger_with((LEEK, KALE, CORN), (PEAS, DILL)), Companions(), {}
    kept.follow(Packed(ledger.book), PRODUCTS)
    for makes, product in steps:
        if not makes:
            drop(kept.address, product)
            expected.pop(product, None)
        elif product not in expected:
            others = [other for other in range(PRODUCTS) if other > product]
            make_list(kept, ledger, product, others, floor=product / 8)
            expected[product] = dict.fromkeys(others)
        assert kept.pairs.used[0] == len(expected)
        for at in range(PRODUCTS):
            found = list_of(kept, at)
            assert (found and list(found)) == (expected.get(at) and list(expected[at]))
            assert found is None or kept.pairs.floors[kept.pairs.lists[at]] == at / 8


def test_where_all_lists_are_taken_one_after_the_other_makes_room():
    ledger = ledger_of(shoppers=1, products=LISTS + 2)
    kept = Companions()
    kept.follow(Packed(ledger.book), LISTS + 2)
    for product in range(LISTS + 2):
        make_list(kept, ledger, product, [])
    assert kept.pairs.used[0] == LISTS
    assert [list_of(kept, product) for product in (0, 1, 2, LISTS, LISTS + 1)] == [None, None, {}, {}, {}]


@settings(max_examples=15)
@given(st.lists(st.tuples(orders_of, st.sets(st.integers(0, 2))), min_size=1, max_size=3))
def test_orders_that_are_forgotten_no_longer_count(steps):
    ledger, kept = ledger_of(shoppers=4, products=PRODUCTS), Companions()
    ledger.add(purchases_of([Basket(3, order) for order in FULL]))
    kept.follow(Packed(ledger.book), PRODUCTS)
    so_far = [(3, order) for order in FULL]
    for number, (orders, leaving) in enumerate(steps):
        arrived = [(at % 4, order) for at, order in enumerate(orders)]
        so_far += arrived
        ledger.add(purchases_of([Basket(who, order) for who, order in arrived]))
        make_list(kept, ledger, MINT, [number])
        kept.follow(Packed(ledger.book), PRODUCTS)
        for shopper in leaving:
            kept.leave(Packed(ledger.book), ledger.placed_by.row(shopper))
            ledger.forget(shopper)
            assert kept.pairs.used[0] == 0
            assert list_of(kept, MINT) is None
        so_far = [(who, order) for who, order in so_far if who not in leaving]
        assert counted(kept, LEEK) == common([order for _, order in so_far], LEEK)


def test_what_was_counted_stays_counted_while_nothing_is_bought():
    ledger, kept = ledger_with(*FULL), Companions()
    kept.follow(Packed(ledger.book), PRODUCTS)
    before = kept.pairs
    kept.follow(Packed(ledger.book), PRODUCTS)
    assert kept.pairs is before
    assert counted(kept, LEEK) == common(FULL, LEEK)
