"""Fusion: the weighted sum of what the algorithms offered, in one order."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.core.compiled import Packed, entry
from punnet.core.desk import Desk, desk_at
from punnet.engine import fusion
from punnet.engine.fusion import ALGORITHMS, COUNT, Mix, mix_at
from punnet.market import Algorithm
from punnet.types import Floats, Positions
from tests.builders import positions

C, T, S = Algorithm.COLLABORATIVE, Algorithm.TRENDING, Algorithm.SEASONAL
LIMIT, PRODUCTS = 5, 10

hundredths = st.integers(0, 100).map(lambda number: number / 100)


class Candidate(NamedTuple):
    """A product with its score and confidence, and its place in each offer that it is in."""

    product: int
    score: float
    confidence: float
    rows: dict[Algorithm, int]


@entry
def fuse(mix: int, desk: int, asks: Positions, weights: Floats) -> None:
    fusion.fuse(mix_at(mix), desk_at(desk), asks, weights)


@entry
def shortlist(mix: int, algorithm: int, k: int, product: int) -> int:
    found = fusion.shortlist(mix_at(mix), algorithm, k)
    found.best.products[k - 1] = product
    found.confidences[k - 1] = 0.5
    found.best.size[0] += 1
    return len(found.best.products)


def put(mix, algorithm, rows):
    """Have an algorithm offer these (product, score, confidence)."""
    number = ALGORITHMS.index(algorithm)
    mix.sizes[number] = len(rows)
    for at, row in enumerate(rows, number * mix.reach):
        mix.products[at], mix.scores[at], mix.confidences[at] = row


def fused(offers, weights, mix=None, desk=None):
    """Return the candidates that come of these offers, the best first."""
    mix = Mix.of(LIMIT) if mix is None else mix
    desk = Desk.of(0, PRODUCTS, 0, 0) if desk is None else desk
    desk.turn[0] += 1
    for algorithm, rows in offers.items():
        put(mix, algorithm, rows)
    weighed = np.array([float(weights.get(algorithm, 0)) for algorithm in ALGORITHMS])
    asks = positions(ALGORITHMS.index(algorithm) for algorithm in offers)
    packed = Packed(mix), Packed(desk)
    fuse(packed[0].address, packed[1].address, asks, weighed)
    return [candidate_of(mix, at) for at in mix.order[: mix.counts[0]].tolist()]


def candidate_of(mix, at):
    rows = mix.rows[at * COUNT : (at + 1) * COUNT].tolist()
    known = {algorithm: row for algorithm, row in zip(ALGORITHMS, rows, strict=True) if row >= 0}
    return Candidate(int(mix.candidates[at]), float(mix.fused[at]), float(mix.sure[at]), known)


rows_of_offers = st.dictionaries(
    st.sampled_from(Algorithm),
    st.dictionaries(st.integers(0, PRODUCTS - 1), st.tuples(hundredths, hundredths), max_size=2 * LIMIT),
    min_size=1,
)
any_weights = st.fixed_dictionaries(dict.fromkeys(Algorithm, hundredths))


def naive(rows, weights):
    """Return what is to be told of each candidate, the best first."""
    expected = []
    for product in set().union(*rows.values()):
        owners = [algorithm for algorithm in Algorithm if product in rows.get(algorithm, ())]
        score = round(min(sum(weights[owner] * rows[owner][product][0] for owner in owners), 1), 12)
        confidence = round(sum(rows[owner][product][1] for owner in owners) / len(owners), 12)
        places = {owner: list(rows[owner]).index(product) for owner in owners}
        expected.append((-score, -confidence, product, places))
    expected.sort(key=lambda told: told[:3])
    return [
        Candidate(product, -score, -confidence, places) for score, confidence, product, places in expected
    ]


def in_rows(offers):
    return {
        algorithm: [(product, *figures) for product, figures in rows.items()]
        for algorithm, rows in sorted(offers.items(), key=lambda item: ALGORITHMS.index(item[0]))
    }


@given(rows_of_offers, rows_of_offers, any_weights)
def test_fusion_is_the_weighted_sum_of_what_was_offered_whatever_was_before(rows, before, weights):
    mix, desk = Mix.of(LIMIT), Desk.of(0, PRODUCTS, 0, 0)
    for offers in (before, rows):
        assert fused(in_rows(offers), weights, mix, desk) == naive(offers, weights)


def test_the_score_sums_over_the_algorithms_that_offered_the_product():
    found = fused({C: [(4, 0.5, 1.0), (2, 0.4, 0.6)], T: [(2, 1.0, 0.2)]}, {C: 0.3, T: 0.15})
    assert [(it.product, it.score) for it in found] == [(2, 0.27), (4, 0.15)]


def test_the_confidence_is_the_mean_of_those_who_offered():
    offers = {C: [(2, 0.4, 0.6)], T: [(2, 1.0, 0.2)], S: [(3, 0.5, 0.8)]}
    found = fused(offers, {C: 1.0, T: 1.0, S: 1.0})
    assert {it.product: it.confidence for it in found} == {2: 0.4, 3: 0.8}


def test_the_score_is_at_most_one():
    [found] = fused({C: [(0, 1.0, 1.0)], T: [(0, 1.0, 1.0)]}, {C: 0.8, T: 0.9})
    assert found.score == 1


def test_equal_scores_go_by_confidence_and_then_to_the_product_added_first():
    rows = [(5, 0.5, 0.3), (3, 0.5, 0.3), (4, 0.5, 0.9), (1, 0.4, 1.0)]
    assert [it.product for it in fused({C: rows}, {C: 0.3})] == [4, 3, 5, 1]


def test_sums_that_are_equal_on_paper_are_ties():
    offers = {C: [(1, 0.1, 0.5)], T: [(0, 0.3, 0.5), (1, 0.2, 0.5)]}
    assert 0.1 + 0.2 > 0.3
    assert [it.product for it in fused(offers, {C: 1.0, T: 1.0})] == [0, 1]


def test_confidences_that_are_equal_on_paper_are_ties():
    offers = {C: [(1, 0.5, 0.1), (0, 0.5, 0.15)], T: [(1, 0.5, 0.2), (0, 0.5, 0.15)]}
    assert (0.1 + 0.2) / 2 > (0.15 + 0.15) / 2
    assert [it.product for it in fused(offers, {C: 0.1, T: 0.1})] == [0, 1]


def test_a_candidate_says_where_it_stands_in_each_offer():
    offers = {C: [(7, 0.9, 0.1), (2, 0.5, 0.6)], T: [(2, 0.25, 0.4)]}
    found = {it.product: it.rows for it in fused(offers, {C: 0.3, T: 0.15})}
    assert found == {7: {C: 0}, 2: {C: 1, T: 0}}


def test_only_those_asked_count():
    mix = Mix.of(LIMIT)
    put(mix, T, [(3, 1.0, 1.0)])
    assert [it.product for it in fused({C: [(4, 0.5, 1.0)]}, {C: 0.3, T: 0.3}, mix)] == [4]


@pytest.mark.parametrize("offers", [{C: []}, {C: [], T: []}])
def test_nothing_offered_is_nothing_fused(offers):
    assert fused(offers, dict.fromkeys(offers, 0.3)) == []


def test_every_algorithm_has_room_of_its_own_for_twice_the_limit():
    assert set(ALGORITHMS) == set(Algorithm)
    mix = Mix.of(LIMIT)
    packed = Packed(mix)
    for algorithm in range(COUNT):
        put(mix, ALGORITHMS[algorithm], [(9, 1.0, 1.0)])
        assert shortlist(packed.address, algorithm, 2 * LIMIT, algorithm + 1) == 2 * LIMIT
    assert mix.sizes.tolist() == [1] * COUNT
    ends = slice(2 * LIMIT - 1, None, 2 * LIMIT)
    assert mix.products[ends].tolist() == list(range(1, COUNT + 1))
    assert mix.confidences[ends].tolist() == [0.5] * COUNT


def test_a_shortlist_may_be_shorter():
    mix = Packed(Mix.of(LIMIT))
    assert shortlist(mix.address, 0, 3, 1) == 3
