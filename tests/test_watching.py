"""Lists that somebody watches: what makes them others, who is told, and how often."""

import asyncio
import math
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from punnet import watching as module
from punnet.engine.effects import Effects
from punnet.engine.engine import Engine
from punnet.engine.tuning import Tuning
from punnet.hub import Hub
from punnet.market import Context, Query, Record
from punnet.protocol.frames import Numbers
from punnet.protocol.subscription import Held
from punnet.watching import AREA_DECIMALS, GAP, LENGTH, SORT_SECONDS, Watching
from tests.engine.facts import NOON, NOW, did, farm, order, patched, product, removed
from tests.reader import Reader
from tests.waiting import until

GOODS = tuple(f"good-{number:02}" for number in range(14))
"""More than are watched; at first the list of a visitor is the first of them, in this order."""

OPENING = (farm("hill"), *(product(name, category=f"Kind {name}", stock=9) for name in GOODS))
NEAR, FAR = (39.1, -84.5), (-33.9, 151.2)


class Alarm:
    """Something that happens at a time, unless it is cancelled."""

    def __init__(self, at, what):
        self.at = at
        self.what = what

    def cancel(self):
        self.at = math.inf


class Market:
    """A market whose lists are watched, in a time that passes when a test says so."""

    def __init__(self, *before, gap=GAP, run="one"):
        self.now = NOW
        self.engine = Engine(Tuning(trending_min_orders=1, trending_min_products=2))
        self.engine.apply([Record(at=NOW - 40 * 86_400, fact=fact) for fact in before])
        self.hub = Hub(lambda: self.now, Numbers("journal", run))
        self.alarm = Alarm(math.inf, lambda: None)
        self.watching = Watching(self.engine, self.hub, lambda: self.now, gap=gap, later=self.later)
        self.held = Held(0, 0)

    def later(self, seconds, what):
        self.alarm = Alarm(self.now + seconds, what)
        return self.alarm

    def listen(self, reader, wanted):
        before = reader.connection.subscriptions
        self.hub.subscribe(reader.connection, wanted.subscriptions)
        self.watching.look(reader.connection, before)

    async def watch(self, user_id="ann", *topics, place=None, last=None):
        """Return a reader, once the list was looked at."""
        reader = Reader(self, user_id, last=last)
        where = {} if place is None else {"latitude": place[0], "longitude": place[1]}
        reader.subscribe(*(topics or ("personalized",)), **where)
        await self.settle()
        return reader

    def happen(self, *facts):
        """Apply facts in one batch."""
        self.watching.take(self.engine.apply([Record(at=self.now, fact=fact) for fact in facts]))

    async def tell(self, *facts, seconds=1.0):
        """Apply facts, and let time pass."""
        self.happen(*facts)
        await self.pass_by(seconds)

    async def pass_by(self, seconds):
        """Let time pass, and what is to be done in it be done."""
        await self.settle()
        end = self.now + seconds
        while self.alarm.at <= end:
            self.now, alarm = max(self.now, self.alarm.at), self.alarm
            alarm.cancel()
            alarm.what()
            await self.settle()
        self.now = end

    async def settle(self):
        """Return once all is looked at that can be now."""
        await turns(lambda: not self.watching._stirred.is_set())

    def answer(self, user_id="ann", place=None):
        """Return the list of a shopper as it is now."""
        latitude, longitude = place or (None, None)
        asked = Query(
            user_id=user_id, limit=LENGTH, context=Context.HOME, latitude=latitude, longitude=longitude
        )
        return [each.product.id for each in self.engine.answer(asked, self.now).recommendations]

    async def __aenter__(self):
        self.watching.start()
        return self

    async def __aexit__(self, *_):
        await self.watching.stop()


LISTS = ("PERSONALIZED_SUGGESTION", "TRENDING_UPDATE")


async def turns(condition):
    """Let others have their turn until the condition is true."""
    for _ in range(100_000):
        if condition():
            return
        await asyncio.sleep(0)
    pytest.fail("it never came true")


def lists(reader):
    """Return the lists that a reader was told, each as its products."""
    return [told(message) for message in reader.messages if message["type"] in LISTS]


def told(message):
    """Return the products of a list."""
    payload = message["payload"]
    if message["type"] == "TRENDING_UPDATE":
        return [each["id"] for each in payload["products"]]
    return [each["product"]["id"] for each in payload["recommendations"]]


def bought(*products, by="bob", place=None, days=0):
    """Return a purchase of now, at a place."""
    where = {} if place is None else {"latitude": place[0], "longitude": place[1]}
    return order(by, *products, days=days, **where)


@pytest.fixture
async def market():
    async with Market(*OPENING) as market:
        yield market


# ------------------------------------------------------------------------------------------- whatever happens

users = st.sampled_from(("ann", "bob", "cem", "dan"))
some = st.lists(st.sampled_from(GOODS), min_size=1, max_size=3, unique=True)
steps = st.one_of(
    st.tuples(st.just("buy"), users, some),
    st.tuples(st.just("fill"), st.sampled_from(GOODS), st.sampled_from((0, 0, 5))),
    st.tuples(st.just("view"), st.just("zoe"), st.sampled_from(GOODS)),
    st.tuples(st.just("wait"), st.sampled_from((0.01, 0.06, 1.0, 4.9, 5.0, 20.0))),
    st.tuples(st.just("come"), users),
    st.tuples(st.just("leave"), st.integers(0, 5)),
)


def fact_of(step):
    """Return a step as the fact that it is."""
    match step:
        case "buy", user_id, products:
            return bought(*products, by=f"{user_id} of elsewhere")
        case "fill", name, stock:
            return patched(name, stock=stock)
        case "view", user_id, name:
            return did(user_id, "VIEW_PRODUCT", name)


async def carried_out(market, plan):
    """Return the readers that came, and of each the list it began with."""
    readers = []
    for step in plan:
        match step:
            case "wait", seconds:
                await market.pass_by(seconds)
            case "come", user_id:
                # What happened before is looked at first, so that the reader knows the list it begins with.
                await market.pass_by(3 * GAP)
                readers.append((await market.watch(user_id), market.answer(user_id)))
            case "leave", at:
                if at < len(readers):
                    readers.pop(at)[0].leave()
            case _:
                market.happen(fact_of(step))
    await market.pass_by(3 * GAP)
    return readers


@settings(max_examples=60)
@given(st.lists(steps, max_size=30))
def test_in_the_end_everybody_knows_the_list_as_it_is_and_was_never_told_it_twice_or_too_soon(plan):
    async def run():
        async with Market(*OPENING, *(order(name, "good-03", days=9) for name in ("ann", "bob"))) as market:
            for reader, begun in await carried_out(market, plan):
                known = [begun, *lists(reader)]
                assert known[-1] == market.answer(reader.session.user_id)
                assert all(one != other for one, other in pairwise(known))
                times = [datetime.fromisoformat(message["timestamp"]) for message in reader.messages[2:]]
                assert all((late - soon).total_seconds() >= GAP - 1e-6 for soon, late in pairwise(times))

    asyncio.run(run())


# ------------------------------------------------------------------------------ what makes a list another one


async def test_a_purchase_by_another_that_changes_a_list_is_told_once(market):
    ann, before = await market.watch(), market.answer()
    await market.tell(bought("good-12"), seconds=60)
    assert lists(ann) == [market.answer()]
    assert market.answer() != before
    message = ann.messages[-1]
    assert message["type"] == "PERSONALIZED_SUGGESTION"
    assert message["payload"]["topic"] == "personalized"
    assert message["payload"]["userId"] == "ann"
    assert len(message["payload"]["recommendations"]) == LENGTH
    assert message["payload"]["algorithms"]
    assert message["timestamp"] == message["payload"]["timestamp"] == "2026-06-15T12:00:00Z"


async def test_what_a_shopper_buys_changes_their_list_and_is_not_told(market):
    ann, before = await market.watch(), market.answer()
    await market.tell(bought("good-00", by="ann"), seconds=60)
    assert market.answer() != before
    assert lists(ann) == []


async def test_what_a_shopper_looks_at_is_not_told(market):
    await market.tell(bought("good-12"))
    ann = await market.watch()
    await market.tell(*(did("ann", "VIEW_PRODUCT", "good-05") for _ in range(9)), seconds=60)
    assert lists(ann) == []


async def test_when_another_buys_too_one_is_told(market):
    ann = await market.watch()
    await market.tell(bought("good-00", by="ann"), bought("good-12"), seconds=60)
    assert lists(ann) == [market.answer()]


async def test_a_list_that_stays_as_it_was_is_not_told(market):
    await market.tell(bought("good-00"))
    ann, before = await market.watch(), market.answer()
    await market.tell(bought("good-00"), patched("good-13", stock=3), seconds=60)
    assert market.answer() == before
    assert lists(ann) == []


@pytest.mark.parametrize(
    "fact",
    [
        patched("good-02", stock=0),
        patched("good-02", available=False),
        removed("good-02"),
        patched("good-02", available_until=NOON),
    ],
)
async def test_what_cannot_be_bought_any_more_leaves_the_list(market, fact):
    ann = await market.watch()
    await market.tell(fact, seconds=60)
    assert lists(ann) == [market.answer()]
    assert "good-02" not in lists(ann)[0]


async def test_what_is_in_stock_again_comes_back_to_the_list(market):
    await market.tell(patched("good-02", stock=0))
    ann = await market.watch()
    await market.tell(patched("good-02", stock=1), seconds=60)
    assert lists(ann) == [market.answer()]
    assert "good-02" in lists(ann)[0]


async def test_what_is_new_may_come_into_the_list(market):
    ann = await market.watch()
    await market.tell(product("news", category="Vegetables"), seconds=60)
    assert "news" in lists(ann)[0]


async def test_a_list_that_changed_and_changed_back_within_a_moment_is_not_told(market):
    ann = await market.watch()
    market.happen(patched("good-02", stock=0))
    market.happen(patched("good-02", stock=9))
    await market.pass_by(60)
    assert lists(ann) == []


async def test_what_is_in_season_and_what_can_be_bought_change_with_the_calendar(monkeypatch):
    monkeypatch.setattr(module, "CALENDAR_SECONDS", 0.001)
    months = [product(f"apple-{number}", category="Apples") for number in range(5)]
    async with Market(*OPENING, *months) as market:
        ann, market_wide = await market.watch(), await market.watch("bob", "trending")
        assert lists(ann) == []
        market.now = datetime(2026, 10, 1, tzinfo=UTC).timestamp()
        await until(lambda: lists(ann))
        assert lists(ann) == [market.answer()]
        assert lists(ann)[0][:5] == [f"apple-{number}" for number in range(5)]
        assert lists(market_wide) == []


async def test_what_stops_to_trend_in_time_alone_is_told(monkeypatch):
    monkeypatch.setattr(module, "CALENDAR_SECONDS", 0.001)
    async with Market(*OPENING) as market:
        await market.tell(bought("good-04"))
        ann, bob = await market.watch("ann", "trending"), await market.watch("bob")
        market.now += 8 * 86_400
        await until(lambda: lists(ann))
        assert lists(ann) == [[]]
        assert lists(bob) == []


async def test_a_minute_in_which_nothing_begins_or_ends_is_not_told(monkeypatch):
    monkeypatch.setattr(module, "CALENDAR_SECONDS", 0.001)
    async with Market(*OPENING) as market:
        ann = await market.watch()
        # What she buys herself is not told, and not told either because a minute has passed.
        await market.tell(bought("good-00", by="ann"))
        before = market.watching._read_at
        market.now += 60
        await until(lambda: market.watching._read_at > before)
        await market.settle()
        assert lists(ann) == []


# ------------------------------------------------------------------------------ how often, and in which order


async def test_of_all_that_happens_in_the_gap_one_is_told_once_after_it(market):
    ann = await market.watch()
    await market.tell(bought("good-10"))
    first = market.answer()
    for name in ("good-11", "good-12", "good-13"):
        await market.tell(bought(name))
    assert lists(ann) == [first]
    await market.pass_by(GAP - 4.1)
    assert lists(ann) == [first]
    await market.pass_by(0.2)
    assert lists(ann) == [first, market.answer()]
    await market.pass_by(60)
    assert len(lists(ann)) == 2


async def test_what_changed_back_in_the_gap_is_not_told(market):
    ann = await market.watch()
    await market.tell(patched("good-02", stock=0))
    await market.tell(patched("good-03", stock=0))
    await market.tell(patched("good-03", stock=5))
    await market.pass_by(60)
    assert len(lists(ann)) == 1


async def test_after_a_gap_one_is_told_at_once(market):
    ann = await market.watch()
    for stock in (0, 1, 0):
        await market.tell(patched("good-02", stock=stock), seconds=GAP)
    assert [message["timestamp"][-4:-1] for message in ann.messages[2:]] == [":00", ":05", ":10"]


async def test_a_list_that_was_told_does_not_keep_another_waiting(market):
    ann, bob = await market.watch(), await market.watch("bob")
    await market.tell(bought("good-12", by="bob"))
    assert (len(lists(ann)), len(lists(bob))) == (1, 0)
    await market.tell(patched("good-12", stock=0))
    assert (len(lists(ann)), len(lists(bob))) == (1, 0 if "good-12" not in market.answer("bob") else 1)
    await market.tell(patched("good-04", stock=0))
    assert (len(lists(ann)), len(lists(bob))) == (1, 1)


async def test_what_comes_right_after_lists_were_put_in_order_waits_a_moment(market):
    ann, bob = await market.watch(), await market.watch("bob")
    market.happen(bought("good-12", by="ann"))
    await market.settle()
    assert (len(lists(ann)), len(lists(bob))) == (0, 1)
    market.happen(bought("good-13", by="bob"))
    await market.settle()
    assert lists(ann) == []
    await market.pass_by(2 * SORT_SECONDS)
    assert lists(ann) == [market.answer()]


async def test_a_clock_that_was_set_back_keeps_nobody_waiting(market):
    ann = await market.watch()
    await market.tell(bought("good-00"))
    market.now -= 3_600
    await market.tell(patched("good-05", stock=0))
    assert lists(ann) == [market.answer()]


async def test_those_who_buy_the_same_are_told_first(market):
    names = [f"user-{number:02}" for number in range(12)]
    for name in names:
        await market.tell(bought("good-06", *(["good-07"] if name == "user-05" else []), by=name, days=20))
    readers = [await market.watch(name) for name in names]
    await market.tell(bought("good-07", by="bob", days=20), seconds=60)
    for reader in readers:
        reader.wire.clear()
    await market.tell(bought("good-13"), seconds=60)
    numbers = {reader.session.user_id: reader.last for reader in readers if lists(reader)}
    assert len(numbers) == len(names)
    assert min(numbers, key=lambda name: int(numbers[name].partition(":")[2])) == "user-05"


async def test_what_a_shopper_bought_is_not_told_later_because_others_did_something_of_no_matter(market):
    ann, before = await market.watch("ann"), market.answer("ann")
    await market.tell(bought("good-09", by="ann"), seconds=60)
    assert market.answer("ann") != before
    await market.tell(patched("good-02", unit="bunch"), seconds=60)
    assert lists(ann) == []


@pytest.mark.parametrize(("seconds", "first"), [(5.2, "bob"), (5.8, "ann")])
async def test_who_waited_for_a_gap_longer_is_told_first_however_little_it_concerns_them(
    market, seconds, first
):
    ann = await market.watch("ann")
    await market.tell(patched("good-02", stock=0), seconds=0.5)
    # Ann, of whom nothing is known, was told just now, and waits from here on.
    market.happen(bought("good-13", by="bob"))
    await market.settle()
    bob = await market.watch("bob")
    market.now = NOW + seconds
    market.happen(bought("good-13", "good-12", by="cem"))
    await market.settle()
    assert (len(lists(ann)), len(lists(bob))) == (2, 1)
    ends = {"ann": ann.last, "bob": bob.last}
    assert min(ends, key=lambda name: int(ends[name].partition(":")[2])) == first


async def test_those_whose_list_has_the_product_are_told_first(market):
    ann, bob = await market.watch("ann"), await market.watch("bob")
    await market.tell(bought("good-12", by="bob"), seconds=60)
    assert "good-12" in market.answer("ann")
    assert "good-12" not in market.answer("bob")
    await market.tell(patched("good-12", stock=0), product("news"), seconds=60)
    assert lists(ann)[-1] == market.answer("ann")
    assert lists(bob)[-1] == market.answer("bob")
    assert int(ann.last.partition(":")[2]) < int(bob.last.partition(":")[2])


async def test_when_all_is_told_nothing_is_waited_for(market):
    await market.watch()
    await market.tell(bought("good-12"), patched("good-02", stock=0), seconds=60)
    assert market.alarm.at == math.inf


async def test_who_waits_for_others_is_told_too(monkeypatch, market):
    monkeypatch.setattr(module, "CREDIT", 0.0)
    readers = [await market.watch(f"user-{number}") for number in range(5)]
    await market.tell(patched("good-02", stock=0))
    assert [len(lists(reader)) for reader in readers] == [1] * 5


async def test_between_readers_of_one_list_others_have_their_turn(monkeypatch, market):
    monkeypatch.setattr(module, "SORT_SECONDS", -1.0)
    readers = [await market.watch("ann", "trending") for _ in range(3)]
    market.happen(bought("good-12"))
    seen = []
    for number in range(1, 4):
        await turns(lambda number=number: len(lists(readers[number - 1])) == 1)
        seen.append([len(lists(reader)) for reader in readers])
    assert seen == [[1, 0, 0], [1, 1, 0], [1, 1, 1]]


async def test_who_leaves_meanwhile_is_told_nothing(monkeypatch, market):
    monkeypatch.setattr(module, "SORT_SECONDS", -1.0)
    readers = [await market.watch("ann", "trending") for _ in range(3)]
    market.happen(bought("good-12"))
    await turns(lambda: lists(readers[0]))
    readers[1].leave()
    await market.settle()
    assert [len(lists(reader)) for reader in readers] == [1, 0, 1]


# ------------------------------------------------------------------------------------------------ who is told


async def test_every_connection_of_a_shopper_is_told_and_no_other(market):
    phone, laptop, deaf = await market.watch(), await market.watch(), await market.watch("ann", "price_drops")
    await market.tell(patched("good-02", stock=0))
    assert lists(phone) == lists(laptop) == [market.answer()]
    assert lists(deaf) == []


async def test_who_unsubscribed_or_left_is_told_nothing(market):
    phone, laptop, gone = await market.watch(), await market.watch(), await market.watch()
    phone.say("UNSUBSCRIBE", topics=["personalized"])
    gone.leave()
    await market.tell(patched("good-02", stock=0))
    assert (lists(phone), lists(gone)) == ([], [])
    assert len(lists(laptop)) == 1


async def test_what_happened_before_the_first_look_is_told(market):
    ann = Reader(market).subscribe("personalized")
    market.happen(bought("good-12"))
    await market.settle()
    assert lists(ann) == [market.answer()]


async def test_a_second_connection_does_not_have_the_first_told(market):
    ann = await market.watch()
    await market.watch()
    await market.pass_by(60)
    assert lists(ann) == []


async def test_a_list_is_made_for_the_place_where_its_reader_is(market):
    for user_id in ("bob", "cem", "dan"):
        await market.tell(*(bought(name, by=user_id, place=NEAR) for name in ("good-11", "good-12")))
    here, there = await market.watch(place=NEAR), await market.watch(place=FAR)
    await market.tell(bought("good-13", place=NEAR), seconds=60)
    assert lists(here) == [market.answer(place=NEAR)]
    assert [message["payload"]["topic"] for message in here.messages[2:]] == ["personalized"]
    assert len(market.watching._lists) == 2
    assert lists(there)[-1:] in ([], [market.answer(place=FAR)])


async def test_where_nobody_watches_nothing_is_remembered(market):
    ann, bob = await market.watch("ann", "personalized", "trending"), await market.watch("bob")
    assert len(market.watching._lists) == 3
    ann.leave()
    await market.tell(patched("good-02", stock=0))
    assert [key.user_id for key in market.watching._lists] == ["bob"]
    bob.leave()
    await market.tell(patched("good-02", stock=1), seconds=60)
    assert market.watching._lists == {}
    market.watching.take(Effects(buyers=["ann"], products=["good-02"]))
    assert not market.watching._stirred.is_set()
    assert (market.watching._buyers, market.watching._products) == ({}, set())


async def test_of_who_is_forgotten_the_list_is_forgotten_too(market):
    ann, bob = await market.watch(), await market.watch("bob")
    await market.tell(bought("good-00", by="ann"))
    market.engine.forget("ann")
    market.watching.forget("ann")
    await market.pass_by(60)
    assert (lists(ann), lists(bob)) == ([], [])
    await market.tell(patched("good-05", stock=0), seconds=60)
    assert lists(ann) == [market.answer()]
    market.watching.forget("nobody")


async def test_what_says_nothing_of_lists_stirs_nobody(market):
    ann = await market.watch()
    market.watching.take(Effects(actions=[did("bob", "VIEW_PRODUCT", "good-00")]))
    assert not market.watching._stirred.is_set()
    assert lists(ann) == []


async def test_at_the_end_nothing_more_is_told():
    market = Market(*OPENING)
    market.watching.start()
    ann = await market.watch()
    await market.tell(bought("good-10"))
    await market.tell(bought("good-11"))
    assert market.alarm.at < math.inf
    await market.watching.stop()
    assert market.alarm.at == math.inf
    market.happen(bought("good-13"))
    for _ in range(5):
        await asyncio.sleep(0)
    assert len(lists(ann)) == 1


async def test_what_never_began_can_be_stopped():
    await Market(*OPENING).watching.stop()


async def test_without_a_time_of_its_own_the_time_of_the_loop_passes():
    market = Market(*OPENING)
    market.watching = Watching(market.engine, market.hub, lambda: market.now, gap=0.001)
    async with market:
        ann = await market.watch()
        market.happen(bought("good-12"))
        await market.settle()
        market.happen(bought("good-13"))
        await market.settle()
        assert len(lists(ann)) == 1
        market.now += 1
        await until(lambda: len(lists(ann)) == 2)


# --------------------------------------------------------------------------------------------- who comes back


async def test_who_missed_a_list_is_sent_the_one_of_now_once(market):
    ann, witness = await market.watch(), await market.watch()
    ann.leave()
    await market.tell(bought("good-12"))
    await market.tell(bought("good-13"), seconds=60)
    assert len(lists(witness)) == 2
    back = await market.watch(last=ann.last)
    await market.pass_by(60)
    assert lists(back) == [market.answer()]
    assert len(lists(witness)) == 2


async def test_who_missed_nothing_is_sent_nothing(market):
    ann, witness = await market.watch(), await market.watch()
    await market.tell(bought("good-12"), seconds=60)
    last = ann.last
    ann.leave()
    back = await market.watch(last=last)
    await market.pass_by(60)
    assert (lists(back), len(lists(witness))) == ([], 1)


@pytest.mark.parametrize("topic", ["personalized", "trending"])
async def test_the_first_of_many_who_were_told_missed_nothing_either(market, topic):
    readers = [await market.watch("ann", topic) for _ in range(4)]
    await market.tell(bought("good-12"), seconds=60)
    assert [len(lists(reader)) for reader in readers] == [1] * 4
    for reader in readers[:3]:
        back = await market.watch("ann", topic, last=reader.last)
        assert lists(back) == []


async def test_a_list_that_waited_and_was_not_read_was_missed(market):
    slow, witness = await market.watch(), await market.watch()
    slow.wire.ready = False
    witness.wire.ready = False
    await market.tell(bought("good-12"), seconds=60)
    slow.leave()
    # Nobody was sent anything after what the witness saw last.
    back = await market.watch(last=witness.last)
    assert lists(back) == [market.answer()]


async def test_who_comes_back_within_the_gap_is_told_at_once_and_of_what_is_new_after_it(market):
    ann, witness = await market.watch(), await market.watch()
    ann.leave()
    await market.tell(bought("good-12"))
    await market.tell(bought("good-13"))
    back = await market.watch(last=ann.last)
    assert lists(back) == [market.answer()]
    assert len(lists(witness)) == 1
    await market.pass_by(60)
    assert lists(witness)[-1] == lists(back)[-1] == market.answer()


async def test_after_a_restart_one_is_sent_the_list(market):
    ann = await market.watch()
    await market.tell(bought("good-12"))
    async with Market(*OPENING, run="two") as again:
        # Also where somebody watches it there already.
        for reader in (await again.watch(last=ann.last), await again.watch(last=ann.last)):
            await again.pass_by(60)
            assert lists(reader) == [again.answer()]


async def test_who_comes_back_to_a_list_that_nobody_watched_is_sent_it(market):
    ann = await market.watch()
    ann.leave()
    await market.tell(bought("good-12"))
    back = await market.watch(last=ann.last)
    await market.pass_by(60)
    assert lists(back) == [market.answer()]


async def test_to_subscribe_to_more_does_not_have_the_list_sent_again(market):
    ann, _ = await market.watch(), await market.watch()
    ann.leave()
    await market.tell(bought("good-12"))
    back = await market.watch(last=ann.last)
    for frame in ("SUBSCRIBE", "UNSUBSCRIBE"):
        back.say(frame, topics=["price_drops"])
        await market.pass_by(60)
    assert len(lists(back)) == 1


async def test_who_comes_back_and_leaves_at_once_is_sent_nothing(market):
    ann, _ = await market.watch(), await market.watch()
    await market.tell(bought("good-12"))
    back = Reader(market, last=ann.messages[1]["messageId"]).subscribe("personalized")
    back.leave()
    await market.settle()
    assert lists(back) == []


# ------------------------------------------------------------------------------------------------ what trends


async def test_what_trends_in_the_whole_market_is_told_to_all(market):
    ann, bob = await market.watch("ann", "trending"), await market.watch("bob", "trending")
    await market.tell(bought("good-12", by="ann"), seconds=60)
    assert lists(ann) == lists(bob) == [["good-12"]]
    message = ann.messages[-1]
    assert message["type"] == message["payload"]["type"] == "TRENDING_UPDATE"
    assert (message["payload"]["area"], message["payload"]["local"]) == (None, False)
    assert len(market.watching._lists) == 1


async def test_what_trends_in_an_area_is_told_there(market):
    here, there = [await market.watch("ann", "trending", place=place) for place in (NEAR, FAR)]
    await market.tell(bought("good-11", "good-12", place=NEAR), seconds=60)
    await market.tell(bought("good-11", "good-13", place=NEAR), seconds=60)
    assert lists(here) == [["good-11", "good-12"], ["good-11", "good-12", "good-13"]]
    payload = here.messages[-1]["payload"]
    assert payload["area"] == {"latitude": 39.1, "longitude": -84.5, "radiusKm": 80.0}
    assert payload["local"] is True
    # Where too little is sold to tell, the whole market counts.
    assert lists(there) == lists(here)
    assert there.messages[-1]["payload"]["local"] is False


async def test_what_is_bought_elsewhere_is_not_told_where_enough_is_sold(market):
    await market.tell(bought("good-11", "good-12", place=NEAR))
    here, everywhere = (
        await market.watch("ann", "trending", place=NEAR),
        await market.watch("bob", "trending"),
    )
    await market.tell(bought("good-12", "good-13", place=FAR), seconds=60)
    assert lists(here) == []
    assert lists(everywhere) == [["good-12", "good-11", "good-13"]]


async def test_neighbours_share_an_area(market):
    close = NEAR[0] + 0.4 * 10**-AREA_DECIMALS, NEAR[1]
    readers = [
        await market.watch(f"user-{at}", "trending", place=where) for at, where in enumerate((NEAR, close))
    ]
    await market.tell(bought("good-11", "good-12", place=NEAR), seconds=60)
    assert readers[0].wire.frames[-1].text != readers[1].wire.frames[-1].text
    assert [
        message["payload"]["area"]["latitude"] for reader in readers for message in reader.messages[2:]
    ] == [39.1] * 2
    assert len(market.watching._lists) == 1


async def test_what_stops_to_trend_is_told(market):
    await market.tell(bought("good-11", "good-12"))
    ann = await market.watch("ann", "trending")
    await market.tell(patched("good-12", stock=0), seconds=60)
    assert lists(ann) == [["good-11"]]


async def test_a_sale_that_changes_no_ranking_is_not_told(market):
    await market.tell(bought("good-11"))
    ann = await market.watch("ann", "trending")
    await market.tell(bought("good-11", by="cem"), seconds=60)
    assert lists(ann) == []


async def test_to_watch_another_area_takes_the_place_of_the_first(market):
    ann = await market.watch("ann", "trending", place=NEAR)
    ann.subscribe("trending")
    await market.tell(bought("good-11", "good-12", place=NEAR), seconds=60)
    assert [message["payload"]["area"] for message in ann.messages[3:]] == [None]
    assert [key.place for key in market.watching._lists] == [None]
