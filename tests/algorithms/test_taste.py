"""What a shopper likes, from what the shopper did."""

import dataclasses
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.algorithms import taste
from punnet.algorithms.taste import Taste, favourites, preference, price_range

CATEGORIES = 4
rows = st.lists(st.integers(0, 6), min_size=CATEGORIES, max_size=CATEGORIES)


def counts(*values):
    return np.array(values, np.int64)


def scaled(values):
    most = max(values, default=0)
    return [Fraction(value) / most for value in values] if most > 0 else [Fraction(0)] * len(values)


def naive_preference(signals):
    """Return the preferences as the page has them; weights are in percent, so that they are exact."""
    weighted = [[Fraction(percent, 100) * part for part in scaled(row)] for percent, row in signals]
    return scaled([sum(column) for column in zip(*weighted, strict=True)])


@given(st.lists(st.tuples(st.integers(1, 60), rows), min_size=1, max_size=4))
def test_each_row_and_then_their_sum_is_scaled_to_a_maximum_of_1(signals):
    given = preference([(percent / 100, counts(*row)) for percent, row in signals])
    assert given.tolist() == pytest.approx([float(liked) for liked in naive_preference(signals)], abs=1e-12)


@given(st.lists(st.integers(0, 8), max_size=12))
def test_favourites_are_the_five_liked_best_and_ties_go_to_the_lower_position(eighths):
    liked = [at for at, value in enumerate(eighths) if value > 0]
    expected = sorted(liked, key=lambda at: (-eighths[at], at))[:5]
    assert favourites(np.array(eighths) / 8).tolist() == expected


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=30))
def test_the_price_range_lies_between_ranks_in_proportion(cents):
    ranked = [Fraction(price, 100) for price in sorted(cents)]

    def percentile(share):
        place = share * (len(ranked) - 1)
        low = math.floor(place)
        high = min(low + 1, len(ranked) - 1)
        return float(ranked[low] + (ranked[high] - ranked[low]) * (place - low))

    paid = np.array([price / 100 for price in cents])
    assert price_range(paid) == pytest.approx((percentile(Fraction(1, 10)), percentile(Fraction(9, 10))))


def test_the_signals_weigh_what_the_page_says():
    assert (taste.PURCHASES, taste.VIEWS, taste.WISHLIST) == (0.6, 0.2, 0.1)
    assert (taste.SEARCHES, taste.FARMS) == (0.05, 0.05)


def test_a_signal_counts_by_its_share_not_by_its_number():
    # Bought 2 and 1: 0.6 and 0.3. Viewed 0 and 100: 0.2 more for the second. Then 0.6 : 0.5 is 1 : 5/6.
    liked = preference([(0.6, counts(2, 1)), (0.2, counts(0, 100))])
    assert liked.tolist() == pytest.approx([1.0, 5 / 6], abs=1e-12)


def test_the_only_signal_there_is_counts_whole_whatever_its_weight():
    # 0.05 · (1, 1/2) and nothing else.
    liked = preference([(0.6, counts(0, 0)), (0.05, counts(4, 2))])
    assert liked.tolist() == [1.0, 0.5]


def test_who_did_nothing_likes_nothing():
    assert preference([(0.6, counts(0, 0)), (0.2, counts(0, 0))]).tolist() == [0.0, 0.0]


def test_in_a_market_without_categories_nothing_is_liked():
    assert preference([(0.6, counts())]).tolist() == []
    assert favourites(np.zeros(0)).tolist() == []


def test_preferences_equal_on_paper_are_ties():
    # The first: 0.1 · 1. The second: 0.6 · 1/6, which is another number in binary.
    liked = preference([(0.1, counts(3, 0, 0)), (0.6, counts(0, 1, 6))])
    assert liked[0] == liked[1] == pytest.approx(1 / 6, abs=1e-12)


def test_preferences_are_told_to_their_12th_decimal():
    assert preference([(0.6, counts(3, 1))]).tolist() == [1.0, 0.333333333333]


def test_the_counts_given_are_not_changed():
    row = counts(2, 4)
    preference([(0.6, row)])
    assert row.tolist() == [2, 4]


def test_five_are_favourites_and_no_sixth():
    assert favourites(np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])).tolist() == [5, 4, 3, 2, 1]
    assert favourites(np.array([0.5] * 6)).tolist() == [0, 1, 2, 3, 4]


def test_what_is_not_liked_at_all_is_no_favourite():
    assert favourites(np.array([0.0, 0.5, 0.0])).tolist() == [1]


def test_the_prices_from_1_to_11_range_from_2_to_10():
    assert price_range(np.arange(11.0, 0.0, -1.0)) == (2.0, 10.0)


def test_between_two_prices_the_range_is_a_tenth_from_either():
    assert price_range(np.array([1.0, 2.0])) == pytest.approx((1.1, 1.9))


def test_one_price_is_a_range_of_its_own():
    assert price_range(np.array([4.5])) == (4.5, 4.5)


def test_who_paid_nothing_has_no_range():
    low, high = price_range(np.zeros(0))
    assert math.isnan(low)
    assert math.isnan(high)


def test_a_range_is_made_of_plain_numbers():
    assert [type(end) for end in price_range(np.array([1.0, 2.0]))] == [float, float]


def test_a_taste_is_not_changed():
    nobody = Taste(categories=np.zeros(0), farms=np.zeros(0), low=math.nan, high=math.nan, orders=0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        nobody.orders = 1
