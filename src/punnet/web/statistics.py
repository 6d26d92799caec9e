"""What the server has done and how it is, in numbers that are counted."""

import platform
import resource
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from msgspec import UNSET, UnsetType

from punnet.market import Moment, Noun, UserAction
from punnet.protocol import codec
from punnet.protocol.messages import Topic
from punnet.types import DAY
from punnet.web.exchange import Call, Reply
from punnet.web.shop import Shop

HOUR = 3_600.0
_STATM = Path("/proc/self/statm")


class StatisticsQuery(Noun, frozen=True, kw_only=True):
    """How much to tell."""

    detailed: bool = False


class HandlerStatistics(Noun, frozen=True, kw_only=True):
    """How often own handlers were called, and how many of those calls failed."""

    called: int
    failed: int


class EventStatistics(Noun, frozen=True, kw_only=True):
    """The actions recorded, those repeated too quickly to react to among them; `byType` only in detail."""

    total: int
    last24h: int
    last_hour: int
    by_type: Mapping[UserAction, int] | UnsetType = UNSET
    debounced: int
    average_processing_time: str
    queue_size: int
    is_processing: bool
    handlers: HandlerStatistics


class RecommendationStatistics(Noun, frozen=True, kw_only=True):
    """The answers that actions triggered, those that failed, and the share that was delivered.

    Beside them, the answers to queries that were kept from a moment before and those made anew, and the
    recommendations shown, those clicked, and those bought within 7 days of the click.
    """

    total_triggered: int
    failed: int
    success_rate: str
    cache_hits: int
    cache_misses: int
    impressions: int
    clicks: int
    conversions: int


class EmailStatistics(Noun, frozen=True, kw_only=True):
    """The e-mails after a purchase that were sent since the start, and those given up."""

    sent: int
    failed: int


class WebSocketStatistics(Noun, frozen=True, kw_only=True):
    """The connections ever made, and those open now; `subscriptionBreakdown` only in detail."""

    total_connections: int
    active_connections: int
    average_connection_duration: str
    subscription_breakdown: Mapping[Topic, int] | UnsetType = UNSET


class Health(StrEnum):
    """How the server is."""

    HEALTHY = "HEALTHY"
    DEGRADED = "DEGRADED"


class WebSocketServer(StrEnum):
    """Whether another connection would be taken."""

    ONLINE = "ONLINE"
    FULL = "FULL"


class HealthStatistics(Noun, frozen=True, kw_only=True):
    """Whether the server takes in what comes."""

    status: Health
    event_backlog: int
    is_processing: bool
    websocket_server: WebSocketServer


class MarketStatistics(Noun, frozen=True, kw_only=True):
    """What the market holds."""

    farms: int
    products: int
    orders: int
    shoppers: int


class MemoryUsage(Noun, frozen=True, kw_only=True):
    """The memory of the process: `heapUsed` now, `heapTotal` at its highest."""

    heap_used: str
    heap_total: str


class ProcessStatistics(Noun, frozen=True, kw_only=True):
    """The process that answers; `uptime` in seconds."""

    timestamp: Moment
    uptime: int
    python_version: str
    memory_usage: MemoryUsage


class Statistics(Noun, frozen=True, kw_only=True):
    """Everything the server counts."""

    events: EventStatistics
    recommendations: RecommendationStatistics
    emails: EmailStatistics
    websockets: WebSocketStatistics
    market: MarketStatistics
    health: HealthStatistics
    meta: ProcessStatistics


async def get_statistics(shop: Shop, call: Call) -> Reply:
    """Answer the statistics."""
    detailed = codec.read_query(call.query, StatisticsQuery).detailed
    now = shop.clock()
    return Reply(
        Statistics(
            events=_events(shop, now, detailed=detailed),
            recommendations=_recommendations(shop),
            emails=_emails(shop),
            websockets=_websockets(shop, detailed=detailed),
            market=_market(shop),
            health=_health(shop),
            meta=_process(shop, now),
        )
    )


def _events(shop: Shop, now: float, *, detailed: bool) -> EventStatistics:
    tally, pipeline = shop.engine.tally, shop.pipeline
    return EventStatistics(
        total=tally.total,
        last24h=tally.since(now, DAY),
        last_hour=tally.since(now, HOUR),
        by_type=dict(tally.by_type) if detailed else UNSET,
        debounced=shop.engine.debounced,
        average_processing_time=f"{pipeline.average_seconds * 1000:.2f}ms",
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
