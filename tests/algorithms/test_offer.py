"""What an algorithm answers."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.algorithms.offer import NOTHING, best
from tests.builders import all_of, scores_of

EIGHTHS = st.integers(-2, 8)
NOISE = st.sampled_from([-1e-13, 0.0, 1e-13])


@given(st.lists(st.tuples(EIGHTHS, NOISE, st.booleans())), st.integers(1, 6))
def test_the_best_that_may_appear_come_first_and_equal_on_paper_is_a_tie(products, k):
    scores = np.array([eighths / 8 + noise for eighths, noise, _ in products])
    offer = best(scores, 0.5, np.array([allowed for _, _, allowed in products], np.bool_), k)
    wanted = [at for at, (eighths, _, allowed) in enumerate(products) if allowed and eighths > 0]
    expected = sorted(wanted, key=lambda at: (-products[at][0], at))[:k]
    assert scores_of(offer) == [(at, products[at][0] / 8) for at in expected]


def test_scores_count_to_their_12th_decimal():
    ours = best(np.array([0.5, 0.5 + 2e-12, 0.5 + 4e-13]), 1.0, all_of(3), 3)
    assert ours.products.tolist() == [1, 0, 2]


def test_one_confidence_holds_for_all():
    assert best(np.array([0.1, 0.2, 0.3]), 0.8, all_of(3), 2).confidences.tolist() == [0.8, 0.8]


def test_a_confidence_a_product_stands_beside_it():
    offer = best(np.array([0.1, 0.3, 0.2]), np.array([0.4, 0.5, 0.6]), all_of(3), 2)
    assert offer.products.tolist() == [1, 2]
    assert offer.confidences.tolist() == [0.5, 0.6]


def test_notes_stand_beside_their_products():
    notes = {"orders": np.array([7, 8, 9]), "local": np.array([True, False, True])}
    offer = best(np.array([0.1, 0.3, 0.2]), 1.0, all_of(3), 2, notes)
    assert {name: values.tolist() for name, values in offer.notes.items()} == {
        "orders": [8, 9],
        "local": [False, True],
    }


def test_without_notes_there_are_none():
    assert dict(best(np.array([0.1]), 1.0, all_of(1), 1).notes) == {}


def test_what_may_not_appear_makes_room_for_the_next():
    assert scores_of(best(np.array([0.9, 0.5, 0.4]), 1.0, all_of(3, but=[0]), 1)) == [(1, 0.5)]


def test_a_score_without_value_is_not_offered():
    assert scores_of(best(np.array([np.nan, 0.5]), 1.0, all_of(2), 2)) == [(1, 0.5)]


def test_the_scores_given_are_not_changed():
    scores = np.array([1 / 3, 2 / 3])
    best(scores, 1.0, all_of(2, but=[0]), 2)
    assert scores.tolist() == [1 / 3, 2 / 3]


def test_nothing_is_an_offer_of_no_products():
    assert scores_of(NOTHING) == []
    assert NOTHING.confidences.tolist() == []
    assert NOTHING.products.dtype == np.int64
    assert dict(NOTHING.notes) == {}


def test_an_offer_is_not_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        NOTHING.scores = np.zeros(1)
