"""The one writer of an engine: facts become durable, then change it, then set off what follows from them."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import nullcontext, suppress
from typing import Protocol

from punnet.bell import Bell
from punnet.calls import Call
from punnet.core.histogram import Histogram
from punnet.engine.effects import Deed, Effects
from punnet.engine.engine import Engine
from punnet.errors import BadFile, JournalUnavailable, TooBusy, Unavailable
from punnet.journal import END, Entry, Journal, Kept, Letter, Verdict
from punnet.loop import Trouble, forever
from punnet.market import Action, Fact, Record
from punnet.snapshotting import Snapshotting

GROUP = 5_000
"""Records that one commit waits for no more than; a single call may bring more."""

SLICE = 100
"""Records applied before the loop may answer someone in between."""

TAIL_SECONDS = 0.05
"""How long it can take until what another process wrote is looked for; that is its delay here, at most."""

GATHER_SECONDS = 0.005
"""From one look that others asked for to the next, so that a busy market is not read record by record."""

TRY_AGAIN_SECONDS = 0.5
"""When it is looked for again after the journal could not be read."""

logger = logging.getLogger(__name__)


class Follower(Protocol):
    """What is told of that which follows from facts. It keeps nobody waiting."""

    @property
    def waiting(self) -> int:
        """How much of it is not done yet."""
        ...

    def start(self) -> None:
        """Begin; needs a running loop."""
        ...

    async def stop(self) -> None:
        """End once what was taken is done."""
        ...

    def take(self, effects: Effects) -> None:
        """Do, soon, what follows."""
        ...

    def forget(self, user_id: str) -> None:
        """Drop what waits for someone who is erased."""
        ...


class Pipeline:
    """Takes facts in for one engine, which nothing else changes.

    Where the journal is shared, what other processes write is applied in its place, at the latest
    `tail_seconds` after it was durable; `bell` makes that sooner. `following` are told of all that follows,
    `handling` of what follows from facts that were taken in here.

    `clock` tells seconds since 1970. While `capacity` facts wait, or what `following` have to do, no more are
    taken.
    `letter_for` tells which letter the facts of an entry ask for at a time; without it none is written.
    `letters_came` is set when one was kept, and cleared by whoever sends them.
    `position` is where it begins. `timing` is from `submit` until the engine reflects it,
    of the calls that brought actions.
    """

    def __init__(
        self,
        engine: Engine,
        journal: Journal,
        following: Sequence[Follower],
        clock: Callable[[], float],
        capacity: int = 10_000,
        letter_for: Callable[[tuple[Fact, ...], float], Letter | None] | None = None,
        *,
        handling: Sequence[Follower] = (),
        position: int = 0,
        snapshotting: Snapshotting | None = None,
        bell: Bell | None = None,
        tail_seconds: float = TAIL_SECONDS,
    ) -> None:
        self._engine = engine
        self._journal = journal
        self._following = *following, *handling
        self._everywhere = following
        self._handling = handling
        self._clock = clock
        self._capacity = capacity
        self._letter_for = letter_for
        self.letters_came = asyncio.Event()
        self._calls: asyncio.Queue[Call] = asyncio.Queue()
        self._facts_waiting = 0
        self._taking_in = False
        self._task: asyncio.Task[None] | None = None
        self._writing = asyncio.Lock()
        self._position = position
        self._snapshotting = snapshotting
        self._bell = bell
        self._rung = asyncio.Event() if bell is None else bell.rung
        self._tail_seconds = tail_seconds
        self._tailing: asyncio.Task[None] | None = None
        self._looked_at = 0.0
        self._looking: set[asyncio.Task[None]] = set()
        self._unsure: set[tuple[str, float]] = set()
        """Of actions that may be kept although that could not be told: their ids, and when they came."""
        self._dropping: asyncio.Task[None] | None = None
        self._unwritten = Trouble("the journal can be written again")
        self._unread = Trouble("the journal can be read again")
        self.timing = Histogram()
        self._counted_from = (0, 0.0)

    @property
    def waiting(self) -> int:
        """How many facts are not applied yet, reactions not delivered and handlers not called."""
        return self._facts_waiting + sum(each.waiting for each in self._following)

    @property
    def position(self) -> int:
        """Up to where in the journal the engine is."""
        return self._position

    @property
    def taking_in(self) -> bool:
        """Whether facts are taken in now."""
        return self._taking_in

    @property
    def full(self) -> bool:
        """Whether so much is waiting that no more is taken."""
        return self.waiting >= self._capacity

    @property
    def failing(self) -> bool:
        """Whether the last that was to be written or read could not be."""
        return bool(self._unwritten.why or self._unread.why)

    @property
    def average_seconds(self) -> float:
        """The mean of `timing` since `reset`; 0 where there was nothing."""
        count, seconds = self._counted_from
        counted = self.timing.count - count
        return (self.timing.seconds - seconds) / counted if counted else 0.0

    async def replay(self) -> int:
        """Bring the engine up to the journal, react to nothing, and return how many records it lacked."""
        return sum([count async for count, _ in self._read(END)])

    def start(self) -> None:
        """Take facts in from now on; needs a running loop."""
        self._taking_in = True
        for each in self._following:
            each.start()
        if self._snapshotting is not None:
            self._snapshotting.start(self._position)
        self._task = asyncio.create_task(forever(self._write))
        if self._journal.shared:
            self._tailing = asyncio.create_task(forever(self._tail))

    def refuse(self) -> None:
        """Take no more in, while what was taken in goes on."""
        self._taking_in = False

    async def stop(self) -> None:
        """Take no more in, and return when all that was taken in is applied and delivered."""
        self.refuse()
        await self._calls.join()
        for task in (self._tailing, *self._looking):
            await _ended(task)
        for each in self._following:
            await each.stop()
        if self._snapshotting is not None:
            await self._snapshotting.stop()
        await _ended(self._task)

    def reset(self) -> None:
        """Take the mean of how long calls take from now on."""
        self._counted_from = self.timing.count, self.timing.seconds

    async def submit(self, entries: Sequence[tuple[Fact, ...]]) -> list[Verdict]:
        """Return a verdict on each of `entries` once they are durable and applied.

        The facts of an entry are kept together or not at all; the entries stay in order. Raises TooBusy when
        too much is waiting, and then nothing was kept. Raises JournalUnavailable when nothing can be written
        now, and then it is not known: the same entries can be sent again, and are kept once.
        """
        if not self._taking_in:
            raise TooBusy("the server is starting or stopping")
        if self.full:
            raise TooBusy(
                f"{self.waiting} facts and reactions are waiting, which is more than this server takes"
            )
        now = self._clock()
        verdicts: asyncio.Future[list[Verdict]] = asyncio.get_running_loop().create_future()
        call = Call([self._entry(facts, now) for facts in entries], verdicts, time.perf_counter())
        self._facts_waiting += call.size
        self._calls.put_nowait(call)
        return await verdicts

    def _entry(self, facts: tuple[Fact, ...], now: float) -> Entry:
        return Entry(now, facts, None if self._letter_for is None else self._letter_for(facts, now))

    async def erase(self, user_id: str) -> int:
        """Erase a shopper's orders and actions, those submitted before too, and return how many there were.

        Nothing of them is left in journal, engine or snapshot, and nothing that they set off is sent any
        more. Raises as `submit` does, and Unavailable where something is left: the same call again ends it.
        """
        await self.submit([])
        async with nullcontext() if self._snapshotting is None else self._snapshotting.pausing():
            async with self._writing:
                count = await self._journal.erase(user_id, self._clock())
                self._engine.forget(user_id)
                for each in self._following:
                    each.forget(user_id)
                await self._catch_up(END)
            self._ring()
            # It can take long, and others may write meanwhile; a snapshot that reads would be in its way.
            await self._journal.scrub()
        return count

    async def catch_up(self) -> None:
        """Apply what other processes have written by now; JournalUnavailable where that cannot be told.

        It goes on when nobody waits for it any more: a batch that is half applied would be applied again.
        """
        if self._journal.shared:
            looking = asyncio.create_task(self._look())
            self._looking.add(looking)
            looking.add_done_callback(self._looking.discard)
            await asyncio.shield(looking)

    async def _look(self) -> None:
        async with self._writing:
            await self._catch_up(END)

    async def _tail(self) -> None:
        """Wait until there may be something that another process wrote, and apply it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._tail_seconds):
                await self._rung.wait()
                await asyncio.sleep(self._looked_at + GATHER_SECONDS - time.monotonic())
        was_rung = self._rung.is_set()
        self._rung.clear()
        if was_rung and self._bell is not None and self._bell.reached <= self._position:
            # What was told of came with a commit of our own.
            return
        try:
            await self.catch_up()
            self._looked_at = time.monotonic()
            self._unread.note("")
        except (JournalUnavailable, BadFile) as error:
            self._unread.note(str(error))
            await asyncio.sleep(TRY_AGAIN_SECONDS)

    async def _write(self) -> None:
        """Make durable and apply what waits: one commit for all of it."""
        calls = await self._group()
        try:
            async with self._writing:
                kept, effects = await self._commit([entry for call in calls for entry in call.entries])
            # The callers are told first: an acknowledgement comes before what it sets off.
            self._resolve(calls, kept.verdicts)
            self._follow(effects)
            for each in self._handling:
                each.take(effects)
            self._unwritten.note("")
        except (JournalUnavailable, BadFile) as error:
            self._unwritten.note(str(error))
            self._fail(calls, JournalUnavailable(str(error)))
        except Exception as error:
            self._fail(calls, error)
            raise
        finally:
            self._facts_waiting -= sum(call.size for call in calls)
            for _ in calls:
                self._calls.task_done()

    def _fail(self, calls: list[Call], error: Exception) -> None:
        for call in calls:
            self._unsure.update(call.actions())
            call.fail(error)

    async def _group(self) -> list[Call]:
        """Return the calls of the next commit, at least one."""
        calls = [await self._calls.get()]
        size = calls[0].size
        while size < GROUP and not self._calls.empty():
            calls.append(self._calls.get_nowait())
            size += calls[-1].size
        return calls

    async def _commit(self, entries: list[Entry]) -> tuple[Kept, Effects]:
        """Return the verdicts on `entries`, durable and applied, and what follows from them."""
        kept = await self._journal.append(entries)
        # What others wrote, and a commit of our own whose answer was lost.
        await self._catch_up(kept.before)
        self._unsure.clear()
        judged = zip(entries, kept.verdicts, strict=True)
        accepted = [entry for entry, verdict in judged if verdict is Verdict.ACCEPTED]
        records = [Record(at=entry.at, fact=fact) for entry in accepted for fact in entry.facts]
        effects = await self._apply(records)
        self._reach(kept.last)
        if any(entry.letter for entry in accepted):
            self.letters_came.set()
        if records:
            self._ring()
        return kept, effects

    async def _catch_up(self, until: int) -> None:
        """Apply what the journal has up to a position, and set off what follows from it."""
        if self._position >= until:
            return
        async for _, effects in self._read(until):
            self._follow(effects)
            ours = [deed.action for deed in effects.deeds if self._is_ours(deed)]
            for each in self._handling:
                each.take(Effects(actions=ours))
            if effects.buyers:
                self.letters_came.set()

    def _is_ours(self, deed: Deed) -> bool:
        """Return whether an action that asks for a reaction was taken in here, its answer lost."""
        return not deed.debounced and (deed.action.event_id, deed.at) in self._unsure

    async def _read(self, until: int) -> AsyncIterator[tuple[int, Effects]]:
        """Apply what the journal has up to a position; yield of each batch its size and what follows."""
        async for batch in self._journal.read(self._position, until):
            effects = await self._apply(batch.records)
            self._reach(batch.last)
            yield len(batch.records), effects

    def _follow(self, effects: Effects) -> None:
        for user_id in effects.forgotten:
            for each in self._following:
                each.forget(user_id)
        if effects.forgotten:
            self._dropping = asyncio.create_task(self._drop_snapshot())
        for each in self._everywhere:
            each.take(effects)

    async def _drop_snapshot(self) -> None:
        """Have no snapshot that may hold someone who was erased elsewhere."""
        with suppress(Unavailable):
            # What cannot be deleted is in the log.
            async with nullcontext() if self._snapshotting is None else self._snapshotting.pausing():
                pass

    def _ring(self) -> None:
        if self._bell is not None:
            self._bell.ring(self._position)

    def _reach(self, position: int) -> None:
        self._position = position
        if self._snapshotting is not None:
            self._snapshotting.reached(position)

    async def _apply(self, records: list[Record]) -> Effects:
        """Bring the engine up to date, and return what follows."""
        effects = Effects()
        for start in range(0, len(records), SLICE):
            if start:
                await asyncio.sleep(0)
            effects.add(self._engine.apply(records[start : start + SLICE]))
        return effects

    def _resolve(self, calls: list[Call], verdicts: list[Verdict]) -> None:
        now = time.perf_counter()
        start = 0
        for call in calls:
            end = start + len(call.entries)
            # A caller that went away has cancelled its future.
            if not call.verdicts.done():
                call.verdicts.set_result(verdicts[start:end])
            start = end
            if any(isinstance(entry.facts[-1], Action) for entry in call.entries):
                self.timing.add(now - call.began)


async def _ended(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
