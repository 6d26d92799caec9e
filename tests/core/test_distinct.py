"""Each value once."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from punnet.core.distinct import distinct


@given(st.lists(st.integers(-(2**62), 2**62)))
def test_every_value_comes_once_in_ascending_order(values):
    assert distinct(np.array(values, np.int64)).tolist() == sorted(set(values))


def test_the_values_given_stay_as_they_were():
    values = np.array([3, 1, 3])
    distinct(values)
    assert values.tolist() == [3, 1, 3]
