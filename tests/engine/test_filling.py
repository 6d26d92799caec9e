"""Filling: what is bought most, then what is newest."""

from hypothesis import given
from hypothesis import strategies as st

from punnet.algorithms.offer import asked_at
from punnet.core.compiled import Packed, entry
from punnet.core.desk import desk_at
from punnet.core.ledger import book_at
from punnet.core.shelf import goods_at
from punnet.engine import filling
from punnet.engine.filling import MOST_BOUGHT, NEWEST
from punnet.engine.fusion import Mix, mix_at
from tests.builders import ANYTHING, Basket, Case, Wish, ledger_of, row, shelf_of, wishes

shelves = st.lists(
    st.tuples(st.booleans(), st.integers(0, 3), st.integers(0, 5).map(float), st.integers(0, 1)), max_size=12
)


@entry
def fill(book: int, goods: int, asked: int, desk: int, mix: int, limit: int) -> None:
    filling.fill(mix_at(mix), book_at(book), goods_at(goods), asked_at(asked), desk_at(desk), limit)


def filled(rows, limit, wish=ANYTHING, chosen=()):
    """Return what fills up an answer of (available, orders, added, category) rows, some of them chosen."""
    shelf = shelf_of(
        *(row(available=it[0], added=it[2], category=it[3] if len(it) > 3 else 0) for it in rows)
    )
    orders = [Basket(0, (product,)) for product, it in enumerate(rows) for _ in range(it[1])]
    case = Case(shelf, ledger_of(*orders, shoppers=1, products=len(rows)), wish)
    mix = Mix.of(max(limit, len(chosen), 1))
    # Candidates stand in an order of their own, and so do those chosen of them.
    mix.candidates[: len(rows)] = range(len(rows) - 1, -1, -1)
    mix.chosen[: len(chosen)] = [len(rows) - 1 - product for product in chosen]
    mix.counts[1] = len(chosen)
    packed = Packed(mix)
    fill(*case.at, packed.address, limit)
    found = mix.filling[: mix.counts[2]].tolist()
    return [(product, MOST_BOUGHT) if product >= 0 else (-1 - product, NEWEST) for product in found]


def naive(rows, products):
    """Return all of these products in the order in which they fill."""
    bought = sorted((p for p in products if rows[p][1]), key=lambda product: (-rows[product][1], product))
    never = sorted((p for p in products if not rows[p][1]), key=lambda product: (-rows[product][2], product))
    return [(product, MOST_BOUGHT) for product in bought] + [(product, NEWEST) for product in never]


@given(shelves, st.integers(0, 14), st.data())
def test_the_filling_is_the_most_bought_and_then_the_newest_and_what_matches_comes_first(rows, limit, data):
    wish = data.draw(wishes(len(rows), 2))
    products = st.integers(0, len(rows) - 1)
    chosen = data.draw(st.lists(products, unique=True, max_size=min(limit, 3))) if rows else []
    free = [
        product
        for product, (available, _, _, category) in enumerate(rows)
        if available and product not in chosen and wish._replace(matched=None).allows(product, category)
    ]
    matching = [product for product in free if product in (wish.matched or ())]
    others = [product for product in free if product not in matching]
    expected = naive(rows, matching) + naive(rows, others)
    assert filled(rows, limit, wish, chosen) == expected[: limit - len(chosen)]


def test_those_bought_most_come_first_and_then_the_newest():
    rows = [(True, 0, 5.0), (True, 2, 1.0), (True, 7, 1.0), (True, 0, 9.0)]
    assert filled(rows, 10) == [(2, MOST_BOUGHT), (1, MOST_BOUGHT), (3, NEWEST), (0, NEWEST)]


def test_equals_go_to_the_product_added_first():
    rows = [(True, 0, 5.0), (True, 2, 0.0), (True, 0, 5.0), (True, 2, 9.0)]
    assert [product for product, _ in filled(rows, 10)] == [1, 3, 0, 2]
    many = [(True, orders, float(age)) for age in (1, 2) for orders in (0, 1) for _ in range(50)]
    expected = [*range(50, 100), *range(150, 200), *range(100, 150), *range(50)]
    assert [product for product, _ in filled(many, 200)] == expected


def test_what_may_not_appear_does_not_fill():
    rows = [(False, 9, 1.0), (False, 0, 9.0), (True, 0, 1.0), (True, 0, 5.0)]
    assert filled(rows, 10, Wish(hidden=frozenset({3}))) == [(2, NEWEST)]


def test_what_was_chosen_does_not_fill_as_well():
    rows = [(True, 3, 0.0), (True, 2, 0.0), (True, 0, 0.0), (True, 0, 1.0)]
    assert filled(rows, 3, chosen=[0, 3]) == [(1, MOST_BOUGHT)]
    assert filled(rows, 9, chosen=[0, 3]) == [(1, MOST_BOUGHT), (2, NEWEST)]


def test_in_a_search_what_matches_comes_first_and_may_fill_all():
    rows = [(True, 9, 0.0), (True, 0, 0.0), (True, 1, 0.0), (True, 0, 1.0)]
    sought = Wish(matched=frozenset({1, 2}))
    assert filled(rows, 2, sought) == [(2, MOST_BOUGHT), (1, NEWEST)]
    assert filled(rows, 1, sought) == [(2, MOST_BOUGHT)]
    assert filled(rows, 4, sought) == [(2, MOST_BOUGHT), (1, NEWEST), (0, MOST_BOUGHT), (3, NEWEST)]


def test_no_more_comes_than_is_missing():
    rows = [(True, 3, 0.0), (True, 2, 0.0), (True, 0, 0.0), (True, 0, 1.0)]
    assert [filled(rows, missing) for missing in range(4)] == [
        [],
        [(0, MOST_BOUGHT)],
        [(0, MOST_BOUGHT), (1, MOST_BOUGHT)],
        [(0, MOST_BOUGHT), (1, MOST_BOUGHT), (3, NEWEST)],
    ]


def test_an_empty_shelf_fills_nothing():
    assert filled([], 10) == []
