"""The connections of a process."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.errors import Unavailable
from punnet.hub import GOING_AWAY, LAST_WORDS_SECONDS, SERVICE_RESTART, TRY_AGAIN_LATER, Bounds, Hub
from punnet.protocol.frames import Frame, Numbers
from punnet.protocol.messages import Topic
from punnet.protocol.subscription import Subscription
from tests.reader import Narrow
from tests.wires import Reel

BOUNDS = Bounds(messages=4, size=100, stalled=10)


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Timer:
    """Something that is done at a time, unless it is cancelled before."""

    at: float
    do: Callable[[], None]
    set: bool = True

    def cancel(self) -> None:
        self.set = False


class Timers:
    """The timers of a loop, whose time passes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0
        self._timers: list[Timer] = []

    def call_later(self, seconds: float, do: Callable[[], None]) -> Timer:
        self._timers.append(Timer(self.now + seconds, do))
        return self._timers[-1]

    def pass_by(self, seconds: float) -> None:
        self.now += seconds
        for timer in self._timers:
            if timer.set and timer.at <= self.now:
                timer.set = False
                timer.do()

    @property
    def set(self) -> int:
        return sum(timer.set for timer in self._timers)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def hub(clock: Clock) -> Hub:
    return Hub(clock, Numbers("7c1d", "1"), capacity=3, bounds=BOUNDS)


@pytest.fixture
async def timers(monkeypatch) -> Timers:
    timers = Timers()
    monkeypatch.setattr(asyncio.get_running_loop(), "call_later", timers.call_later)
    return timers


def draft(number: int, size: int = 0) -> bytes:
    """Return a message of a number, of at least a size in bytes."""
    bare = b'{"n":%d}' % number
    return b'{"n":%d%b}' % (number, b" " * (size - len(bare)))


def sent(wire: Reel) -> list[int]:
    """Return the numbers of the messages that were sent on a wire."""
    return [message["n"] for message in wire.messages]


def numbered(wire: Reel) -> list[tuple[int, int]]:
    """Return of each message the alert that its number is after, and which one it is."""
    offsets = [int(message["messageId"].removeprefix("7c1d-1:")) for message in wire.messages]
    return [(offset >> 32, offset & (1 << 32) - 1) for offset in offsets]


def listen(hub, user_id, *, ready=True):
    """Return a connection and its wire."""
    wire = Reel(ready=ready)
    return hub.register(user_id, wire), wire


def make_room(connection, wire):
    wire.ready = True
    connection.drained()


# ---------------------------------------------------------------------------------------- what waits, and how


steps = st.lists(
    st.tuples(st.just("send"), st.integers(10, 60)) | st.tuples(st.just("read"), st.integers(1, 6)),
    max_size=30,
)


@given(st.integers(0, 3), steps)
def test_messages_are_sent_in_order_and_wait_within_bounds_or_else_the_reader_is_closed(room, steps):
    async def run() -> None:
        hub = Hub(Clock(), Numbers("7c1d", "1"), bounds=BOUNDS)
        wire = Narrow(room)
        connection = hub.register("ann", wire)
        free, waiting, expected, closed = room, deque(), [], False
        for number, (what, count) in enumerate(steps):
            if what == "send":
                connection.send(draft(number, count))
                if len(waiting) == 4 or (
                    (waiting or not free) and sum(size for _, size in waiting) + count > 100
                ):
                    closed = True
                    waiting.clear()
                if not closed:
                    waiting.append((number, count))
            else:
                free += count
                wire.widen(count)
                connection.drained()
            while waiting and free:
                expected.append(waiting.popleft()[0])
                free -= 1
            assert sent(wire) == expected
            assert (connection.close_code == TRY_AGAIN_LATER) is closed
        hub.unregister(connection)

    asyncio.run(run())


async def test_messages_are_sent_at_once_in_the_order_they_came(hub, timers):
    _, wire = listen(hub, "ann")
    for number in range(10):
        hub.publish_user("ann", draft(number))
        assert sent(wire) == list(range(number + 1))
    assert timers.set == 0


async def test_while_there_is_no_room_messages_wait_and_then_come_in_their_order(hub):
    ann, wire = listen(hub, "ann", ready=False)
    for number in range(3):
        ann.send(draft(number))
    assert sent(wire) == []
    assert hub.written == 0
    make_room(ann, wire)
    ann.send(draft(3))
    assert sent(wire) == [0, 1, 2, 3]


async def test_every_connection_of_a_user_gets_the_message_and_nobody_elses(hub):
    (_, phone), (_, laptop), (_, bob) = listen(hub, "ann"), listen(hub, "ann"), listen(hub, "bob")
    hub.publish_user("ann", draft(1))
    hub.publish_user("bob", draft(2))
    hub.publish_user("nobody", draft(3))
    assert sent(phone) == sent(laptop) == [1]
    assert sent(bob) == [2]
    assert hub.written == 3


async def test_a_reader_with_too_many_messages_waiting_is_closed_at_once_and_delays_no_other(hub):
    (slow, unread), (quick, read) = listen(hub, "ann", ready=False), listen(hub, "ann")
    for number in range(4):
        hub.publish_user("ann", draft(number))
    assert slow.close_code is None
    hub.publish_user("ann", draft(4))
    assert unread.ends == [(TRY_AGAIN_LATER, "Too much waits to be read.")]
    assert (slow.close_code, quick.close_code) == (TRY_AGAIN_LATER, None)
    hub.publish_user("ann", draft(5))
    make_room(slow, unread)
    assert sent(unread) == []
    assert sent(read) == [0, 1, 2, 3, 4, 5]


async def test_a_reader_with_too_many_bytes_waiting_is_closed(hub):
    (ann, hers), (bob, his) = listen(hub, "ann", ready=False), listen(hub, "bob", ready=False)
    for size in (60, 40):
        ann.send(draft(1, size))
    assert ann.close_code is None
    for size in (60, 41):
        bob.send(draft(1, size))
    assert bob.close_code == TRY_AGAIN_LATER
    assert (hers.ends, len(his.ends)) == ([], 1)


async def test_room_that_was_used_is_free_again(hub):
    ann, wire = listen(hub, "ann")
    for _ in range(10):
        wire.ready = False
        for number in range(4):
            ann.send(draft(number, 25))
        make_room(ann, wire)
    assert ann.close_code is None
    assert sent(wire) == [0, 1, 2, 3] * 10


async def test_what_is_too_large_to_wait_can_be_sent_where_there_is_room(hub):
    ann, wire = listen(hub, "ann")
    ann.send(draft(1, 10_000))
    assert (sent(wire), ann.close_code) == ([1], None)


# ----------------------------------------------------------------------------------------- readers that stall


async def test_a_reader_who_leaves_what_waits_for_too_long_is_closed(hub, timers):
    ann, wire = listen(hub, "ann", ready=False)
    timers.pass_by(60)
    ann.send(draft(1))
    timers.pass_by(9)
    ann.send(draft(2))
    assert ann.close_code is None
    timers.pass_by(1)
    assert wire.ends == [(TRY_AGAIN_LATER, "Nothing was read for too long.")]
    make_room(ann, wire)
    assert sent(wire) == []


async def test_a_reader_who_reads_slowly_is_not_closed(hub, timers):
    wire = Narrow(0)
    ann = hub.register("ann", wire)
    for number in range(4):
        ann.send(draft(number))
    for number in range(4):
        timers.pass_by(9)
        wire.widen(1 if number < 3 else 2)
        ann.drained()
        assert sent(wire) == list(range(number + 1))
    timers.pass_by(100)
    assert (ann.close_code, timers.set) == (None, 0)


async def test_who_is_not_ready_for_an_alert_is_looked_after_until_there_is_room(hub, timers):
    ann, wire = listen(hub, "ann", ready=False)
    assert not ann.ready
    timers.pass_by(9)
    assert not ann.ready
    make_room(ann, wire)
    assert ann.ready
    timers.pass_by(100)
    assert ann.close_code is None
    wire.ready = False
    assert not ann.ready
    timers.pass_by(10)
    assert ann.close_code == TRY_AGAIN_LATER


# ------------------------------------------------------------------------------------------------ taking back


async def test_what_waits_for_a_user_can_be_taken_back_and_the_connection_stays(hub):
    phone, laptop, bob = (listen(hub, user_id, ready=False) for user_id in ("ann", "ann", "bob"))
    for user_id in ("ann", "bob"):
        hub.publish_user(user_id, draft(1, 90))
    hub.drop("ann")
    hub.drop("nobody")
    hub.publish_user("ann", draft(2, 90))
    for connection, wire in (phone, laptop, bob):
        make_room(connection, wire)
        connection.send(draft(3))
    assert sent(phone[1]) == sent(laptop[1]) == [2, 3]
    assert sent(bob[1]) == [1, 3]


async def test_where_nothing_waits_nothing_is_taken_back(hub):
    ann, wire = listen(hub, "ann")
    ann.send(draft(1))
    hub.drop("ann")
    ann.send(draft(2))
    assert sent(wire) == [1, 2]


# ---------------------------------------------------------------------------------------------------- closing


async def test_where_nothing_waits_a_connection_is_closed_at_once(hub, timers):
    ann, wire = listen(hub, "ann")
    ann.close(4000, "Enough.")
    assert wire.ends == [(4000, "Enough.")]
    assert not ann.ready
    ann.send(draft(1))
    assert (sent(wire), timers.set) == ([], 0)


async def test_a_connection_is_closed_after_what_waits(hub, timers):
    ann, wire = listen(hub, "ann", ready=False)
    ann.send(draft(1))
    ann.close(4000, "Enough.")
    ann.send(draft(2))
    assert wire.ends == []
    make_room(ann, wire)
    assert sent(wire) == [1]
    assert (wire.ends, timers.set) == ([(4000, "Enough.")], 0)


async def test_who_does_not_read_the_last_words_soon_is_closed_without_them(hub, timers):
    ann, wire = listen(hub, "ann", ready=False)
    ann.send(draft(1))
    ann.close(4000, "Enough.")
    timers.pass_by(LAST_WORDS_SECONDS - 0.1)
    assert wire.ends == []
    timers.pass_by(0.1)
    assert wire.ends == [(4000, "Enough.")]


async def test_the_last_words_are_not_looked_after_longer_because_some_are_read(hub, timers):
    wire = Narrow(0)
    ann = hub.register("ann", wire)
    for number in range(3):
        ann.send(draft(number))
    ann.close(4000)
    timers.pass_by(LAST_WORDS_SECONDS / 2)
    wire.widen(1)
    ann.drained()
    assert (sent(wire), wire.ends) == ([0], [])
    timers.pass_by(LAST_WORDS_SECONDS / 2)
    assert wire.ends == [(4000, "")]


async def test_a_reader_who_is_too_slow_is_closed_without_what_waits(hub, timers):
    ann, wire = listen(hub, "ann", ready=False)
    ann.send(draft(1))
    ann.close(TRY_AGAIN_LATER, "Too slow.")
    assert wire.ends == [(TRY_AGAIN_LATER, "Too slow.")]
    assert timers.set == 0


async def test_a_connection_that_is_to_be_closed_is_closed_although_nothing_is_left_to_send(hub, timers):
    ann, wire = listen(hub, "ann", ready=False)
    ann.send(draft(1))
    hub.close()
    hub.drop("ann")
    make_room(ann, wire)
    assert sent(wire) == []
    assert wire.ends == [(SERVICE_RESTART, "The server stops.")]


async def test_when_the_server_stops_what_waits_is_still_sent(hub, timers):
    (ann, hers), (bob, his) = listen(hub, "ann", ready=False), listen(hub, "bob")
    ann.send(draft(1))
    hub.close()
    assert ann.close_code == bob.close_code == SERVICE_RESTART
    assert (hers.ends, his.ends) == ([], [(SERVICE_RESTART, "The server stops.")])
    make_room(ann, hers)
    assert sent(hers) == [1]
    assert hers.ends == [(SERVICE_RESTART, "The server stops.")]


async def test_the_first_close_code_stays(hub):
    ann, wire = listen(hub, "ann")
    ann.close(4000)
    hub.close()
    assert ann.close_code == 4000
    assert wire.ends == [(4000, "")]


async def test_who_is_gone_is_neither_written_to_nor_looked_after(hub, timers):
    ann, wire = listen(hub, "ann", ready=False)
    ann.send(draft(1))
    hub.unregister(ann)
    assert (ann.close_code, timers.set) == (GOING_AWAY, 0)
    wire.ready = True
    ann.send(draft(2))
    assert (sent(wire), ann.ready, wire.ends) == ([], False, [])


async def test_who_is_gone_after_a_goodbye_keeps_its_code(hub, timers):
    ann, _ = listen(hub, "ann", ready=False)
    ann.send(draft(1))
    ann.close(4000)
    hub.unregister(ann)
    assert (ann.close_code, timers.set) == (4000, 0)


# ---------------------------------------------------------------------------------------------- their numbers


async def test_each_message_has_a_number_of_its_own_after_the_last_alert_that_was_given_to_everybody(hub):
    (ann, hers), (bob, his) = listen(hub, "ann"), listen(hub, "bob")
    ann.send(draft(1))
    bob.send(draft(2))
    hub.numbers.published = 7
    ann.send(draft(3))
    assert numbered(hers) == [(0, 1), (7, 3)]
    assert numbered(his) == [(0, 2)]


async def test_who_was_given_an_alert_before_the_others_has_its_number(hub):
    hub.numbers.published = 7
    ann, wire = listen(hub, "ann")
    assert (ann.given, ann.behind) == (7, False)
    ann.given = 9
    ann.send(draft(1))
    hub.numbers.published = 12
    ann.send(draft(2))
    assert numbered(wire) == [(9, 1), (12, 2)]


async def test_while_a_connection_is_behind_its_messages_have_the_number_it_was_given(hub):
    hub.numbers.published = 7
    ann, wire = listen(hub, "ann")
    ann.resume(3)
    ann.send(draft(1))
    ann.behind = False
    ann.send(draft(2))
    assert numbered(wire) == [(3, 1), (7, 2)]


async def test_what_waited_is_numbered_when_it_is_sent(hub):
    (ann, hers), (bob, his) = listen(hub, "ann", ready=False), listen(hub, "bob")
    ann.send(draft(1))
    bob.send(draft(2))
    hub.numbers.published = 5
    make_room(ann, hers)
    assert (numbered(his), numbered(hers)) == ([(0, 1)], [(5, 2)])


async def test_an_alert_keeps_its_own_number(hub):
    ann, wire = listen(hub, "ann")
    ann.give(Frame(draft(1), hub.numbers.of_alert(8)))
    assert numbered(wire) == [(8, 0)]


async def test_who_is_behind_is_refilled_once_there_is_room_after_what_waits(hub):
    refilled = []
    hub.refill = lambda connection: refilled.append((connection, sent(wire)))
    wire = Narrow(0)
    ann = hub.register("ann", wire)
    ann.resume(0)
    for number in range(2):
        ann.send(draft(number))
    for _ in range(2):
        assert refilled == []
        wire.widen(1)
        ann.drained()
    assert refilled == [(ann, [0, 1])]
    ann.behind = False
    ann.drained()
    assert len(refilled) == 1


async def test_who_is_to_be_closed_is_not_refilled(hub):
    hub.refill = lambda _: pytest.fail("it was refilled")
    ann, _ = listen(hub, "ann")
    ann.resume(0)
    ann.close(4000)
    ann.drained()


async def test_where_nobody_has_alerts_nothing_is_refilled(hub):
    ann, wire = listen(hub, "ann")
    ann.resume(0)
    ann.drained()
    assert (sent(wire), ann.behind) == ([], True)


# ----------------------------------------------------------------------------------------------- who is there


def test_a_connection_too_many_is_refused_until_one_leaves(hub):
    first, _ = listen(hub, "ann")
    listen(hub, "ann")
    assert not hub.full
    hub.admit()
    listen(hub, "bob")
    assert hub.full
    for refused in (hub.admit, lambda: listen(hub, "cem")):
        with pytest.raises(Unavailable, match="3 connections are open"):
            refused()
    assert (hub.open, hub.total) == (3, 3)
    hub.unregister(first)
    listen(hub, "cem")


def test_it_knows_who_listens(hub):
    (first, _), (second, _) = listen(hub, "ann"), listen(hub, "ann")
    assert hub.of_user("ann") == (first, second)
    hub.unregister(first)
    assert hub.listens("ann")
    assert hub.of_user("ann") == (second,)
    hub.unregister(second)
    assert not hub.listens("ann")
    assert not hub.listens("bob")
    assert hub.of_user("ann") == hub.of_user("bob") == ()


def test_it_counts_connections_and_how_long_they_last(hub, clock):
    assert (hub.open, hub.total, hub.average_seconds()) == (0, 0, 0.0)
    first, _ = listen(hub, "ann")
    clock.now += 10
    listen(hub, "bob")
    clock.now += 20
    assert (hub.open, hub.total, hub.average_seconds()) == (2, 2, 25.0)
    hub.unregister(first)
    hub.unregister(first)
    clock.now += 40
    assert (hub.open, hub.total, hub.average_seconds()) == (1, 2, 45.0)


def test_counted_anew_there_are_only_the_open_connections(hub, clock):
    first, _ = listen(hub, "ann")
    listen(hub, "bob")
    clock.now += 50
    hub.unregister(first)
    hub.reset()
    assert (hub.open, hub.total, hub.average_seconds()) == (1, 1, 50.0)
    listen(hub, "cem")
    assert (hub.open, hub.total, hub.average_seconds()) == (2, 2, 25.0)


topics = st.sets(st.sampled_from(Topic))


@given(st.lists(st.tuples(st.integers(0, 2), topics | st.none(), st.booleans()), max_size=20))
def test_who_is_subscribed_to_a_topic_is_known_by_topic_the_one_that_is_so_longest_first(steps):
    hub = Hub(Clock(), Numbers("7c1d", "1"))
    connections = [hub.register(user_id, Reel()) for user_id in ("ann", "ann", "bob")]
    expected = {(topic, mine): [] for topic in Topic for mine in (False, True)}
    for who, wanted, mine in steps:
        connection = connections[who]
        if wanted is None:
            hub.unregister(connection)
            connections[who] = hub.register(connection.user_id, Reel())
        else:
            hub.subscribe(connection, {topic: Subscription(0, mine=mine) for topic in wanted})
            assert connection.subscriptions == {topic: Subscription(0, mine=mine) for topic in wanted}
        for kind, readers in expected.items():
            # Whoever subscribes says all that they want, and stands at the end again.
            expected[kind] = [reader for reader in readers if reader is not connection]
            expected[kind] += [connection] if kind in {(topic, mine) for topic in wanted or ()} else []
    for topic in Topic:
        plain, choosy = expected[topic, False], expected[topic, True]
        readers = hub.of_topic(topic)
        assert (list(readers.plain), list(readers.choosy)) == (plain, choosy)
        assert readers.everyone == (*plain, *choosy)
        assert hub.subscriptions()[str(topic)] == len(plain) + len(choosy)


def test_it_counts_subscriptions_by_topic(hub):
    (first, _), (second, _) = listen(hub, "ann"), listen(hub, "bob")
    hub.subscribe(first, {Topic.TRENDING: Subscription(0), Topic.PRICE_DROPS: Subscription(0)})
    hub.subscribe(second, {Topic.TRENDING: Subscription(0)})
    assert hub.subscriptions() == {"trending": 2, "price_drops": 1}
    hub.unregister(second)
    assert hub.subscriptions() == {"trending": 1, "price_drops": 1}
    hub.subscribe(first, {})
    assert hub.subscriptions() == {}


async def test_it_tells_when_the_last_connection_is_gone(hub):
    await hub.emptied()
    (first, _), (second, _) = listen(hub, "ann"), listen(hub, "bob")
    gone = asyncio.create_task(hub.emptied())
    for connection in (first, second):
        await asyncio.sleep(0)
        assert not gone.done()
        hub.unregister(connection)
    await gone
