"""What is sent to Application Insights: everything that is counted, once, also where it was away."""

import asyncio
import logging
import os
import socket
from contextlib import asynccontextmanager

import pytest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from punnet import __version__, telemetry
from punnet.core.histogram import BOUNDS, Histogram
from punnet.telemetry import Ingestion, Telemetry
from punnet.web.metrics import ShopCollector
from tests.servers.insights import KEY, Insights, told
from tests.waiting import until
from tests.web.stall import opened, served

NOW = 1_760_000_000.0


class Counters:
    """What a test counts."""

    def __init__(self):
        self.views, self.carts, self.queue = 1_000, 5, 7
        self.times = Histogram()
        self.times.add(0.003)

    def collect(self):
        actions = CounterMetricFamily("punnet_actions", "Actions.", labels=("action",))
        actions.add_metric(("VIEW_PRODUCT",), self.views)
        actions.add_metric(("ADD_TO_CART",), self.carts)
        yield actions
        yield GaugeMetricFamily("punnet_queue_size", "What waits.", value=self.queue)
        below, buckets = 0, []
        for bound, count in zip(BOUNDS, self.times.counts, strict=False):
            below += count
            if bound in (0.001, 0.01, 0.1, 1.0):
                buckets.append((str(bound), below))
        buckets.append(("+Inf", self.times.count))
        yield HistogramMetricFamily("punnet_answer_seconds", "", buckets, self.times.seconds)


def sending(address, counters, seconds=60.0):
    return Telemetry(Ingestion(f"http://{address}/v2.1/track", KEY), counters.collect, seconds, lambda: NOW)


@asynccontextmanager
async def started():
    """Yield a stand-in for Application Insights, what is counted, and what sends it until the end."""
    insights, counters = Insights(), Counters()
    async with served(insights) as address:
        sender = sending(address, counters)
        sender.start()
        yield insights, counters, sender
        await sender.stop()


async def test_counts_are_sent_as_what_was_added_and_all_else_as_it_is():
    async with started() as (insights, counters, sender):
        counters.views += 3
        counters.queue = 2
        for seconds in (0.003, 0.02, 0.03):
            counters.times.add(seconds)
        await sender.send()
        counters.carts += 1
        await sender.send()

    first, second, last = map(told, insights.sent)
    assert first == {
        ("punnet_actions", "VIEW_PRODUCT"): {"value": 3.0},
        ("punnet_actions", "ADD_TO_CART"): {"value": 0.0},
        ("punnet_queue_size",): {"value": 2.0},
        ("punnet_answer_seconds",): {"value": pytest.approx(0.053), "count": 3, "min": 0.001, "max": 0.1},
    }
    assert second == {
        ("punnet_actions", "VIEW_PRODUCT"): {"value": 0.0},
        ("punnet_actions", "ADD_TO_CART"): {"value": 1.0},
        ("punnet_queue_size",): {"value": 2.0},
    }
    assert last[("punnet_actions", "ADD_TO_CART")] == {"value": 0.0}


async def test_each_number_says_whose_it_is_and_of_which_process():
    async with started() as (insights, _, _):
        pass

    assert insights.calls == [("POST", "/v2.1/track", b"application/json")]
    for envelope in insights.sent[0]:
        data = envelope.pop("data")
        assert (data["baseType"], data["baseData"]["ver"]) == ("MetricData", 2)
        assert envelope == {
            "name": "Microsoft.ApplicationInsights.Metric",
            "time": "2025-10-09T08:53:20Z",
            "iKey": KEY,
            "tags": {
                "ai.cloud.role": "punnet",
                "ai.cloud.roleInstance": f"{socket.gethostname()}:{os.getpid()}",
                "ai.internal.sdkVersion": f"punnet:{__version__}",
            },
        }


async def test_what_took_longer_than_the_last_bound_is_told_as_that():
    async with started() as (insights, counters, _):
        counters.times.add(5.0)

    number = told(insights.sent[0])[("punnet_answer_seconds",)]
    assert number == {"value": 5.0, "min": 1.0, "max": 1.0}


async def test_what_began_anew_is_told_from_there():
    async with started() as (insights, counters, _):
        counters.views = 4

    assert told(insights.sent[0])[("punnet_actions", "VIEW_PRODUCT")] == {"value": 4.0}


@pytest.mark.parametrize("status", [400, 429, 500])
async def test_what_is_not_taken_is_sent_the_next_time_and_said_once(status, caplog):
    async with started() as (insights, counters, sender):
        insights.status = status
        for _ in range(2):
            counters.views += 1
            await sender.send()
        insights.status = 200
        counters.views += 1
        await sender.send()

    assert [told(batch)[("punnet_actions", "VIEW_PRODUCT")]["value"] for batch in insights.sent] == [3, 0]
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == [
        f"Application Insights takes none of what is counted: it answers {status}",
        "Application Insights takes what is counted again",
    ]


async def test_what_is_taken_in_part_is_not_sent_again(caplog):
    async with started() as (insights, counters, sender):
        counters.views += 1
        insights.status = 206
        await sender.send()
        insights.status = 200

    assert told(insights.sent[0])[("punnet_actions", "VIEW_PRODUCT")] == {"value": 0.0}
    assert "takes a part of what is counted: it answers 206" in caplog.text


async def test_it_goes_where_it_is_sent_on_to():
    async with started() as (insights, counters, _):
        counters.views += 1
        insights.status = 308

    assert [call[:2] for call in insights.calls] == [
        ("POST", "/v2.1/track"),
        ("POST", "/elsewhere/v2.1/track"),
    ]
    assert told(insights.sent[0])[("punnet_actions", "VIEW_PRODUCT")] == {"value": 1.0}


async def test_nobody_there_is_said(caplog):
    sender = sending("127.0.0.1:9", Counters())
    sender.start()
    await sender.stop()
    assert "Application Insights cannot be told: All connection attempts failed" in caplog.text


async def test_one_who_does_not_answer_is_not_waited_for(caplog, monkeypatch):
    monkeypatch.setattr(telemetry, "PATIENCE", 0.2)
    insights = Insights()
    insights.hangs = True
    async with served(insights) as address:
        sender = sending(address, Counters())
        sender.start()
        await sender.stop()
    assert "Application Insights cannot be told: it does not answer" in caplog.text


async def test_it_sends_by_itself_from_its_start_to_its_end():
    insights, counters = Insights(), Counters()
    async with served(insights) as address:
        sender = sending(address, counters, seconds=0.01)
        await sender.stop()
        sender.start()
        await until(lambda: len(insights.sent) >= 3)
        await sender.stop()
        count = len(insights.sent)
        await asyncio.sleep(0.05)
        assert len(insights.sent) == count


async def test_all_that_prometheus_is_told_is_sent():
    insights = Insights()
    async with opened() as stall, served(insights) as address:
        collect = ShopCollector(stall.shop).collect
        sender = Telemetry(Ingestion(f"http://{address}/", KEY), collect, 60, stall.shop.clock)
        sender.start()
        action = {"userId": "ann", "action": "SEARCH", "entityId": "mead", "getRecommendations": True}
        assert (await stall.client.post("/api/recommendations", json=action)).status_code == 200
        await sender.stop()

    found = told(insights.sent[0])
    assert {name for name, *_ in found} == {metric.name for metric in collect()}
    assert found[("punnet_actions", "SEARCH")] == {"value": 1.0}
    assert found[("punnet_build_info", __version__)] == {"value": 1.0}
    assert {type(number["value"]) for number in found.values()} <= {int, float}


@pytest.mark.parametrize(
    ("text", "url"),
    [
        (f"InstrumentationKey={KEY}", "https://dc.services.visualstudio.com/v2.1/track"),
        (
            f"InstrumentationKey={KEY};IngestionEndpoint=https://westeurope-5.in.applicationinsights.azure.com/;"
            "LiveEndpoint=https://westeurope.livediagnostics.monitor.azure.com/;ApplicationId=1",
            "https://westeurope-5.in.applicationinsights.azure.com/v2.1/track",
        ),
        (
            f" ingestionEndpoint = https://a.example ; INSTRUMENTATIONKEY = {KEY} ;",
            "https://a.example/v2.1/track",
        ),
        (
            f"EndpointSuffix=applicationinsights.azure.cn;InstrumentationKey={KEY}",
            "https://dc.applicationinsights.azure.cn/v2.1/track",
        ),
    ],
)
def test_a_connection_string_says_where_to(text, url):
    assert Ingestion.of(text) == Ingestion(url, KEY)
