"""Kept: what is worked out from an index once, and follows it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.algorithms.seasonal import Season
from punnet.algorithms.trending import trend_at
from punnet.core.companions import pairs_at
from punnet.core.compiled import Packed, entry
from punnet.core.desk import desk_at
from punnet.core.geo import EVERYWHERE, Place
from punnet.core.ledger import book_at
from punnet.core.shelf import goods_at
from punnet.engine import kept as keeping
from punnet.engine.answering import Answering
from punnet.engine.index import Index
from punnet.engine.kept import Kept, Whereabouts, find_new
from punnet.engine.liking import liking_of
from punnet.engine.question import ask
from punnet.engine.sketch import BLANK, sketch
from punnet.engine.tuning import Tuning
from tests.builders import row, shelf_of
from tests.engine.facts import (
    DAY,
    NOW,
    ago,
    did,
    farm,
    index_of,
    kept_of,
    order,
    patched,
    product,
    records,
    removed,
)
from tests.markets import markets, query

SHOP = (farm(), product("leeks"), product("kale"), product("pears", category="Fruits"))
HERE, THERE = Place(39.0, -84.0, 80.0), Place(-33.0, 151.0, 80.0)


@entry
def sizes(at: Whereabouts) -> tuple[int, int, int, int, int, int]:
    """Return orders, products, and for how many of shoppers, products, and companions there is room."""
    book, goods, desk = book_at(at.book), goods_at(at.goods), desk_at(at.desk)
    shoppers, products = len(desk.met), len(desk.banned)
    return book.kept, goods.products, shoppers, products, pairs_at(at.pairs).stride, len(desk.paid)


@entry
def places(at: Whereabouts) -> tuple[float, float]:
    """Return the latitude of the place that is near, and the radius of everywhere."""
    return trend_at(at.near).place.latitude, trend_at(at.everywhere).place.radius_km


def answers(index, kept, asked, now):
    """Return the answers to some questions, those about an unknown product left out."""
    answering = Answering(index.catalogue, kept, Tuning())
    known = [it for it in asked if it.product_id is None or index.catalogue.product(it.product_id)]
    return [answering.recommend(ask(index, kept, it, now, Tuning()), it.limit) for it in known]


@given(markets(), st.floats(0, 1), st.randoms(use_true_random=False))
def test_what_follows_answers_like_what_is_worked_out_anew(of, part, random):
    index, cut = Index(), round(part * len(of.records))
    index.apply(of.records[:cut])
    kept, asked = kept_of(index), [query(random, of) for _ in range(2)]
    answers(index, kept, asked, of.seconds - DAY)
    index.apply(of.records[cut:])
    kept.follow()
    for shopper in range(len(index.shoppers)):
        kept.drop(shopper)
    assert answers(index, kept, asked, of.seconds) == answers(index, kept_of(index), asked, of.seconds)
    user = random.choice(of.users)
    if index.shoppers.find(user) >= 0:
        kept.forget(index.shoppers.find(user))
        index.forget(user)
    assert answers(index, kept, asked, of.seconds) == answers(index, kept_of(index), asked, of.seconds)


def test_whereabouts_are_those_of_the_market_as_it_is():
    index = index_of(*SHOP, order("ann", "leeks"))
    kept = kept_of(index)
    orders, products, shoppers, room, stride, _ = sizes(kept.whereabouts(NOW, None))
    assert (orders, products) == (1, 3)
    assert shoppers > 1
    assert room > 3
    assert stride >= 3
    many = [product(f"p{n}") for n in range(50)]
    index.apply(records(*many, *(order(f"u{n}", f"p{n}") for n in range(50))))
    kept.follow()
    orders, products, shoppers, room, stride, _ = sizes(kept.whereabouts(NOW, None))
    assert (orders, products) == (51, 53)
    assert shoppers > 51
    assert room > 53
    assert stride >= 53


def test_while_nothing_comes_in_everything_stays_where_it_is():
    kept = kept_of(index_of(*SHOP, order("ann", "leeks")))
    assert kept.whereabouts(NOW, HERE) == kept.whereabouts(NOW + 1, HERE)


def test_a_market_that_grows_a_little_keeps_its_desk_and_its_trends():
    index = index_of(*SHOP)
    kept = kept_of(index)
    before = kept.whereabouts(NOW, HERE)
    index.apply(records(order("ann", "leeks"), product("plums")))
    kept.follow()
    after = kept.whereabouts(NOW, HERE)
    assert (after.desk, after.everywhere, after.near) == (before.desk, before.everywhere, before.near)


def test_a_place_has_a_trend_of_its_own_and_without_a_place_it_is_that_of_everywhere():
    kept = kept_of(index_of(*SHOP))
    here, nowhere = kept.whereabouts(NOW, HERE), kept.whereabouts(NOW, None)
    assert places(here) == (39.0, np.inf)
    assert places(nowhere) == (EVERYWHERE.latitude, np.inf)
    assert (nowhere.near, here.everywhere) == (nowhere.everywhere, nowhere.everywhere)
    assert kept.whereabouts(NOW, THERE).near not in (here.near, nowhere.near)
    assert kept.whereabouts(NOW, HERE).near == here.near


def test_of_too_many_places_the_one_not_asked_for_longest_is_dropped(monkeypatch):
    monkeypatch.setattr(keeping, "PLACES", 2)
    kept = kept_of(index_of(*SHOP))
    kept.whereabouts(NOW, HERE)
    kept.whereabouts(NOW, THERE)
    kept.whereabouts(NOW, HERE)
    elsewhere = THERE._replace(latitude=0.0)
    kept.whereabouts(NOW, elsewhere)
    assert set(kept._trends) == {EVERYWHERE, HERE, elsewhere}


ages = st.sampled_from([-DAY, -1.0, 0.0, 1.0, 3 * DAY, 7 * DAY - 1, 7 * DAY, 8 * DAY, 30 * DAY])
comings = st.tuples(st.sampled_from(["leeks", "kale", "pears"]), ages, st.booleans())
goings = st.sampled_from([0, 0, 1, DAY, 4 * DAY, 7 * DAY, -DAY])


@given(st.lists(st.tuples(st.none() | comings, goings), max_size=8))
def test_fresh_is_what_was_added_in_the_last_days_at_any_moment(steps):
    index, now = index_of(farm()), NOW
    kept, added = kept_of(index), {}
    for coming, seconds in steps:
        if coming is not None:
            name, age, leaves = coming
            index.apply(records(product(name, created_at=ago((NOW - now + age) / DAY))))
            added[name] = now - age
            if leaves:
                index.apply(records(removed(name)))
            kept.follow()
        now += seconds
        kept.whereabouts(now, None)
        assert [name for at, name in enumerate(added) if at in kept.fresh.tolist()] == [
            name for name, since in added.items() if 0 <= now - since < 7 * DAY
        ]
        assert kept.fresh.tolist() == sorted(kept.fresh.tolist())


def test_what_is_new_is_looked_for_again_when_the_next_one_enters_or_leaves():
    goods, found = Packed(shelf_of(*(row(added=at * DAY) for at in (1, 5, 9))).goods), np.zeros(3, np.int32)
    count, until = find_new(goods.address, 6 * DAY, 7.0, found)
    assert (found[:count].tolist(), until) == ([0, 1], 8 * DAY - 1e-3)
    count, until = find_new(goods.address, 8 * DAY, 7.0, found)
    assert (found[:count].tolist(), until) == ([1], 9 * DAY)
    assert find_new(goods.address, 99 * DAY, 7.0, found) == (0, np.inf)


def test_how_long_something_is_new_is_told_by_the_tuning():
    index = index_of(farm(), product("leeks", created_at=ago(3)))
    for days, fresh in ((2, []), (4, [0])):
        kept = Kept(index, Tuning(seasonal_new_days=days))
        kept.whereabouts(NOW, None)
        assert kept.fresh.tolist() == fresh


def test_a_shopper_is_sketched_once_and_anew_after_doing_something():
    index = index_of(*SHOP, did("ann", "VIEW_PRODUCT", "leeks"))
    kept = kept_of(index)
    kept.drop(0)
    assert kept.sketch_of(-1) is kept.sketch_of(5) is BLANK
    first = kept.sketch_of(0)
    assert kept.sketch_of(0) is first
    index.apply(records(did("ann", "VIEW_PRODUCT", "kale"), did("ann", "ADD_TO_CART", "pears")))
    kept.drop(0)
    kept.drop(7)
    assert kept.sketch_of(0).cart == (2,)
    assert kept.sketch_of(0).signals.tolist() == sketch(index.profile(0)).signals.tolist() != []


def test_where_there_are_too_many_sketches_all_are_drawn_anew(monkeypatch):
    monkeypatch.setattr(keeping, "SKETCH_BYTES", 2 * BLANK.size + 1)
    kept = kept_of(index_of(*SHOP, *(did(name, "VIEW_PRODUCT", "leeks") for name in ("ann", "bob", "cem"))))
    first, second = kept.sketch_of(0), kept.sketch_of(1)
    assert (kept.sketch_of(0), kept.sketch_of(1)) == (first, second)
    kept.drop(0)
    again = kept.sketch_of(0)
    assert again is not first
    assert kept.sketch_of(1) is second
    kept.sketch_of(2)
    assert kept.sketch_of(0) is not again
    assert kept.sketch_of(1) is not second


def test_no_sketch_grows_older_than_it_may():
    index = index_of(*SHOP, did("ann", "VIEW_PRODUCT", "leeks"))
    kept = kept_of(index, Tuning(recommendation_cache_ttl=60_000))
    kept.whereabouts(NOW, None)
    first = kept.sketch_of(0)
    kept.whereabouts(NOW - 600, None)
    kept.whereabouts(NOW + 59, None)
    assert kept.sketch_of(0) is first
    kept.whereabouts(NOW + 60, None)
    second = kept.sketch_of(0)
    assert second is not first
    kept.whereabouts(NOW + 119, None)
    assert kept.sketch_of(0) is second


def test_categories_are_in_season_also_those_that_came_later():
    index = index_of(*SHOP)
    kept = kept_of(index)
    assert kept.in_season(Season.SUMMER).tolist() == [True, True]
    assert kept.in_season(Season.SUMMER) is kept.in_season(Season.SUMMER)
    assert kept.in_season(Season.SPRING).tolist() == [True, False]
    index.apply(records(product("milk", category="Dairy"), product("melon", category="Melons")))
    assert kept.in_season(Season.SUMMER).tolist() == [True, True, False, True]


def test_kinds_are_the_categories_and_farms_of_the_shelf():
    assert kept_of(index_of(*SHOP, farm("dale"))).kinds == (2, 2)
    assert kept_of(Index()).kinds == (0, 0)


def test_where_the_desk_has_no_room_for_all_prices_it_gets_room(monkeypatch):
    monkeypatch.setattr(keeping, "PAID", 2)
    kept = kept_of(index_of(*SHOP, order("ann", "leeks", "kale"), order("bob", "leeks", "kale", "pears")))
    liking_of(kept, 0)
    assert kept.had_room()
    before = kept.whereabouts(NOW, None)
    liking_of(kept, 1)
    assert not kept.had_room()
    after = kept.whereabouts(NOW, None)
    assert (sizes(before._replace(desk=after.desk))[-1], after.book) == (6, before.book)
    liking_of(kept, 1)
    assert kept.had_room()


@pytest.mark.parametrize("asked_before", [False, True])
def test_after_someone_was_forgotten_nothing_of_theirs_is_kept(asked_before):
    index = index_of(*SHOP, order("ann", "leeks"), order("bob", "kale"), did("ann", "ADD_TO_CART", "pears"))
    kept = kept_of(index)
    if asked_before:
        kept.whereabouts(NOW, HERE)
        assert kept.sketch_of(0).cart == (2,)
    kept.forget(0)
    index.forget("ann")
    assert sizes(kept.whereabouts(NOW, HERE))[0] == 1
    assert kept.sketch_of(0) is BLANK


def test_a_change_of_price_alone_finds_nothing_new_anew():
    index = index_of(farm(), product("leeks", created_at=ago(1)))
    kept = kept_of(index)
    kept.whereabouts(NOW, None)
    fresh = kept.fresh
    index.apply(records(patched("leeks", price=9.0)))
    kept.follow()
    kept.whereabouts(NOW, None)
    assert kept.fresh is fresh
