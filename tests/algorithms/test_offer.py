"""What an algorithm is asked, and what it answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.algorithms import offer
from punnet.algorithms.offer import NARROW, Shortlist, asked_at
from punnet.core.compiled import Packed, entry
from punnet.core.desk import desk_at
from punnet.core.shelf import goods_at
from tests.builders import Case, Wish, asked_of, positions, room_for, row, shelf_of, wishes


@entry
def wanted(goods: int, asked: int, desk: int, product: int) -> bool:
    return offer.wanted(goods_at(goods), asked_at(asked), desk_at(desk), product)


@entry
def is_narrow(asked: int) -> bool:
    return offer.is_narrow(asked_at(asked))


@entry
def be_sure(found: Shortlist, confidence: float) -> None:
    offer.be_sure(found, confidence)


def chosen_from(case):
    """Return the products that an algorithm may choose."""
    _, goods, asked, desk = case.at
    return [at for at in range(len(case.shelf)) if wanted(goods, asked, desk, at)]


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans()), max_size=8), st.data())
def test_wanted_is_what_is_on_sale_not_banned_of_the_category_and_matches(listed, data):
    wish = data.draw(wishes(len(listed), 3))
    rows = (row(category=category, available=available) for category, available in listed)
    assert chosen_from(Case(shelf_of(*rows), wish=wish)) == [
        at for at, (category, available) in enumerate(listed) if available and wish.allows(at, category)
    ]


def test_wanted_is_what_is_on_sale_at_the_moment_of_the_question():
    shelf = shelf_of(row(since=10.0), row(until=10.0))
    assert [chosen_from(Case(shelf, now=now)) for now in (9.0, 10.0)] == [[1], [0]]


@pytest.mark.parametrize("much", [False, True])
def test_what_a_search_finds_is_on_the_desk_once(much):
    shelf = shelf_of(row(), row(), row(available=False), row(category=1), row())
    wish = Wish(hidden=frozenset({0}), category=0, matched=frozenset({0, 1, 2, 3, 4}), much=much)
    desk = Case(shelf, wish=wish).desk
    assert desk.found[: desk.known[2]].tolist() == [1, 4]


def test_marks_of_an_earlier_question_do_not_count():
    case = Case(shelf_of(row(), row()), wish=Wish(hidden=frozenset({0})))
    assert chosen_from(case) == [1]
    case.desk.turn[0] = 2
    assert chosen_from(case) == [0, 1]
    search = Case(shelf_of(row(), row()), wish=Wish(matched=frozenset({1})))
    assert chosen_from(search) == [1]
    search.desk.turn[0] = 2
    search.desk.matched[0] = 2
    assert chosen_from(search) == [0]


@pytest.mark.parametrize(
    ("searching", "matches", "narrow"),
    [(False, 0, False), (True, 0, True), (True, NARROW, True), (True, NARROW + 1, False), (False, 1, False)],
)
def test_a_search_that_matches_little_is_narrow(searching, matches, narrow):
    packed = Packed(asked_of(searching=searching, matches=positions([0] * matches)))
    assert is_narrow(packed.address) == narrow


@given(st.integers(0, 3))
def test_all_on_a_shortlist_are_equally_sure(size):
    found = room_for(3)
    found.best.size[0] = size
    be_sure(found, 0.8)
    assert found.confidences.tolist() == [0.8] * size + [0.0] * (3 - size)
