"""What callers submit, on its way into the journal."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from punnet.core.histogram import Histogram
from punnet.journal import Entry, Verdict
from punnet.market import Action

GROUP = 5_000
"""Records that one commit waits for no more than; a single call may bring more."""


class Call(NamedTuple):
    """What one caller submitted, and where its verdicts go."""

    entries: list[Entry]
    verdicts: asyncio.Future[list[Verdict]]
    began: float

    @property
    def size(self) -> int:
        """How many facts the call brings."""
        return sum(len(entry.facts) for entry in self.entries)

    def actions(self) -> Iterator[tuple[str, float]]:
        """Yield the ids of the actions that it brings, and when they came: elsewhere the same came later."""
        for entry in self.entries:
            for fact in entry.facts:
                if isinstance(fact, Action):
                    yield fact.event_id, entry.at

    def fail(self, error: Exception) -> None:
        """Tell the caller, unless it went away, what kept the call from being answered."""
        if not self.verdicts.done():
            self.verdicts.set_exception(error)


class Calls:
    """The calls that wait, in order.

    `timing` is from `put` until the engine reflects it, of the calls that brought actions.
    """

    def __init__(self) -> None:
        self.timing = Histogram()
        self.waiting = 0
        """How many facts are not applied yet."""
        self._queue: asyncio.Queue[Call] = asyncio.Queue()
        self._counted_from = (0, 0.0)

    @property
    def average_seconds(self) -> float:
        """The mean of `timing` since `reset`; 0 where there was nothing."""
        count, seconds = self._counted_from
        counted = self.timing.count - count
        return (self.timing.seconds - seconds) / counted if counted else 0.0

    def reset(self) -> None:
        """Take the mean of how long calls take from now on."""
        self._counted_from = self.timing.count, self.timing.seconds

    def put(self, entries: list[Entry]) -> asyncio.Future[list[Verdict]]:
        """Have a call wait, and return where its verdicts will be."""
        verdicts: asyncio.Future[list[Verdict]] = asyncio.get_running_loop().create_future()
        call = Call(entries, verdicts, time.perf_counter())
        self.waiting += call.size
        self._queue.put_nowait(call)
        return verdicts

    async def group(self) -> list[Call]:
        """Return the calls of the next commit, at least one."""
        calls = [await self._queue.get()]
        size = calls[0].size
        while size < GROUP and not self._queue.empty():
            calls.append(self._queue.get_nowait())
            size += calls[-1].size
        return calls

    def answer(self, calls: Sequence[Call], verdicts: Sequence[Verdict]) -> None:
        """Give each of some calls those of the verdicts that are on its entries."""
        now = time.perf_counter()
        start = 0
        for call in calls:
            end = start + len(call.entries)
            # A caller that went away has cancelled its future.
            if not call.verdicts.done():
                call.verdicts.set_result(list(verdicts[start:end]))
            start = end
            if any(isinstance(entry.facts[-1], Action) for entry in call.entries):
                self.timing.add(now - call.began)

    def done(self, calls: Sequence[Call]) -> None:
        """Note that calls wait no longer, whatever came of them."""
        self.waiting -= sum(call.size for call in calls)
        for _ in calls:
            self._queue.task_done()

    async def settled(self) -> None:
        """Return once none waits."""
        await self._queue.join()
