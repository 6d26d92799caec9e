"""What Prometheus reads: the same numbers as the statistics, by names that stay."""

import re
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from punnet import __version__
from punnet.web.app import create_app
from tests.web.stall import ADMIN_KEY, opened, served, until
from tests.wires import Reel

STATS = "/api/recommendations/stats"
REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "statistics.md"
BUCKETS = [float(f"{step}e{decade}") for decade in range(-5, 2) for step in (1, 2.5, 5)]


async def metrics(stall):
    """Return every sample by its name and its labels."""
    response = await stall.client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    samples = [one for family in text_string_to_metric_families(response.text) for one in family.samples]
    found = {(one.name, *one.labels.values()): one.value for one in samples}
    assert len(found) == len(samples), "no sample comes twice"
    return found


async def statistics(stall):
    return (await stall.client.get(STATS, params={"detailed": "true"})).json()["data"]


async def act(stall, action, product, **known):
    body = {"userId": "ann", "action": action, "entityId": product, "entityType": "PRODUCT"} | known
    response = await stall.client.post("/api/recommendations", json=body)
    assert response.status_code == 200, response.text


async def let_everything_count(stall):
    """Let every number be another than 0, and as few of them as possible be the same."""
    stall.shop.hub.unregister(stall.shop.hub.register("bob", Reel()))
    stays = Reel()
    stall.shop.hub.register("ann", stays)
    for product in ("basil", "basil", "honey", "tomatoes"):
        await act(stall, "VIEW_PRODUCT", product)
    await act(stall, "VIEW_RECOMMENDATIONS", "basil", metadata={"productIds": ["basil", "honey"] * 3})
    for product in ("basil", "honey"):
        await act(stall, "CLICK_RECOMMENDATION", product)
    line = {"productId": "basil", "quantity": 1, "unitPrice": 4}
    await act(stall, "COMPLETE_PURCHASE", "new", entityType="ORDER", metadata={"items": [line]})
    for _ in range(3):
        await stall.client.get("/api/recommendations?userId=bob")
    await until(lambda: len(stays.frames) == 4)


async def test_they_are_the_numbers_of_the_statistics(stall):
    await let_everything_count(stall)
    found, told = await metrics(stall), await statistics(stall)
    events, counted, streams = told["events"], told["recommendations"], told["websockets"]

    assert {key: value for key, value in found.items() if key[0] == "punnet_actions_total"} == {
        ("punnet_actions_total", action): count for action, count in events["byType"].items()
    }
    topics = streams["subscriptionBreakdown"]
    assert {key: value for key, value in found.items() if key[0] == "punnet_subscriptions"} == {
        ("punnet_subscriptions", topic): count for topic, count in topics.items()
    }
    assert {name: found[f"punnet_{name}",] for name in told["market"]} == told["market"]
    expected = {
        ("punnet_actions_debounced_total",): events["debounced"],
        ("punnet_queue_size",): events["queueSize"],
        ("punnet_processing",): 1,
        ("punnet_healthy",): 1,
        ("punnet_handler_calls_total",): 0,
        ("punnet_handler_failures_total",): 0,
        ("punnet_emails_total", "sent"): 0,
        ("punnet_emails_total", "failed"): 0,
        ("punnet_reactions_total", "pushed"): counted["totalTriggered"] - counted["failed"],
        ("punnet_reactions_total", "failed"): counted["failed"],
        ("punnet_cache_requests_total", "hit"): counted["cacheHits"],
        ("punnet_cache_requests_total", "miss"): counted["cacheMisses"],
        ("punnet_impressions_total",): counted["impressions"],
        ("punnet_clicks_total",): counted["clicks"],
        ("punnet_conversions_total",): counted["conversions"],
        ("punnet_connections_opened_total",): streams["totalConnections"],
        ("punnet_connections",): streams["activeConnections"],
        ("punnet_messages_total",): 4,
        ("punnet_build_info", __version__): 1,
        ("punnet_action_processing_seconds_count",): 8,
        ("punnet_answer_seconds_count",): 3,
    }
    assert {key: found[key] for key in expected} == expected
    assert (events["debounced"], counted["totalTriggered"], counted["cacheHits"]) == (1, 4, 2)
    assert (counted["impressions"], counted["clicks"], counted["conversions"]) == (6, 2, 1)


async def test_how_long_answers_took_is_told_by_a_few_bounds(stall):
    for seconds in (1e-5, 2e-5, 0.003, 0.003, 0.0051, 60, 600):
        stall.shop.history.answering.add(seconds)
    found = await metrics(stall)
    name = "punnet_answer_seconds"
    below = {float(key[1]): value for key, value in found.items() if key[0] == f"{name}_bucket"}

    assert sorted(below) == [*BUCKETS, float("inf")]
    assert [below[bound] for bound in (1e-5, 2.5e-5, 0.0025, 0.005, 0.01, 50)] == [1, 2, 2, 4, 5, 5]
    assert below[float("inf")] == found[f"{name}_count",] == 7
    assert found[f"{name}_sum",] == pytest.approx(660.01113)


async def test_no_reset_turns_time_back(stall):
    await let_everything_count(stall)
    key = {"X-Admin-Key": ADMIN_KEY}
    response = await stall.client.post(STATS, json={"resetType": "all"}, headers=key)
    assert response.status_code == 200
    found = await metrics(stall)

    assert ("punnet_actions_total", "VIEW_PRODUCT") not in found
    assert found["punnet_impressions_total",] == 0
    assert found["punnet_action_processing_seconds_count",] == 8
    assert found["punnet_answer_seconds_count",] == 3
    assert found["punnet_messages_total",] == 4


async def test_while_the_server_stops_it_does_not_say_that_it_is_well(stall):
    await stall.shop.pipeline.stop()
    found = await metrics(stall)

    assert (found["punnet_processing",], found["punnet_healthy",]) == (0, 0)


async def test_the_process_tells_how_it_is(stall):
    found = await metrics(stall)

    assert found["process_resident_memory_bytes",] > 10e6
    assert found["process_cpu_seconds_total",] > 0
    assert any(key[0] == "python_info" for key in found)


async def test_the_reference_names_every_metric(stall):
    response = await stall.client.get("/metrics")
    own = {
        one.name for one in text_string_to_metric_families(response.text) if one.name.startswith("punnet_")
    }
    page = REFERENCE.read_text()
    table = page[page.index("| metric |") : page.index("Beside them")]
    named = {name.removesuffix("_total") for name in re.findall(r"`(punnet_\w+)[`{]", table)}

    assert {name.removesuffix("_total") for name in own} == named


async def test_every_family_says_what_it_is(stall):
    response = await stall.client.get("/metrics")

    for family in text_string_to_metric_families(response.text):
        assert family.documentation
        assert family.type in ("counter", "gauge", "histogram")


async def test_it_can_only_be_read(stall):
    assert (await stall.client.head("/metrics")).status_code == 200
    refused = await stall.client.post("/metrics")
    assert (refused.status_code, refused.json()["error"]["code"]) == (405, "METHOD_NOT_ALLOWED")


async def test_it_is_there_over_a_real_connection_and_not_where_it_is_not_wanted():
    async with opened() as stall, httpx.AsyncClient() as client:
        async with served(stall.app) as address:
            assert (await client.get(f"http://{address}/metrics")).status_code == 200
        async with served(create_app(stall.shop, metrics=False)) as address:
            assert (await client.get(f"http://{address}/metrics")).status_code == 404
