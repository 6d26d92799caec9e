"""Answers at once: the same as the long way gives, and only where nothing else must come first."""

import asyncio
import json
import logging
import random
import socket
import struct
from contextlib import asynccontextmanager

import pytest
import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import connect

from punnet.errors import TooBusy
from punnet.market import Farm
from punnet.web.app import create_app
from punnet.web.exchange import Reply, Sent, send_response
from punnet.web.prompt import HEAD_BYTES, TOO_LONG, TOO_SLOW, Counter
from punnet.web.routes import ROUTES, Route
from tests.web.speaking import converse, get
from tests.web.stall import Server, opened, served, until

ANSWERS = "/api/recommendations"
TOGETHER = f"{ANSWERS}/frequently-bought-together"
ANN = f"{ANSWERS}?userId=ann"
LONG_WAY = Sent(299, b"the long way", ((b"content-length", b"12"),))

AT_ONCE = {
    "a shopper": get(ANN),
    "someone unknown": get(f"{ANSWERS}?userId=nobody&limit=2"),
    "every parameter": get(
        f"{ANN}&productId=tomatoes&category=Herbs&limit=3&excludeIds=honey,none&latitude=39.1&longitude=-84.5"
        "&context=CART&searchQuery=red+tomatoes&utm_source=mail"
    ),
    "escapes": get(f"{ANSWERS}?userId=Zo%C3%AB%20%26%20co&searchQuery=%66oo"),
    "an empty parameter": get(f"{ANN}&category=&&limit"),
    "a question mark more": get(f"{ANN}&searchQuery=what?"),
    "a fragment": get(f"{ANN}#limit=1"),
    "a whole address": get(f"http://stall{ANN}"),
    "no query": get(ANSWERS),
    "an empty query": get(f"{ANSWERS}?"),
    "no user": get(f"{ANSWERS}?limit=3"),
    "a user twice": get(f"{ANN}&userId=bob"),
    "a limit of 0": get(f"{ANN}&limit=0"),
    "a limit of ten": get(f"{ANN}&limit=ten"),
    "half a place": get(f"{ANN}&latitude=3"),
    "an unknown page": get(f"{ANN}&context=ATTIC"),
    "a broken escape": get(f"{ANN}%zz"),
    "no UTF-8": get(f"{ANSWERS}?userId=%ff"),
    "no ASCII": get(f"{ANSWERS}?userId=é"),
    "an unknown product": get(f"{ANN}&productId=nothing"),
    "companions": get(f"{TOGETHER}?productId=tomatoes&limit=1"),
    "companions of nothing": get(f"{TOGETHER}?productId=nothing"),
    "too many companions": get(f"{TOGETHER}?productId=basil&limit=21"),
    "an id of the request": get(ANN, "X-Request-Id: mine-1"),
    "a bad id of the request": get(ANN, "X-Request-Id: a b"),
    "an empty body": get(ANN, "Content-Length: 0"),
    "a browser": get(
        ANN, "Connection: keep-alive", "Accept: */*", "Accept-Encoding: gzip, br", "Cookie: a=b; c=d"
    ),
    "another host": get(ANN).replace(b"Host: stall", b"Host: [::1]:3000"),
    "no host": get(ANN).replace(b"Host: stall\r\n", b""),
    "a body that is none, and asked for": get(ANN, "Content-Length: 0", "Expect: 100-continue"),
    "a header twice": get(ANN, "X-Request-Id: one", "X-Request-Id: two"),
}

THE_LONG_WAY = {
    "a head only": get(ANN).replace(b"GET", b"HEAD"),
    "other methods": get(ANN).replace(b"GET", b"OPTIONS"),
    "an action": get(ANSWERS, "Content-Type: application/json", "Content-Length: 2").replace(b"GET", b"POST")
    + b"{}",
    "a body": get(ANN, "Content-Length: 3") + b"abc",
    "a body in chunks": get(ANN, "Transfer-Encoding: chunked") + b"3\r\nabc\r\n0\r\n\r\n",
    "a body that must be asked for": get(ANN, "Content-Length: 3", "Expect: 100-continue") + b"abc",
    "the last request": get(ANN, "Connection: close"),
    "an old client": get(ANN, version="1.0"),
    "an old client that stays": get(ANN, "Connection: keep-alive", version="1.0"),
    "a bad host": get(ANN).replace(b"Host: stall", b"Host: a b"),
    "a host that is no ASCII": get(ANN).replace(b"Host: stall", b"Host: \xe9"),
    "another protocol": get(ANN, "Connection: Upgrade", "Upgrade: h2c"),
    "a slash more": get(f"{ANSWERS}/?userId=ann"),
    "a slash before": get(f"/{ANN}"),
    "an escaped path": get("/api/%72ecommendations?userId=ann"),
    "another path": get("/api/recommendationsx?userId=ann"),
    "a page": get("/asyncapi.json"),
    "something that must be waited for": get("/api/orders/o1"),
}


@asynccontextmanager
async def both_ways(stall):
    """Serve the same shop as it is, and without answers at once."""
    async with served(stall.app) as one, served(stall.app.app) as other:
        yield one, other


@asynccontextmanager
async def at_once_only(stall, let=None, **options):
    """Serve what is answered at once, and LONG_WAY to all else, once it is `let`."""

    async def serve(scope, receive, send):
        if scope["path"] == "/health/live":
            await stall.app(scope, receive, send)
        else:
            if let is not None:
                await let.wait()
            await send_response(send, LONG_WAY)

    async with served(Counter(serve, stall.app.at_once), **options) as address:
        yield address


@pytest.mark.parametrize("case", [*AT_ONCE, *THE_LONG_WAY])
async def test_both_ways_answer_the_same_byte_by_byte_in_however_many_pieces_it_comes(case):
    request = (AT_ONCE | THE_LONG_WAY)[case]
    async with opened(cached=0) as stall, both_ways(stall) as (one, other):
        # Where it is no ASCII, the connection ends before all pieces are there.
        for pieces in (1, 2, 7) if request.isascii() else (1,):
            size = -(-len(request) // pieces)
            parts = [request[start : start + size] for start in range(0, len(request), size)]
            first, second = await converse(one, parts), await converse(other, parts)
            assert first == second, f"in {pieces} pieces"
            assert first


@pytest.mark.parametrize("case", AT_ONCE)
async def test_a_plain_get_is_answered_at_once(stall, case):
    async with at_once_only(stall) as address:
        [answer] = await converse(address, [AT_ONCE[case]])

    assert answer.status in (200, 400, 404)


@pytest.mark.parametrize("case", THE_LONG_WAY)
async def test_what_is_not_plain_goes_the_long_way(stall, case):
    async with at_once_only(stall) as address:
        answers = await converse(address, [THE_LONG_WAY[case]])

    assert {answer.status for answer in answers} <= {299, 400}
    assert 299 in {answer.status for answer in answers} or case == "a bad host"


LETTERS = st.characters(exclude_categories=["C", "Z"])

QUERIES = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "userId",
                "productId",
                "category",
                "limit",
                "excludeIds",
                "latitude",
                "longitude",
                "context",
                "x",
            ]
        )
        | st.text(LETTERS, max_size=3),
        st.sampled_from(
            ["ann", "bob", "tomatoes", "10", "0", "1e2", "CART", "Herbs", "-84.5", "%", "%41", "+"]
        )
        | st.text(LETTERS, max_size=5),
        st.sampled_from(["&", "&&", "=", ";", "#", "?"]),
    ),
    max_size=6,
)


@settings(max_examples=20)
@given(st.lists(QUERIES, min_size=1, max_size=5), st.sampled_from([ANSWERS, TOGETHER]))
def test_any_query_is_answered_the_same_both_ways(several, path):
    targets = [f"{path}?" + "".join(f"{name}={text}{end}" for name, text, end in query) for query in several]
    requests = [get(target.encode().decode("latin-1")) for target in targets]

    async def run():
        async with opened(cached=0) as stall, both_ways(stall) as (one, other):
            for request in requests:
                assert await converse(one, [request]) == await converse(other, [request])

    asyncio.run(run())


async def test_any_bytes_are_answered_the_same_both_ways():
    chance = random.Random(7)
    async with opened(cached=0) as stall, both_ways(stall) as (one, other):
        for _ in range(60):
            request = bytearray(chance.choice([*AT_ONCE.values()]))
            for _ in range(chance.randint(1, 3)):
                request[chance.randrange(len(request))] = chance.randrange(256)
            # What is no request any more, and waits for its end, ends here.
            parts = [bytes(request), b"\r\n\r\n"]
            assert await converse(one, parts) == await converse(other, parts), request


async def test_of_requests_that_come_together_others_have_their_turn_after_the_first(stall):
    async with at_once_only(stall) as address:
        together = await converse(address, [get(ANN) * 3])
        apart = await converse(address, [get(ANN), get(ANN), get(ANN)])

    assert [answer.status for answer in together] == [200, 299, 299]
    assert [answer.status for answer in apart] == [200, 200, 200]


async def test_answers_come_in_the_order_of_their_requests(stall):
    limits = (3, 1, 2, 1, 3)
    requests = [get(f"{ANN}&limit={limit}") for limit in limits]
    async with served(stall.app) as address:
        for pieces in ([b"".join(requests)], requests, [requests[0] + requests[1][:30], requests[1][30:]]):
            answers = await converse(address, pieces)
            counts = [json.loads(answer.body)["meta"]["count"] for answer in answers]
            assert counts == list(limits[: len(counts)])
            assert len(counts) >= 2


async def test_a_request_behind_one_that_waits_is_answered_after_it(stall):
    let = asyncio.Event()
    async with at_once_only(stall, let) as address:
        talk = asyncio.create_task(converse(address, [get("/slow"), get(ANN)]))
        await asyncio.sleep(0.05)
        assert not talk.done()
        let.set()

        assert [answer.status for answer in await talk] == [299, 299]


async def test_who_does_not_read_is_answered_the_long_way_which_waits_for_room(stall):
    server, listener = Server(stall.app), socket.create_server(("127.0.0.1", 0))
    serving = asyncio.create_task(server.serve([listener]))
    await server.listens.wait()
    loop, sent, got, rest = asyncio.get_running_loop(), 0, 0, b""
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.connect(listener.getsockname())
        client.setblocking(False)
        await until(lambda: server.server_state.connections)
        [wire] = server.server_state.connections
        while wire.ready:
            await loop.sock_sendall(client, get(ANN))
            sent += 1
            await until(lambda sent=sent: server.server_state.total_requests >= sent)
        for _ in range(100):
            await loop.sock_sendall(client, get(ANN))
            await asyncio.sleep(0.002)
        assert wire.transport.get_write_buffer_size() < 1 << 17
        while got < sent + 100:
            data = rest + await asyncio.wait_for(loop.sock_recv(client, 1 << 16), 10)
            assert len(data) > len(rest), "the connection lives"
            got, rest = got + data.count(b"\r\n\r\n"), data[-3:]
    server.ends.set()
    await serving

    assert got == sent + 100


async def test_a_connection_that_says_nothing_more_is_closed(stall):
    async with at_once_only(stall, timeout_keep_alive=0.05) as address:
        host, _, port = address.partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(get(ANN))
        async with asyncio.timeout(10):
            assert (await reader.read()).startswith(b"HTTP/1.1 200 OK")
        writer.close()


async def test_what_nobody_expected_is_answered_the_same_both_ways_and_logged_each_time(caplog):
    async with opened(cached=0) as stall, both_ways(stall) as (one, other):
        stall.shop.engine.answer = None
        with caplog.at_level(logging.ERROR, "punnet.web.serving"):
            [first], [second] = await converse(one, [get(ANN)]), await converse(other, [get(ANN)])

    assert first == second
    assert first.status == 500
    assert json.loads(first.body)["error"]["code"] == "INTERNAL_ERROR"
    assert [record.getMessage() for record in caplog.records] == [f"GET {ANSWERS} failed"] * 2
    assert caplog.text.count("Traceback") == 2


async def test_what_is_refused_for_a_while_says_so_both_ways():
    async def busy(_shop, _call):
        raise TooBusy("not now")

    route = Route("GET", "/busy", "server", "Busy", busy, Farm, prompt=True)
    async with opened() as stall:
        app = create_app(stall.shop, routes=[*ROUTES, route])
        async with served(app) as one, served(app.app) as other:
            [first], [second] = await converse(one, [get("/busy")]), await converse(other, [get("/busy")])

    assert first == second
    assert first.status == 429
    assert b"\r\nretry-after: 1" in first.head


async def test_what_waits_after_all_goes_the_long_way_and_leaves_nothing_behind():
    left = []

    async def waits(_shop, _call):
        try:
            await asyncio.sleep(0.01)
        except GeneratorExit:
            left.append("at once")
            raise
        return Reply({"name": "late"})

    route = Route("GET", "/late", "server", "Late", waits, Farm, prompt=True)
    async with opened() as stall, served(create_app(stall.shop, routes=[*ROUTES, route])) as address:
        [answer] = await converse(address, [get("/late")])

    assert json.loads(answer.body)["data"] == {"name": "late"}
    assert left == ["at once"]


async def test_every_answer_that_waits_for_nothing_really_does(stall):
    prompt = [route for route in ROUTES if route.prompt]

    assert (
        {route.path for route in prompt}
        == {ANSWERS, TOGETHER}
        == {path.decode() for path in stall.app.at_once}
    )
    assert all(route.method == "GET" for route in prompt)


async def heard(address, said):
    """Return all that a client hears who says so much and waits."""
    host, port = address.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(said)
    try:
        return await asyncio.wait_for(reader.read(), 10)
    finally:
        writer.close()


@pytest.mark.parametrize(
    "said",
    [b"", b"GET / HTTP/1.1\r\n", get(ANN)[:-2], get("/health/live") + get(ANN)[:20]],
    ids=["nothing", "a first line", "all but the last", "a whole request and a part of another"],
)
async def test_who_does_not_end_a_request_is_told_so_and_parted_with(stall, monkeypatch, said):
    monkeypatch.setattr("punnet.web.prompt.HEAD_SECONDS", 0.2)
    async with served(stall.app, timeout_keep_alive=60) as address:
        answer = await heard(address, said)
    assert answer.endswith(TOO_SLOW)
    assert answer.count(b"HTTP/1.1 200") == said.count(b"/health/live")


async def test_who_drips_bytes_gains_no_time(stall, monkeypatch):
    monkeypatch.setattr("punnet.web.prompt.HEAD_SECONDS", 0.3)
    async with served(stall.app) as address:
        host, port = address.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET / HTTP/1.1\r\nX-Slow: ")

        async def drip():
            while True:
                writer.write(b"a")
                await asyncio.sleep(0.02)

        dripping = asyncio.create_task(drip())
        assert await asyncio.wait_for(reader.read(), 10) == TOO_SLOW
        dripping.cancel()
        writer.close()


async def test_who_does_not_end_a_body_is_parted_with(stall, monkeypatch):
    monkeypatch.setattr("punnet.web.prompt.BODY_SECONDS", 0.2)
    post = get("/api/orders", "Content-Type: application/json", "Content-Length: 9").replace(b"GET", b"POST")
    async with served(stall.app) as address:
        assert await heard(address, post + b'{"id"') == b""


FULL = HEAD_BYTES - len("/health/liveHost: stall\r\nX-Long: \r\n")
"""How long a header may be that fills the head of a request."""


@pytest.mark.parametrize("pieces", [1, 3])
@pytest.mark.parametrize(
    ("said", "status"),
    [
        (get("/health/live", f"X-Long: {'a' * FULL}"), b"200"),
        (get("/health/live", f"X-Long: {'a' * (FULL + 1)}"), b"431"),
        (get("/health/live", *["X-Long: a"] * 4_000), b"431"),
        (get(f"/{'a' * HEAD_BYTES}"), b"431"),
        (get("/api/orders", f"X-Long: {'a' * HEAD_BYTES}", "Content-Length: 3") + b"abc", b"431"),
        (get(f"/ws/recommendations?userId={'a' * HEAD_BYTES}", "Upgrade: websocket"), b"431"),
        (b"GET / HTTP/1.1\r\nX-Long: " + b"a" * (HEAD_BYTES + 1), b"431"),
        (b"GET / HTTP/1.1\r\n" + b"X-Long: a\r\n" * 4_000, b"431"),
        (b"GET /" + b"a" * (HEAD_BYTES + 1), b"431"),
    ],
)
async def test_a_head_has_an_end(stall, monkeypatch, caplog, said, status, pieces):
    monkeypatch.setattr("punnet.web.prompt.HEAD_SECONDS", 2)
    size = -(-len(said) // pieces)
    async with served(stall.app, timeout_keep_alive=0.1) as address:
        host, port = address.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        for start in range(0, len(said), size):
            writer.write(said[start : start + size])
            await asyncio.sleep(0.01)
        answers = await asyncio.wait_for(reader.read(), 10)
        writer.close()
    assert answers.split()[1] == status
    assert (answers == TOO_LONG) == (status == b"431")
    assert not caplog.records


async def test_a_body_is_no_part_of_the_next_head(stall):
    long = b'{"id": "%b"}' % (b"a" * HEAD_BYTES)
    post = get("/api/orders", "Content-Type: application/json", f"Content-Length: {len(long)}")
    said = post.replace(b"GET", b"POST") + long
    async with served(stall.app) as address:
        for pieces in ([said, get(ANN), get(ANN)], [said + get(ANN)]):
            answers = await converse(address, pieces)
            assert [answer.status for answer in answers] == [400, *[200] * (len(answers) - 1)]
            assert len(answers) == b"".join(pieces).count(b"HTTP/1.1")


async def test_what_a_stranger_gets_wrong_is_not_in_the_log(stall, caplog):
    async with served(stall.app) as address:
        for said in (b"nonsense\r\n\r\n", get("/", "Upgrade: h2c", "Connection: Upgrade"), b"\x16\x03\x01"):
            await heard(address, said + b"\r\n\r\n")
    assert not caplog.records


async def test_who_reads_nothing_of_an_answer_is_parted_with(stall, monkeypatch):
    monkeypatch.setattr("punnet.web.prompt.READ_SECONDS", 0.3)
    loop = asyncio.get_running_loop()

    async def ask_and_never_read(client):
        while True:
            await loop.sock_sendall(client, get("/openapi.json"))
            await asyncio.sleep(0.001)

    async with served(stall.app) as address, asyncio.timeout(20):
        with socket.create_connection(tuple(address.split(":"))) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            client.setblocking(False)
            with pytest.raises(ConnectionError):
                await ask_and_never_read(client)


def test_who_asks_for_much_and_leaves_is_no_matter_for_the_log(caplog):
    async def ask_and_leave():
        async with opened() as stall, served(stall.app) as address:
            with socket.socket() as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
                client.connect((address.split(":")[0], int(address.split(":")[1])))
                client.sendall(get("/openapi.json") * 100)
                await asyncio.sleep(0.3)
                # Leaves without a goodbye.
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            await asyncio.sleep(0.3)

    # The loop of a server that is started, which raises where there is nobody to write to.
    uvloop.run(ask_and_leave())
    assert not caplog.records


async def test_who_has_asked_and_listens_may_take_their_time(stall, monkeypatch):
    monkeypatch.setattr("punnet.web.prompt.HEAD_SECONDS", 0.1)
    monkeypatch.setattr("punnet.web.prompt.BODY_SECONDS", 0.1)
    async with served(stall.app, timeout_keep_alive=60) as address:
        host, port = address.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(get("/api/recommendations/stream?userId=ann"))
        async with connect(f"ws://{address}/ws/recommendations?userId=ann") as stream:
            await asyncio.sleep(0.4)
            await stream.send('{"type":"HEARTBEAT"}')
            assert [json.loads(await stream.recv())["type"] for _ in range(2)] == [
                "CONNECTION_ACK",
                "HEARTBEAT",
            ]
        stall.shop.hub.close()
        assert b"CONNECTION_ACK" in await asyncio.wait_for(reader.read(), 10)
        writer.close()


async def test_who_was_answered_may_wait_with_the_next_request(stall, monkeypatch):
    monkeypatch.setattr("punnet.web.prompt.HEAD_SECONDS", 0.1)
    async with served(stall.app, timeout_keep_alive=60) as address:
        host, port = address.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        for _ in range(2):
            writer.write(get("/health/live"))
            assert b"200 OK" in await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(0.3)
        writer.close()
