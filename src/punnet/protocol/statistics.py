"""What the server counts, as it tells it."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import UNSET, UnsetType

from punnet.market import Moment, Noun, UserAction
from punnet.protocol.messages import Topic


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


class Times(Noun, frozen=True, kw_only=True):
    """How many milliseconds half of the calls took at most, and 99 of 100."""

    p50: float
    p99: float


class Stretch(Noun, frozen=True, kw_only=True):
    """A stretch of time, `seconds` long and over at `until`, and what happened in it.

    Recommendations that were asked for, actions that were taken in and how long both took, null where there
    were none; messages put on streams; and how many streams were open at its end.
    """

    until: Moment
    seconds: float
    answers: int
    answer_time: Times | None
    actions: int
    processing_time: Times | None
    messages: int
    connections: int


class Statistics(Noun, frozen=True, kw_only=True):
    """Everything the server counts; `history` only in detail, its stretches in order."""

    events: EventStatistics
    recommendations: RecommendationStatistics
    emails: EmailStatistics
    websockets: WebSocketStatistics
    market: MarketStatistics
    health: HealthStatistics
    history: tuple[Stretch, ...] | UnsetType = UNSET
    meta: ProcessStatistics
