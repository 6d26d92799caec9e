"""The one writer: facts become durable, then change the engine, then reach those who listen."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from punnet.engine.engine import Engine
from punnet.engine.reactions import Reaction
from punnet.errors import JournalUnavailable, TooBusy, UnknownId
from punnet.hub import Hub
from punnet.journal import Journal, Verdict
from punnet.market import Action, Fact, Record
from punnet.protocol.messages import Frames, ServerType

GROUP = 5_000
"""Records that one commit waits for no more than; a single call may bring more."""

SLICE = 250
"""Records applied before the loop may answer someone in between."""

logger = logging.getLogger(__name__)


class Call(NamedTuple):
    """What one caller submitted, and where its verdicts go."""

    records: list[Record]
    verdicts: asyncio.Future[list[Verdict]]
    began: float


class Pipeline:
    """Takes facts in for one engine, which nothing else changes.

    `clock` tells seconds since 1970. While `capacity` facts and reactions wait, no more are taken.
    """

    def __init__(
        self,
        engine: Engine,
        journal: Journal,
        hub: Hub,
        frames: Frames,
        clock: Callable[[], float],
        capacity: int = 10_000,
    ) -> None:
        self._engine = engine
        self._journal = journal
        self._hub = hub
        self._frames = frames
        self._clock = clock
        self._capacity = capacity
        self._calls: asyncio.Queue[Call] = asyncio.Queue()
        self._reactions: asyncio.Queue[Reaction] = asyncio.Queue()
        self._facts_waiting = 0
        self._taking_in = False
        self._tasks: list[asyncio.Task[None]] = []
        self._thread = ThreadPoolExecutor(1, "journal")
        self._calls_timed = 0
        self._seconds = 0.0
        self.delivered = 0
        self.failed = 0

    @property
    def waiting(self) -> int:
        """How many facts are not applied yet, and reactions not delivered."""
        return self._facts_waiting + self._reactions.qsize()

    @property
    def taking_in(self) -> bool:
        """Whether facts are taken in now."""
        return self._taking_in

    @property
    def full(self) -> bool:
        """Whether so much is waiting that no more is taken."""
        return self.waiting >= self._capacity

    @property
    def average_seconds(self) -> float:
        """The mean time from `submit` until the engine reflects it, of the calls that brought actions."""
        return self._seconds / self._calls_timed if self._calls_timed else 0.0

    def replay(self) -> int:
        """Bring the engine up to the journal, and return the number of records in it."""
        count = 0
        for records in self._journal.read():
            self._engine.apply(records)
            count += len(records)
        return count

    def start(self) -> None:
        """Take facts in from now on; needs a running loop."""
        self._taking_in = True
        self._tasks = [asyncio.create_task(_forever(step)) for step in (self._write, self._react)]

    async def stop(self) -> None:
        """Take no more in, and return when all that was taken in is applied and delivered."""
        self._taking_in = False
        await self._calls.join()
        await self._reactions.join()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._thread.shutdown()

    async def submit(self, facts: Sequence[Fact]) -> list[Verdict]:
        """Return a verdict on each of `facts` once they are durable and applied, all of them or none.

        They stay together and in order. Raises TooBusy when too much is waiting, JournalUnavailable when
        nothing can be written now; either way nothing of the call was kept.
        """
        if not self._taking_in:
            raise TooBusy("the server is starting or stopping")
        if self.full:
            raise TooBusy(
                f"{self.waiting} facts and reactions are waiting, which is more than this server takes"
            )
        now = self._clock()
        records = [Record(at=now, fact=fact) for fact in facts]
        call = Call(records, asyncio.get_running_loop().create_future(), time.perf_counter())
        self._facts_waiting += len(records)
        self._calls.put_nowait(call)
        return await call.verdicts

    async def _write(self) -> None:
        """Make durable and apply what waits: one commit for all of it."""
        calls = await self._group()
        records = [record for call in calls for record in call.records]
        try:
            loop = asyncio.get_running_loop()
            verdicts = await loop.run_in_executor(self._thread, self._journal.append, records)
            judged = zip(records, verdicts, strict=True)
            accepted = [record for record, verdict in judged if verdict is Verdict.ACCEPTED]
            reactions = await self._apply(accepted)
            # The callers are told first: an acknowledgement comes before what it sets off.
            self._resolve(calls, verdicts)
            for reaction in reactions:
                self._reactions.put_nowait(reaction)
        except JournalUnavailable as error:
            logger.error("%s", error)
            _fail(calls, error)
        except Exception as error:
            _fail(calls, error)
            raise
        finally:
            self._facts_waiting -= len(records)
            for _ in calls:
                self._calls.task_done()

    async def _group(self) -> list[Call]:
        """Return the calls of the next commit, at least one."""
        calls = [await self._calls.get()]
        size = len(calls[0].records)
        while size < GROUP and not self._calls.empty():
            calls.append(self._calls.get_nowait())
            size += len(calls[-1].records)
        return calls

    async def _apply(self, records: list[Record]) -> list[Reaction]:
        """Bring the engine up to date, and return the reactions that somebody here waits for."""
        reactions: list[Reaction] = []
        for start in range(0, len(records), SLICE):
            if start:
                await asyncio.sleep(0)
            reactions += self._engine.apply(records[start : start + SLICE])
        return [reaction for reaction in reactions if self._hub.listens(reaction.user_id)]

    def _resolve(self, calls: list[Call], verdicts: list[Verdict]) -> None:
        now = time.perf_counter()
        start = 0
        for call in calls:
            end = start + len(call.records)
            # A caller that went away has cancelled its future.
            if not call.verdicts.done():
                call.verdicts.set_result(verdicts[start:end])
            start = end
            if any(isinstance(record.fact, Action) for record in call.records):
                self._calls_timed += 1
                self._seconds += now - call.began

    async def _react(self) -> None:
        """Deliver one reaction, then let others have their turn."""
        reaction = await self._reactions.get()
        try:
            self._deliver(reaction)
            await asyncio.sleep(0)
        finally:
            self._reactions.task_done()

    def _deliver(self, reaction: Reaction) -> None:
        if not self._hub.listens(reaction.user_id):
            return
        now = self._clock()
        try:
            answer = self._engine.respond(reaction, now)
        except UnknownId:
            # The product left the catalogue right after it was looked at.
            self.failed += 1
            return
        if answer is None:
            return
        self._hub.publish_user(
            reaction.user_id, self._frames.frame(ServerType(reaction.message_type), answer, now)
        )
        self.delivered += 1


def _fail(calls: list[Call], error: Exception) -> None:
    for call in calls:
        if not call.verdicts.done():
            call.verdicts.set_exception(error)


async def _forever(step: Callable[[], Awaitable[None]]) -> None:
    """Repeat `step` until cancelled: what goes wrong in one must not keep the next from its turn."""
    while True:
        try:
            await step()
        except Exception:
            logger.exception("a step of the pipeline failed")
