"""What is bought in the same basket."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.algorithms.together import offer
from tests.builders import Basket, all_of, ledger_of, scores_of, shuffled_products

PRODUCTS = 5
LEEK, KALE, CORN, PEAS, DILL = range(PRODUCTS)

orders_of = st.lists(shuffled_products(PRODUCTS), max_size=25)


def naive(orders, sources):
    """Return for each product the best source's square of the score, common orders, its orders, and lift."""
    holding = [[order for order in orders if product in order] for product in range(PRODUCTS)]
    best = {}
    for source in sources:
        for product in range(PRODUCTS):
            common = sum(product in order for order in holding[source])
            if product == source or common < 2:
                continue
            expected = len(holding[source]) * len(holding[product])
            square, lift = Fraction(common**2, expected), Fraction(common * len(orders), expected)
            if product not in best or square > best[product][0]:
                best[product] = (square, common, len(holding[source]), lift)
    return best


@given(
    orders_of,
    st.lists(st.integers(0, PRODUCTS - 1), max_size=3, unique=True),
    st.sets(st.integers(0, PRODUCTS - 1), max_size=2),
    st.integers(1, PRODUCTS),
)
def test_what_shares_most_baskets_for_its_own_number_of_them_comes_first(orders, sources, hidden, k):
    ours = ask(*orders, sources=sources, hidden=list(hidden), k=k)
    best = naive(orders, sources)
    expected = sorted((p for p in best if p not in hidden), key=lambda p: (-best[p][0], p))[:k]
    assert ours.products.tolist() == expected
    assert ours.scores.tolist() == pytest.approx([float(best[p][0]) ** 0.5 for p in expected], abs=1e-12)
    assert ours.confidences.tolist() == [min(best[p][1] / 50, 1.0) for p in expected]
    assert ours.notes["coOccurrences"].tolist() == [best[p][1] for p in expected]
    assert ours.notes["totalOrders"].tolist() == [best[p][2] for p in expected]
    assert ours.notes["lift"].tolist() == pytest.approx([float(best[p][3]) for p in expected])


def ask(*orders, sources=(LEEK,), hidden=(), k=9):
    ledger = ledger_of(*(Basket(0, order) for order in orders), shoppers=1, products=PRODUCTS)
    return offer(ledger, np.array(sources, np.int64), all_of(PRODUCTS, but=hidden), k)


def told(ours, name):
    return ours.notes[name].tolist()


def test_three_common_orders_of_four_and_nine_score_a_half():
    # 3 / √(4 · 9) = 0.5; lift 3 · 12 / 36 = 1 with two more orders without either.
    ours = ask(*[(LEEK, KALE)] * 3, (LEEK,), *[(KALE,)] * 6, *[(CORN,)] * 2)
    assert scores_of(ours) == [(KALE, 0.5)]
    assert ours.confidences.tolist() == [0.06]
    assert (told(ours, "coOccurrences"), told(ours, "totalOrders"), told(ours, "lift")) == ([3], [4], [1.0])


def test_lift_tells_how_much_more_often_than_by_chance():
    # 2 · 8 / (2 · 4)
    ours = ask(*[(LEEK, KALE)] * 2, *[(KALE,)] * 2, *[(CORN,)] * 4)
    assert told(ours, "lift") == [2.0]


def test_two_common_orders_are_enough_and_one_is_chance():
    assert scores_of(ask((LEEK, KALE), (LEEK, KALE), (LEEK, CORN))) == [(KALE, pytest.approx(2 / 6**0.5))]


def test_orders_are_told_in_whole_numbers():
    ours = ask(*[(LEEK, KALE)] * 2)
    assert [type(number) for name in ("coOccurrences", "totalOrders") for number in told(ours, name)] == [
        int,
        int,
    ]


def test_fifty_common_orders_make_it_sure_and_more_no_surer():
    ours = ask(*[(LEEK, KALE, CORN, PEAS)] * 49, (LEEK, KALE, CORN), (LEEK, KALE))
    assert ours.products.tolist() == [KALE, CORN, PEAS]
    assert told(ours, "coOccurrences") == [51, 50, 49]
    assert ours.confidences.tolist() == [1.0, 1.0, 0.98]


def test_a_product_is_not_bought_together_with_itself():
    assert scores_of(ask(*[(LEEK,)] * 3)) == []


def test_of_a_whole_cart_each_product_goes_with_the_one_it_suits_best():
    # CORN with LEEK: 2/√(2·5); with KALE: 3/√(3·5). DILL with LEEK: 2/√(2·2) = 1; with KALE never.
    ours = ask(*[(LEEK, CORN, DILL)] * 2, *[(KALE, CORN)] * 3, sources=[LEEK, KALE], hidden=[LEEK, KALE])
    assert scores_of(ours) == [(DILL, 1.0), (CORN, pytest.approx(3 / 15**0.5))]
    assert told(ours, "coOccurrences") == [2, 3]
    assert told(ours, "totalOrders") == [2, 3]
    assert told(ours, "lift") == [pytest.approx(2 * 5 / 4), pytest.approx(3 * 5 / 15)]
    assert ours.confidences.tolist() == [0.04, 0.06]


@pytest.mark.parametrize(("first", "second", "common"), [(LEEK, KALE, 2), (KALE, LEEK, 3)])
def test_of_equal_scores_the_product_put_in_first_tells_the_figures(first, second, common):
    # PEAS with LEEK: 2/√(4·12) = 1/√12; with KALE: 3/√(9·12) = 1/√12 as well, though less in binary.
    ours = ask(
        *[(LEEK, PEAS)] * 2, *[(LEEK,)] * 2, *[(KALE, PEAS)] * 3, *[(KALE,)] * 6, *[(PEAS,)] * 7,
        sources=[first, second], hidden=[LEEK, KALE],
    )  # fmt: skip
    assert scores_of(ours) == [(PEAS, pytest.approx(1 / 12**0.5))]
    assert told(ours, "coOccurrences") == [common]
    assert ours.confidences.tolist() == [common / 50]


def test_what_may_not_appear_is_not_offered():
    assert scores_of(ask(*[(LEEK, KALE, CORN)] * 2, hidden=[KALE])) == [(CORN, 1.0)]


def test_with_no_product_at_hand_nothing_goes():
    assert scores_of(ask((LEEK, KALE), (LEEK, KALE), sources=[])) == []


def test_with_a_product_nobody_bought_nothing_goes():
    assert scores_of(ask((LEEK, KALE), (LEEK, KALE), sources=[DILL])) == []


def test_in_a_market_without_orders_nothing_goes():
    assert scores_of(ask(sources=[LEEK, KALE])) == []
