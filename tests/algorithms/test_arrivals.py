"""What is new from the farms a shopper likes."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.algorithms import arrivals
from punnet.algorithms.offer import Shortlist, asked_at
from punnet.core.compiled import entry
from punnet.core.desk import desk_at
from punnet.core.shelf import goods_at
from tests.builders import ANYTHING, DAY, Case, Wish, offered, row, scores_of, shelf_of, wishes

NOW = 10_000_000.0
FARMS = 7
FORTNIGHT = 14 * int(DAY)
AGES = [-1, 0, 1, 86_400, 7 * 86_400, FORTNIGHT - 60, FORTNIGHT, FORTNIGHT + 1]
products = st.tuples(st.integers(0, FARMS - 1), st.sampled_from(AGES), st.integers(0, 1))


@entry
def offer(_book: int, goods: int, asked: int, desk: int, found: Shortlist, days: float) -> None:
    arrivals.offer(goods_at(goods), asked_at(asked), desk_at(desk), found, days)


@given(
    st.lists(products, max_size=12),
    st.lists(st.integers(0, 10), min_size=FARMS, max_size=FARMS),
    st.integers(1, 12),
    st.data(),
)
def test_what_the_five_best_liked_farms_added_last_comes_first(listed, tenths, k, data):
    wish = data.draw(wishes(len(listed), 2))
    rows = (row(farm=farm, added=NOW - age, category=category) for farm, age, category in listed)
    case = Case(shelf_of(*rows, farms=FARMS), wish=wish, now=NOW).like(farms=np.array(tenths) / 10)
    ours = offered(offer, case, k, 14.0)
    favourites = sorted(range(FARMS), key=lambda farm: (-tenths[farm], farm))[:5]
    scores = {
        at: Fraction(tenths[farm], 10) * (1 - Fraction(age, FORTNIGHT))
        for at, (farm, age, category) in enumerate(listed)
        if farm in favourites and tenths[farm] and 0 <= age < FORTNIGHT and wish.allows(at, category)
    }
    expected = sorted(scores, key=lambda at: (-scores[at], at))[:k]
    assert ours.products.tolist() == expected
    assert ours.scores.tolist() == pytest.approx([float(scores[at]) for at in expected], abs=1e-12)
    assert ours.confidences.tolist() == [1.0] * len(expected)


def ask(*rows, liking=(1.0,), days=14.0, wish=ANYTHING):
    shelf = shelf_of(*rows, farms=len(liking))
    return offered(offer, Case(shelf, wish=wish, now=NOW).like(farms=liking), 9, days)


@pytest.mark.parametrize(("age", "score"), [(0, 1.0), (3.5, 0.75), (7, 0.5), (10.5, 0.25)])
def test_half_the_score_is_gone_after_seven_days(age, score):
    ours = ask(row(added=NOW - age * DAY))
    assert scores_of(ours) == [(0, score)]
    assert ours.confidences.tolist() == [1.0]


@pytest.mark.parametrize("age", [-1.0, 14 * DAY, 15 * DAY], ids=["tomorrow", "14 days ago", "15 days ago"])
def test_what_was_not_added_in_the_last_14_days_is_no_arrival(age):
    assert scores_of(ask(row(added=NOW - age))) == []


def test_the_number_of_days_is_given():
    assert scores_of(ask(row(added=NOW - DAY), days=2.0)) == [(0, 0.5)]
    assert scores_of(ask(row(added=NOW - DAY), days=1.0)) == []


def test_a_farm_liked_half_gives_half_the_score():
    ours = ask(row(farm=0, added=NOW), row(farm=1, added=NOW), liking=(0.5, 1.0))
    assert scores_of(ours) == [(1, 1.0), (0, 0.5)]


def test_the_sixth_farm_is_no_favourite():
    liking = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
    ours = ask(*(row(farm=farm, added=NOW) for farm in range(6)), liking=liking)
    assert ours.products.tolist() == [5, 4, 3, 2, 1]


def test_a_farm_not_liked_has_no_arrivals():
    assert scores_of(ask(row(added=NOW), liking=(0.0,))) == []


def test_what_may_not_appear_is_not_offered():
    wish = Wish(hidden=frozenset({0}))
    assert scores_of(ask(row(added=NOW), row(added=NOW), row(added=NOW, stock=0), wish=wish)) == [(1, 1.0)]
