"""Who did something last."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from punnet.core.recent import most_recent


def asked(deeds, k):
    """Return the answer for deeds given as pairs of member and time, in the order they arrived."""
    who = np.array([member for member, _ in deeds], np.int64)
    times = np.array([time for _, time in deeds], np.float64)
    return most_recent(who, times, np.arange(len(deeds)), k).tolist()


def naive(deeds, k):
    latest = {}
    for arrival, (member, time) in enumerate(deeds):
        latest[member] = max(latest.get(member, (time, arrival)), (time, arrival))
    return sorted(latest, key=latest.__getitem__, reverse=True)[:k]


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 5)), max_size=60), st.integers(1, 8))
def test_the_members_with_the_latest_deeds_come_most_recent_first(deeds, k):
    assert asked(deeds, k) == naive(deeds, k)


def test_nobody_did_anything():
    assert asked([], 3) == []


def test_fewer_come_back_when_fewer_did_anything():
    assert asked([(4, 1.0), (2, 3.0), (4, 2.0)], 5) == [2, 4]


def test_a_member_counts_with_the_latest_deed_whenever_it_arrived():
    assert asked([(1, 9.0), (2, 5.0), (1, 1.0)], 2) == [1, 2]


def test_equal_times_go_to_the_later_arrival():
    assert asked([(3, 5.0), (1, 5.0), (2, 5.0)], 2) == [2, 1]


def test_arrivals_count_by_their_number_not_by_their_place_in_the_array():
    who, times, arrivals = np.array([3, 1, 2]), np.full(3, 5.0), np.array([20, 30, 10])
    assert most_recent(who, times, arrivals, 2).tolist() == [1, 3]


def test_one_who_did_much_lately_does_not_hide_the_others():
    # The 4 · k latest deeds are all of one member: the look back must go on, twice.
    busy = [(0, 100.0 + step) for step in range(40)]
    assert asked([(2, 1.0), (1, 2.0), *busy], 2) == [0, 1]


def test_the_look_back_stops_at_a_time_not_within_it():
    # 4 deeds are looked at first, and five share the oldest time among them.
    assert asked([(0, 9.0), (0, 8.0), (0, 7.0), (1, 5.0), (2, 5.0), (3, 5.0), (4, 5.0)], 1) == [0]
    assert asked([(1, 5.0), (2, 5.0), (3, 5.0), (4, 5.0), (5, 5.0), (6, 5.0)], 1) == [6]
