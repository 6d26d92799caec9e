"""The engine: whatever happens is taken in, and the same history gives the same answers, to the bit."""

import copy
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.core.digest import digest
from punnet.engine.alerts import AlertKind
from punnet.engine.effects import Effects
from punnet.engine.engine import Engine
from punnet.engine.funnel import Steps
from punnet.engine.reactions import reaction
from punnet.engine.thanked import Thanked
from punnet.engine.tuning import Tuning
from punnet.errors import Conflict, UnknownId
from punnet.market import (
    Algorithm,
    Context,
    Contribution,
    Erased,
    Forgotten,
    Order,
    Query,
    Reason,
    Record,
    Reset,
    ResetType,
    UserAction,
)
from tests.engine.accepted import facts, questions
from tests.engine.facts import (
    NOON,
    NOW,
    ago,
    did,
    engine_of,
    farm,
    order,
    patched,
    patched_farm,
    product,
    records,
    removed,
    removed_farm,
)
from tests.markets import markets, query
from tests.state import state

SHOP = (farm(), product("leeks"), product("kale"), product("pears", category="Fruits"))
BASKETS = tuple(order(f"u{n}", "leeks", "pears", days=2) for n in range(3))


def ids(answer):
    """Return the products of an answer."""
    return [it.product.id for it in answer.recommendations]


def alerts(engine):
    """Return the alerts that an engine keeps."""
    return list(engine.alerts.between(0, engine.alerts.count))


def written(engine, queries, now=NOW):
    """Return all answers in bytes; a name where a query asks for an unknown product."""
    answers = []
    for asked in queries:
        try:
            answers.append(msgspec.json.encode(engine.answer(asked, now)))
        except UnknownId as refused:
            answers.append(refused.message)
    return answers


@given(st.lists(facts, max_size=25), st.lists(st.integers(0, 25), max_size=3), questions)
def test_whatever_the_codec_accepts_is_taken_in_and_batches_do_not_matter(happened, cuts, question):
    start = records(farm(), product("leeks"), product("kale", category="Fruits"))
    taken = start + [Record(at=NOW + number, fact=fact) for number, fact in enumerate(happened)]
    whole, parts = Engine(), Engine()
    follows, followed = whole.apply(taken), Effects()
    for first, last in pairwise([0, *sorted(cuts), len(taken)]):
        followed.add(parts.apply(taken[first:last]))
    assert (followed, alerts(parts)) == (follows, alerts(whole))
    asked = [question, msgspec.structs.replace(question, product_id=None)]
    assert written(parts, asked) == written(whole, asked)
    for recommendation in whole.answer(asked[-1], NOW).recommendations:
        assert 0 <= recommendation.score <= 1
        assert 0 <= recommendation.confidence <= 1


@given(markets(), st.lists(st.integers(0, 80), max_size=5), st.randoms(use_true_random=False))
def test_a_replay_in_any_batches_gives_the_same_answers_to_the_bit_whatever_was_asked_between(
    of, cuts, random
):
    live, replayed = Engine(), Engine()
    asked = [query(random, of) for _ in range(3)]
    for number, record in enumerate(of.records):
        live.apply([record])
        if number in cuts:
            written(live, asked, of.seconds)
    for first, last in pairwise([0, *sorted(cuts), len(of.records)]):
        replayed.apply(of.records[first:last])
    assert written(live, asked, of.seconds) == written(replayed, asked, of.seconds)


@pytest.mark.parametrize("context", Context)
def test_an_empty_market_gives_an_empty_answer(context):
    for engine in (Engine(), engine_of()):
        answer = engine.answer(Query(user_id="ann", context=context, search_query="leeks"), NOW)
        assert (answer.recommendations, answer.user_id, answer.timestamp) == ((), "ann", NOON)
        assert len(answer.algorithms) == (5 if context is Context.SEARCH else 6)


@pytest.mark.parametrize("context", Context)
def test_a_stranger_never_sees_an_empty_list_while_something_is_in_stock(context):
    engine = engine_of(farm(), product("tulips", category="Flowers"), product("gone", stock=0))
    assert ids(engine.answer(Query(user_id="stranger", context=context, search_query="leeks"), NOW)) == [
        "tulips"
    ]


def test_an_answer_says_for_whom_it_is_when_and_who_was_asked():
    answer = engine_of(*SHOP).answer(Query(user_id="ann"), NOW + 0.25)
    assert (answer.user_id, answer.timestamp) == ("ann", NOON + timedelta(seconds=0.25))
    assert answer.algorithms == (
        Algorithm.COLLABORATIVE,
        Algorithm.CONTENT,
        Algorithm.TRENDING,
        Algorithm.SEASONAL,
        Algorithm.BEHAVIOUR,
        Algorithm.ARRIVALS,
    )


def test_an_answer_is_worked_out_by_the_page():
    """Ann bought leeks; bob and cat did so too, with pears, which are in season, and ann never bought."""
    engine = engine_of(
        farm(),
        product("leeks", created_at=ago(30)),
        product("pears", category="Fruits", price=9.0, created_at=ago(30)),
        product("honey", category="Honey", price=99.0, farm_id="hill", created_at=ago(30)),
        order("ann", "leeks"),
        order("bob", "leeks", "pears"),
        order("cat", "leeks"),
    )
    pears, leeks, honey = engine.answer(Query(user_id="ann"), NOW).recommendations
    # 0.3 × 1/2 collaborative, 0.25 × (0.3 farm + 0.1 organic) content, 0.15 × 0.5 seasonal
    assert (pears.product.id, pears.score) == ("pears", pytest.approx(0.15 + 0.1 + 0.075))
    assert pears.confidence == pytest.approx((0.2 + 0.5 + 0.8) / 3)
    assert pears.reasons == (Reason.SIMILAR_USERS, Reason.SIMILAR_PRODUCTS, Reason.SEASONAL)
    # vegetables are liked and in season: 0.15 × 0.8
    assert (leeks.product.id, leeks.score, leeks.reasons) == (
        "leeks",
        pytest.approx(0.12),
        (Reason.SEASONAL,),
    )
    assert (honey.product.id, honey.score, honey.reasons) == ("honey", 0.1, (Reason.SIMILAR_PRODUCTS,))


def test_the_tuning_reaches_weights_shares_and_windows():
    shop = (
        farm(),
        farm("dale"),
        product("leeks"),
        product("peas"),
        product("pears", category="Fruits", farm_id="dale"),
    )
    tuned = Engine(Tuning(weight_seasonal=1.0))
    tuned.apply(records(*shop))
    contributions = tuned.answer(Query(user_id="ann"), NOW).recommendations[0].metadata["contributions"]
    assert contributions == {"seasonal": Contribution(score=0.5, weight=1.0)}
    two = Query(user_id="ann", limit=2)
    for known, expected in (
        ({}, ["leeks", "pears"]),
        ({"farm_share": 1}, ["leeks", "pears"]),
        ({"category_share": 1}, ["leeks", "pears"]),
        ({"farm_share": 1, "category_share": 1}, ["leeks", "peas"]),
    ):
        tuned = Engine(Tuning(**known))
        tuned.apply(records(*shop))
        assert ids(tuned.answer(two, NOW)) == expected
    prices = (product("leeks"), product("peas"), product("pears", price=9.0))
    for share, expected in ((0.7, ["leeks", "peas"]), (0.5, ["leeks", "pears"])):
        tuned = Engine(Tuning(farm_share=1, category_share=1, price_share=share))
        tuned.apply(records(farm(), *prices))
        assert ids(tuned.answer(two, NOW)) == expected


def test_an_unknown_product_has_no_answer():
    engine = engine_of(*SHOP, removed("kale"))
    for product_id in ("ghost", "kale"):
        for ask in (
            lambda it=product_id: engine.answer(Query(user_id="ann", product_id=it), NOW),
            lambda it=product_id: engine.offers(Query(user_id="ann", product_id=it), NOW),
            lambda it=product_id: engine.together(it, 5, NOW),
        ):
            with pytest.raises(UnknownId) as caught:
                ask()
            assert (caught.value.field, caught.value.value) == ("productId", product_id)


def test_what_does_not_fit_is_refused_and_changes_nothing():
    engine = engine_of(*SHOP)
    engine.check(order("ann", "leeks"))
    with pytest.raises(UnknownId):
        engine.check(order("ann", "ghost"))
    with pytest.raises(Conflict):
        engine.check(removed_farm())
    assert (engine.order_count, engine.shopper_count, engine.tally.total) == (0, 0, 0)


def test_an_order_changes_the_next_answer():
    engine = engine_of(*SHOP, *BASKETS)
    before = engine.answer(Query(user_id="ann"), NOW).recommendations
    engine.apply(records(order("ann", "leeks")))
    after = {it.product.id: it.reason for it in engine.answer(Query(user_id="ann"), NOW).recommendations}
    assert Reason.SIMILAR_USERS not in {it.reason for it in before}
    assert after["pears"] is Reason.SIMILAR_USERS


def test_an_order_is_known_and_the_same_id_counts_once():
    first, other = order("ann", "leeks", id="first"), order("bob", "pears", id="first")
    engine = engine_of(*SHOP, first, first, other)
    engine.apply(records(other))
    assert (engine.has_order("first"), engine.has_order("second"), engine.order_count) == (True, False, 1)


@pytest.mark.parametrize("in_one_batch", [True, False])
def test_the_cart_is_emptied_by_an_order_and_only_by_what_it_holds(in_one_batch):
    engine, cart = Engine(), Query(user_id="ann", context=Context.CART)
    facts = [
        *SHOP,
        did("ann", "ADD_TO_CART", "leeks"),
        did("ann", "ADD_TO_CART", "pears"),
        order("ann", "leeks"),
    ]
    for batch in [records(*facts)] if in_one_batch else [records(fact) for fact in facts]:
        engine.apply(batch)
    assert sorted(ids(engine.answer(cart, NOW))) == ["kale", "leeks"]
    engine.apply(records(did("ann", "ADD_TO_CART", "leeks")))
    assert ids(engine.answer(cart, NOW)) == ["kale"]


def test_the_actions_taken_in_are_to_be_reacted_to_in_order():
    engine = engine_of(*SHOP)
    view, share = did("ann", "VIEW_PRODUCT", "leeks"), did("ann", "SHARE_PRODUCT", "leeks")
    cart = did("bob", "ADD_TO_CART", "pears")
    taken = records(view, order("ann", "leeks"), share, product("plums"), cart)
    assert engine.apply(taken).actions == [view, share, cart]
    assert engine.apply([]) == Effects()


def test_who_bought_something_and_which_products_changed_is_told_in_order():
    engine = engine_of(*SHOP)
    effects = engine.apply(
        records(
            order("bob", "leeks"),
            product("plums"),
            patched("leeks", price=1.0),
            farm("dale"),
            patched_farm("hill", name="Hilltop"),
            removed_farm("dale"),
            order("ann", "ghost"),
            removed("kale"),
            Erased(),
        )
    )
    assert effects.buyers == ["bob", "ann"]
    assert effects.products == ["plums", "leeks", "kale"]
    assert effects.actions == []


def test_what_changes_on_the_shelf_raises_alerts_of_which_only_the_latest_are_kept():
    whole, short = engine_of(*SHOP), Engine(Tuning(alerts_kept=2))
    short.apply(records(*SHOP))
    assert [alert.number for alert in alerts(whole)] == [1, 2, 3]
    assert alerts(short) == alerts(whole)[1:]
    for engine in (whole, short):
        engine.apply(records(patched("leeks", price=1.0)))
    assert alerts(short) == alerts(whole)[2:]
    assert (alerts(short)[-1].kind, short.alerts.first, short.alerts.count) == (AlertKind.PRICE_DROP, 3, 4)


def test_what_an_alert_says_may_not_be_so_any_more():
    engine = engine_of(*SHOP, patched("leeks", price=1.0))
    drop = alerts(engine)[-1]
    assert engine.stands(drop, NOW)
    engine.apply(records(patched("leeks", price=1.5)))
    assert not engine.stands(drop, NOW)


def test_how_long_something_is_new_is_that_of_the_tuning():
    for days, stands in ((14, False), (31, True)):
        engine = Engine(Tuning(arrivals_days=days))
        engine.apply(records(*SHOP))
        assert engine.stands(alerts(engine)[0], NOW) is stands


def test_it_knows_what_a_shopper_last_saw_a_product_for():
    engine = engine_of(*SHOP, did("ann", "VIEW_PRODUCT", "leeks"), patched("leeks", price=1.0))
    assert engine.price_last_seen("ann", 0) == 2.0
    assert engine.price_last_seen("ann", 1) is engine.price_last_seen("bob", 0) is None
    assert engine.prices_last_seen(["ann", "bob", "nobody"], 0) == {"ann": 2.0}
    engine.apply(records(did("ann", "VIEW_PRODUCT", "leeks")))
    assert engine.price_last_seen("ann", 0) == 1.0
    engine.forget("ann")
    assert engine.price_last_seen("ann", 0) is None


def test_it_knows_whose_farms_a_shopper_likes():
    engine = engine_of(
        *SHOP,
        farm("dale"),
        product("plums", farm_id="dale"),
        did("ann", "ADD_TO_WISHLIST", "dale", farm=True),
    )
    farms = engine.catalogue.shelf.farm
    assert [farms[product] in engine.favourite_farms("ann") for product in (0, 3)] == [False, True]
    assert engine.favourite_farms("bob") == frozenset()


def test_it_knows_how_much_shoppers_have_in_common_with_a_buyer():
    engine = engine_of(
        *SHOP, order("ann", "leeks", "kale"), order("bob", "leeks", "pears"), order("cem", "kale")
    )
    assert engine.kinship(["ann", "bob", "cem", "dan"], "bob") == [0.5, 1.0, 0.0, 0.0]
    assert engine.kinship([], "bob") == []


CROWD = tuple(product(f"plant-{n}") for n in range(10))
HERE, THERE = (39.1, -84.5), (52.5, 13.4)
CROWDED = tuple(
    order(f"u{n}", *(it.id for it in CROWD), days=2, latitude=HERE[0], longitude=HERE[1]) for n in range(5)
)


def test_what_trends_is_that_of_a_place_where_enough_is_bought_and_else_of_the_market():
    elsewhere = [order(f"v{n}", "leeks", days=1, latitude=THERE[0], longitude=THERE[1]) for n in range(6)]
    engine = engine_of(*SHOP, *CROWD, *CROWDED, *elsewhere)
    plants = [it.id for it in CROWD]
    for place, local, expected in (
        (HERE, True, plants),
        (THERE, False, ["leeks", *plants]),
        (None, False, ["leeks", *plants]),
    ):
        trends = engine.trending(place, 20, NOW)
        assert [it.id for it in trends.products] == expected
        assert (trends.local, trends.radius_km) == (local, 80)


def test_what_trends_is_on_sale_and_no_more_than_asked_for():
    engine = engine_of(*SHOP, *CROWD, *CROWDED, patched("plant-1", stock=0))
    assert [it.id for it in engine.trending(None, 3, NOW).products] == ["plant-0", "plant-2", "plant-3"]
    assert (
        engine.trending(HERE, 3, NOW + 30 * 86_400).products == Engine().trending(HERE, 3, NOW).products == ()
    )
    tuned = Engine(Tuning(trending_radius_km=5, trending_min_products=11))
    tuned.apply(records(*SHOP, *CROWD, *CROWDED))
    assert tuned.trending(HERE, 3, NOW)[1:] == (5, False)


def test_the_calendar_is_another_one_when_a_season_begins_or_a_window_opens_or_closes():
    window = {"available_from": NOON, "available_until": NOON + timedelta(days=1)}
    engine = engine_of(*SHOP, product("plums", **window))
    september = datetime(2026, 9, 1, tzinfo=UTC).timestamp()
    for moment in (NOW, NOW + 86_400, september):
        assert engine.calendar(moment - 1) != engine.calendar(moment) == engine.calendar(moment + 1)


def test_the_calendar_stays_the_same_up_to_the_moment_that_is_told():
    window = {"available_from": NOON, "available_until": NOON + timedelta(days=1)}
    engine = engine_of(*SHOP, product("plums", **window))
    day, months = 86_400.0, [datetime(2026, month, 1, tzinfo=UTC).timestamp() for month in (7, 8)]
    for now, until in ((NOW - day, NOW), (NOW, NOW + day), (NOW + day, months[0]), (months[0], months[1])):
        assert engine.steady_until(now) == until
        assert engine.calendar(now) == engine.calendar(until - 0.001)


def test_who_did_something_is_known_until_forgotten():
    engine = engine_of(*SHOP, did("ann", "VIEW_PRODUCT", "leeks"), order("bob", "leeks"))
    engine.answer(Query(user_id="cleo"), NOW)
    assert [engine.knows(name) for name in ("ann", "bob", "cleo", "")] == [True, True, False, False]
    engine.forget("ann")
    assert not engine.knows("ann")


def test_what_is_repeated_at_once_is_taken_in_and_counted_and_not_reacted_to():
    engine = engine_of(*SHOP)
    views = [did("ann", "VIEW_PRODUCT", "leeks") for _ in range(3)]
    assert engine.apply(records(*views)).actions == views[:1]
    assert (engine.tally.total, engine.debounced) == (3, 2)


def test_a_shopper_has_a_profile_until_forgotten():
    engine = engine_of(*SHOP, did("ann", "VIEW_PRODUCT", "leeks"))
    assert (engine.profile("ann").views, engine.profile("bob")) == ({"leeks": 1}, None)
    engine.forget("ann")
    assert engine.profile("ann") is None


def test_who_placed_an_order_is_thanked_for_its_purchase():
    ann, bob = "ann@example.org", "bob@example.org"
    engine = engine_of(*SHOP, order(ann, "leeks", id="first"))
    assert engine.thanked((did(ann, "COMPLETE_PURCHASE", "first"),), NOW) == Thanked("first", ann, ann)
    assert engine.thanked((did(bob, "COMPLETE_PURCHASE", "first"),), NOW) is None


def test_statistics_begin_anew_in_the_order_of_the_records():
    engine = engine_of(*SHOP)
    view, click = did("ann", "VIEW_PRODUCT", "leeks"), did("ann", "CLICK_RECOMMENDATION", "leeks")
    engine.apply(records(view, view, click, order("ann", "leeks"), Reset(reset_type=ResetType.EVENTS), view))
    assert (engine.tally.total, engine.debounced, engine.funnel) == (1, 1, Steps(clicks=1))
    engine.apply(records(Reset(reset_type=ResetType.ALL)))
    assert (engine.tally.total, engine.debounced, engine.funnel) == (0, 0, Steps())


def test_a_reaction_pushes_the_answer_of_its_query():
    engine = engine_of(*SHOP, *BASKETS)
    view = reaction(did("ann", "VIEW_PRODUCT", "leeks"))
    assert engine.respond(view, NOW) == engine.answer(view.query, NOW)
    engine.apply(records(removed("leeks")))
    with pytest.raises(UnknownId):
        engine.respond(view, NOW)


def test_a_wish_pushes_what_is_new_from_the_farms_it_shows_to_be_liked():
    market = [
        farm("dale"),
        *(product(f"old-{n}", farm_id="dale", created_at=ago(14)) for n in range(3)),
        *(product(f"new-{n}", farm_id="dale", created_at=ago(14 - n)) for n in range(1, 14)),
        product("sold", farm_id="dale", created_at=ago(1), stock=0),
        product("elsewhere", created_at=ago(1)),
    ]
    engine = engine_of(*SHOP, *market)
    liked = did("ann", "ADD_TO_WISHLIST", "dale", farm=True)
    engine.apply(records(liked))
    wish = reaction(liked)
    pushed = engine.respond(wish, NOW)
    assert ids(pushed) == [f"new-{n}" for n in range(13, 3, -1)]
    assert (pushed.user_id, pushed.timestamp, pushed.algorithms) == ("ann", NOON, (Algorithm.ARRIVALS,))
    first = pushed.recommendations[0]
    assert (first.score, first.confidence, first.reasons) == (
        pytest.approx(13 / 14),
        1.0,
        (Reason.NEW_ARRIVAL,),
    )
    assert first.metadata == {"contributions": {"new_arrivals": Contribution(score=first.score, weight=1.0)}}


def test_where_nothing_is_new_a_wish_pushes_nothing():
    engine = engine_of(*SHOP)
    wish = reaction(did("ann", "ADD_TO_WISHLIST", "leeks"))
    assert engine.respond(wish, NOW) is None
    assert Engine(Tuning(arrivals_days=31)).respond(wish, NOW) is None
    tuned = Engine(Tuning(arrivals_days=31))
    tuned.apply(records(*SHOP, did("ann", "ADD_TO_WISHLIST", "leeks")))
    assert ids(tuned.respond(wish, NOW)) == ["leeks", "kale", "pears"]


def test_what_is_bought_together_comes_with_its_figures():
    engine = engine_of(*SHOP, *BASKETS, order("ann", "leeks"), order("ann", "kale", "leeks"))
    [pears] = engine.together("leeks", 5, NOW)
    assert (pears.product.id, pears.score) == ("pears", pytest.approx(3 / (5 * 3) ** 0.5))
    assert pears.confidence == pytest.approx(3 / 50)
    assert pears.reasons == (Reason.FREQUENTLY_BOUGHT_TOGETHER,)
    assert {name: pears.metadata[name] for name in ("coOccurrences", "totalOrders")} == {
        "coOccurrences": 3,
        "totalOrders": 5,
    }
    assert pears.metadata["lift"] == pytest.approx(3 * 5 / (5 * 3))
    assert pears.metadata["contributions"] == {"co_occurrence": Contribution(score=pears.score, weight=1.0)}


def test_what_is_bought_together_is_on_sale_and_no_more_than_asked_for():
    baskets = [order("ann", "leeks", "kale", "pears") for _ in range(2)]
    engine = engine_of(*SHOP, *baskets)
    assert [it.product.id for it in engine.together("leeks", 5, NOW)] == ["kale", "pears"]
    assert [it.product.id for it in engine.together("leeks", 1, NOW)] == ["kale"]
    engine.apply(records(patched("kale", stock=0)))
    assert [it.product.id for it in engine.together("leeks", 5, NOW)] == ["pears"]
    assert [it.product.id for it in engine.together("kale", 5, NOW)] == ["leeks", "pears"]


def test_the_offers_of_a_query_are_those_of_its_answer():
    engine, home = engine_of(*SHOP, *BASKETS, order("ann", "leeks")), Query(user_id="ann")
    offers = engine.offers(home, NOW)
    assert tuple(offers) == engine.answer(home, NOW).algorithms
    assert offers[Algorithm.COLLABORATIVE].products.tolist() == [2]


def test_changing_an_answer_or_an_offer_does_not_change_the_next():
    engine = engine_of(*SHOP, *BASKETS, order("ann", "leeks"), did("ann", "ADD_TO_CART", "kale"))
    cart = Query(user_id="ann", context=Context.CART, product_id="leeks")
    together = copy.deepcopy(engine.together("leeks", 5, NOW))
    before = written(engine, [cart])
    for recommendation in (*engine.answer(cart, NOW).recommendations, *engine.together("leeks", 5, NOW)):
        recommendation.metadata["contributions"].clear()
        recommendation.metadata.clear()
    for offer in engine.offers(cart, NOW).values():
        for column in offer:
            column[...] = 0
    assert written(engine, [cart]) == before
    assert engine.together("leeks", 5, NOW) == together


def test_the_facts_stay_as_they_came():
    search = did("ann", "SEARCH", metadata={"searchQuery": "leeks"})
    before = msgspec.json.encode(search)
    engine_of(*SHOP, search).answer(Query(user_id="ann"), NOW)
    assert msgspec.json.encode(search) == before


def test_engines_share_nothing():
    one, other = engine_of(*SHOP, order("ann", "leeks"), did("ann", "VIEW_PRODUCT", "leeks")), Engine()
    assert (len(one.catalogue.listed()), one.shopper_count, one.tally.total) == (3, 1, 1)
    assert (len(other.catalogue.listed()), other.shopper_count, other.tally.total) == (0, 0, 0)


def test_to_prepare_an_engine_changes_no_answer():
    queries = [Query(user_id="ann"), Query(user_id="bob", product_id="leeks")]
    facts = *SHOP, *BASKETS, did("ann", "VIEW_PRODUCT", "leeks")
    prepared = engine_of(*facts)
    prepared.prepare()
    assert written(prepared, queries) == written(engine_of(*facts), queries)
    empty = Engine()
    empty.prepare()
    assert (empty.shopper_count, empty.tally.total) == (0, 0)


def test_the_tally_counts_the_last_day():
    engine = Engine()
    engine.apply(
        [Record(at=NOW - hours * 3600, fact=did("ann", "VIEW_FARM", "hill")) for hours in (30, 23, 0.5)]
    )
    assert [engine.tally.total, engine.tally.since(NOW, 86_400), engine.tally.since(NOW, 3600)] == [3, 2, 1]


def left_of(record, user_id):
    """Return what is left of a record when a shopper is erased: of theirs only the kind."""
    if getattr(record.fact, "user_id", None) != user_id:
        return record
    return Record(at=record.at, fact=Erased(action=getattr(record.fact, "action", None)))


def erased(taken, user_id):
    """Return the engine that took in records of which a shopper was erased."""
    engine = Engine()
    engine.apply([left_of(record, user_id) for record in taken])
    return engine


def told(engine, of, questions):
    """Return all that an engine says of a market."""
    products = [product.id for product in engine.catalogue.listed()]
    return (
        written(engine, questions, of.seconds),
        [msgspec.json.encode(engine.together(it, 5, of.seconds)) for it in products],
        (engine.order_count, engine.shopper_count, engine.debounced, engine.funnel),
        (engine.tally.by_type, [engine.tally.since(of.seconds, hours * 3600.0) for hours in (1, 24)]),
        [engine.profile(user_id) for user_id in of.users],
        alerts(engine),
        [engine.has_order(record.fact.id) for record in of.records if isinstance(record.fact, Order)],
    )


@given(markets(), st.floats(0, 1), st.randoms(use_true_random=False))
def test_who_is_forgotten_was_never_there_as_far_as_any_answer_or_count_can_tell(of, part, random):
    user_id, cut = random.choice(of.users), round(part * len(of.records))
    questions = [query(random, of) for _ in range(3)]
    questions += [Query(user_id=user, limit=20, context=random.choice([*Context])) for user in of.users]
    live, replayed = Engine(), erased(of.records[:cut], user_id)
    live.apply(of.records[:cut])
    live.forget(user_id)
    assert told(live, of, questions) == told(replayed, of, questions)
    # The shopper may come again, as somebody new.
    assert live.apply(of.records[cut:]) == replayed.apply(of.records[cut:])
    assert told(live, of, questions) == told(replayed, of, questions)
    live.forget(user_id)
    assert told(live, of, questions) == told(erased(of.records, user_id), of, questions)


@given(markets(), st.floats(0, 1), st.randoms(use_true_random=False))
def test_a_record_of_an_erasure_makes_an_engine_forget_as_if_it_were_told_to(of, part, random):
    user_id, cut = random.choice(of.users), round(part * len(of.records))
    gone = Record(at=of.seconds, fact=Forgotten(shopper=digest(user_id)))
    directly, by_record, from_what_is_left = Engine(), Engine(), Engine()
    directly.apply(of.records[:cut])
    directly.forget(user_id)
    directly.apply(of.records[cut:])
    by_record.apply([*of.records[:cut], gone, *of.records[cut:]])
    from_what_is_left.apply([*(left_of(record, user_id) for record in of.records[:cut]), gone])
    from_what_is_left.apply(of.records[cut:])
    assert state(by_record) == state(directly)
    questions = [query(random, of) for _ in range(3)]
    assert told(from_what_is_left, of, questions) == told(directly, of, questions)


def test_of_who_is_forgotten_nothing_stays_in_memory():
    deeds = [
        did("Secret", kind, "leeks", metadata={"rating": 4.75, "searchQuery": "secret", "category": "secret"})
        for kind in (*UserAction, "VIEW_PRODUCT")
    ]
    bought = order("Secret", "leeks", "kale", id="secret-order", price=77.75, latitude=66.5, longitude=55.5)
    engine = engine_of(*SHOP, *BASKETS)
    engine.apply(records(*deeds, bought))
    secrets = ("Secret", "secret", "77.75", "66.5", "55.5", "4.75")
    before = repr(state(engine))
    assert all(secret in before for secret in secrets if secret != "secret")
    engine.forget("Secret")
    after = repr(state(engine))
    assert not any(secret in after for secret in secrets)
    assert (engine.shopper_count, engine.order_count, engine.has_order("secret-order")) == (3, 3, False)


def test_a_product_has_its_window():
    window = {"available_from": NOON, "available_until": NOON + timedelta(seconds=60)}
    engine = engine_of(farm(), product("leeks", **window))
    home = Query(user_id="ann")
    seen = [ids(engine.answer(home, NOW + seconds)) for seconds in (-0.001, 0, 59.999, 60)]
    assert seen == [[], ["leeks"], ["leeks"], []]


def test_arithmetic_never_warns_or_overflows():
    with np.errstate(all="raise"):
        engine = engine_of(
            farm(),
            product("free", price=0.0),
            product("dear", price=1e9),
            *[order("ann", "free", "dear", price=1e9) for _ in range(60)],
            *[order("bob", "free", "dear", placed_at=datetime(year, 1, 1, tzinfo=UTC)) for year in (1, 9999)],
        )
        for context in Context:
            engine.answer(Query(user_id="bob", context=context, product_id="free"), NOW)
            engine.answer(Query(user_id="ann", context=context, latitude=90.0, longitude=180.0), NOW)
