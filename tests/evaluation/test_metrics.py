"""What a list is worth, by hand and by another way to reckon it."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.evaluation.metrics import Estimate, Mean, hit, ndcg, recall


@pytest.mark.parametrize(
    ("listed", "bought", "expected"),
    [
        ("abc", "c", (1, 1, 1 / math.log2(4))),
        ("abc", "a", (1, 1, 1)),
        ("abc", "ab", (1, 1, 1)),
        ("abc", "bx", (1, 1 / 2, (1 / math.log2(3)) / (1 + 1 / math.log2(3)))),
        ("abc", "xy", (0, 0, 0)),
        ("", "x", (0, 0, 0)),
        # The best order has more than the list can hold.
        ("a", "ab", (1, 1 / 2, 1 / (1 + 1 / math.log2(3)))),
    ],
)
def test_a_list_is_worth_what_was_bought_of_it(listed, bought, expected):
    found = tuple(metric(listed, set(bought)) for metric in (hit, recall, ndcg))
    assert found == pytest.approx(expected)


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=50))
def test_a_mean_and_its_margin_are_those_of_all_numbers_at_once(numbers):
    found = Mean.of(numbers).estimate
    assert found.mean == pytest.approx(np.mean(numbers), abs=1e-9)
    assert found.margin == pytest.approx(1.96 * np.std(numbers) / len(numbers) ** 0.5, abs=1e-6)


def test_of_nothing_there_is_nothing():
    assert Mean().estimate == Estimate(0.0, 0.0)
