"""Wires: what uvicorn's protocols do with what is put on them, and how they are ended."""

import asyncio
import json
from contextlib import asynccontextmanager, suppress

import httpx
import pytest
import uvicorn
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from punnet.errors import Unavailable
from punnet.protocol.frames import Frame
from punnet.web import wires
from punnet.web.prompt import HttpWire
from punnet.web.wires import WIRE, EventsWire, WebSocketWire, wire_of
from tests.web.stall import Server, SlowJournal, opened, served, until

SOCKET = "/ws/recommendations?userId=ann"
EVENTS = "/api/recommendations/stream?userId=ann"
HANDSHAKE = "\r\n".join(
    (
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    )
)
HELLO = Frame(b'{"type":"HELLO"}', "epoch-run:1")
GOODBYE = b"\x88\x05\x03\xf5bye"
"""A close frame of a server: code 1013, and the reason."""

KINDS = pytest.mark.parametrize(
    ("path", "headers", "kind"), [(SOCKET, HANDSHAKE, WebSocketWire), (EVENTS, "Accept: */*", HttpWire)]
)


@pytest.fixture
async def address(stall):
    async with served(stall.app) as address:
        yield address


@pytest.fixture
def hasty(monkeypatch):
    """Give those who are to leave next to no time for it."""
    monkeypatch.setattr(wires, "LAST_WORDS_SECONDS", 0.02)


@asynccontextmanager
async def spoken(address, path, headers):
    """Send a request by hand; yield the ends of the client, who has read nothing yet."""
    host, _, port = address.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {address}\r\n{headers}\r\n\r\n".encode())
        yield reader, writer
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


@asynccontextmanager
async def by_hand(stall, address, path, headers):
    """Open a stream by hand; yield its wire, and the ends of the client."""
    async with spoken(address, path, headers) as ends:
        await until(lambda: stall.shop.hub.listens("ann"))
        (connection,) = stall.shop.hub.of_user("ann")
        yield connection._wire, *ends


@KINDS
async def test_a_stream_has_the_wire_of_its_kind_and_room_on_it(stall, address, path, headers, kind):
    async with by_hand(stall, address, path, headers) as (wire, *_):
        assert type(wire) is kind
        assert wire.ready


@KINDS
async def test_what_is_put_on_a_wire_goes_out_as_it_is(stall, address, path, headers, kind):
    async with by_hand(stall, address, path, headers) as (wire, reader, _):
        expected = HELLO.websocket if kind is WebSocketWire else HELLO.chunk
        wire.write(wire.prepare(HELLO))
        assert wire.prepare(HELLO) == expected
        came = await reader.readuntil(expected)
        assert came.count(HELLO.text) == 1


@KINDS
async def test_one_goodbye_is_enough(hasty, stall, address, path, headers, kind):
    async with by_hand(stall, address, path, headers) as (wire, reader, _):
        wire.end(1013, "bye")
        assert not wire.ready
        wire.end(1001, "bye again")
        came = await reader.read()
    end = GOODBYE if kind is WebSocketWire else b"\r\n0\r\n\r\n"
    assert came.endswith(end)
    assert came.count(b"bye") == (kind is WebSocketWire)
    await until(lambda: not stall.shop.hub.open)


@KINDS
async def test_who_is_gone_is_said_no_goodbye(stall, address, path, headers, kind):
    async with by_hand(stall, address, path, headers) as (wire, _, writer):
        writer.transport.abort()
        await until(lambda: not stall.shop.hub.open)
        assert not wire.ready
        wire.end(1013, "bye")
        assert wire.transport.get_write_buffer_size() == 0


async def test_who_does_not_answer_a_goodbye_is_hung_up_on(hasty, stall, address):
    async with by_hand(stall, address, SOCKET, HANDSHAKE) as (wire, reader, _):
        wire.end(1013, "bye")
        assert not wire.transport.is_closing()
        # The client says nothing, and sees the end all the same.
        assert (await reader.read()).endswith(GOODBYE)
        assert wire.transport.is_closing()


async def test_who_answers_a_goodbye_is_hung_up_on_at_once(stall, address):
    async with connect(f"ws://{address}{SOCKET}") as client:
        await client.recv()
        (connection,) = stall.shop.hub.of_user("ann")
        wire = connection._wire
        wire.end(1013, "bye")
        timer = wire.close_timer
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1013, "bye")
    await until(lambda: not stall.shop.hub.open)
    assert timer.cancelled()


@KINDS
async def test_who_does_not_take_what_waits_is_hung_up_on(hasty, stall, address, path, headers, kind):
    large = Frame(b'{"a":"' + b"x" * 4_000_000 + b'"}', "epoch-run:1")
    async with by_hand(stall, address, path, headers) as (wire, *_):
        wire.write(wire.prepare(large))
        wire.write(wire.prepare(large))
        assert not wire.ready
        wire.end(1013, "bye")
        assert wire.transport.get_write_buffer_size() > 0
        await until(lambda: wire.transport.get_write_buffer_size() == 0)
        assert wire.transport.is_closing()
        await until(lambda: not stall.shop.hub.open)


@KINDS
async def test_there_is_room_again_once_what_waits_is_taken(stall, address, path, headers, kind):
    large = Frame(b'{"a":"' + b"x" * 4_000_000 + b'"}', "epoch-run:1")
    async with by_hand(stall, address, path, headers) as (wire, reader, _):
        told = []
        wire.on_room = lambda: told.append(wire.ready)
        wire.write(wire.prepare(large))
        wire.write(wire.prepare(large))
        assert (wire.ready, told) == (False, [])
        await reader.readexactly(8_000_000)
        await until(lambda: wire.ready)
        assert told == [True]


async def test_who_has_more_to_say_hears_the_goodbye_and_is_heard_to_answer_it():
    journal = SlowJournal()
    async with (
        opened(journal=journal) as stall,
        served(stall.app) as address,
        connect(f"ws://{address}{SOCKET}") as client,
    ):
        await client.recv()
        (connection,) = stall.shop.hub.of_user("ann")
        wire, journal.quick = connection._wire, 0
        view = {"type": "USER_ACTION", "payload": {"type": "VIEW_PRODUCT", "entityId": "basil"}}
        # While the server is busy with one, it reads one more and no other.
        for _ in range(3):
            await client.send(json.dumps(view))
        await until(lambda: wire.read_paused and not wire.queue.empty())
        wire.end(1013, "bye")
        assert not wire.read_paused
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        await until(wire.transport.is_closing)
        journal.let.set()
        await until(lambda: not stall.shop.hub.open)
    assert closed.value.rcvd.code == 1013


async def test_an_answered_ping_is_a_sign_of_life(stall, address):
    async with connect(f"ws://{address}{SOCKET}") as client:
        await client.recv()
        (connection,) = stall.shop.hub.of_user("ann")
        lives = []
        connection._wire.on_life = lambda: lives.append(True)
        await client.pong()
        await until(lambda: lives)


async def test_a_comment_is_no_message(stall, address):
    async with by_hand(stall, address, EVENTS, "Accept: */*") as (wire, reader, _):
        wire.comment()
        assert (await reader.readuntil(b"3\r\n:\n\n\r\n")).count(b"data:") == 1


async def test_a_wire_on_which_nothing_is_carried_tells_nobody_of_its_room(address):
    async with spoken(address, "/health/live", "Connection: close") as (reader, _):
        assert (await reader.read()).startswith(b"HTTP/1.1 200")
    for kind in (WebSocketWire, EventsWire):
        kind.on_room()
    WebSocketWire.on_life()


async def test_an_upgrade_that_is_none_has_no_wire(stall, address):
    # Without a key nothing can be upgraded.
    bad = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13"
    async with spoken(address, SOCKET, bad) as (reader, _):
        assert (await reader.read()).startswith(b"HTTP/1.1 400")
    assert stall.shop.hub.total == 0


def test_a_scope_without_a_wire_of_the_kind_is_of_a_server_that_cannot_stream():
    for state in ({}, {WIRE: None}, {WIRE: "a wire"}, {WIRE: HELLO}):
        for kind in (WebSocketWire, EventsWire):
            with pytest.raises(Unavailable, match="punnet's own protocols"):
                wire_of({"state": state}, kind)
    assert wire_of({"state": {WIRE: HELLO}}, Frame) is HELLO


async def test_a_server_without_wires_refuses_streams_and_answers_the_rest(stall, monkeypatch):
    plain = {"http": "httptools", "ws": "websockets-sansio"}
    made = uvicorn.Config
    monkeypatch.setattr(uvicorn, "Config", lambda app, **known: made(app, **known | plain))
    assert Server(stall.app).config.http == "httptools"
    async with served(stall.app) as address, httpx.AsyncClient() as client:
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://{address}{SOCKET}")
        events = await client.get(f"http://{address}{EVENTS}")
        health = await client.get(f"http://{address}/health/live")
    assert (refused.value.response.status_code, events.status_code, health.status_code) == (503, 503, 200)
    assert "cannot stream" in events.json()["error"]["message"]
    assert stall.shop.hub.total == 0
