"""Pick the best-scoring products."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from punnet.core.topk import top_k


def naive(scores, k):
    positive = [index for index, score in enumerate(scores) if score > 0]
    return sorted(positive, key=lambda index: (-scores[index], index))[:k]


@given(
    st.lists(st.one_of(st.sampled_from([-1.0, 0.0, 0.25, 0.5, 1.0]), st.floats(-2, 2))),
    st.integers(0, 12),
)
def test_the_best_come_first_and_ties_go_to_the_lower_index(scores, k):
    assert top_k(np.array(scores), k).tolist() == naive(scores, k)


def test_of_equal_scores_on_the_edge_the_lower_indices_stay():
    assert top_k(np.array([0.5, 0.9, 0.5, 0.5, 0.7]), 3).tolist() == [1, 4, 0]


def test_as_many_as_there_are_come_back_whole():
    assert top_k(np.array([0.1, 0.3, 0.2]), 3).tolist() == [1, 2, 0]


def test_fewer_come_back_when_fewer_are_above_0():
    assert top_k(np.array([0.0, 0.2, -1.0, 0.4]), 10).tolist() == [3, 1]


def test_asking_for_none_gives_none():
    assert top_k(np.array([0.1, 0.2]), 0).tolist() == []


def test_no_scores_give_none():
    assert top_k(np.zeros(0), 5).tolist() == []


def test_a_score_of_nan_is_not_above_0():
    assert top_k(np.array([np.nan, 0.2, np.nan, 0.1]), 2).tolist() == [1, 3]


def test_an_endless_score_is_the_best():
    assert top_k(np.array([1.0, np.inf, 2.0]), 2).tolist() == [1, 2]
