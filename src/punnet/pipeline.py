"""The one writer of an engine: facts become durable, then change it, then set off what follows from them."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import nullcontext, suppress
from typing import Protocol

from punnet.calls import Call, Calls
from punnet.engine.effects import Deed, Effects
from punnet.engine.engine import Engine
from punnet.errors import BadFile, JournalUnavailable, TooBusy, Unavailable
from punnet.journal import END, Entry, Journal, Kept, Letter, Verdict
from punnet.loop import Trouble, forever
from punnet.market import Fact, Record
from punnet.snapshotting import Snapshotting
from punnet.tail import Tail

SLICE = 100
"""Records applied before the loop may answer someone in between."""

SECONDS_TO_FINISH = 3.0
"""How long the journal may take for what was taken in, once the server stops and nobody waits for answers."""

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

    Where the journal is shared, what other processes write is applied in its place; `tail` says when it is
    looked for. `following` are told of all that follows, `handling` of what follows from facts that were
    taken in here.

    `clock` tells seconds since 1970. While `capacity` facts wait, or what `following` have to do, no more are
    taken.
    `letter_for` tells which letter the facts of an entry ask for at a time; without it none is written.
    `letters_came` is set when one was kept, and cleared by whoever sends them.
    `position` is where in the journal it begins.
    """

    _taking_in = False
    _task: asyncio.Task[None] | None = None
    _tailing: asyncio.Task[None] | None = None
    _unsure: set[tuple[str, float]]
    """Of actions that may be kept although that could not be told: their ids, and when they came."""

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
        tail: Tail | None = None,
    ) -> None:
        self._engine = engine
        self._journal = journal
        self._following = following
        self._handling = handling
        self._clock = clock
        self._capacity = capacity
        self._letter_for = letter_for
        self.letters_came = asyncio.Event()
        self.calls = Calls()
        self._position = position
        self._snapshotting = snapshotting
        self._tail = tail or Tail()
        self._writing = asyncio.Lock()
        self._beside: set[asyncio.Task[None]] = set()
        self._unsure = set()
        self._unwritten = Trouble("the journal can be written again")

    @property
    def _everyone(self) -> tuple[Follower, ...]:
        return (*self._following, *self._handling)

    @property
    def waiting(self) -> int:
        """How many facts are not applied yet, reactions not delivered and handlers not called."""
        return self.calls.waiting + sum(each.waiting for each in self._everyone)

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
        return bool(self._unwritten.why or self._tail.trouble.why)

    async def replay(self) -> int:
        """Bring the engine up to the journal, react to nothing, and return how many records it lacked."""
        return sum([count async for count, _ in self._read(END)])

    def start(self) -> None:
        """Take facts in from now on; needs a running loop."""
        self._taking_in = True
        for each in self._everyone:
            each.start()
        if self._snapshotting is not None:
            self._snapshotting.start(self._position)
        self._task = asyncio.create_task(forever(self._write))
        if self._journal.shared:
            self._tailing = asyncio.create_task(forever(self._look_in_time))

    async def stop(self) -> None:
        """Take no more in, and return when all that was taken in is applied and delivered.

        What a journal that does not answer has not kept by then was told to nobody, and is given up.
        """
        self._taking_in = False
        with suppress(TimeoutError):
            async with asyncio.timeout(SECONDS_TO_FINISH):
                await self.calls.settled()
        for task in (self._tailing, *self._beside):
            await _ended(task)
        for each in self._everyone:
            await each.stop()
        if self._snapshotting is not None:
            await self._snapshotting.stop()
        await _ended(self._task)

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
        return await self.calls.put([self._entry(facts, now) for facts in entries])

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
                for each in self._everyone:
                    each.forget(user_id)
                await self._catch_up(END)
            self._tail.ring(self._position)
            # It can take long, and others may write meanwhile; a snapshot that reads would be in its way.
            await self._journal.scrub()
        return count

    async def catch_up(self) -> None:
        """Apply what other processes have written by now; JournalUnavailable where that cannot be told.

        It goes on when nobody waits for it any more: a batch that is half applied would be applied again.
        """
        if self._journal.shared:
            await asyncio.shield(self._begun(self._look()))

    async def _look(self) -> None:
        async with self._writing:
            await self._catch_up(END)

    async def _look_in_time(self) -> None:
        await self._tail.turn(self.catch_up, lambda: self._position)

    def _begun(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Have something done beside all else."""
        task = asyncio.create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)
        return task

    async def _write(self) -> None:
        """Make durable and apply what waits: one commit for all of it."""
        calls = await self.calls.group()
        try:
            async with self._writing:
                kept, effects = await self._commit([entry for call in calls for entry in call.entries])
            # The callers are told first: an acknowledgement comes before what it sets off.
            self.calls.answer(calls, kept.verdicts)
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
            self.calls.done(calls)

    def _fail(self, calls: list[Call], error: Exception) -> None:
        for call in calls:
            # The first that fail may have been kept; later the journal is known to be away.
            if len(self._unsure) < self._capacity:
                self._unsure.update(call.actions())
            call.fail(error)

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
            self._tail.ring(self._position)
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
            for each in self._everyone:
                each.forget(user_id)
        if effects.erasures:
            self._begun(self._drop_snapshot())
        for each in self._following:
            each.take(effects)

    async def _drop_snapshot(self) -> None:
        """Have no snapshot that may hold someone who was erased elsewhere, known to the engine or not."""
        with suppress(Unavailable):
            # What cannot be deleted is in the log.
            async with nullcontext() if self._snapshotting is None else self._snapshotting.pausing():
                pass

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


async def _ended(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
