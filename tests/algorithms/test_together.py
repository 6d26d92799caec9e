"""What is bought in the same basket."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from punnet.algorithms import together
from punnet.algorithms.offer import Shortlist, asked_at
from punnet.core.companions import COUNTED_FROM, LISTED, LISTS, Companions, pairs_at
from punnet.core.compiled import Packed, entry
from punnet.core.desk import desk_at
from punnet.core.ledger import book_at
from punnet.core.shelf import goods_at
from punnet.types import Positions
from tests.builders import (
    ANYTHING,
    Basket,
    Case,
    Wish,
    ledger_of,
    offered,
    positions,
    purchases_of,
    scores_of,
    shuffled_products,
    wishes,
)

PRODUCTS = 5
LEEK, KALE, CORN, PEAS, DILL = range(PRODUCTS)

orders_of = st.lists(shuffled_products(PRODUCTS), max_size=25)


@entry
def offer(
    book: int, goods: int, asked: int, desk: int, found: Shortlist, pairs: int, products: Positions
) -> None:
    together.offer(
        book_at(book), goods_at(goods), asked_at(asked), desk_at(desk), pairs_at(pairs), products, found
    )


def naive(orders, sources):
    """Return for each product the best source's square of the score, common orders, and its orders."""
    holding = [[order for order in orders if product in order] for product in range(PRODUCTS)]
    best = {}
    for source in sources:
        for product in range(PRODUCTS):
            common = sum(product in order for order in holding[source])
            if product == source or common < 2:
                continue
            square = Fraction(common**2, len(holding[source]) * len(holding[product]))
            if product not in best or square > best[product][0]:
                best[product] = (square, common, len(holding[source]))
    return best


sources_of = st.lists(st.integers(0, PRODUCTS - 1), max_size=3, unique=True)


class Shop:
    """Orders that come in, and what is kept of their companions."""

    def __init__(self, *orders, products=PRODUCTS):
        self.kept, self.products = Companions(), products
        self.ledger = ledger_of(shoppers=1, products=products)
        self.add(*orders)

    def add(self, *orders):
        self.ledger.add(purchases_of([Basket(0, order) for order in orders]))
        self.kept.follow(Packed(self.ledger.book), self.products)

    def ask(self, sources, k=9, wish=ANYTHING):
        """Return what goes with these products; of each, beside it, the figures that are left on the desk."""
        case, pairs = Case(None, self.ledger, wish), Packed(self.kept.pairs)
        ours = offered(offer, case, k, pairs.address, positions(sources))
        orders = self.ledger.holding.lengths[case.desk.companion[ours.products]]
        common = case.desk.common[ours.products]
        return ours._replace(figures={"common": common.tolist(), "orders": orders.tolist()})


def assert_as_naive(ours, orders, sources, k, wish=ANYTHING):
    best = naive(orders, sources)
    expected = sorted(filter(wish.allows, best), key=lambda p: (-best[p][0], p))[:k]
    assert ours.products.tolist() == expected
    assert ours.scores.tolist() == pytest.approx([float(best[p][0]) ** 0.5 for p in expected], abs=1e-12)
    assert ours.confidences.tolist() == [min(best[p][1] / 50, 1.0) for p in expected]
    assert told(ours, "common") == [best[p][1] for p in expected]
    assert told(ours, "orders") == [best[p][2] for p in expected]


@given(orders_of, sources_of, wishes(PRODUCTS, 1), st.integers(1, PRODUCTS))
def test_what_shares_most_baskets_for_its_own_number_of_them_comes_first(orders, sources, wish, k):
    assert_as_naive(Shop(*orders).ask(sources, k, wish), orders, sources, k, wish)


@given(st.lists(st.tuples(orders_of, sources_of, st.integers(1, PRODUCTS)), max_size=4))
def test_what_was_kept_since_the_last_question_does_not_change_the_next_answer(steps):
    shop, so_far = Shop(), []
    for orders, sources, k in steps:
        shop.add(*orders)
        so_far += orders
        assert_as_naive(shop.ask(sources, k), so_far, sources, k)


@pytest.mark.parametrize("count", [63, 64, 65, 200])
def test_every_order_counts_however_many_there_are(count):
    shuffled = [(LEEK, KALE), (LEEK,), (CORN, LEEK, PEAS), (LEEK, DILL), (KALE, LEEK)]
    orders = [shuffled[at * at % len(shuffled)] for at in range(count)]
    assert_as_naive(Shop(*orders).ask([LEEK, KALE]), orders, [LEEK, KALE], 9)


MANY = [(LEEK, KALE)] * (COUNTED_FROM - 3) + [(LEEK, CORN), (LEEK, CORN, PEAS)]
"""With one more of it, leek is in so many orders that they are counted along."""


@settings(max_examples=10)
@given(st.lists(st.tuples(orders_of, sources_of), min_size=1, max_size=3))
def test_a_product_in_many_orders_goes_with_the_same(steps):
    shop, so_far = Shop(*MANY), list(MANY)
    for orders, sources in steps:
        shop.add(*orders)
        so_far += orders
        assert_as_naive(shop.ask([LEEK, *sources]), so_far, [LEEK, *sources], 9)


def crowd(companions):
    """Return a shop where product 0 is bought twice with so many others; the first of these alone as well."""
    others = range(1, companions + 1)
    alone = [(other,) for other in others[: companions // 2]]
    return Shop(*[(0, *others)] * 2, *alone, products=companions + 1)


@pytest.mark.parametrize("companions", [LISTED - 1, LISTED, LISTED + 1, LISTED + 40])
def test_of_more_companions_than_are_listed_none_is_forgotten(companions):
    shop, half = crowd(companions), companions // 2
    expected = [*range(half + 1, companions + 1), *range(1, half + 1)]
    assert shop.ask([0], k=companions).products.tolist() == expected
    # Where those on the list may not appear, the others must be found.
    listed = frozenset(expected[:LISTED])
    assert shop.ask([0], 9, Wish(hidden=listed)).products.tolist() == expected[LISTED : LISTED + 9]
    assert shop.ask([0], k=9).products.tolist() == expected[:9]


@pytest.mark.parametrize(("sources", "common", "orders"), [([0, 1], 2, 2), ([1, 0], 4, 8)])
def test_of_equal_scores_the_product_put_in_first_tells_the_figures_also_of_what_is_not_listed(
    sources, common, orders
):
    # 2 goes with 0: 2/√(2 · 6), and with 1: 4/√(8 · 6), the same. All others go better with 0.
    others = tuple(range(3, 3 + LISTED))
    shop = Shop(*[(0, 2, *others)] * 2, *[(1, 2)] * 4, *[(1,)] * 4, products=3 + LISTED)
    ours = shop.ask(sources, 9, Wish(hidden=frozenset(others)))
    assert scores_of(ours) == [(2, pytest.approx(1 / 3**0.5))]
    assert (told(ours, "common"), told(ours, "orders")) == ([common], [orders])
    assert ours.confidences.tolist() == [common / 50]


def test_of_more_companions_than_are_listed_none_is_forgotten_where_they_are_counted_along():
    shop = crowd(LISTED + 9)
    shop.add(*[(0,)] * COUNTED_FROM)
    expected = [*range(LISTED // 2 + 5, LISTED + 10), *range(1, LISTED // 2 + 5)]
    assert shop.ask([0], k=LISTED + 9).products.tolist() == expected


def test_where_all_lists_are_taken_one_makes_room():
    shop = Shop(*[(LEEK, KALE)] * 2)
    pairs = shop.kept.pairs
    pairs.used[0], pairs.owners[0], pairs.lists[DILL] = LISTS, DILL, 0
    assert scores_of(shop.ask([LEEK])) == [(KALE, 1.0)]
    assert (pairs.lists[DILL], pairs.lists[LEEK], pairs.used[0]) == (-1, 0, LISTS)


def ask(*orders, sources=(LEEK,), hidden=(), k=9):
    return Shop(*orders).ask(sources, k, Wish(hidden=frozenset(hidden)))


def told(ours, name):
    return ours.figures[name]


def test_three_common_orders_of_four_and_nine_score_a_half():
    # 3 / √(4 · 9) = 0.5
    ours = ask(*[(LEEK, KALE)] * 3, (LEEK,), *[(KALE,)] * 6, *[(CORN,)] * 2)
    assert scores_of(ours) == [(KALE, 0.5)]
    assert ours.confidences.tolist() == [0.06]
    assert (told(ours, "common"), told(ours, "orders")) == ([3], [4])


def test_two_common_orders_are_enough_and_one_is_chance():
    assert scores_of(ask((LEEK, KALE), (LEEK, KALE), (LEEK, CORN))) == [(KALE, pytest.approx(2 / 6**0.5))]


def test_fifty_common_orders_make_it_sure_and_more_no_surer():
    ours = ask(*[(LEEK, KALE, CORN, PEAS)] * 49, (LEEK, KALE, CORN), (LEEK, KALE))
    assert ours.products.tolist() == [KALE, CORN, PEAS]
    assert told(ours, "common") == [51, 50, 49]
    assert ours.confidences.tolist() == [1.0, 1.0, 0.98]


def test_a_product_is_not_bought_together_with_itself():
    assert scores_of(ask(*[(LEEK,)] * 3)) == []


def test_of_a_whole_cart_each_product_goes_with_the_one_it_suits_best():
    # CORN with LEEK: 2/√(2·5); with KALE: 3/√(3·5). DILL with LEEK: 2/√(2·2) = 1; with KALE never.
    ours = ask(*[(LEEK, CORN, DILL)] * 2, *[(KALE, CORN)] * 3, sources=[LEEK, KALE], hidden=[LEEK, KALE])
    assert scores_of(ours) == [(DILL, 1.0), (CORN, pytest.approx(3 / 15**0.5))]
    assert told(ours, "common") == [2, 3]
    assert told(ours, "orders") == [2, 3]
    assert ours.confidences.tolist() == [0.04, 0.06]


@pytest.mark.parametrize(("first", "second", "common"), [(LEEK, KALE, 2), (KALE, LEEK, 3)])
def test_of_equal_scores_the_product_put_in_first_tells_the_figures(first, second, common):
    # PEAS with LEEK: 2/√(4·12) = 1/√12; with KALE: 3/√(9·12) = 1/√12 as well, though less in binary.
    ours = ask(
        *[(LEEK, PEAS)] * 2, *[(LEEK,)] * 2, *[(KALE, PEAS)] * 3, *[(KALE,)] * 6, *[(PEAS,)] * 7,
        sources=[first, second], hidden=[LEEK, KALE],
    )  # fmt: skip
    assert scores_of(ours) == [(PEAS, pytest.approx(1 / 12**0.5))]
    assert told(ours, "common") == [common]
    assert ours.confidences.tolist() == [common / 50]


def test_what_may_not_appear_is_not_offered():
    assert scores_of(ask(*[(LEEK, KALE, CORN)] * 2, hidden=[KALE])) == [(CORN, 1.0)]


def test_with_no_product_at_hand_nothing_goes():
    assert scores_of(ask((LEEK, KALE), (LEEK, KALE), sources=[])) == []


def test_with_a_product_nobody_bought_nothing_goes():
    assert scores_of(ask((LEEK, KALE), (LEEK, KALE), sources=[DILL])) == []


def test_in_a_market_without_orders_nothing_goes():
    assert scores_of(ask(sources=[LEEK, KALE])) == []
