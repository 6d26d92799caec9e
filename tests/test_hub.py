"""The connections of a process."""

import asyncio

import pytest

from punnet.errors import Unavailable
from punnet.hub import GOING_AWAY, TRY_AGAIN_LATER, Hub


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def hub(clock: Clock) -> Hub:
    return Hub(clock, capacity=3, frames=4, size=100)


async def test_frames_are_taken_in_the_order_they_were_sent(hub):
    ann = hub.register("ann")
    for frame in (b"1", b"2", b"3"):
        hub.publish_user("ann", frame)
    assert await ann.take() == [b"1", b"2", b"3"]
    hub.publish_user("ann", b"4")
    assert await ann.take() == [b"4"]


async def test_who_takes_waits_until_something_is_sent(hub):
    ann = hub.register("ann")
    taking = asyncio.ensure_future(ann.take())
    await asyncio.sleep(0)
    assert not taking.done()
    hub.publish_user("ann", b"1")
    assert await taking == [b"1"]


async def test_every_connection_of_a_user_gets_the_frame_and_nobody_elses(hub):
    phone, laptop, bob = hub.register("ann"), hub.register("ann"), hub.register("bob")
    hub.publish_user("ann", b"for ann")
    hub.publish_user("bob", b"for bob")
    hub.publish_user("nobody", b"lost")
    assert await phone.take() == await laptop.take() == [b"for ann"]
    assert await bob.take() == [b"for bob"]


async def test_a_reader_with_too_many_frames_waiting_is_closed_and_delays_no_other(hub):
    slow, quick = hub.register("ann"), hub.register("ann")
    for number in range(5):
        hub.publish_user("ann", b"%d" % number)
        assert await quick.take() == [b"%d" % number]
    assert slow.close_code == TRY_AGAIN_LATER
    assert quick.close_code is None
    assert await slow.closing() == TRY_AGAIN_LATER
    assert await slow.take() == []
    hub.publish_user("ann", b"later")
    assert await slow.take() == []
    assert await quick.take() == [b"later"]


async def test_a_reader_with_too_many_bytes_waiting_is_closed(hub):
    ann, bob = hub.register("ann"), hub.register("bob")
    for size in (60, 40):
        ann.send(b"x" * size)
    assert ann.close_code is None
    assert len(await ann.take()) == 2
    for size in (60, 41):
        bob.send(b"x" * size)
    assert bob.close_code == TRY_AGAIN_LATER


async def test_room_that_was_taken_is_free_again(hub):
    ann = hub.register("ann")
    for _ in range(10):
        for _ in range(4):
            ann.send(b"x" * 25)
        assert len(await ann.take()) == 4
    assert ann.close_code is None


async def test_what_waits_for_a_user_can_be_taken_back_and_the_connection_stays(hub):
    phone, laptop, bob = hub.register("ann"), hub.register("ann"), hub.register("bob")
    for user_id in ("ann", "bob"):
        hub.publish_user(user_id, b"x" * 90)
    hub.drop("ann")
    hub.drop("nobody")
    taking = asyncio.ensure_future(phone.take())
    await asyncio.sleep(0)
    assert not taking.done()
    hub.publish_user("ann", b"y" * 90)
    assert await taking == await laptop.take() == [b"y" * 90]
    assert await bob.take() == [b"x" * 90]


async def test_who_takes_waits_on_when_what_was_sent_is_taken_back(hub):
    ann = hub.register("ann")
    taking = asyncio.ensure_future(ann.take())
    await asyncio.sleep(0)
    ann.send(b"1")
    hub.drop("ann")
    for _ in range(3):
        await asyncio.sleep(0)
    assert not taking.done()
    ann.send(b"2")
    assert await taking == [b"2"]


async def test_what_was_taken_and_not_sent_can_be_taken_back_too(hub):
    ann = hub.register("ann")
    for frame in (b"1", b"2", b"3"):
        ann.send(frame)
    sent = []
    for frame in await ann.take():
        sent.append(frame)
        hub.drop("ann")
    assert sent == [b"1"]


async def test_a_connection_that_is_to_be_closed_is_closed_although_nothing_is_left_to_send(hub):
    ann = hub.register("ann")
    ann.send(b"last")
    hub.close()
    hub.drop("ann")
    assert await ann.take() == []


async def test_when_the_server_stops_what_waits_is_still_sent(hub):
    ann, bob = hub.register("ann"), hub.register("bob")
    ann.send(b"last")
    hub.close()
    assert await ann.closing() == await bob.closing() == GOING_AWAY
    assert await ann.take() == [b"last"]
    assert await ann.take() == await bob.take() == []


async def test_the_first_close_code_stays(hub):
    ann = hub.register("ann")
    ann.close(4000)
    hub.close()
    assert ann.close_code == await ann.closing() == 4000


def test_a_connection_too_many_is_refused_until_one_leaves(hub):
    first = hub.register("ann")
    hub.register("ann")
    assert not hub.full
    hub.register("bob")
    assert hub.full
    with pytest.raises(Unavailable, match="3 connections are open"):
        hub.register("cem")
    hub.unregister(first)
    hub.register("cem")


def test_it_knows_who_listens(hub):
    first, second = hub.register("ann"), hub.register("ann")
    hub.unregister(first)
    assert hub.listens("ann")
    hub.unregister(second)
    assert not hub.listens("ann")
    assert not hub.listens("bob")


def test_it_counts_connections_and_how_long_they_last(hub, clock):
    assert (hub.open, hub.total, hub.average_seconds()) == (0, 0, 0.0)
    first = hub.register("ann")
    clock.now += 10
    hub.register("bob")
    clock.now += 20
    assert (hub.open, hub.total, hub.average_seconds()) == (2, 2, 25.0)
    hub.unregister(first)
    hub.unregister(first)
    clock.now += 40
    assert (hub.open, hub.total, hub.average_seconds()) == (1, 2, 45.0)


def test_counted_anew_there_are_only_the_open_connections(hub, clock):
    first = hub.register("ann")
    hub.register("bob")
    clock.now += 50
    hub.unregister(first)
    hub.reset()
    assert (hub.open, hub.total, hub.average_seconds()) == (1, 1, 50.0)
    hub.register("cem")
    assert (hub.open, hub.total, hub.average_seconds()) == (2, 2, 25.0)


def test_it_counts_subscriptions_by_topic(hub):
    first, second = hub.register("ann"), hub.register("bob")
    first.topics.update({"trending", "price_drops"})
    second.topics.add("trending")
    assert hub.subscriptions() == {"trending": 2, "price_drops": 1}
    hub.unregister(second)
    assert hub.subscriptions() == {"trending": 1, "price_drops": 1}


async def test_it_tells_when_the_last_connection_is_gone(hub):
    await hub.emptied()
    first, second = hub.register("ann"), hub.register("bob")
    gone = asyncio.create_task(hub.emptied())
    for connection in (first, second):
        await asyncio.sleep(0)
        assert not gone.done()
        hub.unregister(connection)
    await gone
