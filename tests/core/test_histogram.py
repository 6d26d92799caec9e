"""How long things took: quantiles from counts, beside those of the times themselves."""

import math
from bisect import bisect_left
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from punnet.core.histogram import BOUNDS, Histogram, between, quantile

TIMES = st.lists(st.floats(0, 100), min_size=1, max_size=50)
SHARES = st.floats(0.01, 1)


def counted(times):
    """Return a histogram of some times."""
    histogram = Histogram()
    for seconds in times:
        histogram.add(seconds)
    return histogram


def step_of(seconds):
    """Return the ends of the step that a time counts in."""
    at = bisect_left(BOUNDS, seconds)
    return (BOUNDS[at - 1] if at else 0.0), BOUNDS[min(at, len(BOUNDS) - 1)]


@given(TIMES, SHARES)
def test_a_quantile_lies_in_the_step_of_the_true_one(times, share):
    exact = sorted(times)[math.ceil(share * len(times)) - 1]
    lower, upper = step_of(exact)

    found = quantile(counted(times).counts, share)
    assert lower <= found <= upper or found == BOUNDS[-1] < exact


@given(TIMES, SHARES, SHARES)
def test_a_larger_share_takes_no_less_long(times, one, other):
    counts = counted(times).counts

    assert quantile(counts, min(one, other)) <= quantile(counts, max(one, other))


@given(TIMES, TIMES)
def test_what_came_between_two_moments_is_their_difference(earlier, later):
    histogram = counted(earlier)
    before, seconds = [*histogram.counts], histogram.seconds
    for time in later:
        histogram.add(time)

    assert between(before, histogram.counts) == counted(later).counts
    assert histogram.count == len(earlier) + len(later)
    assert math.isclose(histogram.seconds - seconds, sum(later), abs_tol=1e-9)


def test_of_nothing_there_is_no_quantile():
    assert quantile(Histogram().counts, 0.5) is None
    assert (Histogram().count, Histogram().seconds) == (0, 0)


def test_times_are_spread_evenly_over_their_step():
    counts = counted([1e-3] * 4).counts
    lower = BOUNDS[BOUNDS.index(1e-3) - 1]

    assert quantile(counts, 1) == 1e-3
    assert math.isclose(quantile(counts, 0.25), lower + (1e-3 - lower) / 4)


def test_what_takes_no_time_and_what_takes_for_ever_count_too():
    assert 0 < quantile(counted([0.0]).counts, 0.5) <= BOUNDS[0]
    assert quantile(counted([1e9]).counts, 0.5) == BOUNDS[-1] == 90
    assert quantile(counted([1e9, 1e-3]).counts, 0.5) == 1e-3


def test_the_steps_go_up_by_an_eighth_and_meet_every_power_of_ten():
    ratios = [upper / lower for lower, upper in pairwise(BOUNDS)]

    assert all(1.09 < ratio < 1.15 for ratio in ratios)
    assert {1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 1.0, 10.0, 2.5e-5, 0.05} <= {*BOUNDS}
