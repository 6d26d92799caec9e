"""Profiles: what a shopper touched last."""

from hypothesis import given
from hypothesis import strategies as st

from punnet.engine.profile import NOBODY, SOURCES, Profile, Sight, latest

touches = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 6).map(float)), max_size=25)


def touched(*deeds):
    """Return the profile after (product, time) touches."""
    profile = Profile()
    for product, time in deeds:
        profile.touch(product, time)
    return profile


@given(touches)
def test_the_latest_five_are_those_of_all_that_was_ever_touched(deeds):
    times = {product: max(time for it, time in deeds if it == product) for product, _ in deeds}
    best = sorted(times, key=lambda product: (-times[product], product))[:5]
    assert latest(touched(*deeds).recent) == [(product, times[product]) for product in best]


@given(touches, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(deeds, random):
    shuffled = list(deeds)
    random.shuffle(shuffled)
    assert touched(*deeds).recent == touched(*shuffled).recent


@given(touches)
def test_a_profile_holds_no_more_than_it_needs(deeds):
    assert len(touched(*deeds).recent) <= SOURCES


def test_a_late_report_does_not_make_a_product_older():
    assert touched((1, 9.0), (1, 4.0)).recent == {1: 9.0}
    assert touched((1, 4.0), (1, 9.0)).recent == {1: 9.0}


def test_of_equal_times_the_product_added_first_stays():
    assert touched((6, 1.0), (5, 1.0), (4, 1.0), (3, 1.0), (2, 1.0), (1, 1.0)).recent.keys() == {
        1,
        2,
        3,
        4,
        5,
    }
    assert latest({2: 1.0, 1: 1.0, 3: 2.0}) == [(3, 2.0), (1, 1.0), (2, 1.0)]


def test_a_time_before_1970_is_a_time():
    assert touched((1, -62_135_596_800.0), (2, -1.0)).recent == {1: -62_135_596_800.0, 2: -1.0}


looks = st.lists(st.tuples(st.integers(0, 3), st.sampled_from((1.0, 2.5)), st.integers(0, 6).map(float)))


@given(looks)
def test_of_each_product_the_latest_look_is_kept_and_of_equal_times_the_one_that_came_last(deeds):
    profile, expected = Profile(), {}
    for product, price, time in deeds:
        profile.see(product, price, time)
    for product, price, time in sorted(deeds, key=lambda deed: deed[2]):
        expected[product] = (price, time)
    assert profile.seen == expected


def test_a_late_report_of_a_look_changes_nothing():
    profile = Profile()
    profile.see(1, 2.0, 9.0)
    profile.see(1, 5.0, 4.0)
    assert profile.seen == {1: Sight(price=2.0, time=9.0)}


def test_every_product_that_was_seen_is_remembered_not_only_the_latest_five():
    profile = Profile()
    for product in range(50):
        profile.see(product, 1.0, float(product))
    assert len(profile.seen) == 50


def test_of_nobody_nothing_is_known():
    for known in Profile.__struct_fields__:
        assert not getattr(NOBODY, known)
        assert not getattr(Profile(), known)


def test_profiles_share_nothing():
    one, other = Profile(), Profile()
    for known in Profile.__struct_fields__:
        assert getattr(one, known) is not getattr(other, known)


def test_farms_rated_four_or_more_are_the_rated_ones():
    assert Profile(farm_ratings={1: 3.9, 2: 4.0, 3: 5.0}, product_ratings={4: 5.0}).rated == {2, 3}
