"""The best products so far."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.core.best import Best, gather, is_beaten, is_closed, keep, propose, rounded

EIGHTHS = st.integers(-2, 8).map(lambda eighths: eighths / 8)
NOISE = st.sampled_from([-1e-13, 0.0, 1e-13])
deeds = st.tuples(st.integers(0, 9), EIGHTHS)


def room(k):
    return Best(np.zeros(k, np.int32), np.zeros(k), np.zeros(1, np.int64))


def kept(best):
    size = int(best.size[0])
    return list(zip(best.products[:size].tolist(), best.scores[:size].tolist(), strict=True))


def naive(pairs, k):
    """Return the best `k` of (product, score) pairs, each product with its highest score."""
    highest = {}
    for product, score in pairs:
        highest[product] = max(score, highest.get(product, -math.inf))
    return sorted(highest.items(), key=lambda pair: (-pair[1], pair[0]))[:k]


@given(st.lists(deeds, max_size=30), st.integers(1, 8))
def test_the_best_stay_and_ties_go_to_the_lower_position(pairs, k):
    best = room(k)
    for number, (product, score) in enumerate(pairs):
        beaten = is_beaten(best, product, score)
        before = kept(best)
        stays = keep(best, product, score)
        assert kept(best) == naive(pairs[: number + 1], k)
        assert stays == (before != kept(best))
        assert not (stays and beaten)


@given(st.lists(EIGHTHS, max_size=40), st.integers(1, 9))
def test_of_what_is_gathered_the_best_stay_with_the_least_on_top(scores, k):
    best = room(k)
    for product, score in enumerate(scores):
        gather(best, product, score)
        found = kept(best)
        assert (
            sorted((its for _, its in found), reverse=True) == sorted(scores[: product + 1], reverse=True)[:k]
        )
        assert len(dict(found)) == len(found)
        assert all(scores[at] == its for at, its in found)
        assert found[0][1] == min(its for _, its in found)


@given(st.lists(deeds, max_size=20), st.integers(1, 5), st.integers(0, 9), EIGHTHS)
def test_beaten_is_what_comes_behind_all_there_is_room_for(pairs, k, product, score):
    best = room(k)
    for pair in pairs:
        keep(best, *pair)
    full = len(kept(best)) == k
    assert is_beaten(best, product, score) == (
        full and all((-score, product) > (-other, at) for at, other in kept(best))
    )
    assert is_closed(best, product, score) == is_beaten(best, product, score)


@given(st.lists(st.tuples(st.integers(0, 9), EIGHTHS, NOISE), max_size=20), st.integers(1, 6))
def test_what_is_proposed_is_above_0_and_equal_on_paper_is_a_tie(triples, k):
    best = room(k)
    for product, score, noise in triples:
        propose(best, product, score + noise)
    assert kept(best) == naive([(product, score) for product, score, _ in triples if score > 0], k)


@given(st.floats(-1e6, 1e6) | st.sampled_from([math.inf, -math.inf, 0.5 + 5e-13, 1 / 3, -0.0]))
def test_a_value_is_rounded_as_numpy_does(value):
    assert rounded(value) == np.round(value, 12)


def test_scores_count_to_their_12th_decimal():
    best = room(3)
    for product, score in enumerate((0.5, 0.5 + 2e-12, 0.5 + 4e-13)):
        assert propose(best, product, score)
    assert kept(best) == [(1, 0.5 + 2e-12), (0, 0.5), (2, 0.5)]


def test_of_equal_scores_on_the_edge_the_lower_positions_stay():
    best = room(3)
    assert [keep(best, at, score) for at, score in enumerate((0.5, 0.9, 0.5, 0.5, 0.7))] == [
        True, True, True, False, True,
    ]  # fmt: skip
    assert kept(best) == [(1, 0.9), (4, 0.7), (0, 0.5)]


def test_a_product_that_is_there_rises_with_a_higher_score_and_never_falls():
    best = room(3)
    for product, score in ((0, 0.5), (1, 0.4), (2, 0.3)):
        keep(best, product, score)
    assert not keep(best, 0, 0.1)
    assert not keep(best, 1, 0.4)
    assert keep(best, 2, 0.45)
    assert kept(best) == [(0, 0.5), (2, 0.45), (1, 0.4)]


@pytest.mark.parametrize("score", [0.0, -1.0, math.nan, 4e-13])
def test_what_has_no_score_above_0_is_not_kept(score):
    best = room(2)
    assert not propose(best, 0, score)
    assert kept(best) == []


def test_an_endless_score_is_the_best():
    best = room(2)
    for product, score in enumerate((1.0, math.inf, 2.0)):
        propose(best, product, score)
    assert kept(best) == [(1, math.inf), (2, 2.0)]


def test_where_there_is_no_room_nothing_is_kept():
    assert not keep(room(0), 1, 1.0)
    assert not propose(room(0), 1, 1.0)


def test_a_bound_that_is_equal_on_paper_to_the_last_score_closes_only_later_products():
    best = room(1)
    propose(best, 4, 0.3)
    assert 0.1 + 0.2 > 0.3
    assert [is_closed(best, product, 0.1 + 0.2) for product in (3, 4, 5)] == [False, False, True]
    assert is_closed(best, -1, 0.29)
    assert not is_closed(best, 9, 0.31)
