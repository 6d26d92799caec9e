"""The tally: how many actions, of which kind, in the last hours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.engine.tally import Tally
from punnet.market import UserAction

VIEW, CART = UserAction.VIEW_PRODUCT, UserAction.ADD_TO_CART
HOUR, DAY = 3600.0, 86_400.0
START = 1_780_000_020.0
"""The beginning of a minute."""


def tally_of(*times, action=VIEW):
    """Return the tally of actions at these seconds after the start."""
    tally = Tally()
    for time in times:
        tally.count(action, START + time)
    return tally


def test_the_start_of_these_tests_is_the_beginning_of_a_minute():
    assert START % 60 == 0


@given(
    st.lists(st.integers(0, 3000).map(lambda tens: tens * 61.0), max_size=30).map(sorted),
    st.sampled_from([60.0, HOUR, DAY]),
    st.floats(0, 3000),
)
def test_the_last_hours_are_counted_to_the_whole_minute(times, seconds, later):
    now = START + (times[-1] if times else 0) + later
    expected = [time for time in times if (START + time) // 60 * 60 + 60 > now - seconds]
    assert tally_of(*times).since(now, seconds) == len(expected)
    assert len(expected) >= sum(START + time > now - seconds for time in times)
    assert len(expected) <= sum(START + time > now - seconds - 60 for time in times)


@given(st.lists(st.tuples(st.sampled_from(UserAction), st.integers(-9, 9)), max_size=30))
def test_every_action_is_counted_once_whenever_it_was(actions):
    tally = Tally()
    for action, hours in actions:
        tally.count(action, START + hours * HOUR)
    kinds = [action for action, _ in actions]
    assert tally.total == len(actions)
    assert tally.by_type == {action: kinds.count(action) for action in set(kinds)}


def test_an_empty_tally_counts_nothing():
    assert (Tally().total, dict(Tally().by_type), Tally().since(START, DAY)) == (0, {}, 0)


def test_the_kinds_are_counted_apart():
    tally = tally_of(0, 1, 2)
    tally.count(CART, START + 3)
    assert tally.by_type == {VIEW: 3, CART: 1}
    assert tally.total == 4


@pytest.mark.parametrize(
    ("later", "count"), [(0.0, 1), (HOUR, 1), (HOUR + 59.9, 1), (HOUR + 60, 0), (DAY, 0)]
)
def test_an_action_leaves_the_last_hour_with_its_minute(later, count):
    assert tally_of(0).since(START + later, HOUR) == count


@pytest.mark.parametrize(("later", "count"), [(DAY, 1), (DAY + 59.9, 1), (DAY + 60, 0)])
def test_an_action_leaves_the_last_day_with_its_minute(later, count):
    assert tally_of(0).since(START + later, DAY) == count
    tally = tally_of(0, later)
    assert tally.since(START + later, DAY) == count + 1


def test_an_old_action_stays_in_the_total():
    tally = tally_of(0, 3 * DAY)
    assert tally.total == 2
    assert tally.since(START + 3 * DAY, DAY) == 1


@pytest.mark.parametrize("ahead", [HOUR, 400 * DAY])
def test_a_clock_that_once_ran_ahead_leaves_the_others_in_their_own_minutes(ahead):
    tally = tally_of(0, ahead, 60, 1800)
    assert [tally.since(START + 1800, seconds) for seconds in (60, HOUR)] == [1, 3]
    assert tally.since(START + 2 * HOUR, HOUR) == (1 if ahead == HOUR else 0)
    assert tally.since(START + ahead, 60) == 1
    assert tally.total == 4


def test_a_clock_set_back_counts_in_a_minute_it_had_before():
    tally = tally_of(0, 60, 30, 90)
    assert [tally.since(START + now, 60) for now in (59, 119, 179)] == [2, 4, 2]
    assert tally.since(START + 179.9, 60) == 2


def test_no_more_than_a_day_of_minutes_is_kept():
    tally = tally_of(*(half_minute * 30.0 for half_minute in range(4 * 2880)))
    assert len(tally._minutes) == 1441
    assert tally.since(START + 4 * DAY - 30, DAY) == 2 * 1441
