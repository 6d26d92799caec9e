"""What is in season in the place."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.algorithms import seasonal
from punnet.algorithms.offer import Shortlist, asked_at
from punnet.algorithms.seasonal import Season, season
from punnet.core.compiled import entry
from punnet.core.desk import desk_at
from punnet.core.shelf import goods_at
from punnet.types import Positions
from tests.builders import ANYTHING, DAY, Case, Wish, offered, positions, row, scores_of, shelf_of, wishes

NOW = 1_000_000.0
WEEK = 7 * int(DAY)


@entry
def offer(
    _book: int, goods: int, asked: int, desk: int, found: Shortlist, fresh: Positions, new_days: float
) -> None:
    seasonal.offer(goods_at(goods), asked_at(asked), desk_at(desk), fresh, found, new_days)


def offered_of(rows, liking, in_season, k, new_days=7.0, wish=ANYTHING):
    """Return the offer of a shelf of rows, of whose categories some are liked and some in season."""
    shelf = shelf_of(*rows, categories=len(liking))
    case = Case(shelf, wish=wish, now=NOW, in_season=np.array(in_season)).like(categories=liking)
    fresh = positions(at for at, it in enumerate(rows) if 0 <= NOW - it.added < new_days * DAY)
    return offered(offer, case, k, fresh, new_days)


def moment(*day):
    return datetime(*day, tzinfo=UTC).timestamp()


@given(st.floats(-1e9, 4e9))
def test_no_season_begins_before_the_end_of_the_month(now):
    until = seasonal.steady_until(now)
    end = datetime.fromtimestamp(until, UTC)
    assert now < until <= now + 31 * DAY
    assert (end.day, end.hour, end.minute, end.second, end.microsecond) == (1, 0, 0, 0, 0)
    for latitude in (45, -45):
        assert season(now, latitude) is season(until - 1, latitude)


@pytest.mark.parametrize(
    ("last", "end"),
    [((2026, 1, 31), (2026, 2, 1)), ((2028, 2, 29), (2028, 3, 1)), ((2026, 12, 1), (2027, 1, 1))],
)
def test_a_month_ends_where_the_calendar_has_it(last, end):
    assert seasonal.steady_until(moment(*last)) == seasonal.steady_until(moment(*end) - 1) == moment(*end)


products = st.tuples(st.integers(0, 2), st.sampled_from([-1, 0, 1, WEEK - 1, WEEK, 2 * WEEK]))


@given(
    st.lists(products, max_size=10),
    st.lists(st.booleans(), min_size=3, max_size=3),
    st.lists(st.integers(0, 10), min_size=3, max_size=3),
    st.integers(1, 10),
    st.data(),
)
def test_what_is_in_season_is_offered_more_when_liked_and_more_when_new(listed, in_season, tenths, k, data):
    wish = data.draw(wishes(len(listed), 3))
    rows = [row(category=category, added=NOW - age) for category, age in listed]
    ours = offered_of(rows, np.array(tenths) / 10, in_season, k, wish=wish)
    hundredths = {
        at: 50 + 3 * tenths[category] + 20 * (0 <= age < WEEK)
        for at, (category, age) in enumerate(listed)
        if in_season[category] and wish.allows(at, category)
    }
    expected = sorted(hundredths, key=lambda at: (-hundredths[at], at))[:k]
    assert ours.products.tolist() == expected
    assert ours.scores.tolist() == pytest.approx([hundredths[at] / 100 for at in expected], abs=1e-12)
    assert ours.confidences.tolist() == [0.8] * len(expected)


@given(st.integers(-3_000_000_000, 6_000_000_000))
def test_half_the_earth_away_it_is_the_season_of_half_a_year_away(now):
    opposite = {
        Season.SPRING: Season.FALL,
        Season.SUMMER: Season.WINTER,
        Season.FALL: Season.SPRING,
        Season.WINTER: Season.SUMMER,
    }
    assert season(now, -45.0) is opposite[season(now, 45.0)]


@pytest.mark.parametrize(
    ("month", "north", "south"),
    [
        (1, Season.WINTER, Season.SUMMER),
        (2, Season.WINTER, Season.SUMMER),
        (3, Season.SPRING, Season.FALL),
        (4, Season.SPRING, Season.FALL),
        (5, Season.SPRING, Season.FALL),
        (6, Season.SUMMER, Season.WINTER),
        (7, Season.SUMMER, Season.WINTER),
        (8, Season.SUMMER, Season.WINTER),
        (9, Season.FALL, Season.SPRING),
        (10, Season.FALL, Season.SPRING),
        (11, Season.FALL, Season.SPRING),
        (12, Season.WINTER, Season.SUMMER),
    ],
)
def test_every_month_has_its_season(month, north, south):
    assert season(moment(2026, month, 15), 39.1) is north
    assert season(moment(2026, month, 15), -33.9) is south


@pytest.mark.parametrize("year", [2023, 2024, 2025, 2026])  # a leap year, those beside it, and another
def test_a_season_begins_with_the_utc_day(year):
    assert season(moment(year, 3, 1), 39.1) is Season.SPRING
    assert season(moment(year, 3, 1) - 0.001, 39.1) is Season.WINTER


def test_the_equator_counts_as_northern():
    assert season(moment(2026, 7, 1), 0.0) is Season.SUMMER
    assert season(moment(2026, 7, 1), -0.001) is Season.WINTER


def test_there_were_seasons_before_1970():
    assert season(moment(1969, 7, 20), 39.1) is Season.SUMMER


@pytest.mark.parametrize(
    ("name", "categories"),
    [
        ("SPRING", {"Vegetables", "Herbs", "Greens", "Berries"}),
        ("SUMMER", {"Fruits", "Vegetables", "Berries", "Melons"}),
        ("FALL", {"Root Vegetables", "Squash", "Apples", "Pumpkins"}),
        ("WINTER", {"Root Vegetables", "Preserved", "Citrus", "Greens"}),
    ],
)
def test_every_season_has_its_categories(name, categories):
    assert Season[name].value == categories


def ask(*rows, liking=(0.0, 0.0), in_season=(True, False), new_days=7.0, wish=ANYTHING):
    return offered_of(rows, liking, in_season, 9, new_days, wish)


def test_in_season_is_worth_a_half_and_out_of_season_is_not_offered():
    ours = ask(row(category=1), row(category=0), liking=(0.0, 1.0))
    assert scores_of(ours) == [(1, 0.5)]
    assert ours.confidences.tolist() == [0.8]


def test_liked_and_new_and_in_season_is_worth_1():
    # 0.5 + 0.3 · 0.5, and 0.2 more when new.
    assert scores_of(ask(row(), liking=(0.5, 0.0))) == [(0, 0.65)]
    assert scores_of(ask(row(added=NOW), liking=(1.0, 0.0))) == [(0, 1.0)]


def test_a_score_is_at_most_1_however_much_is_liked():
    assert scores_of(ask(row(added=NOW), liking=(2.0, 0.0))) == [(0, 1.0)]


@pytest.mark.parametrize(
    ("age", "score"),
    [(-1.0, 0.5), (0.0, 0.7), (7 * DAY - 1, 0.7), (7 * DAY, 0.5)],
    ids=["tomorrow's", "this moment's", "nearly seven days old", "seven days old"],
)
def test_a_product_is_new_for_seven_days(age, score):
    assert scores_of(ask(row(added=NOW - age))) == [(0, score)]


def test_how_long_a_product_is_new_is_given_in_days():
    old = row(added=NOW - 3 * DAY)
    assert scores_of(ask(old, new_days=3.0)) == [(0, 0.5)]
    assert scores_of(ask(old, new_days=3.001)) == [(0, 0.7)]


def test_what_is_new_comes_before_what_is_liked_however_many_there_are():
    many = [row() for _ in range(20)]
    ours = ask(*many, row(added=NOW), row(category=1, added=NOW), liking=(1.0, 0.0), in_season=(True, True))
    assert scores_of(ours)[:3] == [(20, 1.0), (0, 0.8), (1, 0.8)]


def test_where_as_many_as_there_is_room_for_have_the_highest_score_nobody_looks_further():
    shelf = [row(added=NOW) for _ in range(12)]
    assert scores_of(ask(*shelf, liking=(1.0, 0.0))) == [(at, 1.0) for at in range(9)]


def test_what_may_not_appear_is_not_offered():
    assert scores_of(ask(row(), row(), row(stock=0), wish=Wish(hidden=frozenset({0})))) == [(1, 0.5)]


@pytest.mark.parametrize("much", [False, True])
def test_of_what_a_search_finds_all_that_is_in_season_is_offered(much):
    rows = row(), row(), row(category=1), row(added=NOW)
    wish = Wish(matched=frozenset({1, 2, 3}), much=much)
    assert scores_of(ask(*rows, wish=wish)) == [(3, 0.7), (1, 0.5)]
