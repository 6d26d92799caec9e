"""How quickly and how much, over the last hour."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from punnet.core.histogram import Histogram, between, quantile
from punnet.hub import Hub
from punnet.loop import forever
from punnet.pipeline import Pipeline
from punnet.protocol.statistics import Stretch, Times
from punnet.types import HOUR
from punnet.web.recent import Recent

STRETCH_SECONDS = 60.0
"""How long a stretch is; those of an hour are held."""


class Mark(NamedTuple):
    """What had been counted at a moment, which a clock that only goes forward tells in seconds."""

    at: float
    answering: list[int]
    processing: list[int]
    actions: int
    messages: int


class History:
    """Notes every so many `seconds` what was counted meanwhile.

    Who answers adds to `answering`, and that is all that an answer costs here: a third of a microsecond.
    `clock` tells seconds since 1970, `monotonic` seconds between two moments.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        recent: Recent,
        hub: Hub,
        clock: Callable[[], float],
        monotonic: Callable[[], float] = time.perf_counter,
        *,
        seconds: float = STRETCH_SECONDS,
    ) -> None:
        self.answering = Histogram()
        """From a call's being read to its answer's being written, of recommendations that were asked for."""
        self._pipeline = pipeline
        self._recent = recent
        self._hub = hub
        self._clock = clock
        self._monotonic = monotonic
        self._seconds = seconds
        self._stretches: deque[Stretch] = deque(maxlen=round(HOUR / seconds))
        self._mark = self._marked()
        self._task: asyncio.Task[None] | None = None

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """The stretches that are over, in order."""
        return tuple(self._stretches)

    def start(self) -> None:
        """Take note from now on; needs a running loop."""
        self.reset()
        self._task = asyncio.create_task(forever(self._turn))

    async def stop(self) -> None:
        """Take note of nothing more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def reset(self) -> None:
        """Know of nothing that was before now."""
        self._stretches.clear()
        self._mark = self._marked()

    def note(self) -> None:
        """End a stretch, and begin the next one."""
        before, self._mark = self._mark, self._marked()
        now = self._mark
        self._stretches.append(
            Stretch(
                until=datetime.fromtimestamp(self._clock(), UTC),
                seconds=round(now.at - before.at, 3),
                answers=sum(now.answering) - sum(before.answering),
                answer_time=_times(between(before.answering, now.answering)),
                actions=now.actions - before.actions,
                processing_time=_times(between(before.processing, now.processing)),
                messages=now.messages - before.messages,
                connections=self._hub.open,
            )
        )

    async def _turn(self) -> None:
        await asyncio.sleep(self._seconds)
        self.note()

    def _marked(self) -> Mark:
        return Mark(
            at=self._monotonic(),
            answering=[*self.answering.counts],
            processing=[*self._pipeline.calls.timing.counts],
            actions=self._recent.last,
            messages=self._hub.written,
        )


def _times(counts: Sequence[int]) -> Times | None:
    half, most = quantile(counts, 0.5), quantile(counts, 0.99)
    if half is None or most is None:
        return None
    return Times(p50=_milliseconds(half), p99=_milliseconds(most))


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 4)
