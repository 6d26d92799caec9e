"""The stream of server-sent events over real connections."""

import asyncio
import json
import socket
from contextlib import asynccontextmanager

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from punnet.hub import TRY_AGAIN_LATER, Bounds
from punnet.market import Action, ProductChange, ProductPatch, UserAction
from punnet.web.shop import Limits
from tests.web.stall import opened, served, until

PATH = "/api/recommendations/stream"
COMMENT = None


class Events:
    """What comes on a stream, event by event."""

    def __init__(self, response):
        self.headers = response.headers
        self._lines = response.aiter_lines()

    async def __aiter__(self):
        """Yield the fields of each event, `COMMENT` for what only has a comment."""
        fields = {}
        async for line in self._lines:
            if line.startswith(":"):
                fields = COMMENT
            elif line:
                name, _, value = line.partition(": ")
                assert name not in fields, "a field comes twice"
                fields[name] = value
            else:
                yield fields
                fields = {}
        assert not fields, "an event is not whole"

    async def next(self):
        """Return the fields of the next event."""
        async for event in self:
            return event
        raise AssertionError("the stream has ended")

    async def message(self):
        """Return the next message."""
        return json.loads((await self.next())["data"])

    async def rest(self):
        """Return all messages up to the end."""
        return [json.loads(event["data"]) async for event in self if event is not COMMENT]


@asynccontextmanager
async def stream(address, query="userId=ann", **headers):
    """Open a stream, and leave it at the end."""
    async with (
        httpx.AsyncClient(timeout=5) as client,
        client.stream("GET", f"http://{address}{PATH}?{query}", headers=headers) as response,
    ):
        assert response.status_code == 200
        yield Events(response)


@pytest.fixture
async def address(stall):
    async with served(stall.app) as address:
        yield address


async def ask(address, method="GET", query="userId=ann", **headers):
    """Return the whole answer to what gets no stream."""
    async with httpx.AsyncClient(timeout=5) as client:
        return await client.request(method, f"http://{address}{PATH}?{query}", headers=headers)


async def change(stall, product_id, **fields):
    """Change a product, and return once all that follows is given out."""
    fact = ProductChange(id=product_id, patch=ProductPatch(**fields))
    await stall.shop.pipeline.submit([(fact,)])
    await stall.shop.alerting.flush()


async def cheaper(stall, *prices):
    """Have the tomatoes cost less and less."""
    for price in prices:
        await change(stall, "tomatoes", price=price)


def prices(messages):
    """Return what the tomatoes cost in those messages that tell it."""
    return [one["payload"]["newPrice"] for one in messages if one["type"] == "PRICE_DROP_ALERT"]


async def test_the_answer_is_a_stream_that_nobody_keeps(address):
    async with stream(address, "userId=ann", **{"X-Request-Id": "r-1"}) as events:
        headers = events.headers
    assert headers["content-type"] == "text/event-stream; charset=utf-8"
    assert headers["cache-control"] == "no-store"
    assert headers["x-accel-buffering"] == "no"
    assert headers["x-request-id"] == "r-1"
    assert "content-length" not in headers


async def test_first_comes_the_welcome_and_each_event_has_the_number_of_its_message(stall, address):
    async with stream(address, "userId=ann&topics=price_drops,trending") as events:
        await cheaper(stall, 3.5)
        welcome, drop = await events.next(), await events.next()
    assert set(welcome) == {"id", "data"}
    first, second = json.loads(welcome["data"]), json.loads(drop["data"])
    assert (first["type"], second["type"]) == ("CONNECTION_ACK", "PRICE_DROP_ALERT")
    assert (welcome["id"], drop["id"]) == (first["messageId"], second["messageId"])
    assert first["payload"]["topics"] == ["price_drops", "trending"]
    assert first["payload"]["userId"] == "ann"
    assert "resumed" not in first["payload"]


async def test_what_comes_is_what_the_websocket_says(stall, address):
    topics = "topics=price_drops,stock_alerts"
    socket_url = f"ws://{address}/ws/recommendations?userId=ann&{topics}"
    async with stream(address, f"userId=ann&{topics}") as events, connect(socket_url) as client:
        welcomes = await events.message(), json.loads(await client.recv())
        view = Action(event_id="e", user_id="ann", action=UserAction.VIEW_PRODUCT, entity_id="tomatoes")
        await stall.shop.pipeline.submit([(view,)])
        await stall.shop.delivery.flush()
        await cheaper(stall, 3.5, 3)
        await change(stall, "basil", stock=0)
        await change(stall, "basil", stock=5)
        heard = [await events.message() for _ in range(4)]
        said = [json.loads(await client.recv()) for _ in range(4)]
    assert [welcome["type"] for welcome in welcomes] == ["CONNECTION_ACK"] * 2
    assert welcomes[0]["payload"] == welcomes[1]["payload"]
    kinds = ["RECOMMENDATION_UPDATE", "PRICE_DROP_ALERT", "PRICE_DROP_ALERT", "STOCK_ALERT"]
    assert [message["type"] for message in heard] == kinds
    assert [message["payload"] for message in heard] == [message["payload"] for message in said]
    # An alert has one number for everybody; an answer has one for each connection.
    assert heard[1:] == said[1:]


async def test_a_filter_in_the_query_narrows_what_comes(stall, address):
    query = "userId=ann&topics=price_drops&productIds=honey,basil&farmIds=dale"
    async with stream(address, query) as events:
        await events.message()
        await cheaper(stall, 3.5)
        await change(stall, "basil", price=1.0)
        await change(stall, "honey", price=7.0)
        assert (await events.message())["payload"]["productId"] == "honey"


async def test_an_answer_to_what_the_shopper_does_comes_without_a_topic(stall, address):
    async with stream(address) as events:
        await events.message()
        await stall.client.post(
            "/api/recommendations", json={"userId": "ann", "action": "ADD_TO_CART", "entityId": "basil"}
        )
        message = await events.message()
    assert (message["type"], message["payload"]["userId"]) == ("CART_RECOMMENDATION", "ann")


async def missed(stall, address):
    """Return the ids of what somebody saw who then left, and missed the prices 3 and 2."""
    async with stream(address, "userId=ann&topics=price_drops") as events:
        ids = [(await events.next())["id"]]
        await cheaper(stall, 3.5)
        ids.append((await events.next())["id"])
    await until(lambda: not stall.shop.hub.open)
    await cheaper(stall, 3, 2)
    return ids


@pytest.mark.parametrize(("place", "expected"), [(0, [3.5, 3, 2, 1]), (1, [3, 2, 1])])
async def test_who_comes_back_is_told_what_was_missed(stall, address, place, expected):
    ids = await missed(stall, address)
    async with stream(address, "userId=ann&topics=price_drops", **{"Last-Event-ID": ids[place]}) as events:
        await cheaper(stall, 1)
        welcome, *later = [await events.message() for _ in range(1 + len(expected))]
    assert welcome["payload"]["resumed"] is True
    assert prices(later) == expected


async def test_the_last_message_may_stand_in_the_query_and_the_header_counts_more(stall, address):
    welcome, drop = await missed(stall, address)
    query = f"userId=ann&topics=price_drops&lastMessageId={welcome}"
    async with stream(address, query) as events:
        assert prices([await events.message() for _ in range(4)]) == [3.5, 3, 2]
    async with stream(address, query, **{"Last-Event-ID": drop}) as events:
        assert prices([await events.message() for _ in range(3)]) == [3, 2]
    async with stream(address, query, **{"Last-Event-ID": ""}) as events:
        assert prices([await events.message() for _ in range(4)]) == [3.5, 3, 2]


@pytest.mark.parametrize(
    "last", ["someone-else:0", "garbage", "epoch-run:99999999999999999", "x" * 5_000, "\x80\xff"]
)
async def test_who_cannot_be_told_what_was_missed_is_told_so(stall, address, last):
    async with stream(
        address, "userId=ann&topics=price_drops", **{"Last-Event-ID": last.encode("latin-1")}
    ) as events:
        assert (await events.message())["payload"]["resumed"] is False
        await cheaper(stall, 3.5)
        assert prices([await events.message()]) == [3.5]


async def test_in_silence_there_are_comments_and_nobody_is_sent_away_for_it():
    limits = Limits(heartbeat_seconds=0.01, silence_seconds=0.02)
    async with (
        opened(limits=limits, ticking=True) as stall,
        served(stall.app) as address,
        stream(address) as events,
    ):
        assert (await events.message())["payload"]["heartbeatInterval"] == 10
        for _ in range(10):
            assert await events.next() is COMMENT
        assert stall.shop.hub.open == 1


async def test_over_the_most_connections_there_is_a_503():
    async with opened(connections=1) as stall, served(stall.app) as address:
        async with stream(address) as events:
            await events.message()
            refused = await ask(address, query="userId=bob")
        await until(lambda: not stall.shop.hub.full)
        async with stream(address, "userId=bob") as events:
            assert (await events.message())["payload"]["userId"] == "bob"
    assert refused.status_code == 503
    assert refused.headers["Retry-After"] == "1"
    assert refused.json()["error"]["code"] == "UNAVAILABLE"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "userId"),
        ("userId=", "userId"),
        ("userId=ann&topics=gossip", "topics[0]"),
        ("userId=ann&topics=trending,gossip", "topics[1]"),
        ("userId=ann&topics=trending&relevance=yours", "relevance"),
        ("userId=ann&topics=trending&latitude=91&longitude=0", "latitude"),
        ("userId=ann&topics=trending&latitude=39.1", "latitude"),
        ("userId=ann&lastMessageId=" + "x" * 201, "lastMessageId"),
        ("userId=ann&userId=bob", "userId"),
    ],
)
async def test_what_cannot_be_asked_for_is_refused_naming_the_field(stall, address, query, field):
    refused = await ask(address, query=query)
    assert refused.status_code == 400
    assert refused.headers["content-type"].startswith("application/json")
    assert refused.json()["error"]["details"]["field"] == field
    assert (stall.shop.hub.open, stall.shop.hub.total) == (0, 0)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "HEAD"])
async def test_a_stream_can_only_be_read(address, method):
    refused = await ask(address, method=method)
    assert refused.status_code == 405
    assert refused.headers["Allow"] == "GET"


async def test_the_stream_of_events_is_no_websocket(address):
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"ws://{address}{PATH}?userId=ann")
    assert refused.value.response.status_code == 403


async def test_a_server_that_cannot_stream_says_so(stall):
    refused = await stall.client.get(f"{PATH}?userId=ann")
    assert refused.status_code == 503
    assert "cannot stream" in refused.json()["error"]["message"]
    assert stall.shop.hub.total == 0


async def test_after_a_refusal_the_same_connection_can_have_a_stream(stall, address):
    async with httpx.AsyncClient(timeout=5) as client:
        assert (await client.get(f"http://{address}{PATH}")).status_code == 400
        async with client.stream("GET", f"http://{address}{PATH}?userId=ann") as response:
            assert (await Events(response).message())["type"] == "CONNECTION_ACK"


async def test_when_the_server_stops_the_stream_ends(stall, address):
    async with stream(address) as events:
        await events.message()
        stall.shop.hub.close()
        assert await events.rest() == []
    await until(lambda: not stall.shop.hub.open)


async def test_who_leaves_gives_the_place_free(stall, address):
    async with stream(address) as events:
        await events.message()
        assert (stall.shop.hub.open, stall.shop.hub.listens("ann")) == (1, True)
    await until(lambda: not stall.shop.hub.open)
    assert (stall.shop.hub.total, stall.shop.hub.listens("ann")) == (1, False)


async def test_the_end_of_a_stream_is_nothing_to_log(stall, caplog):
    async with served(stall.app) as address:
        async with stream(address) as events:
            await events.message()
        await until(lambda: not stall.shop.hub.open)
        async with stream(address) as events:
            await events.message()
            stall.shop.hub.close()
            await events.rest()
    assert [record for record in caplog.records if record.levelname not in ("DEBUG", "INFO")] == []


async def test_a_body_is_not_read_and_does_no_harm(stall, address):
    async with (
        httpx.AsyncClient(timeout=5) as client,
        client.stream("GET", f"http://{address}{PATH}?userId=ann", content=b"x" * 100_000) as response,
    ):
        events = Events(response)
        assert (await events.message())["type"] == "CONNECTION_ACK"
        stall.shop.hub.publish_user("ann", b'{"type":"PRIVATE"}')
        assert (await events.message())["type"] == "PRIVATE"


LARGE = b'{"type":"PRIVATE","payload":"' + b"x" * 200_000 + b'"}'


@asynccontextmanager
async def deaf(address, query):
    """Open a stream that is not read, with next to no room; yield how to read it to its end after all."""
    host, _, port = address.partition(":")
    loop = asyncio.get_running_loop()
    with socket.socket() as unread:
        unread.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        unread.setblocking(False)
        await loop.sock_connect(unread, (host, int(port)))
        await loop.sock_sendall(unread, f"GET {PATH}?{query} HTTP/1.1\r\nHost: {address}\r\n\r\n".encode())

        async def read():
            parts = []
            while part := await loop.sock_recv(unread, 1 << 20):
                parts.append(part)
            return b"".join(parts)

        yield read


def chunks(answer):
    """Return the messages in the whole answer, which has to have an end."""
    _, _, body = answer.partition(b"\r\n\r\n")
    whole = b""
    while True:
        length, _, body = body.partition(b"\r\n")
        size = int(length, 16)
        if not size:
            assert body == b"\r\n"
            return [json.loads(event.partition(b"\ndata: ")[2]) for event in whole.split(b"\n\n") if event]
        whole += body[:size]
        assert body[size : size + 2] == b"\r\n"
        body = body[size + 2 :]


async def test_who_reads_too_slowly_is_hung_up_on_and_may_go_on_from_there():
    async with opened(bounds=Bounds(messages=3)) as stall, served(stall.app) as address:
        hub, query = stall.shop.hub, "userId=slow&topics=price_drops"
        async with deaf(address, query) as read, stream(address, "userId=ann&topics=price_drops") as quick:
            await until(lambda: hub.listens("slow"))
            (slow,) = hub.of_user("slow")
            await cheaper(stall, 3.5)
            await until(lambda: hub.publish_user("slow", LARGE) or not slow.ready)
            await cheaper(stall, 3.0, 2.0)
            assert slow.behind
            await until(lambda: hub.publish_user("slow", LARGE) or slow.close_code is not None)
            assert slow.close_code == TRY_AGAIN_LATER
            assert prices([await quick.message() for _ in range(4)]) == [3.5, 3.0, 2.0]
            messages = chunks(await read())
        assert prices(messages) == [3.5]
        async with stream(address, query, **{"Last-Event-ID": messages[-1]["messageId"]}) as events:
            welcome, *later = [await events.message() for _ in range(3)]
        assert welcome["payload"]["resumed"] is True
        assert prices(later) == [3.0, 2.0]


async def test_who_never_reads_is_hung_up_on_for_good():
    bounds = Bounds(stalled=0.05)
    async with opened(bounds=bounds) as stall, served(stall.app) as address:
        hub = stall.shop.hub
        async with deaf(address, "userId=slow"):
            await until(lambda: hub.listens("slow"))
            (slow,) = hub.of_user("slow")
            await until(lambda: hub.publish_user("slow", LARGE) or not slow.ready)
            await until(lambda: not hub.listens("slow"))
            assert slow.close_code == TRY_AGAIN_LATER


async def test_who_reads_on_is_given_what_waited(stall, address):
    hub = stall.shop.hub
    async with stream(address, "userId=slow&topics=price_drops") as events:
        (slow,) = hub.of_user("slow")
        count = 0
        while slow.ready:
            hub.publish_user("slow", LARGE)
            count += 1
            await asyncio.sleep(0)
        await cheaper(stall, 3.5, 3.0)
        hub.publish_user("slow", LARGE)
        messages = [await events.message() for _ in range(1 + count + 2 + 1)]
    assert [message["type"] for message in messages].count("PRIVATE") == count + 1
    assert prices(messages) == [3.5, 3.0]
    numbers = [int(message["messageId"].partition(":")[2]) for message in messages]
    assert numbers == sorted(set(numbers))


async def test_no_comment_is_sent_to_who_has_no_room():
    limits = Limits(heartbeat_seconds=0.01)
    async with opened(limits=limits, ticking=True) as stall, served(stall.app) as address:
        hub = stall.shop.hub
        async with deaf(address, "userId=slow"), stream(address) as quick:
            await until(lambda: hub.listens("slow"))
            (slow,) = hub.of_user("slow")
            await until(lambda: hub.publish_user("slow", LARGE) or not slow.ready)
            transport = slow._wire.transport
            waiting = transport.get_write_buffer_size()
            await quick.message()
            # Each of them is a beat of the other stream, too.
            for _ in range(10):
                assert await quick.next() is COMMENT
            assert 0 < transport.get_write_buffer_size() <= waiting
