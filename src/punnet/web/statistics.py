"""What the server has done and how it is, in numbers that are counted."""

import platform
import resource
from datetime import UTC, datetime
from pathlib import Path

from msgspec import UNSET

from punnet.market import Noun
from punnet.protocol import codec
from punnet.protocol.messages import Topic
from punnet.protocol.statistics import (
    EmailStatistics,
    EventStatistics,
    HandlerStatistics,
    Health,
    HealthStatistics,
    MarketStatistics,
    MemoryUsage,
    ProcessStatistics,
    RecommendationStatistics,
    Statistics,
    WebSocketServer,
    WebSocketStatistics,
)
from punnet.types import DAY, HOUR
from punnet.web.exchange import Call, Reply
from punnet.web.shop import Shop

_STATM = Path("/proc/self/statm")


class StatisticsQuery(Noun, frozen=True, kw_only=True):
    """How much to tell."""

    detailed: bool = False


async def get_statistics(shop: Shop, call: Call) -> Reply:
    """Answer the statistics."""
    return Reply(taken(shop, detailed=codec.read_query(call.query, StatisticsQuery).detailed))


def taken(shop: Shop, *, detailed: bool) -> Statistics:
    """Return the statistics as they are now."""
    now = shop.clock()
    return Statistics(
        events=_events(shop, now, detailed=detailed),
        recommendations=_recommendations(shop),
        emails=_emails(shop),
        websockets=_websockets(shop, detailed=detailed),
        market=_market(shop),
        health=_health(shop),
        history=shop.history.stretches if detailed else UNSET,
        meta=_process(shop, now),
    )


def _events(shop: Shop, now: float, *, detailed: bool) -> EventStatistics:
    tally, pipeline = shop.engine.tally, shop.pipeline
    return EventStatistics(
        total=tally.total,
        last24h=tally.since(now, DAY),
        last_hour=tally.since(now, HOUR),
        by_type=dict(tally.by_type) if detailed else UNSET,
        debounced=shop.engine.debounced,
        average_processing_time=f"{pipeline.calls.average_seconds * 1000:.2f}ms",
        queue_size=pipeline.waiting,
        is_processing=pipeline.taking_in,
        handlers=HandlerStatistics(called=shop.handlers.called, failed=shop.handlers.failed),
    )


def _recommendations(shop: Shop) -> RecommendationStatistics:
    delivered, failed = shop.delivery.delivered, shop.delivery.failed
    triggered = delivered + failed
    rate = delivered / triggered if triggered else 1.0
    funnel = shop.engine.funnel
    return RecommendationStatistics(
        total_triggered=triggered,
        failed=failed,
        success_rate=f"{rate:.2%}",
        cache_hits=shop.answers.hits,
        cache_misses=shop.answers.made,
        impressions=funnel.impressions,
        clicks=funnel.clicks,
        conversions=funnel.conversions,
    )


def _emails(shop: Shop) -> EmailStatistics:
    mailer = shop.mailer
    return EmailStatistics(sent=mailer.sent if mailer else 0, failed=mailer.failed if mailer else 0)


def _websockets(shop: Shop, *, detailed: bool) -> WebSocketStatistics:
    hub = shop.hub
    subscribed = hub.subscriptions() if detailed else {}
    return WebSocketStatistics(
        total_connections=hub.total,
        active_connections=hub.open,
        average_connection_duration=f"{hub.average_seconds():.2f}s",
        subscription_breakdown={topic: subscribed.get(topic, 0) for topic in Topic} if detailed else UNSET,
    )


def _market(shop: Shop) -> MarketStatistics:
    engine, catalogue = shop.engine, shop.engine.catalogue
    farms = (catalogue.farm(catalogue.farms[at]) for at in range(len(catalogue.farms)))
    return MarketStatistics(
        farms=sum(farm is not None for farm in farms),
        products=len(catalogue.listed()),
        orders=engine.order_count,
        shoppers=engine.shopper_count,
    )


def _health(shop: Shop) -> HealthStatistics:
    pipeline = shop.pipeline
    well = pipeline.taking_in and not pipeline.full and not pipeline.failing
    return HealthStatistics(
        status=Health.HEALTHY if well else Health.DEGRADED,
        event_backlog=pipeline.waiting,
        is_processing=pipeline.taking_in,
        websocket_server=WebSocketServer.FULL if shop.hub.full else WebSocketServer.ONLINE,
    )


def _process(shop: Shop, now: float) -> ProcessStatistics:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    used = int(_STATM.read_text().split()[1]) * resource.getpagesize() if _STATM.exists() else most
    return ProcessStatistics(
        timestamp=datetime.fromtimestamp(now, UTC),
        uptime=max(0, round(now - shop.began)),
        python_version=platform.python_version(),
        memory_usage=MemoryUsage(heap_used=_megabytes(used), heap_total=_megabytes(max(most, used))),
    )


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.2f} MB"
