"""Statistics: what they say is so."""

import platform
import re
from pathlib import Path

import msgspec

from punnet.errors import JournalUnavailable
from punnet.journal.memory import MemoryJournal
from punnet.market import Action, EntityType, Removal, UserAction
from punnet.protocol.messages import Topic
from punnet.protocol.statistics import Statistics
from punnet.protocol.subscription import Subscription
from tests.web.stall import opened, until
from tests.wires import Reel

STATS = "/api/recommendations/stats"
REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "statistics.md"
MAPS = {
    "events.byType",
    "websockets.subscriptionBreakdown",
    "history.answerTime",
    "history.processingTime",
}


async def stats(stall, **params):
    response = await stall.client.get(STATS, params=params)
    assert response.status_code == 200
    return response.json()["data"]


async def test_a_market_is_counted(stall):
    await stall.client.put("/api/farms/new", json={"name": "New"})
    await stall.client.delete("/api/products/honey")
    await stall.client.delete("/api/farms/dale")

    assert (await stats(stall))["market"] == {"farms": 2, "products": 2, "orders": 2, "shoppers": 2}


async def test_actions_are_counted_by_type_in_detail(stall):
    for product in ("basil", "honey", "honey", "nothing"):
        await stall.client.post(
            "/api/recommendations", json={"userId": "cleo", "action": "VIEW_PRODUCT", "entityId": product}
        )
    events = (await stats(stall, detailed="true"))["events"]

    assert (events["total"], events["last24h"], events["lastHour"]) == (3, 3, 3)
    assert (events["byType"], events["debounced"]) == ({"VIEW_PRODUCT": 3}, 1)
    assert (events["queueSize"], events["isProcessing"]) == (0, True)
    assert re.fullmatch(r"\d+\.\d\dms", events["averageProcessingTime"])


async def test_without_detail_there_is_no_breakdown(stall):
    found = await stats(stall)

    assert "byType" not in found["events"]
    assert "subscriptionBreakdown" not in found["websockets"]
    assert "history" not in found


async def test_connections_and_their_topics_are_counted(stall):
    connection = stall.shop.hub.register("ann", Reel())
    stall.shop.hub.subscribe(connection, {Topic.TRENDING: Subscription(0)})
    websockets = (await stats(stall, detailed="true"))["websockets"]
    stall.shop.hub.unregister(connection)
    after = (await stats(stall))["websockets"]

    assert (websockets["totalConnections"], websockets["activeConnections"]) == (1, 1)
    assert websockets["subscriptionBreakdown"] == {
        "price_drops": 0,
        "stock_alerts": 0,
        "trending": 1,
        "new_arrivals": 0,
        "personalized": 0,
    }
    assert (after["totalConnections"], after["activeConnections"]) == (1, 0)
    assert after["averageConnectionDuration"] == "0.00s"


async def test_triggered_recommendations_are_counted(stall):
    wire = Reel()
    stall.shop.hub.register("ann", wire)
    await stall.client.post(
        "/api/recommendations", json={"userId": "ann", "action": "VIEW_PRODUCT", "entityId": "basil"}
    )
    await until(lambda: bool(wire.frames))

    found = (await stats(stall))["recommendations"]
    assert (found["totalTriggered"], found["successRate"]) == (1, "100.00%")


async def test_a_reaction_without_an_answer_counts_as_failed(stall):
    wire = Reel()
    stall.shop.hub.register("ann", wire)
    views = [
        Action(event_id=product, user_id="ann", action=UserAction.VIEW_PRODUCT, entity_id=product)
        for product in ("honey", "basil", "tomatoes")
    ]
    gone = Removal(entity_type=EntityType.PRODUCT, id="honey")
    await stall.shop.pipeline.submit([(fact,) for fact in (*views, gone)])
    await until(lambda: not stall.shop.delivery.waiting)

    found = (await stats(stall))["recommendations"]
    assert len(wire.messages) == 2
    assert (found["totalTriggered"], found["failed"], found["successRate"]) == (3, 1, "66.67%")


async def test_what_waits_to_be_answered_is_in_the_queue():
    async with opened(interval=3_600) as stall:
        stall.shop.hub.register("ann", Reel())
        for words in ("honey", "mead"):
            body = {"userId": "ann", "action": "SEARCH", "entityId": words}
            await stall.client.post("/api/recommendations", json=body)
        found = await stats(stall)

        assert (found["events"]["queueSize"], found["health"]["eventBacklog"]) == (2, 2)
        assert found["recommendations"]["totalTriggered"] == 0


class Full(MemoryJournal):
    """A journal that has no room now and then."""

    full = False

    async def append(self, entries):
        if self.full:
            raise JournalUnavailable("the disk is full")
        return await super().append(entries)


async def test_while_nothing_can_be_written_the_server_is_not_healthy(caplog):
    async with opened(journal=Full()) as stall:
        farm = {"name": "New"}
        stall.journal.full = True
        assert (await stall.client.put("/api/farms/new", json=farm)).status_code == 503
        assert (await stats(stall))["health"]["status"] == "DEGRADED"
        stall.journal.full = False
        assert (await stall.client.put("/api/farms/new", json=farm)).status_code == 201
        assert (await stats(stall))["health"]["status"] == "HEALTHY"


async def test_recommendations_shown_clicked_and_bought_are_counted(stall):
    item = {"productId": "honey", "quantity": 1, "unitPrice": 8}
    for action in (
        {"action": "VIEW_RECOMMENDATIONS", "metadata": {"productIds": ["basil", "honey", "nothing"]}},
        {"action": "CLICK_RECOMMENDATION", "entityId": "honey"},
        {"action": "CLICK_RECOMMENDATION", "entityId": "basil"},
        {"action": "COMPLETE_PURCHASE", "metadata": {"items": [item]}},
    ):
        response = await stall.client.post("/api/recommendations", json={"userId": "cleo", **action})
        assert response.status_code == 200, response.text

    found = (await stats(stall))["recommendations"]
    assert [found[name] for name in ("impressions", "clicks", "conversions")] == [3, 2, 1]


async def test_without_a_mailer_no_e_mails_are_counted(stall):
    assert (await stats(stall))["emails"] == {"sent": 0, "failed": 0}


async def test_the_process_says_how_it_is(stall):
    found = await stats(stall)

    assert found["health"] == {
        "status": "HEALTHY",
        "eventBacklog": 0,
        "isProcessing": True,
        "websocketServer": "ONLINE",
    }
    assert (found["meta"]["uptime"], found["meta"]["timestamp"]) == (60, "2025-10-09T08:53:20Z")
    assert found["meta"]["pythonVersion"] == platform.python_version()
    used, most = (
        float(found["meta"]["memoryUsage"][name].removesuffix(" MB")) for name in ("heapUsed", "heapTotal")
    )
    assert 10 < used <= most


async def test_the_shape_is_the_documented_one(stall):
    stall.shop.history.note()
    assert msgspec.convert(await stats(stall, detailed="true"), Statistics)


def numbers(part, path=""):
    """Yield the name of every number, with the parts that it stands in."""
    for name, inner in part.items():
        if isinstance(inner, list):
            yield path + name
            yield from numbers(inner[0], f"{path}{name}.")
        elif isinstance(inner, dict) and path + name not in MAPS:
            yield from numbers(inner, f"{path}{name}.")
        else:
            yield path + name


async def test_the_reference_explains_every_number_in_the_order_of_the_answer(stall):
    stall.shop.history.note()
    page = REFERENCE.read_text().partition("## Prometheus")[0]
    explained = re.findall(r"^\| `([\w.]+)` \| \S.* \|", page, re.MULTILINE)

    assert explained == list(numbers(await stats(stall, detailed="true")))
