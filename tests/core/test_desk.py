"""Room for what is worked out while one question is answered."""

import numpy as np
import pytest

from punnet.core import desk as desks
from punnet.core.compiled import Packed, entry
from punnet.core.desk import LAST_TURN, PAID, Desk, desk_at

MARKS = ("banned", "matched", "bought", "met", "slotted")
A_PRODUCT = (
    "banned",
    "bought",
    "common",
    "companion",
    "counts",
    "firsts",
    "found",
    "matched",
    "newest",
    "places",
    "queue",
    "slots",
)


@entry
def begin_at(desk: int) -> None:
    desks.begin(desk_at(desk))


def begin(desk):
    packed = Packed(desk)
    begin_at(packed.address)


def fresh():
    return Desk.of(shoppers=2, products=3, categories=4, farms=5)


def test_a_new_desk_is_clear():
    assert not any(array.any() for array in fresh())
    assert len(fresh().paid) == PAID


def test_there_is_room_for_every_product_shopper_category_and_farm():
    desk = fresh()
    assert all(
        len(getattr(desk, name)) >= 3 for name in (*A_PRODUCT, "banned", "matched", "bought", "slotted")
    )
    assert all(len(array) >= 2 for array in (desk.met, desk.similar))
    assert len(desk.heads) == 2 * len(desk.similar)
    assert (len(desk.category_liking), len(desk.farm_liking), len(desk.liked_farms)) == (5, 6, 6)
    assert (len(desk.touched), len(desk.tally)) == (6, 24)


@pytest.mark.parametrize("most", ["shoppers", "products", "categories", "farms"])
def test_whatever_there_is_most_of_can_be_touched_and_an_empty_market_has_a_desk(most):
    sizes = {"shoppers": 0, "products": 0, "categories": 0, "farms": 0}
    desk = Desk.of(**{**sizes, most: 7})
    assert len(desk.touched) == (1 if most == "shoppers" else 8)
    assert len(desk.tally) == 4 * len(desk.touched)


def test_for_how_many_prices_there_is_room_is_given():
    assert len(Desk.of(1, 1, 1, 1, paid=9).paid) == 9


def test_no_array_stands_for_another():
    arrays = list(fresh())
    assert not any(
        np.shares_memory(one, other) for at, one in enumerate(arrays) for other in arrays[at + 1 :]
    )


def test_what_one_question_marked_is_not_marked_for_the_next():
    desk = fresh()
    begin(desk)
    for name in MARKS:
        getattr(desk, name)[1] = desk.turn[0]
    begin(desk)
    assert desk.turn.tolist() == [2]
    assert all((getattr(desk, name) != 2).all() for name in MARKS)


def test_before_marks_run_out_all_of_them_are_cleared():
    desk = fresh()
    desk.turn[0] = LAST_TURN - 1
    begin(desk)
    assert desk.turn.tolist() == [LAST_TURN]
    for name in MARKS:
        getattr(desk, name)[:] = [LAST_TURN, 1, *getattr(desk, name)[2:]]
    desk.counts[0] = 7
    begin(desk)
    assert desk.turn.tolist() == [1]
    assert not any(getattr(desk, name).any() for name in MARKS)
    assert desk.counts[0] == 7


def test_the_last_turn_can_be_marked():
    assert np.iinfo(np.int32).max > LAST_TURN
