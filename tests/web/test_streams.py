"""The WebSocket over real connections."""

import asyncio
import json
import socket
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import msgspec
import pytest
from msgspec.structs import replace
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from punnet.hub import SERVICE_RESTART, TRY_AGAIN_LATER
from punnet.market import Context, Product, ProductChange, ProductPatch, Query
from punnet.protocol.session import GONE_QUIET, TOO_BIG
from punnet.web.shop import Limits
from tests.web.stall import NOW, OPENING, opened, order, served, until

PATH = "/ws/recommendations"
HANDSHAKE = "\r\n".join(
    (
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    )
)
SCOPE = {
    "type": "websocket",
    "path": PATH,
    "raw_path": PATH.encode(),
    "root_path": "",
    "query_string": b"",
    "headers": [],
    "subprotocols": [],
}
LARGE = b'{"type": "HEARTBEAT", "payload": "' + b"x" * 200_000 + b'"}'


@asynccontextmanager
async def stream(address, query="userId=ann"):
    async with connect(f"ws://{address}{PATH}?{query}") as client:
        assert json.loads(await client.recv())["type"] == "CONNECTION_ACK"
        yield client


@pytest.fixture
async def address(stall):
    async with served(stall.app) as address:
        yield address


async def until_closed(client):
    """Yield frames until the connection is closed, however it is closed."""
    try:
        while True:
            yield await client.recv()
    except ConnectionClosed:
        return


async def ask(client, **message):
    await client.send(json.dumps(message))
    return json.loads(await client.recv())


async def receive(client, *kinds):
    """Return the payloads of the next messages, which are of these kinds, in this order."""
    messages = [json.loads(await client.recv()) for _ in kinds]
    assert [message["type"] for message in messages] == list(kinds)
    return {message["type"]: message["payload"] for message in messages}


async def test_a_connection_is_welcomed_with_what_it_needs_to_know(address):
    async with connect(f"ws://{address}{PATH}?userId=ann") as client:
        welcome = json.loads(await client.recv())

    assert welcome["type"] == "CONNECTION_ACK"
    assert welcome["payload"]["userId"] == "ann"
    assert welcome["payload"]["heartbeatInterval"] == 30_000
    assert welcome["messageId"].startswith(f"{welcome['payload']['epoch']}:")


async def test_an_action_is_acknowledged_once_durable_and_known_the_second_time(stall, address):
    payload = {"type": "RATE_FARM", "entityId": "hill", "metadata": {"rating": 3}, "eventId": "e1"}
    async with stream(address) as client:
        first = await ask(client, type="USER_ACTION", payload=payload, requestId="r1")
        second = await ask(client, type="USER_ACTION", payload=payload, requestId="r2")

    assert (first["type"], first["requestId"]) == ("ACTION_ACK", "r1")
    assert first["payload"] == {"eventId": "e1", "duplicate": False}
    assert second["payload"] == {"eventId": "e1", "duplicate": True}
    assert stall.shop.engine.tally.total == 1


APPLES = tuple(
    Product(
        id=f"apple-{number}",
        name=f"Early apple {number}",
        farm_id="hill",
        category="Fruits",
        price=3,
        created_at=datetime.fromtimestamp(NOW - number * 3_600, UTC),
    )
    for number in range(12)
)
REACTIONS = {
    "VIEW_PRODUCT": (
        {"entityId": "tomatoes"},
        "RECOMMENDATION_UPDATE",
        {"limit": 8, "product_id": "tomatoes", "context": Context.PRODUCT_DETAIL},
    ),
    "ADD_TO_CART": (
        {"entityId": "tomatoes"},
        "CART_RECOMMENDATION",
        {"limit": 6, "context": Context.CART},
    ),
    "SEARCH": (
        {"metadata": {"searchQuery": "early apple"}},
        "PERSONALIZED_SUGGESTION",
        {"limit": 10, "search_query": "early apple", "context": Context.SEARCH},
    ),
    "FILTER_CATEGORY": (
        {"metadata": {"category": "Fruits"}},
        "PERSONALIZED_SUGGESTION",
        {"limit": 10, "category": "Fruits", "context": Context.SEARCH},
    ),
    "COMPLETE_PURCHASE": (
        {"entityId": "o1"},
        "PERSONALIZED_SUGGESTION",
        {"limit": 10, "context": Context.CHECKOUT},
    ),
}
WISHES = {
    "ADD_TO_WISHLIST": {"entityId": "hill", "entityType": "FARM"},
    "RATE_FARM": {"entityId": "hill", "metadata": {"rating": 4}},
}
SILENT = {
    "VIEW_FARM": {"entityId": "hill"},
    "RATE_FARM": {"entityId": "hill", "metadata": {"rating": 3}},
    "RATE_PRODUCT": {"entityId": "basil", "metadata": {"rating": 5}},
    "REMOVE_FROM_CART": {"entityId": "basil"},
    "REMOVE_FROM_WISHLIST": {"entityId": "basil"},
    "SHARE_PRODUCT": {"entityId": "basil"},
    "VIEW_RECOMMENDATIONS": {},
    "CLICK_RECOMMENDATION": {"entityId": "basil"},
}


async def act(client, action, details):
    await client.send(json.dumps({"type": "USER_ACTION", "payload": {"type": action, **details}}))


@asynccontextmanager
async def orchard(**known):
    """Open a stall with apples as well, served."""
    async with opened(**known) as stall, served(stall.app) as address:
        await stall.shop.pipeline.submit([(apple,) for apple in APPLES])
        yield stall, address


@pytest.mark.parametrize("action", REACTIONS)
async def test_an_action_is_followed_by_the_answer_for_its_page(action):
    details, kind, asked = REACTIONS[action]
    async with orchard() as (stall, address), stream(address) as client:
        await act(client, action, details)
        payload = (await receive(client, "ACTION_ACK", kind))[kind]
        expected = stall.shop.engine.answer(Query(user_id="ann", **asked), NOW)

    assert payload == json.loads(msgspec.json.encode(expected))
    assert len(payload["recommendations"]) == asked["limit"]


@pytest.mark.parametrize("action", WISHES)
async def test_a_wish_and_a_good_rating_are_followed_by_new_arrivals_and_nothing_else(action):
    async with orchard() as (_, address), stream(address, "userId=dora") as client:
        await act(client, action, WISHES[action])
        payloads = await receive(client, "ACTION_ACK", "PERSONALIZED_SUGGESTION")

    payload = payloads["PERSONALIZED_SUGGESTION"]
    assert payload["algorithms"] == ["new_arrivals"]
    found = [one["product"]["id"] for one in payload["recommendations"]]
    assert found == ["tomatoes", "basil", *(f"apple-{number}" for number in range(8))]


@pytest.mark.parametrize("action", SILENT)
async def test_other_actions_are_acknowledged_and_followed_by_nothing(action):
    async with orchard() as (stall, address), stream(address) as client:
        await act(client, action, SILENT[action])
        await receive(client, "ACTION_ACK")
        assert stall.shop.pipeline.waiting == 0
        assert (await ask(client, type="HEARTBEAT"))["type"] == "HEARTBEAT"


async def test_what_can_wait_comes_after_what_is_urgent_once_the_interval_is_over():
    hour = 3_600
    async with orchard(interval=hour) as (stall, address), stream(address) as client:
        await act(client, "SEARCH", {"metadata": {"searchQuery": "apple"}})
        await act(client, "VIEW_PRODUCT", {"entityId": "tomatoes"})
        await receive(client, "ACTION_ACK", "ACTION_ACK", "RECOMMENDATION_UPDATE")
        assert (await ask(client, type="HEARTBEAT"))["type"] == "HEARTBEAT"
        assert stall.shop.pipeline.waiting == 1
        await stall.shop.pipeline.stop()
        await receive(client, "PERSONALIZED_SUGGESTION")


async def test_a_cart_is_followed_by_what_goes_with_it_on_all_connections_of_the_shopper(address):
    async with stream(address) as one, stream(address) as other, stream(address, "userId=bob") as bob:
        await one.send(
            json.dumps({"type": "USER_ACTION", "payload": {"type": "ADD_TO_CART", "entityId": "tomatoes"}})
        )
        await receive(one, "ACTION_ACK", "CART_RECOMMENDATION")
        payloads = await receive(other, "CART_RECOMMENDATION")
        quiet = await ask(bob, type="HEARTBEAT")

    assert payloads["CART_RECOMMENDATION"]["recommendations"][0]["product"]["id"] == "basil"
    assert quiet["type"] == "HEARTBEAT"


async def test_an_action_over_rest_reaches_the_shoppers_connection(stall, address):
    async with stream(address) as client:
        await stall.client.post(
            "/api/recommendations", json={"userId": "ann", "action": "ADD_TO_CART", "entityId": "basil"}
        )
        payloads = await receive(client, "CART_RECOMMENDATION")

    assert payloads["CART_RECOMMENDATION"]["userId"] == "ann"


async def test_a_purchase_with_items_becomes_an_order(stall, address):
    items = [{"productId": "honey", "quantity": 1, "unitPrice": 8}]
    payload = {"type": "COMPLETE_PURCHASE", "metadata": {"items": items}, "eventId": "e1"}
    async with stream(address) as client:
        await ask(client, type="USER_ACTION", payload=payload)

    order = await stall.journal.find("o:order-of-e1")
    assert order is not None
    assert order.user_id == "ann"


async def test_recommendations_come_when_they_are_asked_for(address):
    async with stream(address) as client:
        answer = await ask(client, type="REQUEST_RECOMMENDATIONS", payload={"limit": 2}, requestId="r1")

    assert (answer["type"], answer["requestId"]) == ("RECOMMENDATION_UPDATE", "r1")
    assert len(answer["payload"]["recommendations"]) == 2


async def test_topics_are_counted_while_the_connection_lasts(stall, address):
    async with stream(address) as client:
        await ask(client, type="SUBSCRIBE", payload={"topics": ["trending", "personalized"]})
        await ask(client, type="UNSUBSCRIBE", payload={"topics": ["personalized"]})
        assert stall.shop.hub.subscriptions() == {"trending": 1}


@pytest.mark.parametrize(
    ("message", "field", "code"),
    [
        ({"type": "USER_ACTION", "payload": {"type": "EAT"}}, "payload.type", "BAD_INPUT"),
        (
            {"type": "USER_ACTION", "payload": {"type": "VIEW_FARM", "entityId": "nowhere"}},
            "payload.entityId",
            "UNKNOWN_ID",
        ),
        (
            {"type": "REQUEST_RECOMMENDATIONS", "payload": {"productId": "nothing"}},
            "payload.productId",
            "UNKNOWN_ID",
        ),
        ({"type": "HELLO"}, "type", "BAD_INPUT"),
    ],
)
async def test_a_bad_frame_is_answered_with_an_error_and_changes_nothing(
    stall, address, message, field, code
):
    before = await stall.state()
    async with stream(address) as client:
        answer = await ask(client, **message, requestId="r1")
        alive = await ask(client, type="HEARTBEAT")

    assert (answer["type"], answer["requestId"]) == ("ERROR", "r1")
    assert (answer["payload"]["field"], answer["payload"]["code"]) == (field, code)
    assert alive["type"] == "HEARTBEAT"
    assert await stall.state() == before


async def test_a_binary_frame_is_answered_with_an_error(address):
    async with stream(address) as client:
        await client.send(b'{"type": "HEARTBEAT"}')
        answer = json.loads(await client.recv())

    assert (answer["type"], answer["payload"]["field"]) == ("ERROR", "frame")


async def test_a_frame_over_16_kib_ends_the_connection(address):
    async with stream(address) as client:
        await client.send("x" * (16 * 1024 + 1))
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()

    assert closed.value.rcvd.code == TOO_BIG


async def test_a_frame_of_exactly_16_kib_is_read(address):
    async with stream(address) as client:
        answer = await ask(client, type="HELLO", payload={"a": "x" * (16 * 1024 - 40)})

    assert answer["type"] == "ERROR"


async def test_without_a_user_there_is_no_connection(address):
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"ws://{address}{PATH}")

    answer = json.loads(refused.value.response.body)
    assert refused.value.response.status_code == 400
    assert answer["error"]["details"]["field"] == "userId"


async def test_over_the_most_connections_there_is_a_503_before_the_upgrade():
    async with opened(connections=1) as stall, served(stall.app) as address:
        async with stream(address):
            with pytest.raises(InvalidStatus) as refused:
                await connect(f"ws://{address}{PATH}?userId=bob")
        await until(lambda: not stall.shop.hub.full)
        async with stream(address, "userId=bob"):
            assert stall.shop.hub.open == 1

    assert refused.value.response.status_code == 503
    assert refused.value.response.headers["Retry-After"] == "1"


async def test_where_there_is_no_stream_there_is_no_upgrade(address):
    for path in ("/api/farms/hill", "/", "/nothing"):
        with pytest.raises(InvalidStatus):
            await connect(f"ws://{address}{path}")


async def test_the_stream_is_no_page(stall):
    response = await stall.client.get(f"{PATH}?userId=ann")

    assert response.status_code == 400
    assert response.json()["error"]["details"]["field"] == "Upgrade"


async def test_who_is_silent_for_too_long_is_sent_away():
    limits = Limits(heartbeat_seconds=0.05, silence_seconds=0.2)
    async with opened(limits=limits, ticking=True) as stall, served(stall.app) as address:
        # A client of a library answers pings by itself; this one does not even do that.
        reader, writer = await asyncio.open_connection(*address.split(":"))
        writer.write(f"GET {PATH}?userId=ann HTTP/1.1\r\nHost: {address}\r\n{HANDSHAKE}\r\n\r\n".encode())
        heard = await reader.read()
        writer.close()
        assert heard.count(b'"type":"HEARTBEAT"') >= 1
        assert b"\x88" in heard
        assert heard.rpartition(b"\x88")[2][1:3] == GONE_QUIET.to_bytes(2)
        await until(lambda: not stall.shop.hub.open)


async def test_who_answers_pings_is_not_silent():
    limits = Limits(heartbeat_seconds=0.05, silence_seconds=0.5)
    async with (
        opened(limits=limits, ticking=True) as stall,
        served(stall.app) as address,
        stream(address) as client,
    ):
        # A second of them, which is twice the silence that is borne; a ping comes with each.
        for _ in range(20):
            assert json.loads(await client.recv())["type"] == "HEARTBEAT"
        assert stall.shop.hub.open == 1


async def test_a_server_that_stops_says_so(stall, address):
    async with stream(address) as client:
        stall.shop.hub.close()
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()

    assert closed.value.rcvd.code == SERVICE_RESTART


async def test_who_leaves_is_forgotten(stall, address):
    async with stream(address):
        assert stall.shop.hub.open == 1
    await until(lambda: not stall.shop.hub.open)
    assert stall.shop.hub.total == 1


@asynccontextmanager
async def deaf(address, user_id):
    """Open a stream that is never read, with next to no room for what is sent on it."""
    host, port = address.split(":")
    with socket.socket() as unread:
        unread.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        unread.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(unread, (host, int(port)))
        asked = f"GET {PATH}?userId={user_id} HTTP/1.1\r\nHost: {address}\r\n{HANDSHAKE}\r\n\r\n"
        await loop.sock_sendall(unread, asked.encode())
        yield unread


async def test_who_reads_too_slowly_is_sent_away_and_delays_nobody(stall, address):
    hub = stall.shop.hub
    async with deaf(address, "slow"), stream(address) as quick:
        await until(lambda: hub.listens("slow"))
        for _ in range(100):
            hub.publish_user("slow", LARGE)
            assert (await ask(quick, type="HEARTBEAT"))["type"] == "HEARTBEAT"
        await until(lambda: not hub.listens("slow"))
        assert hub.listens("ann")


async def test_who_read_too_slowly_is_told_to_try_again_later(stall, address):
    hub = stall.shop.hub
    async with connect(f"ws://{address}{PATH}?userId=slow", max_queue=1) as slow:
        await until(lambda: hub.listens("slow"))
        (connection,) = hub.of_user("slow")
        sent = 0
        while connection.close_code is None:
            hub.publish_user("slow", LARGE)
            sent += 1
            await asyncio.sleep(0)
        came = [frame async for frame in until_closed(slow)]
    assert (slow.close_code, connection.close_code) == (TRY_AGAIN_LATER, TRY_AGAIN_LATER)
    assert slow.close_reason == "Too much waits to be read."
    # The welcome comes first; of the others those that waited are dropped.
    assert 1 < len(came) < sent


async def test_who_leaves_while_being_spoken_to_is_forgotten(stall, address):
    hub = stall.shop.hub
    async with deaf(address, "slow") as unread, stream(address) as quick:
        await until(lambda: hub.listens("slow"))
        for _ in range(5):
            hub.publish_user("slow", LARGE)
            assert (await ask(quick, type="HEARTBEAT"))["type"] == "HEARTBEAT"
        unread.close()
        await until(lambda: not hub.listens("slow"))


async def test_a_server_that_cannot_answer_an_upgrade_refuses_it(stall):
    said = []

    async def receive():
        return {"type": "websocket.connect"}

    async def send(event):
        said.append(event)

    await stall.app(dict(SCOPE), receive, send)

    assert [(event["type"], event["code"]) for event in said] == [("websocket.close", 1008)]


async def test_a_server_with_other_protocols_says_that_it_cannot_stream(stall):
    events, said = asyncio.Queue(), []
    events.put_nowait({"type": "websocket.connect"})

    async def send(event):
        said.append(event)

    able = {"query_string": b"userId=ann", "extensions": {"websocket.http.response": {}}}
    await stall.app(SCOPE | able, events.get, send)

    start, body = said
    assert (start["type"], start["status"]) == ("websocket.http.response.start", 503)
    assert "cannot stream" in json.loads(body["body"])["error"]["message"]
    assert (stall.shop.hub.total, stall.shop.hub.open) == (0, 0)


# ----------------------------------------------------------------------------------------------------- topics


async def reprice(stall, *prices, product="tomatoes"):
    for price in prices:
        patch = ProductPatch(price=price)
        await stall.shop.pipeline.submit([(ProductChange(id=product, patch=patch),)])
        await stall.shop.alerting.flush()


async def drops(client, count):
    """Return old price, new price and last seen price of so many price drops, which are all that comes."""
    await client.send('{"type": "HEARTBEAT"}')
    *messages, quiet = [json.loads(await client.recv()) for _ in range(count + 1)]
    assert [message["type"] for message in messages] == ["PRICE_DROP_ALERT"] * count
    assert quiet["type"] == "HEARTBEAT"
    return [
        tuple(message["payload"].get(name) for name in ("oldPrice", "newPrice", "lastSeenPrice"))
        for message in messages
    ]


async def test_topics_may_be_named_when_the_stream_is_opened(stall, address):
    query = "userId=ann&topics=trending,price_drops&productIds=basil&latitude=39.1&longitude=-84.5"
    async with connect(f"ws://{address}{PATH}?{query}") as client:
        welcome = json.loads(await client.recv())
        assert stall.shop.hub.subscriptions() == {"trending": 1, "price_drops": 1}
        more = await ask(client, type="SUBSCRIBE", payload={"topics": ["stock_alerts"]})

    assert welcome["payload"]["topics"] == ["price_drops", "trending"]
    assert more["payload"]["topics"] == ["price_drops", "stock_alerts", "trending"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("topics=gossip", "topics[0]"),
        ("topics=trending&relevance=yours", "relevance"),
        ("topics=trending&latitude=39.1", "latitude"),
        ("lastMessageId=" + "x" * 201, "lastMessageId"),
    ],
)
async def test_a_stream_that_is_asked_for_wrongly_is_not_opened(stall, address, query, field):
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"ws://{address}{PATH}?userId=ann&{query}")

    assert refused.value.response.status_code == 400
    assert json.loads(refused.value.response.body)["error"]["details"]["field"] == field
    assert stall.shop.hub.total == 0


async def test_a_price_drop_is_told_once_with_both_prices_and_what_the_shopper_last_saw(stall, address):
    async with stream(address, "userId=dora&topics=price_drops") as client:
        await reprice(stall, 4.5)
        assert await drops(client, 1) == [(4.99, 4.5, None)]
        await act(client, "VIEW_PRODUCT", {"entityId": "tomatoes"})
        await receive(client, "ACTION_ACK", "RECOMMENDATION_UPDATE")
        await reprice(stall, 5.0, 4.5, 4.25)
        # What fell no lower than she saw it is no news to her.
        assert await drops(client, 1) == [(4.5, 4.25, 4.5)]


async def test_a_filter_lets_only_through_what_it_names(stall, address):
    async with (
        stream(address, "userId=ann&topics=price_drops&farmIds=dale") as ann,
        stream(address, "userId=bob&topics=price_drops&relevance=mine") as bob,
        stream(address, "userId=cem&topics=stock_alerts") as cem,
    ):
        await ask(ann, type="SUBSCRIBE", payload={"topics": ["new_arrivals"]})
        await reprice(stall, 3.0)
        await reprice(stall, 7.0, product="honey")
        assert await drops(ann, 1) == [(8.0, 7.0, None)]
        # He bought the tomatoes, for 4.
        assert await drops(bob, 1) == [(4.99, 3.0, 4.0)]
        assert await drops(cem, 0) == []


async def test_what_is_in_stock_again_and_what_is_new_at_a_favourite_farm_is_told(stall, address):
    async with stream(address, "userId=ann&topics=stock_alerts,new_arrivals") as client:
        for stock in (0, 5):
            patch = ProductPatch(stock=stock)
            await stall.shop.pipeline.submit([(ProductChange(id="tomatoes", patch=patch),)])
        new = [replace(OPENING[-1], id=name, farm_id="hill") for name in ("mead", "wax")]
        await stall.shop.pipeline.submit([(it,) for it in (replace(OPENING[-1], id="propolis"), *new)])
        told = await receive(client, "STOCK_ALERT", "NEW_ARRIVAL_ALERT")

    assert (told["STOCK_ALERT"]["productId"], told["STOCK_ALERT"]["stock"]) == ("tomatoes", 5)
    assert [it["id"] for it in told["NEW_ARRIVAL_ALERT"]["products"]] == ["mead", "wax"]


async def test_who_comes_back_is_given_what_was_missed_and_nothing_twice(stall, address):
    async with stream(address, "userId=dora&topics=price_drops") as client:
        await reprice(stall, 4.5)
        last = json.loads(await client.recv())["messageId"]
    await reprice(stall, 4.25, 4.0)
    query = f"userId=dora&topics=price_drops&lastMessageId={last}"
    async with connect(f"ws://{address}{PATH}?{query}") as client:
        welcome = json.loads(await client.recv())
        assert welcome["payload"]["resumed"] is True
        assert await drops(client, 2) == [(4.5, 4.25, None), (4.25, 4.0, None)]
        last = (await ask(client, type="HEARTBEAT"))["messageId"]
    async with connect(f"ws://{address}{PATH}?userId=dora&lastMessageId={last}") as client:
        await client.recv()
        again = await ask(client, type="SUBSCRIBE", payload={"topics": ["price_drops"]})
        assert again["payload"] == {"topics": ["price_drops"], "resumed": True}
        await reprice(stall, 3.5)
        assert await drops(client, 1) == [(4.0, 3.5, None)]


@pytest.mark.parametrize("last", ["nonsense", "another-run:4294967296", f"epoch-run:{99 << 32}"])
async def test_who_saw_what_this_market_never_sent_begins_now(stall, address, last):
    await reprice(stall, 4.5)
    query = f"userId=dora&topics=price_drops&lastMessageId={last}"
    async with connect(f"ws://{address}{PATH}?{query}") as client:
        assert json.loads(await client.recv())["payload"]["resumed"] is False
        await reprice(stall, 4.25)
        assert await drops(client, 1) == [(4.5, 4.25, None)]


async def test_what_others_buy_changes_what_trends():
    now = datetime.now(UTC)
    orders = [replace(order(f"new-{number}", f"u{number}", "honey"), placed_at=now) for number in range(5)]
    async with (
        opened(ticking=True, gap=0) as stall,
        served(stall.app) as address,
        stream(address, "userId=ann&topics=trending") as client,
    ):
        await stall.shop.pipeline.submit([(each,) for each in orders])
        told = (await receive(client, "TRENDING_UPDATE"))["TRENDING_UPDATE"]

    assert [it["id"] for it in told["products"]] == ["honey"]
    assert (told["area"], told["local"]) == (None, False)
