"""Two servers of one market: whoever was answered by one of them can go on at the other at once."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from punnet.journal import END, Batch
from punnet.journal.postgres import PostgresJournal
from punnet.market import ProductChange, ProductPatch
from tests.web.stall import Stall, opened, served
from tests.web.test_events import ask as ask_for_events
from tests.web.test_events import stream as events
from tests.web.test_streams import PATH, ask, drops, stream

NEVER = 3_600.0
"""Seconds that no test waits: here nobody knows of what others wrote before it is needed."""

PEARS = {"name": "Pears", "farmId": "hill", "category": "Fruits", "price": 3}
LINES = {"Content-Type": "application/x-ndjson"}


class Counted(PostgresJournal):
    """A journal that counts how often it was read."""

    reads = 0

    async def read(self, after: int = 0, until: int = END) -> AsyncIterator[Batch]:
        self.reads += 1
        async for batch in super().read(after, until):
            yield batch


@asynccontextmanager
async def behind(url: str, run: str, **known: object) -> AsyncIterator[Stall]:
    """Open a stall of the market at `url` that looks for nothing by itself."""
    journal = await Counted.open(url)
    async with opened(journal=journal, run=run, tail=NEVER, **known) as stall:
        yield stall
    await journal.close()


@pytest.fixture
async def one(postgres_url) -> AsyncIterator[Stall]:
    async with behind(postgres_url, "one") as stall:
        yield stall


@pytest.fixture
async def other(postgres_url, one) -> AsyncIterator[Stall]:
    async with behind(postgres_url, "other", opening=()) as stall:
        stall.journal.reads = 0
        yield stall


async def put(stall: Stall, name: str, **about: object) -> None:
    response = await stall.client.put(f"/api/products/{name}", json=PEARS | about)
    assert response.status_code in (200, 201), response.text


def knows(stall: Stall, name: str) -> bool:
    return stall.shop.engine.catalogue.product(name) is not None


def purchase(name: str, event_id: str = "e1") -> dict[str, object]:
    items = [{"productId": name, "quantity": 1, "unitPrice": 3}]
    return {
        "eventId": event_id,
        "userId": "cleo",
        "action": "COMPLETE_PURCHASE",
        "entityId": f"o-{event_id}",
        "metadata": {"items": items},
    }


async def test_what_was_put_through_one_can_be_ordered_through_the_other_at_once(one, other):
    await put(one, "pears")
    assert not knows(other, "pears")
    lines = [{"productId": "pears", "quantity": 1, "unitPrice": 3}]
    order = {"id": "o9", "userId": "cleo", "placedAt": "2026-07-01T12:00:00Z", "lines": lines}
    response = await other.client.post("/api/orders", json=order)
    assert response.status_code in (200, 201), response.text
    assert other.shop.engine.has_order("o9")


async def test_so_can_it_be_bought_by_an_action(one, other):
    await put(one, "pears")
    response = await other.client.post("/api/recommendations", json=purchase("pears"))
    assert response.status_code == 200, response.text
    assert other.shop.engine.has_order("o-e1")


async def test_so_can_it_be_bought_by_a_line_of_many(one, other):
    await put(one, "pears")
    body = "\n".join(json.dumps(purchase(name, f"e-{name}")) for name in ("basil", "pears", "honey"))
    response = await other.client.post("/api/events", content=body, headers=LINES)
    assert [line["outcome"] for line in response.json()["data"]["lines"]] == ["accepted"] * 3
    assert all(other.shop.engine.has_order(f"o-e-{name}") for name in ("basil", "pears", "honey"))


async def test_so_can_it_be_looked_at_over_a_websocket(one, other):
    await put(one, "pears")
    async with served(other.app) as address, stream(address) as client:
        look = {"type": "VIEW_PRODUCT", "entityId": "pears", "eventId": "e1"}
        answer = await ask(client, type="USER_ACTION", payload=look)
    assert (answer["type"], answer["payload"]) == ("ACTION_ACK", {"eventId": "e1", "duplicate": False})


async def test_what_neither_knows_is_refused_by_both(one, other):
    for stall in (one, other):
        response = await stall.client.post("/api/recommendations", json=purchase("quinces"))
        assert (response.status_code, response.json()["error"]["code"]) == (404, "UNKNOWN_ID")


async def test_what_was_removed_through_one_is_not_sold_by_the_other_once_it_looked(one, other):
    await one.client.delete("/api/products/honey")
    response = await other.client.post("/api/recommendations", json=purchase("quinces"))
    assert response.status_code == 404
    assert not knows(other, "honey")


async def test_a_bulk_call_looks_once_however_many_lines_need_it(one, other):
    names = [f"pears-{number}" for number in range(5)]
    for name in names:
        await put(one, name)
    lines = [purchase(f"quinces-{number}", f"q{number}") for number in range(3)]
    lines += [purchase(name, name) for name in names]
    body = "\n".join(map(json.dumps, lines))
    response = await other.client.post("/api/events", content=body, headers=LINES)
    outcomes = [line["outcome"] for line in response.json()["data"]["lines"]]
    assert outcomes == ["refused"] * 3 + ["accepted"] * 5
    assert other.journal.reads == 1


async def test_a_bulk_call_that_needs_nothing_of_others_does_not_look(one, other):
    body = "\n".join(json.dumps(purchase("honey", f"e{number}")) for number in range(3))
    response = await other.client.post("/api/events", content=body, headers=LINES)
    assert response.json()["data"]["accepted"] == 3
    assert other.journal.reads == 0


async def reprice(stall: Stall, *prices: float) -> None:
    for price in prices:
        await stall.shop.pipeline.submit([(ProductChange(id="tomatoes", patch=ProductPatch(price=price)),)])
        await stall.shop.alerting.flush()


async def test_who_comes_to_the_other_over_a_websocket_is_given_what_was_missed_and_nothing_twice(one, other):
    query = "userId=dora&topics=price_drops"
    async with served(one.app) as here, served(other.app) as there:
        async with stream(here, query) as client:
            await reprice(one, 4.5)
            last = json.loads(await client.recv())["messageId"]
        await reprice(one, 4.25, 4.0)
        assert other.shop.engine.alerts.count == one.shop.engine.alerts.count - 3
        async with connect(f"ws://{there}{PATH}?{query}&lastMessageId={last}") as client:
            assert json.loads(await client.recv())["payload"]["resumed"] is True
            assert await drops(client, 2) == [(4.5, 4.25, None), (4.25, 4.0, None)]
            # Others look by themselves, which comes to the same.
            await reprice(one, 3.75)
            await other.shop.pipeline.catch_up()
            await reprice(other, 3.5)
            assert await drops(client, 2) == [(4.0, 3.75, None), (3.75, 3.5, None)]


async def test_so_it_is_with_server_sent_events(one, other):
    query = "userId=dora&topics=price_drops"
    async with served(one.app) as here, served(other.app) as there:
        async with events(here, query) as feed:
            await feed.next()
            await reprice(one, 4.5)
            last = (await feed.next())["id"]
        await reprice(one, 4.25, 4.0)
        assert other.shop.engine.alerts.count == one.shop.engine.alerts.count - 3
        async with events(there, query, **{"Last-Event-ID": last}) as feed:
            assert (await feed.message())["payload"]["resumed"] is True
            await reprice(other, 3.5)
            came = [(await feed.message())["payload"]["newPrice"] for _ in range(3)]
    assert came == [4.25, 4.0, 3.5]


async def test_who_comes_while_the_other_still_gives_out_what_it_learned_is_given_nothing_twice(one, other):
    query, prices = "userId=dora&topics=price_drops", [4.75, 4.5, 4.25, 4.0, 3.75]
    async with served(one.app) as here, served(other.app) as there, stream(there, query):
        async with stream(here, query) as client:
            await reprice(one, *prices)
            last = [json.loads(await client.recv()) for _ in prices][-1]["messageId"]
        async with connect(f"ws://{there}{PATH}?{query}&lastMessageId={last}") as client:
            assert json.loads(await client.recv())["payload"]["resumed"] is True
            await reprice(other, 3.5)
            assert await drops(client, 1) == [(3.75, 3.5, None)]


async def test_who_saw_nothing_that_is_unknown_here_needs_no_look(one, other):
    async with served(one.app) as here, served(other.app) as there:
        async with stream(here, "userId=dora&topics=price_drops") as client:
            last = (await ask(client, type="HEARTBEAT"))["messageId"]
        query = f"userId=dora&topics=price_drops&lastMessageId={last}"
        async with connect(f"ws://{there}{PATH}?{query}") as client:
            assert json.loads(await client.recv())["payload"]["resumed"] is True
    assert other.journal.reads == 0


async def test_a_server_that_stops_lets_nobody_in_and_answers_who_asks(stall):
    async with served(stall.app) as address, stream(address) as client:
        stall.shop.hub.retiring = True
        ready = await stall.client.get("/health/ready")
        assert (ready.status_code, ready.headers["Retry-After"]) == (503, "1")
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://{address}{PATH}?userId=bob")
        assert refused.value.response.status_code == 503
        assert (await ask_for_events(address, query="userId=bob")).status_code == 503
        # Who is there already is still heard, and so is who needs no stream.
        assert (await ask(client, type="HEARTBEAT"))["type"] == "HEARTBEAT"
        assert (await stall.client.get("/health/live")).status_code == 200
        response = await stall.client.post("/api/recommendations", json=purchase("honey"))
        assert response.status_code == 200
        assert (await stall.client.get("/api/products/honey")).status_code == 200
        assert (stall.shop.hub.open, stall.shop.engine.has_order("o-e1")) == (1, True)
