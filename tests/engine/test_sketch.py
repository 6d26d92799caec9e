"""Sketches: a shopper's profile in numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.algorithms.taste import FARM_LIKED, FARM_VIEWED, SEARCHED, VIEWED, WISHED
from punnet.engine.profile import Profile
from punnet.engine.sketch import BLANK, OVERHEAD, sketch

places = st.integers(0, 9)
counts = st.dictionaries(places, st.integers(1, 5), max_size=4)
profiles = st.builds(
    Profile,
    cart=st.dictionaries(places, st.none(), max_size=4),
    wishlist=st.sets(places, max_size=4),
    followed=st.sets(places, max_size=4),
    farm_ratings=st.dictionaries(places, st.sampled_from([1.0, 3.9, 4.0, 5.0]), max_size=4),
    views=counts,
    farm_views=counts,
    searches=counts,
    recent=st.dictionaries(places, st.integers(0, 9).map(float), max_size=5),
)


def signals_of(profile):
    """Return the signals of a profile, as (kind, position, times)."""
    numbers = sketch(profile).signals.tolist()
    return [tuple(numbers[at : at + 3]) for at in range(0, len(numbers), 3)]


@given(profiles)
def test_a_sketch_holds_every_signal_once(profile):
    liked = profile.followed | {farm for farm, stars in profile.farm_ratings.items() if stars >= 4}
    assert sorted(signals_of(profile)) == sorted(
        [
            *((VIEWED, product, times) for product, times in profile.views.items()),
            *((WISHED, product, 1) for product in profile.wishlist),
            *((SEARCHED, category, times) for category, times in profile.searches.items()),
            *((FARM_VIEWED, farm, times) for farm, times in profile.farm_views.items()),
            *((FARM_LIKED, farm, 1) for farm in liked),
        ]
    )
    drawn = sketch(profile)
    assert dict(zip(drawn.handled.tolist(), drawn.handled_at.tolist(), strict=True)) == profile.recent
    assert drawn.cart == tuple(profile.cart)


@pytest.mark.parametrize("drawn", [BLANK, sketch(Profile(cart={3: None}, recent={3: 5.0}, wishlist={3}))])
def test_a_sketch_is_of_the_kinds_that_compiled_loops_take(drawn):
    assert [column.dtype for column in drawn[:3]] == [np.int32, np.int32, np.float64]
    assert [column.ndim for column in drawn[:3]] == [1, 1, 1]


def test_a_sketch_tells_its_size():
    one = sketch(Profile(cart={3: None, 4: None}, recent={3: 5.0}, wishlist={3}))
    assert one.size == OVERHEAD + 3 * 4 + 4 + 8 + 2 * 8
    assert BLANK.size == OVERHEAD


def test_of_a_stranger_the_sketch_is_blank():
    assert [len(part) for part in BLANK] == [0, 0, 0, 0]


def test_equal_profiles_have_equal_sketches_however_they_came_about():
    one = Profile(wishlist={1, 9, 17}, followed={8, 0})
    other = Profile(wishlist={17, 9, 1}, followed={0, 8})
    assert sketch(one).signals.tolist() == sketch(other).signals.tolist()
