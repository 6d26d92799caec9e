"""What the server counts, sent to Application Insights of Azure."""

import asyncio
import os
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import NamedTuple, TypeAlias

import httpx
import msgspec
from prometheus_client.core import Metric

from punnet import __version__
from punnet.loop import Trouble, forever

ENDPOINT = "https://dc.services.visualstudio.com"
"""Where a connection string sends that names no other place."""

PATIENCE = 3.0
"""Seconds that Application Insights has for an answer."""

TAKEN, PARTLY_TAKEN = 200, 206

Series: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]
"""The name of a number, and what its labels say."""


class Ingestion(NamedTuple):
    """Where numbers are sent, and the key of whose they are."""

    url: str
    key: str

    @classmethod
    def of(cls, connection_string: str) -> "Ingestion":
        """Return what a connection string names, which has parts like `InstrumentationKey=…` between `;`."""
        pairs = (part.partition("=") for part in connection_string.split(";"))
        parts = {name.strip().lower(): value.strip() for name, _, value in pairs}
        suffix = parts.get("endpointsuffix")
        endpoint = parts.get("ingestionendpoint") or (f"https://dc.{suffix}" if suffix else ENDPOINT)
        return cls(f"{endpoint.rstrip('/')}/v2.1/track", parts["instrumentationkey"])


class Number(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A number: how it is, or the sum of `count` numbers that came, the least and the greatest of them."""

    name: str
    value: float
    count: int = 1
    min: float | None = None
    max: float | None = None


class Telemetry:
    """Sends what `collect` tells every so many `seconds`: what is counted, as what was added meanwhile.

    What could not be sent is part of what is sent the next time. `clock` tells seconds since 1970.
    """

    def __init__(
        self,
        ingestion: Ingestion,
        collect: Callable[[], Iterable[Metric]],
        seconds: float,
        clock: Callable[[], float],
    ) -> None:
        self._ingestion = ingestion
        self._collect = collect
        self._seconds = seconds
        self._clock = clock
        self._before: dict[Series, float] = {}
        self._trouble = Trouble("Application Insights takes what is counted again")
        self._client: httpx.AsyncClient | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Count from now on, and send; needs a running loop."""
        self._before = _counts(self._collect())
        self._client = httpx.AsyncClient(timeout=PATIENCE, follow_redirects=True)
        self._task = asyncio.create_task(forever(self._turn))

    async def stop(self) -> None:
        """Send a last time, and no more."""
        if self._task is None or self._client is None:
            return
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self.send()
        await self._client.aclose()

    async def send(self) -> None:
        """Send what there is now; where nobody takes it, it is logged."""
        metrics = list(self._collect())
        envelopes = [self._envelope(number, labels) for number, labels in _numbers(metrics, self._before)]
        status, why = await self._post(msgspec.json.encode(envelopes))
        if status in (TAKEN, PARTLY_TAKEN):
            self._before = _counts(metrics)
        self._trouble.note(why)

    async def _turn(self) -> None:
        await asyncio.sleep(self._seconds)
        await self.send()

    async def _post(self, body: bytes) -> tuple[int, str]:
        """Return what is answered, 0 for nothing, and what is wrong with it, if anything."""
        assert self._client is not None
        try:
            async with asyncio.timeout(PATIENCE):
                headers = {"content-type": "application/json"}
                response = await self._client.post(self._ingestion.url, content=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            return 0, f"Application Insights cannot be told: {str(error) or 'it does not answer'}"
        status = response.status_code
        if status == TAKEN:
            return status, ""
        share = "a part" if status == PARTLY_TAKEN else "none"
        return status, f"Application Insights takes {share} of what is counted: it answers {status}"

    def _envelope(self, number: Number, labels: Mapping[str, str]) -> dict[str, object]:
        return {
            "name": "Microsoft.ApplicationInsights.Metric",
            "time": datetime.fromtimestamp(self._clock(), UTC),
            "iKey": self._ingestion.key,
            "tags": {
                "ai.cloud.role": "punnet",
                "ai.cloud.roleInstance": f"{socket.gethostname()}:{os.getpid()}",
                "ai.internal.sdkVersion": f"punnet:{__version__}",
            },
            "data": {
                "baseType": "MetricData",
                "baseData": {"ver": 2, "metrics": [number], "properties": labels},
            },
        }


def _counts(metrics: Iterable[Metric]) -> dict[Series, float]:
    """Return all that is counted up."""
    counting = (metric for metric in metrics if metric.type in ("counter", "histogram"))
    return {_series(name, labels): value for metric in counting for name, labels, value, *_ in metric.samples}


def _numbers(
    metrics: Iterable[Metric], before: Mapping[Series, float]
) -> Iterator[tuple[Number, Mapping[str, str]]]:
    """Yield each number with its labels: what is counted, as what was added to `before`."""
    for metric in metrics:
        if metric.type == "histogram":
            yield from _times(metric, before)
            continue
        for name, labels, value, *_ in metric.samples:
            told = _added(name, labels, value, before) if metric.type == "counter" else value
            # A gauge may be whether something holds; Azure takes numbers alone.
            yield Number(name=metric.name, value=float(told)), labels


def _times(metric: Metric, before: Mapping[Series, float]) -> Iterator[tuple[Number, Mapping[str, str]]]:
    """Yield what times were added, if any: how many, their sum, and within which bounds they lie."""
    added = {
        labels.get("le", name): _added(name, labels, value, before)
        for name, labels, value, *_ in metric.samples
    }
    count, total = added.pop(f"{metric.name}_count"), added.pop(f"{metric.name}_sum")
    added.pop("+Inf")
    if not count:
        return
    bounds = [0.0, *map(float, added)]
    below = [0.0, *added.values()]
    least = max(bound for bound, so_far in zip(bounds, below, strict=True) if not so_far)
    most = next((bound for bound, so_far in zip(bounds, below, strict=True) if so_far == count), bounds[-1])
    yield Number(name=metric.name, value=total, count=int(count), min=least, max=most), {}


def _added(name: str, labels: Mapping[str, str], value: float, before: Mapping[Series, float]) -> float:
    """Return what was added since; all of it where it began anew."""
    known = before.get(_series(name, labels), 0.0)
    return value - known if value >= known else value


def _series(name: str, labels: Mapping[str, str]) -> Series:
    return name, tuple(labels.items())
