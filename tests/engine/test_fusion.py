"""Fusion: the weighted sum of what the algorithms offered, and who gave which part of it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.algorithms.offer import NOTHING, Offer
from punnet.engine.fusion import Part, fuse
from punnet.market import Algorithm

C, T, S = Algorithm.COLLABORATIVE, Algorithm.TRENDING, Algorithm.SEASONAL

hundredths = st.integers(0, 100).map(lambda number: number / 100)


def offer(*rows):
    """Return an offer of (product, score, confidence) rows."""
    products, scores, confidences = zip(*rows, strict=True) if rows else ((), (), ())
    return Offer(np.array(products, np.int64), np.array(scores, float), np.array(confidences, float))


rows_of_offers = st.dictionaries(
    st.sampled_from(Algorithm),
    st.dictionaries(st.integers(0, 6), st.tuples(hundredths, hundredths), max_size=7),
    min_size=1,
)


@given(rows_of_offers, st.fixed_dictionaries(dict.fromkeys(Algorithm, hundredths)))
def test_fusion_is_the_weighted_sum_of_what_was_offered(rows, weights):
    asked = [algorithm for algorithm in Algorithm if algorithm in rows]
    offers = {
        algorithm: offer(*((product, *figures) for product, figures in rows[algorithm].items()))
        for algorithm in asked
    }
    expected = []
    for product in set().union(*rows.values()):
        owners = [algorithm for algorithm in asked if product in rows[algorithm]]
        shares = {algorithm: weights[algorithm] * rows[algorithm][product][0] for algorithm in owners}
        score = round(min(sum(shares.values()), 1), 12)
        confidence = round(sum(rows[algorithm][product][1] for algorithm in owners) / len(owners), 12)
        by_share = sorted(owners, key=lambda algorithm: -round(shares[algorithm], 12))
        expected.append((-score, -confidence, product, by_share))
    fused = fuse(offers, weights)
    assert [
        (-it.score, -it.confidence, it.product, [part.algorithm for part in it.parts]) for it in fused
    ] == sorted(expected)
    for candidate in fused:
        for part in candidate.parts:
            score, confidence = rows[part.algorithm][candidate.product]
            assert part == Part(part.algorithm, score, weights[part.algorithm], confidence, part.row)
            assert offers[part.algorithm].products[part.row] == candidate.product


def test_the_score_sums_over_the_algorithms_that_offered_the_product():
    fused = fuse({C: offer((4, 0.5, 1.0), (2, 0.4, 0.6)), T: offer((2, 1.0, 0.2))}, {C: 0.3, T: 0.15})
    assert [(it.product, it.score) for it in fused] == [(2, 0.27), (4, 0.15)]


def test_the_confidence_is_the_mean_of_those_who_offered():
    fused = fuse(
        {C: offer((2, 0.4, 0.6)), T: offer((2, 1.0, 0.2)), S: offer((3, 0.5, 0.8))}, {C: 1.0, T: 1.0, S: 1.0}
    )
    assert {it.product: it.confidence for it in fused} == {2: 0.4, 3: 0.8}


def test_the_score_is_at_most_one():
    [fused] = fuse({C: offer((0, 1.0, 1.0)), T: offer((0, 1.0, 1.0))}, {C: 0.8, T: 0.9})
    assert fused.score == 1


def test_equal_scores_go_by_confidence_and_then_to_the_product_added_first():
    rows = offer((5, 0.5, 0.3), (3, 0.5, 0.3), (4, 0.5, 0.9), (1, 0.4, 1.0))
    assert [it.product for it in fuse({C: rows}, {C: 0.3})] == [4, 3, 5, 1]


def test_sums_that_are_equal_on_paper_are_ties():
    offers = {C: offer((1, 0.1, 0.5)), T: offer((0, 0.3, 0.5), (1, 0.2, 0.5))}
    assert 0.1 + 0.2 > 0.3
    assert [it.product for it in fuse(offers, {C: 1.0, T: 1.0})] == [0, 1]


def test_confidences_that_are_equal_on_paper_are_ties():
    offers = {C: offer((1, 0.5, 0.1), (0, 0.5, 0.15)), T: offer((1, 0.5, 0.2), (0, 0.5, 0.15))}
    assert (0.1 + 0.2) / 2 > (0.15 + 0.15) / 2
    assert [it.product for it in fuse(offers, {C: 0.1, T: 0.1})] == [0, 1]


def test_the_largest_share_comes_first_whatever_the_score():
    offers = {C: offer((0, 0.2, 1.0)), T: offer((0, 1.0, 1.0)), S: offer((0, 0.3, 1.0))}
    [fused] = fuse(offers, {C: 0.9, T: 0.15, S: 0.2})
    assert [part.algorithm for part in fused.parts] == [C, T, S]


def test_equal_shares_go_by_the_order_of_the_page():
    offers = {C: offer((0, 0.5, 1.0)), T: offer((0, 1.0, 1.0)), S: offer((0, 0.1, 1.0))}
    [fused] = fuse(offers, {C: 0.3, T: 0.15, S: 3.0})
    assert [part.algorithm for part in fused.parts] == [S, C, T]
    assert 0.1 * 3.0 > 0.3
    [fused] = fuse({C: offer((0, 0.3, 1.0)), S: offer((0, 0.1, 1.0))}, {C: 1.0, S: 3.0})
    assert [part.algorithm for part in fused.parts] == [C, S]


def test_a_part_says_what_was_given_and_where_it_stands_in_the_offer():
    offers = {C: offer((7, 0.9, 0.1), (2, 0.5, 0.6)), T: offer((2, 0.25, 0.4))}
    fused = {it.product: it for it in fuse(offers, {C: 0.3, T: 0.15})}
    assert fused[2].parts == (Part(C, 0.5, 0.3, 0.6, 1), Part(T, 0.25, 0.15, 0.4, 0))


def test_what_comes_out_are_plain_numbers():
    [fused] = fuse({C: offer((7, 0.9, 0.1))}, {C: 0.3})
    assert [type(value) for value in (fused.product, fused.score, fused.confidence)] == [int, float, float]
    assert [type(value) for value in fused.parts[0][1:]] == [float, float, float, int]


@pytest.mark.parametrize("offers", [{C: NOTHING}, {C: NOTHING, T: NOTHING}])
def test_nothing_offered_is_nothing_fused(offers):
    assert fuse(offers, dict.fromkeys(offers, 0.3)) == []
