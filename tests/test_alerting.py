"""Alerts: who is given which, in which order, and what becomes of those who have no room or were away."""

import asyncio
import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from punnet import alerting as module
from punnet.alerting import EDITIONS, Alerting
from punnet.editions import ARRIVALS
from punnet.engine.effects import Effects
from punnet.engine.engine import Engine
from punnet.engine.tuning import Tuning
from punnet.hub import TRY_AGAIN_LATER, Hub
from punnet.market import Record
from punnet.protocol.frames import Numbers
from tests.engine.facts import NOW, did, farm, order, patched, patched_farm, product, removed
from tests.reader import Reader

GOODS = ("kale", "leeks", "pears", "honey")
OPENING = (
    farm("hill"),
    farm("dale"),
    product("kale", price=10.0, stock=5),
    product("leeks", price=10.0, stock=0),
    product("pears", price=10.0, category="Fruits"),
    product("honey", price=10.0, farm_id="dale", stock=0),
)
ALERTS = {
    "PRICE_DROP_ALERT": "price_drops",
    "STOCK_ALERT": "stock_alerts",
    "NEW_ARRIVAL_ALERT": "new_arrivals",
}
TOPICS = tuple(ALERTS.values())


class Market:
    """A market that gives out alerts; what already happened in it is `before`."""

    def __init__(self, *before, kept=10_000, run="one"):
        self.now = NOW
        self.engine = Engine(Tuning(alerts_kept=kept))
        self.taken = [Record(at=NOW, fact=fact) for fact in before]
        self.engine.apply(self.taken)
        self.hub = Hub(lambda: self.now, Numbers("journal", run))
        self.alerting = Alerting(self.engine, self.hub, lambda: self.now)

    def happen(self, *facts):
        """Apply facts in one batch, without a pause in which something could be given out."""
        taken = [Record(at=self.now, fact=fact) for fact in facts]
        self.taken += taken
        self.alerting.take(self.engine.apply(taken))

    async def tell(self, *facts):
        """Apply facts, and return when what follows is given out."""
        self.happen(*facts)
        await self.alerting.flush()

    @property
    def held(self):
        return self.alerting.held

    def listen(self, reader, wanted):
        self.alerting.listen(reader.connection, wanted.subscriptions)

    def restarted(self, kept=10_000):
        """Return the market after a restart: all from the journal, in another run."""
        again = Market(kept=kept, run="two")
        again.taken, again.now = list(self.taken), self.now
        again.engine.apply(self.taken)
        again.alerting = Alerting(again.engine, again.hub, lambda: again.now)
        return again

    async def __aenter__(self):
        self.alerting.start()
        return self

    async def __aexit__(self, *_):
        await self.alerting.stop()


class Ear(Reader):
    """A reader of alerts."""

    def subscribe(self, *topics, **payload):
        return super().subscribe(*(topics or TOPICS), **payload)

    @property
    def alerts(self):
        """The alerts that came, as `told` has them."""
        return told(self.messages)


def told(messages):
    """Return what messages tell of products, one after the other; of price drops the prices, too."""
    found = []
    for message in messages:
        payload = message["payload"]
        match message["type"]:
            case "PRICE_DROP_ALERT":
                prices = payload["oldPrice"], payload["newPrice"], payload.get("lastSeenPrice")
                found.append(("drop", payload["productId"], *prices))
            case "STOCK_ALERT":
                found.append(("stock", payload["productId"], payload["stock"]))
            case "NEW_ARRIVAL_ALERT":
                found += [("new", each["id"]) for each in payload["products"]]
    return found


def offset(message):
    """Return by what the messages of a connection are ordered."""
    return int(message["messageId"].partition(":")[2])


def in_order(messages):
    """Return whether the numbers of messages rise."""
    return all(offset(one) < offset(other) for one, other in pairwise(messages))


@pytest.fixture
async def market():
    async with Market(*OPENING) as market:
        yield market


# -------------------------------------------------------------------------------------- against a naive model


class Shelf:
    """What the naive model knows: prices, stocks, farms, and who saw what for how much."""

    def __init__(self):
        self.price = dict.fromkeys(GOODS, 10.0)
        self.stock = {"kale": 5, "leeks": 0, "pears": None, "honey": 0}
        self.farm = {"kale": "hill", "leeks": "hill", "pears": "hill", "honey": "dale"}
        self.seen = {}
        self.raised = []

    def cost(self, name, price):
        if price < self.price[name]:
            self.raised.append(("drop", name, self.price[name], price))
        self.price[name] = price

    def fill(self, name, stock):
        if self.stock[name] == 0 and stock != 0:
            self.raised.append(("stock", name))
        self.stock[name] = stock

    def arrive(self, name, farm_id):
        self.price[name], self.stock[name], self.farm[name] = 10.0, 3, farm_id
        self.raised.append(("new", name))

    def likes(self, user_id, farm_id):
        """Return whether a farm is a favourite: here that is who saw something of it."""
        return any(self.farm[name] == farm_id for user, name in self.seen if user == user_id)


class Naive:
    """What one reader ought to have been told: its pending alerts are looked at when it has room."""

    def __init__(self, shelf, user_id, room):
        self.shelf = shelf
        self.user_id = user_id
        self.room = room
        self.topics = {}
        self.next = len(shelf.raised)
        self.told = []

    def subscribe(self, topic, filters):
        since = self.topics[topic][0] if topic in self.topics else len(self.shelf.raised)
        self.topics[topic] = since, filters

    def look(self):
        """Take what there is room for; a run of new arrivals of one farm costs the room of one."""
        topic_of = {"drop": "price_drops", "stock": "stock_alerts", "new": "new_arrivals"}
        raised = self.shelf.raised
        while self.next < len(raised):
            together = self._together(raised[self.next :])
            wanted = self.topics.get(topic_of[together[0][0]])
            if wanted is not None and self.next + len(together) > wanted[0]:
                if not self.room:
                    return
                lacked = together[max(wanted[0] - self.next, 0) :]
                found = [message for alert in lacked for message in self._judged(alert, wanted[1])]
                self.told += found
                self.room -= bool(found)
            self.next += len(together)

    def _together(self, raised):
        first = raised[0]
        if first[0] != "new":
            return [first]
        length = 0
        while length < min(len(raised), ARRIVALS) and raised[length][0] == "new":
            if self.shelf.farm[raised[length][1]] != self.shelf.farm[first[1]]:
                break
            length += 1
        return raised[:length]

    def _judged(self, alert, filters):
        shelf, name = self.shelf, alert[1]
        last_seen = shelf.seen.get((self.user_id, name))
        if shelf.stock[name] == 0 or name not in filters.get("productIds", [name]):
            return []
        if alert[0] == "new":
            return [("new", name)] if shelf.likes(self.user_id, shelf.farm[name]) else []
        if filters.get("relevance") and last_seen is None:
            return []
        if alert[0] == "stock":
            return [("stock", name, shelf.stock[name])]
        _, _, old, new = alert
        stands = shelf.price[name] <= new and (last_seen is None or last_seen > new)
        return [("drop", name, old, new, last_seen)] if stands else []


readers = st.integers(0, 2)
goods = st.sampled_from(GOODS)
changes = st.one_of(
    st.tuples(st.just("cost"), goods, st.sampled_from((4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 12.0))),
    st.tuples(st.just("fill"), goods, st.sampled_from((None, 0, 1, 9))),
    st.tuples(st.just("arrive"), st.sampled_from(("hill", "dale"))),
)
filters = st.sampled_from(({}, {}, {"relevance": "mine"}, {"productIds": ["kale", "leeks", "new-1"]}))
steps = st.one_of(
    st.tuples(st.just("change"), st.lists(changes, min_size=1, max_size=5)),
    st.tuples(st.just("read"), readers, st.integers(1, 4)),
    st.tuples(
        st.just("subscribe"), readers, st.lists(st.sampled_from(TOPICS), min_size=1, max_size=3), filters
    ),
    st.tuples(st.just("unsubscribe"), readers, st.sampled_from(TOPICS)),
    st.tuples(st.just("view"), readers, goods),
)


def changed(shelf, change):
    """Return a change as a fact, once the model knows it."""
    match change:
        case "cost", name, price:
            shelf.cost(name, price)
            return patched(name, price=price)
        case "fill", name, stock:
            shelf.fill(name, stock)
            return patched(name, stock=stock)
        case "arrive", farm_id:
            name = f"new-{len(shelf.farm)}"
            shelf.arrive(name, farm_id)
            return product(name, price=10.0, farm_id=farm_id, stock=3)


class Both:
    """The market and its model, of which the same is asked."""

    def __init__(self, market, rooms):
        self.market = market
        self.shelf = Shelf()
        # What a shopper says is answered, and takes room as well: the model counts alerts alone.
        self.readers = [Ear(market, f"user-{at}", room=room + 1) for at, room in enumerate(rooms)]
        self.models = [Naive(self.shelf, f"user-{at}", room) for at, room in enumerate(rooms)]

    async def take(self, step):
        match step:
            case "change", changes:
                await self.market.tell(*(changed(self.shelf, change) for change in changes))
            case "view", at, name:
                self.shelf.seen[f"user-{at}", name] = self.shelf.price[name]
                await self.market.tell(did(f"user-{at}", "VIEW_PRODUCT", name))
            case "read", at, count:
                self.models[at].room += count
                self.readers[at].read(count)
            case "subscribe", at, topics, narrowed:
                for topic in topics:
                    self.models[at].subscribe(topic, narrowed)
                self.listen(at, "SUBSCRIBE", topics=topics, filter=narrowed)
            case "unsubscribe", at, topic:
                self.models[at].topics.pop(topic, None)
                self.listen(at, "UNSUBSCRIBE", topics=[topic])
        for model in self.models:
            model.look()

    def listen(self, at, kind, **payload):
        """Say something whose answer is read at once."""
        self.readers[at].wire.widen(1)
        self.readers[at].say(kind, **payload)


@given(st.lists(st.integers(0, 3), min_size=3, max_size=3), st.lists(steps, max_size=30))
def test_every_reader_is_told_what_a_naive_model_says_in_order_and_once(rooms, plan):
    async def run():
        async with Market(*OPENING) as market:
            both = Both(market, rooms)
            for step in plan:
                await both.take(step)
                for reader, model in zip(both.readers, both.models, strict=True):
                    assert reader.alerts == model.told
            for at in range(3):
                await both.take(("read", at, math.inf))
            for reader, model in zip(both.readers, both.models, strict=True):
                assert reader.alerts == model.told
                assert in_order(reader.messages)
            assert market.hub.written == sum(len(reader.messages) for reader in both.readers)

    asyncio.run(run())


# A history in which whatever was said stays so: prices fall, stocks are filled, products arrive.
lasting = st.lists(
    st.one_of(
        st.tuples(st.just("fall"), st.integers(0, 3)),
        st.tuples(st.just("arrive"), st.sampled_from(("hill", "dale"))),
        st.tuples(st.just("fill"), st.integers(0, 3)),
        st.tuples(st.just("turn"), st.integers(1, 3)),
        st.just("private"),
        st.tuples(st.just("read"), st.integers(1, 3)),
        st.just("change the others"),
    ),
    max_size=25,
)


async def turns(times):
    """Let others have their turn so many times."""
    for _ in range(times):
        await asyncio.sleep(0)


class Transcript:
    """Readers of the lasting history: one whose transcript is cut, and others before and after it."""

    def __init__(self, market):
        self.market = market
        self.others = [Ear(market, "early").subscribe()]
        self.reader = Ear(market, room=4).subscribe()
        self.others += [Ear(market, f"late-{at}").subscribe() for at in range(2)]
        self.costs = dict.fromkeys(GOODS, 10.0)
        self.count = 0

    async def take(self, step):
        match step:
            case "fall", at:
                self.costs[GOODS[at]] *= 0.9
                self.market.happen(patched(GOODS[at], price=self.costs[GOODS[at]]))
            case "fill", at:
                self.count += 1
                sold_out = product(f"filled-{self.count}", farm_id="dale", stock=0)
                self.market.happen(sold_out, patched(f"filled-{self.count}", stock=at + 1))
            case "arrive", farm_id:
                self.count += 1
                self.market.happen(product(f"new-{self.count}", farm_id=farm_id))
            case "turn", times:
                await turns(times)
            case "private":
                self.market.hub.publish_user("ann", b'{"type":"PRIVATE","payload":{}}')
            case "read", count:
                self.reader.read(count)
            case "change the others":
                self.others[0].leave()
                self.others = [*self.others[1:], Ear(self.market, "new").subscribe()]

    async def whole(self):
        """Return all that the reader was sent in the end."""
        await self.market.alerting.flush()
        self.reader.read()
        return self.reader.messages


def resumed(market, message):
    """Return what a reader is sent who comes back after a message."""
    reader = Ear(market, last=message["messageId"]).subscribe()
    acknowledged = reader.messages[0]
    assert acknowledged["payload"]["resumed"] is True
    reader.leave()
    return reader.messages


@settings(max_examples=60)
@given(lasting)
def test_who_comes_back_after_any_message_is_told_the_rest_and_nothing_twice(plan):
    async def run():
        likes = [did("ann", "VIEW_FARM", name) for name in ("hill", "dale")]
        stocked = [patched(name, stock=None) for name in ("leeks", "honey")]
        async with Market(*OPENING, *likes, *stocked) as market:
            transcript = Transcript(market)
            for step in plan:
                await transcript.take(step)
            messages = await transcript.whole()
            assert in_order(messages)
            again = market.restarted()
            for place in (market, again):
                for cut in range(len(messages)):
                    later = resumed(place, messages[cut])
                    assert told(messages[: cut + 1]) + told(later) == told(messages)
                    assert in_order(later)

    with pytest.MonkeyPatch.context() as patch:
        # After each reader others have their turn, so that messages come in between.
        patch.setattr(module, "SLICE", 1)
        asyncio.run(run())


# --------------------------------------------------------------------------------------- what is told to whom


async def test_each_topic_brings_its_alerts_and_no_other(market):
    everything, drops, none = (
        Ear(market).subscribe(),
        Ear(market).subscribe("price_drops"),
        Ear(market),
    )
    await market.tell(patched("leeks", stock=4, price=8.0), did("ann", "VIEW_FARM", "hill"), product("beets"))
    assert everything.alerts == [("drop", "leeks", 10.0, 8.0, None), ("stock", "leeks", 4), ("new", "beets")]
    assert drops.alerts == [("drop", "leeks", 10.0, 8.0, None)]
    assert none.alerts == []
    drops.say("UNSUBSCRIBE", topics=["price_drops"])
    await market.tell(patched("kale", price=1.0))
    assert len(drops.alerts) == 1
    assert len(everything.alerts) == 4


async def test_a_price_drop_as_it_is_written(market):
    ann = Ear(market).subscribe()
    await market.tell(did("ann", "VIEW_PRODUCT", "kale"), patched("kale", price=7.5))
    message = ann.messages[-1]
    number = market.engine.alerts.count
    assert message["messageId"] == f"journal-one:{number << 32}"
    assert message["type"] == message["payload"]["type"] == "PRICE_DROP_ALERT"
    assert message["timestamp"] == "2026-06-15T12:00:00Z"
    assert message["payload"]["product"]["price"] == message["payload"]["newPrice"] == 7.5
    assert message["payload"]["product"]["farm"]["id"] == "hill"
    assert (message["payload"]["oldPrice"], message["payload"]["lastSeenPrice"]) == (10.0, 10.0)


async def test_who_never_saw_a_product_is_told_no_price_of_then(market):
    ann = Ear(market).subscribe()
    await market.tell(patched("kale", price=7.5))
    assert "lastSeenPrice" not in ann.messages[-1]["payload"]


async def test_the_price_last_seen_may_be_another_than_the_one_before(market):
    ann = Ear(market).subscribe()
    await market.tell(did("ann", "ADD_TO_WISHLIST", "kale"), patched("kale", price=12.0))
    await market.tell(patched("kale", price=9.0))
    assert ann.alerts == [("drop", "kale", 12.0, 9.0, 10.0)]


async def test_who_saw_it_for_as_little_is_not_told(market):
    await market.tell(
        patched("kale", price=8.0), did("ann", "VIEW_PRODUCT", "kale"), patched("kale", price=12.0)
    )
    bought = order("bob", "kale", days=0, price=7.0)
    ann, bob, cem = (Ear(market, name).subscribe() for name in ("ann", "bob", "cem"))
    await market.tell(bought, patched("kale", price=8.0))
    assert (ann.alerts, bob.alerts) == ([], [])
    assert cem.alerts == [("drop", "kale", 12.0, 8.0, None)]
    await market.tell(patched("kale", price=7.5))
    assert (ann.alerts, bob.alerts) == ([("drop", "kale", 8.0, 7.5, 8.0)], [])


async def test_readers_who_saw_the_same_price_share_a_frame(market):
    await market.tell(*(did(name, "VIEW_PRODUCT", "kale") for name in ("ann", "bob")))
    names = ("ann", "cem", "bob", "dan", "ann")
    readers = [Ear(market, name).subscribe() for name in names]
    await market.tell(patched("kale", price=5.0))
    frames = [reader.wire.frames[-1] for reader in readers]
    assert len({id(frame) for frame in frames}) == 2
    assert frames[0] is frames[2] is frames[4]
    assert frames[1] is frames[3]
    assert len({frame.message_id for frame in frames}) == 1


async def test_readers_with_different_filters_share_a_frame_of_what_they_both_get(market):
    ann = Ear(market).subscribe()
    bob = Ear(market, "bob").subscribe(filter={"categories": ["Vegetables"]})
    await market.tell(patched("kale", price=5.0))
    assert ann.wire.frames[-1] is bob.wire.frames[-1]


@pytest.mark.parametrize(
    "meanwhile",
    [
        [patched("kale", stock=0)],
        [patched("kale", available=False)],
        [removed("kale")],
        [patched("kale", price=9.0)],
        [patched("kale", price=12.0)],
    ],
)
async def test_what_is_no_longer_so_is_not_sent(market, meanwhile):
    ann, slow = Ear(market).subscribe(), Ear(market, room=2).subscribe()
    # The room is used up by the welcome and the answer, so the second one is given it later.
    await market.tell(patched("kale", price=8.0))
    await market.tell(*meanwhile)
    assert [alert[:2] for alert in ann.alerts] == [("drop", "kale")]
    slow.read()
    assert slow.alerts == []


async def test_what_changes_before_it_is_given_out_is_not_sent(market):
    ann = Ear(market).subscribe()
    market.happen(patched("kale", price=8.0), patched("leeks", stock=3))
    market.happen(patched("kale", price=10.0), patched("leeks", stock=0))
    await market.alerting.flush()
    assert ann.alerts == []


async def test_sold_out_and_back_again_is_told_as_often_as_it_is_so(market):
    ann = Ear(market).subscribe()
    for _ in range(2):
        await market.tell(patched("leeks", stock=3))
        await market.tell(patched("leeks", stock=0))
    assert ann.alerts == [("stock", "leeks", 3)] * 2


async def test_a_price_that_fell_further_is_told_by_each_fall(market):
    slow = Ear(market, room=2).subscribe()
    await market.tell(patched("kale", price=8.0))
    await market.tell(patched("kale", price=6.0))
    slow.read()
    assert slow.alerts == [("drop", "kale", 10.0, 8.0, None), ("drop", "kale", 8.0, 6.0, None)]


async def test_an_arrival_that_is_no_longer_new_is_not_sent(market):
    await market.tell(did("ann", "VIEW_FARM", "hill"))
    slow = Ear(market, room=2).subscribe()
    await market.tell(product("beets"))
    market.now += 14 * 86_400
    slow.read()
    assert slow.alerts == []


async def test_only_a_favourite_farm_has_its_arrivals_told(market):
    ann, bob = Ear(market).subscribe(), Ear(market, "bob").subscribe()
    await market.tell(did("ann", "RATE_FARM", "dale", metadata={"rating": 5}))
    await market.tell(product("beets"), product("mead", farm_id="dale"))
    assert ann.alerts == [("new", "mead")]
    assert bob.alerts == []


async def test_arrivals_of_a_farm_that_come_together_are_one_message(market):
    await market.tell(*(did("ann", "VIEW_FARM", name) for name in ("hill", "dale")))
    ann = Ear(market).subscribe()
    farms = ("hill", "hill", "dale", "hill")
    await market.tell(*(product(f"new-{at}", farm_id=name) for at, name in enumerate(farms)))
    arrived = [[each["id"] for each in one["payload"]["products"]] for one in ann.messages[2:]]
    assert arrived == [["new-0", "new-1"], ["new-2"], ["new-3"]]
    count = market.engine.alerts.count
    assert [offset(message) >> 32 for message in ann.messages[2:]] == [count - 2, count - 1, count]


async def test_no_message_tells_of_more_arrivals_than_one_reads(market):
    await market.tell(did("ann", "VIEW_FARM", "hill"))
    ann = Ear(market).subscribe()
    await market.tell(*(product(f"new-{at}") for at in range(ARRIVALS + 1)))
    assert [len(one["payload"]["products"]) for one in ann.messages[2:]] == [ARRIVALS, 1]


async def test_what_left_and_came_back_at_once_is_told_of_once(market):
    await market.tell(did("ann", "VIEW_FARM", "hill"))
    ann = Ear(market).subscribe()
    await market.tell(product("beets"), removed("beets"), product("beets"))
    assert ann.alerts == [("new", "beets")]


async def test_of_arrivals_that_come_together_a_filter_lets_some_through(market):
    await market.tell(did("ann", "VIEW_FARM", "hill"))
    ann = Ear(market).subscribe(filter={"categories": ["Fruits"]})
    await market.tell(product("beets"), product("plums", category="Fruits"), product("swedes"))
    assert ann.alerts == [("new", "plums")]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["kale", "pears", "honey"]),
        ({"productIds": ["kale", "honey", "ghost"]}, ["kale", "honey"]),
        ({"farmIds": ["dale"]}, ["honey"]),
        ({"categories": ["Fruits"]}, ["pears"]),
        ({"categories": ["Fruits"], "farmIds": ["dale"]}, []),
        ({"relevance": "mine"}, ["kale", "honey"]),
        ({"relevance": "mine", "farmIds": ["hill"]}, ["kale"]),
    ],
)
async def test_a_filter_narrows_what_comes(market, filters, expected):
    await market.tell(did("ann", "VIEW_PRODUCT", "kale"), order("ann", "honey", price=10.0))
    await market.tell(patched("honey", stock=2))
    ann = Ear(market).subscribe(filter=filters)
    await market.tell(*(patched(name, price=5.0) for name in ("kale", "pears", "honey")))
    assert [alert[1] for alert in ann.alerts] == expected


@pytest.mark.parametrize(
    ("deed", "is_mine"),
    [
        (did("ann", "VIEW_PRODUCT", "leeks"), True),
        (did("ann", "ADD_TO_CART", "leeks"), True),
        (did("ann", "ADD_TO_WISHLIST", "leeks"), True),
        (order("ann", "leeks"), True),
        (did("ann", "SHARE_PRODUCT", "leeks"), False),
        (did("bob", "VIEW_PRODUCT", "leeks"), False),
        (did("ann", "VIEW_FARM", "hill"), False),
    ],
)
async def test_mine_is_what_i_viewed_carted_wished_for_or_bought(market, deed, is_mine):
    await market.tell(deed)
    ann = Ear(market).subscribe(filter={"relevance": "mine"})
    await market.tell(patched("leeks", stock=2), patched("leeks", price=1.0))
    assert [alert[0] for alert in ann.alerts] == (["stock", "drop"] if is_mine else [])


async def test_what_is_new_of_a_favourite_farm_is_mine(market):
    await market.tell(did("ann", "VIEW_FARM", "hill"))
    ann = Ear(market).subscribe(filter={"relevance": "mine"})
    await market.tell(product("beets"), product("mead", farm_id="dale"))
    assert ann.alerts == [("new", "beets")]


async def test_another_filter_takes_the_place_of_the_one_before(market):
    ann = Ear(market).subscribe(filter={"productIds": ["kale"]}).subscribe(filter={"productIds": ["pears"]})
    await market.tell(patched("kale", price=5.0), patched("pears", price=5.0))
    assert [alert[1] for alert in ann.alerts] == ["pears"]


async def test_every_connection_of_a_user_is_told(market):
    phone, laptop = Ear(market).subscribe(), Ear(market).subscribe("stock_alerts")
    await market.tell(patched("leeks", stock=1, price=1.0))
    assert [alert[0] for alert in phone.alerts] == ["drop", "stock"]
    assert [alert[0] for alert in laptop.alerts] == ["stock"]


# ------------------------------------------------------------------------------- who has no room, or was away


async def test_who_has_no_room_falls_behind_and_delays_nobody(market):
    slow, quick = Ear(market, room=3).subscribe(), Ear(market, "bob").subscribe()
    for price in (9.0, 8.0, 7.0):
        await market.tell(patched("kale", price=price))
    assert len(quick.alerts) == 3
    assert len(slow.alerts) == 1
    slow.read(1)
    assert len(slow.alerts) == 2
    await market.tell(patched("kale", price=6.0))
    assert len(slow.alerts) == 2
    slow.read()
    assert slow.alerts == quick.alerts
    assert in_order(slow.messages)


async def test_who_is_behind_is_given_what_comes_later_in_its_turn(market):
    slow = Ear(market, room=2).subscribe()
    await market.tell(patched("kale", price=9.0))
    market.happen(patched("kale", price=8.0))
    slow.read()
    assert [alert[3] for alert in slow.alerts] == [9.0]
    await market.alerting.flush()
    assert [alert[3] for alert in slow.alerts] == [9.0, 8.0]


async def test_who_is_further_behind_than_what_is_kept_is_sent_away():
    async with Market(*OPENING, kept=2) as market:
        slow, quick = Ear(market, room=2).subscribe(), Ear(market, "bob").subscribe()
        for price in (9.0, 8.0, 7.0):
            await market.tell(patched("kale", price=price))
        slow.read()
        assert [code for code, _ in slow.wire.ends] == [TRY_AGAIN_LATER]
        assert slow.alerts == []
        assert len(quick.alerts) == 3
        assert quick.wire.ends == []


async def test_who_lacks_just_what_is_kept_is_given_it():
    async with Market(*OPENING, kept=2) as market:
        slow = Ear(market, room=2).subscribe()
        for price in (9.0, 8.0):
            await market.tell(patched("kale", price=price))
        slow.read()
        assert [alert[3] for alert in slow.alerts] == [9.0, 8.0]
        assert slow.wire.ends == []


async def test_when_more_comes_at_once_than_is_kept_readers_are_parted_with_and_may_come_back():
    async with Market(*OPENING, kept=2) as market:
        ann, listener = Ear(market).subscribe(), Ear(market).subscribe("trending")
        await market.tell(*(patched("kale", price=price) for price in (9.0, 8.0, 7.0)))
        assert [code for code, _ in ann.wire.ends] == [TRY_AGAIN_LATER]
        assert (ann.alerts, listener.wire.ends) == ([], [])
        back = Ear(market, last=ann.messages[-1]["messageId"]).subscribe()
        assert back.messages[0]["payload"]["resumed"] is False
        await market.tell(patched("kale", price=6.0))
        assert [alert[3] for alert in back.alerts] == [6.0]


async def test_what_is_dropped_while_others_have_their_turn_is_missed_loudly_not_silently(
    monkeypatch, caplog
):
    monkeypatch.setattr(module, "SLICE", 1)
    async with Market(*OPENING, kept=3) as market:
        readers = [Ear(market).subscribe() for _ in range(3)]
        market.happen(*(patched(name, price=9.0) for name in ("kale", "pears", "honey")))
        await asyncio.sleep(0)
        assert [len(reader.alerts) for reader in readers] == [1, 0, 0]
        await market.tell(*(patched("kale", price=price) for price in (8.0, 7.0, 6.0, 5.0)))
        for reader in readers:
            assert [code for code, _ in reader.wire.ends] == [TRY_AGAIN_LATER]
        assert caplog.records == []


async def test_one_who_subscribes_is_told_what_comes_from_then_on(market):
    await market.tell(patched("kale", price=9.0))
    ann = Ear(market).subscribe()
    assert ann.alerts == []
    await market.tell(patched("kale", price=8.0))
    ann.subscribe("price_drops")
    assert [alert[3] for alert in ann.alerts] == [8.0]


async def test_a_topic_that_is_added_while_behind_brings_nothing_of_before(market):
    slow = Ear(market, room=2).subscribe("price_drops")
    await market.tell(patched("kale", price=9.0), patched("leeks", stock=3))
    slow.wire.widen(1)
    slow.subscribe("stock_alerts")
    slow.read()
    assert slow.alerts == [("drop", "kale", 10.0, 9.0, None)]


async def test_who_gives_up_all_topics_while_behind_lacks_nothing(market):
    slow = Ear(market, room=2).subscribe("price_drops")
    await market.tell(patched("kale", price=9.0))
    slow.wire.widen(1)
    slow.say("UNSUBSCRIBE", topics=["price_drops"])
    slow.read()
    assert slow.alerts == []
    slow.subscribe("price_drops")
    await market.tell(patched("kale", price=8.0))
    assert [alert[3] for alert in slow.alerts] == [8.0]


async def test_who_gave_up_all_topics_long_ago_may_have_others():
    async with Market(*OPENING, kept=2) as market:
        slow = Ear(market, room=2).subscribe("price_drops")
        await market.tell(patched("kale", price=9.0))
        slow.wire.widen(1)
        slow.say("UNSUBSCRIBE", topics=["price_drops"])
        for price in (8.0, 7.0, 6.0):
            await market.tell(patched("kale", price=price))
        slow.read()
        slow.subscribe("price_drops")
        await market.tell(patched("kale", price=5.0))
        assert slow.wire.ends == []
        assert [alert[3] for alert in slow.alerts] == [5.0]


async def test_who_comes_back_and_reads_slowly_before_subscribing_is_told_what_was_missed(market):
    ann = Ear(market).subscribe()
    await market.tell(patched("kale", price=9.0))
    back = Ear(market, last=ann.messages[1]["messageId"], room=0)
    back.read()
    back.subscribe()
    assert [alert[3] for alert in back.alerts] == [9.0]


async def test_as_much_at_once_as_is_kept_reaches_everybody():
    async with Market(*OPENING, kept=2) as market:
        ann, bob = Ear(market).subscribe("price_drops"), Ear(market, "bob").subscribe("stock_alerts")
        for price in (9.0, 7.0, 5.0):
            await market.tell(patched("kale", price=price), patched("kale", price=price - 1))
        await market.tell(patched("leeks", stock=1))
        assert [alert[3] for alert in ann.alerts] == [9.0, 8.0, 7.0, 6.0, 5.0, 4.0]
        assert bob.alerts == [("stock", "leeks", 1)]
        assert ann.wire.ends == bob.wire.ends == []


@pytest.mark.parametrize("missed", range(4))
async def test_who_comes_back_is_told_what_was_missed(market, missed):
    ann = Ear(market).subscribe()
    drops = [patched("kale", price=price) for price in (9.0, 8.0, 7.0)]
    await market.tell(*drops[: 3 - missed])
    last = ann.messages[-1]["messageId"]
    ann.leave()
    await market.tell(*drops[3 - missed :])
    back = Ear(market, last=last)
    assert back.messages[0]["payload"]["resumed"] is True
    back.subscribe()
    assert [alert[3] for alert in back.alerts] == [9.0, 8.0, 7.0][3 - missed :]
    await market.tell(patched("kale", price=6.0))
    assert back.alerts[-1][3] == 6.0


async def test_what_was_missed_passes_the_filter_of_now(market):
    ann = Ear(market).subscribe()
    await market.tell(patched("kale", price=9.0), patched("pears", price=9.0), patched("leeks", stock=1))
    back = Ear(market, last=ann.messages[1]["messageId"])
    back.subscribe("price_drops", filter={"categories": ["Fruits"]})
    assert back.alerts == [("drop", "pears", 10.0, 9.0, None)]


async def test_only_the_first_subscription_brings_what_was_missed(market):
    ann = Ear(market).subscribe()
    await market.tell(patched("kale", price=9.0), patched("leeks", stock=1))
    back = Ear(market, last=ann.messages[1]["messageId"]).subscribe("price_drops").subscribe("stock_alerts")
    assert [alert[0] for alert in back.alerts] == ["drop"]


async def test_a_number_not_given_yet_is_not_gone_on_from(market):
    ahead = market.hub.numbers.of_alert(market.engine.alerts.count + 1)
    ann = Ear(market, last=ahead).subscribe()
    assert ann.messages[0]["payload"]["resumed"] is False
    await market.tell(patched("kale", price=9.0))
    assert len(ann.alerts) == 1


async def test_after_a_restart_the_numbers_go_on(market):
    ann = Ear(market).subscribe()
    await market.tell(patched("kale", price=9.0))
    last = ann.messages[-1]
    await market.tell(patched("kale", price=8.0))
    async with market.restarted() as again:
        back = Ear(again, last=last["messageId"]).subscribe()
        assert back.messages[0]["payload"]["resumed"] is True
        await again.tell(patched("kale", price=7.0))
        assert [alert[3] for alert in back.alerts] == [8.0, 7.0]
        numbers = [offset(message) >> 32 for message in back.messages if message["type"] in ALERTS]
        assert numbers == [(offset(last) >> 32) + 1, (offset(last) >> 32) + 2]
        assert {message["messageId"].partition(":")[0] for message in back.messages} == {"journal-two"}


async def test_after_a_restart_only_what_the_engine_keeps_is_held(market):
    ann = Ear(market).subscribe()
    for price in (9.0, 8.0, 7.0):
        await market.tell(patched("kale", price=price))
    again = market.restarted(kept=1)
    came_back = [Ear(again, last=message["messageId"]) for message in ann.messages[-3:]]
    assert [each.messages[0]["payload"]["resumed"] for each in came_back] == [False, True, True]


async def test_who_was_told_nothing_for_long_lacks_nothing():
    async with Market(*OPENING, kept=2) as market:
        bob = Ear(market, "bob").subscribe("stock_alerts")
        for price in (9.0, 8.0, 7.0):
            await market.tell(patched("kale", price=price))
        market.hub.publish_user("bob", b'{"type":"PRIVATE","payload":{}}')
        assert bob.alerts == []
        assert Ear(market, last=bob.last).messages[0]["payload"]["resumed"] is True


async def test_a_private_message_says_how_far_its_reader_was_given(market):
    slow, quick = Ear(market, room=3).subscribe(), Ear(market).subscribe()
    before = market.engine.alerts.count
    for price in (9.0, 8.0):
        await market.tell(patched("kale", price=price))
    market.hub.publish_user("ann", b'{"type":"PRIVATE","payload":{}}')
    assert offset(quick.messages[-1]) >> 32 == before + 2
    slow.read(1)
    assert slow.messages[-1]["type"] == "PRIVATE"
    assert offset(slow.messages[-1]) >> 32 == before + 1


# --------------------------------------------------------------------------------------- how it goes about it


async def test_a_reader_that_left_while_others_had_their_turn_is_given_nothing(monkeypatch):
    monkeypatch.setattr(module, "SLICE", 1)
    async with Market(*OPENING) as market:
        first, second, third = (Ear(market).subscribe() for _ in range(3))
        market.happen(patched("kale", price=9.0))
        await asyncio.sleep(0)
        assert [len(reader.alerts) for reader in (first, second, third)] == [1, 0, 0]
        second.leave()
        await market.alerting.flush()
        assert [len(reader.alerts) for reader in (first, second, third)] == [1, 0, 1]


async def test_what_changes_while_others_have_their_turn_is_looked_at_again(monkeypatch):
    monkeypatch.setattr(module, "SLICE", 1)
    async with Market(*OPENING) as market:
        first, second = (Ear(market).subscribe() for _ in range(2))
        market.happen(patched("kale", price=9.0))
        await asyncio.sleep(0)
        await market.tell(patched("kale", stock=0))
        assert (len(first.alerts), second.alerts) == (1, [])


async def test_one_who_subscribes_while_others_have_their_turn_is_told_once(monkeypatch):
    monkeypatch.setattr(module, "SLICE", 1)
    async with Market(*OPENING) as market:
        first, _ = (Ear(market).subscribe() for _ in range(2))
        begun = first.messages[1]["messageId"]
        market.happen(patched("kale", price=9.0))
        await asyncio.sleep(0)
        late, back = Ear(market).subscribe(), Ear(market, last=begun).subscribe()
        await market.alerting.flush()
        assert (late.alerts, len(back.alerts)) == ([], 1)
        assert Ear(market, last=late.messages[-1]["messageId"]).messages[0]["payload"]["resumed"]


async def test_one_who_reads_on_while_others_have_their_turn_is_told_once(monkeypatch):
    monkeypatch.setattr(module, "SLICE", 1)
    async with Market(*OPENING) as market:
        first, slow = Ear(market).subscribe(), Ear(market, room=2).subscribe()
        await market.tell(patched("kale", price=9.0))
        market.happen(patched("kale", price=8.0))
        await asyncio.sleep(0)
        assert (len(first.alerts), len(slow.alerts)) == (2, 0)
        slow.read()
        assert len(slow.alerts) == 2
        await market.alerting.flush()
        assert len(slow.alerts) == 2


async def test_one_who_subscribes_anew_while_others_have_their_turn_begins_anew(monkeypatch):
    monkeypatch.setattr(module, "SLICE", 1)
    async with Market(*OPENING) as market:
        _, second = Ear(market).subscribe(), Ear(market).subscribe()
        market.happen(patched("kale", price=9.0))
        await asyncio.sleep(0)
        second.say("UNSUBSCRIBE", topics=TOPICS).say("SUBSCRIBE", topics=TOPICS)
        await market.tell(patched("kale", price=8.0))
        assert [alert[3] for alert in second.alerts] == [8.0]


async def test_what_is_said_while_others_are_not_told_yet_says_who_was(monkeypatch):
    monkeypatch.setattr(module, "SLICE", 1)
    async with Market(*OPENING) as market:
        first, second = Ear(market).subscribe(), Ear(market).subscribe()
        market.happen(patched("kale", price=9.0))
        await asyncio.sleep(0)
        market.hub.publish_user("ann", b'{"type":"PRIVATE","payload":{}}')
        await market.alerting.flush()
        for reader in (first, second):
            assert in_order(reader.messages)
            cut = next(at for at, kind in enumerate(reader.wire.types) if kind == "PRIVATE")
            later = Ear(market, last=reader.messages[cut]["messageId"]).subscribe()
            assert len(told(reader.messages[:cut])) + len(later.alerts) == 1


async def test_no_more_editions_are_held_than_a_few():
    async with Market(*OPENING, farm("far")) as market:
        ann = Ear(market).subscribe()
        price = 1_000_000.0
        await market.tell(patched("kale", price=price))
        for _ in range(EDITIONS + 10):
            price -= 1
            market.happen(patched("kale", price=price))
        await market.alerting.flush()
        assert len(ann.alerts) == EDITIONS + 10
        assert len(market.alerting._editions) == EDITIONS


async def test_what_raises_no_alert_stirs_nobody(market):
    ann = Ear(market).subscribe()
    await market.tell(
        did("bob", "VIEW_PRODUCT", "kale"), order("bob", "kale"), patched_farm("hill", name="Up")
    )
    market.alerting.take(Effects(products=["kale"]))
    assert not market.alerting._stirred.is_set()
    assert ann.alerts == []


async def test_at_the_end_what_came_is_still_given_out():
    market = Market(*OPENING)
    market.alerting.start()
    ann = Ear(market).subscribe()
    market.happen(patched("kale", price=9.0))
    await market.alerting.stop()
    assert len(ann.alerts) == 1
    market.happen(patched("kale", price=8.0))
    for _ in range(5):
        await asyncio.sleep(0)
    assert len(ann.alerts) == 1


async def test_what_never_began_can_be_stopped():
    await Market(*OPENING).alerting.stop()


async def test_who_is_forgotten_stays_and_is_told_as_one_who_never_saw_anything(market):
    await market.tell(did("ann", "VIEW_PRODUCT", "kale"))
    ann = Ear(market).subscribe()
    market.engine.forget("ann")
    market.alerting.forget("ann")
    await market.tell(patched("kale", price=9.0))
    assert ann.alerts == [("drop", "kale", 10.0, 9.0, None)]
