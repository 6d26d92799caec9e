"""Beginning the statistics anew, and dropping what waits."""

import asyncio

import pytest

from punnet.engine.engine import Engine
from punnet.handlers.registry import Handler
from punnet.market import UserAction
from tests.web.stall import ADMIN_KEY, opened, until
from tests.wires import Reel

STATS = "/api/recommendations/stats"
KEY = {"X-Admin-Key": ADMIN_KEY}


async def act(stall, action, product, **known):
    body = {"userId": "ann", "action": action, "entityId": product} | known
    response = await stall.client.post("/api/recommendations", json=body)
    assert response.status_code == 200, response.text


async def stats(stall):
    return (await stall.client.get(STATS, params={"detailed": "true"})).json()["data"]


async def reset(stall, kind):
    response = await stall.client.post(STATS, json={"resetType": kind}, headers=KEY)
    assert response.status_code == 200, response.text
    return response.json()["data"]


async def let_everything_count(stall):
    """Let one connection come and go, another stay, and five actions happen, one of them too quickly."""
    stall.shop.hub.unregister(stall.shop.hub.register("bob", Reel()))
    stays = Reel()
    stall.shop.hub.register("ann", stays)
    for product in ("basil", "basil", "honey"):
        await act(stall, "VIEW_PRODUCT", product)
    await act(stall, "VIEW_RECOMMENDATIONS", "basil")
    await act(stall, "CLICK_RECOMMENDATION", "basil")
    await until(lambda: bool(stays.frames))


async def test_reset_events_begin_anew_and_the_rest_counts_on(stall):
    await let_everything_count(stall)
    before = await stats(stall)
    assert await reset(stall, "events") == {"resetType": "events"}
    after = await stats(stall)

    assert (before["events"]["total"], before["events"]["debounced"]) == (5, 1)
    assert after["events"] == {
        "total": 0,
        "last24h": 0,
        "lastHour": 0,
        "byType": {},
        "debounced": 0,
        "averageProcessingTime": "0.00ms",
        "queueSize": 0,
        "isProcessing": True,
        "handlers": {"called": 0, "failed": 0},
    }
    assert before["recommendations"]["totalTriggered"] > 0
    for part in ("recommendations", "websockets", "market"):
        assert after[part] == before[part]


async def test_when_all_is_reset_only_what_is_open_and_what_is_for_sale_still_counts(stall):
    await let_everything_count(stall)
    before = await stats(stall)
    assert await reset(stall, "all") == {"resetType": "all"}
    after = await stats(stall)

    assert before["recommendations"]["impressions"] == before["recommendations"]["clicks"] == 1
    assert after["events"]["total"] == 0
    assert after["recommendations"] == {
        "totalTriggered": 0,
        "failed": 0,
        "successRate": "100.00%",
        "cacheHits": 0,
        "cacheMisses": 0,
        "impressions": 0,
        "clicks": 0,
        "conversions": 0,
    }
    assert before["websockets"]["totalConnections"] == 2
    assert after["websockets"]["totalConnections"] == after["websockets"]["activeConnections"] == 1
    assert after["market"] == before["market"]


async def test_what_was_reset_stays_so_after_a_restart_and_counts_on(stall):
    await let_everything_count(stall)
    await reset(stall, "all")
    await act(stall, "VIEW_PRODUCT", "tomatoes")
    again = Engine()
    async for batch in stall.journal.read():
        again.apply(batch.records)

    assert (again.tally.total, again.debounced, again.funnel.clicks) == (1, 0, 0)
    assert (await stats(stall))["events"]["total"] == 1


async def test_a_click_before_the_reset_is_no_conversion_after_it(stall):
    await let_everything_count(stall)
    await reset(stall, "all")
    line = {"productId": "basil", "quantity": 1, "unitPrice": 4}
    await act(stall, "COMPLETE_PURCHASE", "new", metadata={"items": [line]})

    assert (await stats(stall))["recommendations"]["conversions"] == 0


async def test_clearing_drops_what_waits_and_tells_how_much_but_no_action():
    async with opened(interval=3_600) as stall:
        listening = Reel()
        stall.shop.hub.register("ann", listening)
        for words in ("basil", "honey"):
            await act(stall, "SEARCH", words)
        cleared = await stall.client.delete(STATS, headers=KEY)
        again = await stall.client.delete(STATS, params={"adminKey": ADMIN_KEY})
        after = await stats(stall)

        assert cleared.json()["data"] == {"dropped": 2}
        assert again.json()["data"] == {"dropped": 0}
        assert (after["events"]["total"], after["events"]["queueSize"]) == (2, 0)
        await stall.shop.pipeline.stop()
        assert listening.messages == []


async def test_handlers_are_counted_until_a_reset_and_their_calls_dropped_with_what_waits():
    go_on = asyncio.Event()

    async def wait(event):
        await go_on.wait()
        raise ValueError(event)

    viewed = Handler("wait", frozenset({UserAction.VIEW_PRODUCT}), wait)
    async with opened(handlers=[viewed]) as stall:
        for product in ("basil", "honey", "tomatoes"):
            await act(stall, "VIEW_PRODUCT", product)
        assert (await stats(stall))["events"]["queueSize"] == 2
        cleared = await stall.client.delete(STATS, headers=KEY)
        assert cleared.json()["data"] == {"dropped": 2}
        go_on.set()
        await until(lambda: stall.shop.handlers.failed == 1)
        assert (await stats(stall))["events"]["handlers"] == {"called": 1, "failed": 1}
        await reset(stall, "events")
        assert (await stats(stall))["events"]["handlers"] == {"called": 0, "failed": 0}


@pytest.mark.parametrize(
    "body", [{}, {"resetType": "none"}, {"resetType": None}, {"resetType": "all", "x": 1}]
)
async def test_a_reset_says_what_of(stall, body):
    before = await stall.state()
    response = await stall.client.post(STATS, json=body, headers=KEY)

    assert response.status_code == 400
    assert response.json()["error"]["details"]["field"] in ("resetType", "x")
    assert await stall.state() == before
