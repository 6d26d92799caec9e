"""Diversity: caps on farms, categories and thirds of the price range, as long as there is a choice."""

from collections import Counter
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.core.compiled import Packed, entry
from punnet.core.desk import Desk, desk_at
from punnet.core.shelf import goods_at
from punnet.engine import diversity
from punnet.engine.diversity import Shares
from punnet.engine.fusion import Mix, mix_at
from tests.builders import row, shelf_of

SHARES = Shares(farm=0.3, category=0.5, price=0.7)
ANY = 99.0
"""A share that never binds."""


@entry
def diversify(mix: int, goods: int, desk: int, limit: int, caps: tuple[int, int, int]) -> None:
    diversity.diversify(mix_at(mix), goods_at(goods), desk_at(desk), limit, caps)


def kept(rows, limit, shares=SHARES, order=None):
    """Return the products that stay of a shelf of rows, which come in `order`."""
    order = list(range(len(rows)) if order is None else order)
    shelf, mix, places = shelf_of(*rows), Mix.of(max(limit, len(rows))), len(order)
    # Candidates lie as they were found, the last one first; their order says which is best.
    mix.candidates[:places], mix.order[:places] = order[::-1], range(places - 1, -1, -1)
    mix.counts[0] = places
    desk = Desk.of(0, len(rows), len(shelf.of_category), len(shelf.of_farm))
    packed = Packed(mix), Packed(shelf.goods), Packed(desk)
    diversify(*(each.address for each in packed), limit, shares.caps(limit))
    assert not desk.tally.any()
    return mix.candidates[mix.chosen[: mix.counts[1]]].tolist()


@given(
    st.lists(
        st.builds(
            row, farm=st.integers(0, 3), category=st.integers(0, 3), price=st.integers(1, 10).map(float)
        ),
        min_size=1,
        max_size=15,
    ),
    st.integers(1, 12),
    st.randoms(use_true_random=False),
)
def test_the_caps_hold_down_the_order_and_the_rest_follows_in_its_order(rows, limit, random):
    order = list(range(len(rows)))
    random.shuffle(order)
    low, high = min(it.price for it in rows), max(it.price for it in rows)
    caps = {"farm": ceil(Fraction(3, 10) * limit), "category": ceil(Fraction(1, 2) * limit)}
    caps["third"] = ceil(Fraction(7, 10) * limit) if low < high else len(rows)
    taken, chosen, passed = Counter(), [], []
    for product in order:
        it = rows[product]
        third = min(int(3 * Fraction(it.price - low) / Fraction(high - low)), 2) if low < high else 0
        groups = {"farm": it.farm, "category": it.category, "third": third}
        if len(chosen) < limit and all(taken[group] < caps[group[0]] for group in groups.items()):
            taken.update(groups.items())
            chosen.append(product)
        else:
            passed.append(product)
    assert kept(rows, limit, order=order) == [*chosen, *passed][:limit]


def test_at_most_three_tenths_come_from_one_farm():
    rows = [row(farm=0, category=n) for n in range(6)] + [row(farm=1 + n, category=6 + n) for n in range(10)]
    assert kept(rows, 10) == [0, 1, 2, 6, 7, 8, 9, 10, 11, 12]


def test_at_most_half_comes_from_one_category():
    rows = [row(farm=n, category=0) for n in range(8)] + [row(farm=9 + n, category=n + 1) for n in range(8)]
    assert kept(rows, 10) == [0, 1, 2, 3, 4, 8, 9, 10, 11, 12]


def test_at_most_seven_tenths_come_from_one_third_of_the_price_range():
    rows = [row(farm=n, category=n, price=1.0) for n in range(9)]
    rows += [row(farm=9 + n, category=9 + n, price=price) for n, price in enumerate((4.0, 7.0, 10.0))]
    assert kept(rows, 10) == [0, 1, 2, 3, 4, 5, 6, 9, 10, 11]


@pytest.mark.parametrize(
    ("limit", "caps"), [(1, (1, 1, 1)), (2, (1, 1, 2)), (6, (2, 3, 5)), (10, (3, 5, 7)), (100, (30, 50, 70))]
)
def test_shares_are_rounded_up_to_whole_products(limit, caps):
    assert SHARES.caps(limit) == caps


def test_a_share_that_is_whole_on_paper_is_not_rounded_up_for_its_binary_form():
    assert 0.07 * 100 > 7
    assert Shares(0.07, 0.07, 0.07).caps(100) == (7, 7, 7)


def test_the_thirds_are_equal_widths_and_their_lower_ends_belong_to_them():
    only_price = Shares(farm=ANY, category=ANY, price=0.5)  # one of each third in an answer of 2
    for_two = [
        [row(price=price) for price in prices] for prices in ((1, 3, 4, 10), (4, 6, 7, 1, 10), (7, 10, 1))
    ]
    assert kept(for_two[0], 2, only_price) == [0, 2]
    assert kept(for_two[1], 2, only_price) == [0, 2]
    assert kept(for_two[2], 2, only_price) == [0, 2]


def test_the_border_of_a_third_holds_whatever_its_binary_form():
    prices = (0.3, 0.1, 0.4)  # the second third starts at 0.2, the last one at 0.3
    assert 3 * (0.3 - 0.1) / (0.4 - 0.1) < 2
    only_price = Shares(farm=ANY, category=ANY, price=0.5)
    assert kept([row(price=price) for price in prices], 2, only_price, order=(0, 2, 1)) == [0, 1]


def test_the_range_is_that_of_all_candidates_not_of_those_chosen():
    prices = (1.0, 1.5, 5.0, 100.0)
    only_price = Shares(farm=ANY, category=ANY, price=0.5)
    assert kept([row(price=price) for price in prices], 2, only_price) == [0, 3]


def test_one_price_has_no_thirds():
    rows = [row(farm=n, category=n, price=5.0) for n in range(10)]
    assert kept(rows, 10) == list(range(10))
    assert kept(rows, 10, Shares(farm=ANY, category=ANY, price=0.0)) == list(range(10))


def test_who_was_passed_over_takes_the_places_left_in_order():
    rows = [
        row(farm=0, category=0),
        row(farm=0, category=0),
        row(farm=0, category=0),
        row(farm=1, category=1),
    ]
    assert kept(rows, 4, order=(2, 0, 1, 3)) == [2, 0, 3, 1]
    assert kept(rows, 3, order=(2, 0, 1, 3)) == [2, 3, 0]


def test_a_candidate_over_one_cap_does_not_count_towards_the_others():
    only_farm = [row(farm=0, category=0), row(farm=0, category=1), row(farm=1, category=1)]
    assert kept(only_farm, 2, Shares(farm=0.5, category=0.5, price=ANY)) == [0, 2]


def test_a_share_of_nothing_leaves_the_order_as_it_was():
    assert kept([row(farm=n, category=n) for n in range(4)], 3, Shares(0.0, 0.0, 0.0)) == [0, 1, 2]


def test_no_candidates_are_no_answer():
    assert kept([], 10) == []
