"""Each value once."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from punnet.core.distinct import distinct


@given(st.lists(st.integers(-5, 5), max_size=20) | st.lists(st.integers(0, 200), max_size=60))
def test_every_value_comes_once_in_ascending_order(values):
    assert distinct(np.array(values, np.int64)).tolist() == sorted(set(values))


def test_no_values_stay_none():
    assert distinct(np.zeros(0, np.int64)).tolist() == []


def test_the_values_given_are_not_changed():
    values = np.array([3, 1, 3])
    distinct(values)
    assert values.tolist() == [3, 1, 3]
