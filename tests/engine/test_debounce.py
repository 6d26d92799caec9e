"""Which actions come too quickly after the same one to be reacted to."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.engine.debounce import WINDOW, Debounce
from tests.engine.facts import NOW, did
from tests.state import state

CLICKS = st.lists(st.tuples(st.integers(0, 400), st.sampled_from("ab"), st.sampled_from("xyz")), max_size=40)


def view(shopper="ann", entity="leeks", action="VIEW_PRODUCT"):
    return did(shopper, action, entity)


@given(CLICKS)
def test_an_action_is_skipped_within_the_window_of_the_last_one_kept(clicks):
    debounce, kept, now = Debounce(), {}, NOW
    for milliseconds, shopper, entity in clicks:
        now += milliseconds / 1_000
        repeats = now - kept.get((shopper, entity), -1.0) < 0.5
        assert debounce.skips(view(shopper, entity), now) == repeats
        if not repeats:
            kept[shopper, entity] = now


def test_the_carousel_of_the_first_description():
    debounce = Debounce()
    clicks = [0, 200, 450, 600, 1_100]
    assert [debounce.skips(view(), milliseconds / 1_000) for milliseconds in clicks] == [
        False, True, True, False, False,
    ]  # fmt: skip
    assert debounce.skipped == 2


def test_another_shopper_action_or_entity_is_no_repetition():
    debounce = Debounce()
    different = product(("ann", "bob"), ("leeks", "beets", None), ("VIEW_PRODUCT", "ADD_TO_CART"))
    assert not any(debounce.skips(view(*one), NOW) for one in different)


@pytest.mark.parametrize("back", [WINDOW, 3_600])
def test_a_clock_set_back_skips_nothing_for_long(back):
    debounce = Debounce()
    debounce.skips(view(), NOW)
    assert not debounce.skips(view(), NOW - back)
    assert debounce.skips(view(), NOW - back + 0.1)
    assert not debounce.skips(view(), NOW - back + WINDOW)


@given(st.lists(st.tuples(st.integers(0, 900), st.integers(-200, 200), st.sampled_from("xyz")), max_size=40))
def test_clocks_that_differ_a_little_make_no_difference(clicks):
    """Two processes took the actions in, and the journal has them in the order of their commits."""
    debounce, kept, now = Debounce(), {}, 0
    for milliseconds, apart, entity in clicks:
        now += milliseconds
        at = now + apart
        repeats = entity in kept and abs(at - kept[entity]) < 500
        assert debounce.skips(view(entity=entity), NOW + at / 1_000) == repeats
        if not repeats:
            kept[entity] = at


@given(CLICKS, st.sampled_from("ab"))
def test_who_is_forgotten_never_did_anything(clicks, shopper):
    debounce, others, now = Debounce(), Debounce(), NOW
    for milliseconds, who, entity in clicks:
        now += milliseconds / 1_000
        debounce.skips(view(who, entity), now)
        if who != shopper:
            others.skips(view(who, entity), now)
    debounce.forget(shopper)
    assert debounce.skipped == others.skipped
    assert not debounce.skips(view(shopper, "x"), now)
    assert not others.skips(view(shopper, "x"), now)
    assert state(debounce) == state(others)


def test_what_was_skipped_before_the_count_began_anew_is_not_taken_off_it():
    debounce = Debounce()
    for _ in range(3):
        debounce.skips(view(), NOW)
    debounce.begin_anew()
    debounce.skips(view("bob"), NOW)
    debounce.skips(view("bob"), NOW)
    debounce.forget("ann")
    assert debounce.skipped == 1


def test_the_count_can_begin_anew_and_what_was_just_done_stays_known():
    debounce = Debounce()
    for _ in range(3):
        debounce.skips(view(), NOW)
    debounce.begin_anew()
    assert debounce.skipped == 0
    assert debounce.skips(view(), NOW)
    assert debounce.skipped == 1


def test_it_holds_only_two_windows():
    debounce = Debounce()
    for number in range(1_000):
        debounce.skips(view(f"shopper-{number}"), NOW + number / 100)
    assert len(debounce._kept) == 100
