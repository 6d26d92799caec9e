"""What the server counts, as Prometheus reads it."""

from collections.abc import Iterable, Iterator
from itertools import accumulate

from litestar.enums import ScopeType
from litestar.handlers import ASGIRouteHandler, asgi
from litestar.types import HTTPScope, Receive, Scope, Send
from msgspec import UNSET
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import generate_latest

from punnet import __version__
from punnet.core.histogram import BOUNDS, Histogram
from punnet.errors import PunnetError
from punnet.protocol.statistics import Health, Statistics
from punnet.web.callers import Access
from punnet.web.exchange import (
    NO_STORE,
    Sent,
    failed,
    no_stream,
    only_at,
    request_id_of,
    send_response,
    unreadable,
)
from punnet.web.shop import Shop
from punnet.web.statistics import taken

PATH = "/metrics"

TEXT = b"text/plain; version=0.0.4; charset=utf-8"

TOLD = frozenset(float(f"{step}e{decade}") for decade in range(-5, 2) for step in (1, 2.5, 5))
"""Up to how many seconds Prometheus is told how many there were: a few of the histogram's own bounds."""


def metrics_handler(shop: Shop) -> ASGIRouteHandler:
    """Return the handler of the metrics of a shop, and of the process that serves it."""
    registry = CollectorRegistry()
    registry.register(ShopCollector(shop))
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.WEBSOCKET:
            await no_stream(receive, send)
        else:
            await send_response(send, await _answer(shop, registry, scope))

    return asgi(PATH, name="metrics", copy_scope=False)(only_at(PATH, serve, shop.new_id))


class ShopCollector:
    """Tells what the statistics tell, as it is when it is asked for.

    How long something took, and how many messages were written, counts from the start of the process and is
    never reset; everything else is the number of the statistics.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def collect(self) -> Iterator[Metric]:
        """Yield all of it."""
        shop, told = self._shop, taken(self._shop, detailed=True)
        yield _gauge("build_info", "The version of Punnet.", 1, version=__version__)
        yield from _of_actions(told)
        yield _histogram(
            "action_processing_seconds",
            "From a call with actions coming in until they are durable and every answer reflects them.",
            shop.pipeline.calls.timing,
        )
        yield from _of_recommendations(told)
        yield _histogram(
            "answer_seconds",
            "From a call for recommendations being read until its answer is written.",
            shop.history.answering,
        )
        yield from _of_streams(told)
        yield _counter("messages", "Messages written on streams.", shop.hub.written)
        yield from _of_market(told)


def _of_actions(told: Statistics) -> Iterator[Metric]:
    events, by_type = told.events, told.events.by_type
    yield _counters("actions", "Actions recorded.", "action", () if by_type is UNSET else by_type.items())
    yield _counter("actions_debounced", "Of those, repeated too quickly to react to.", events.debounced)
    yield _gauge("queue_size", "Facts, reactions and calls of handlers that wait.", events.queue_size)
    yield _gauge("processing", "Whether facts are taken in.", events.is_processing)
    yield _gauge("healthy", "Whether the server is well.", told.health.status is Health.HEALTHY)
    yield _counter("handler_calls", "Calls of own handlers.", events.handlers.called)
    yield _counter("handler_failures", "Of those, the ones that failed.", events.handlers.failed)
    emails = {"sent": told.emails.sent, "failed": told.emails.failed}
    yield _counters("emails", "E-mails after a purchase, sent or given up.", "outcome", emails.items())


def _of_recommendations(told: Statistics) -> Iterator[Metric]:
    counted = told.recommendations
    pushed = {"pushed": counted.total_triggered - counted.failed, "failed": counted.failed}
    yield _counters("reactions", "Reactions for someone who is connected.", "outcome", pushed.items())
    kept = {"hit": counted.cache_hits, "miss": counted.cache_misses}
    yield _counters(
        "cache_requests", "Answers kept from a moment before, or made anew.", "outcome", kept.items()
    )
    yield _counter("impressions", "Recommendations shown.", counted.impressions)
    yield _counter("clicks", "Recommendations clicked.", counted.clicks)
    yield _counter("conversions", "Recommendations bought within 7 days of the click.", counted.conversions)


def _of_streams(told: Statistics) -> Iterator[Metric]:
    streams, topics = told.websockets, told.websockets.subscription_breakdown
    yield _counter("connections_opened", "Streams opened.", streams.total_connections)
    yield _gauge("connections", "Streams open now.", streams.active_connections)
    subscriptions = GaugeMetricFamily("punnet_subscriptions", "Streams that have a topic.", labels=("topic",))
    for topic, count in () if topics is UNSET else topics.items():
        subscriptions.add_metric((topic,), count)
    yield subscriptions


def _of_market(told: Statistics) -> Iterator[Metric]:
    market = told.market
    yield _gauge("farms", "Farms in the catalogue.", market.farms)
    yield _gauge("products", "Products in the catalogue.", market.products)
    yield _gauge("orders", "Orders.", market.orders)
    yield _gauge("shoppers", "People who ordered or did something.", market.shoppers)


def _gauge(name: str, about: str, value: float, **labels: str) -> Metric:
    gauge = GaugeMetricFamily(f"punnet_{name}", about, labels=[*labels])
    gauge.add_metric([*labels.values()], value)
    return gauge


def _counter(name: str, about: str, value: int) -> Metric:
    return CounterMetricFamily(f"punnet_{name}", about, value=value)


def _counters(name: str, about: str, label: str, values: Iterable[tuple[str, int]]) -> Metric:
    counter = CounterMetricFamily(f"punnet_{name}", about, labels=(label,))
    for of, value in values:
        counter.add_metric((of,), value)
    return counter


def _histogram(name: str, about: str, times: Histogram) -> Metric:
    below = accumulate(times.counts)
    buckets = [(str(bound), count) for bound, count in zip(BOUNDS, below, strict=False) if bound in TOLD]
    buckets.append(("+Inf", times.count))
    return HistogramMetricFamily(f"punnet_{name}", about, buckets=buckets, sum_value=times.seconds)


async def _answer(shop: Shop, registry: CollectorRegistry, scope: HTTPScope) -> Sent:
    if refused := unreadable(scope, "Metrics", shop.new_id):
        return refused
    try:
        (await shop.doors.identify(scope)).ask(Access.BACK_END)
    except PunnetError as error:
        return failed(error, request_id_of(scope, shop.new_id))
    text = generate_latest(registry)
    size = (b"content-length", b"%d" % len(text))
    return Sent(200, text, ((b"content-type", TEXT), (b"cache-control", NO_STORE), size))
