"""Answers that another process made, in Redis, under those that this one keeps in memory."""

import asyncio
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from punnet.engine.effects import Effects
from punnet.loop import Trouble, forever
from punnet.types import DAY, HOUR
from punnet.web.answers import Kept, Question

BEHAVIOUR, SIMILARITY = DAY, 12 * HOUR
"""How old an answer may be that is for a shopper who is known, and one beside a product for anybody else."""

LARGEST = 1 << 15
"""Bytes of an answer that is kept, at most."""

SLOTS = 8_192
"""Each holds one answer: with the largest of them everywhere, 256 MiB."""

SHOPPERS = 100_000
"""Of how many it is known when they did something last; of the others, that it was not later than that."""

PATIENCE, AWAY = 0.1, 1.0
"""Seconds that Redis has for an answer, and for which it is not asked after it had none."""

WAITING = 256
"""Answers that may wait to be written; more are not."""


class Stored(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An answer as it lies in Redis: to what, and with which part of the journal it was made."""

    question: bytes
    position: int
    kept: Kept


WRITE = msgspec.msgpack.Encoder().encode
READ = msgspec.msgpack.Decoder(Stored).decode


class SharedAnswers:
    """Finds and keeps answers in a table of SLOTS in Redis, of which each new one takes the place of another.

    `position` tells up to where in the journal this process is. What was made before the catalogue changed,
    or before the shopper in question did something, is not found: that each process knows by itself. Answers
    for people of whom nothing is known last `seconds`, beside a product 12 hours, those for a shopper a day.
    """

    waiting = 0
    """What is told here is done at once."""

    def __init__(self, redis: Redis, journal: str, position: Callable[[], int], seconds: float) -> None:
        self._redis = redis
        self._name = f"punnet:{journal}:answer"
        self._position = position
        self._seconds = seconds
        self._changed: int | None = None
        """After what of the journal the catalogue is what it is; what was before the start, is not known."""
        self._acted: OrderedDict[str, int] = OrderedDict()
        self._acted_before = 0
        self._writes: asyncio.Queue[tuple[str, bytes, int]] = asyncio.Queue(WAITING)
        self._trouble = Trouble("Redis holds answers again")
        self._away_until = 0.0
        self._tasks: list[asyncio.Task[None]] = []
        self._dropping: asyncio.Task[None] | None = None
        self.hits = 0

    def start(self) -> None:
        """Keep answers from now on; needs a running loop."""
        self._changed = self._acted_before = self._position()
        self._tasks = [asyncio.create_task(forever(self._write))]

    async def stop(self) -> None:
        """Let go of the connections."""
        if self._dropping is not None:
            await self._dropping
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._redis.aclose()

    def take(self, effects: Effects) -> None:
        """Note what is another answer now."""
        position = self._position()
        if effects.products or effects.farms or effects.erasures:
            self._changed = position
        for user_id in effects.shoppers:
            self._acted.pop(user_id, None)
            self._acted[user_id] = position
        while len(self._acted) > SHOPPERS:
            self._acted_before = self._acted.popitem(last=False)[1]

    def forget(self, _user_id: str) -> None:
        """Leave none of the answers: what someone did who is erased may have a part in any."""
        self._changed = self._position()
        while not self._writes.empty():
            self._writes.get_nowait()
        self._dropping = asyncio.create_task(self._drop())

    async def find(self, question: Question, now: float) -> Kept | None:
        """Return the answer to a question at `now` (seconds), None where it must be made."""
        if time.monotonic() < self._away_until or self._changed is None:
            return None
        try:
            async with asyncio.timeout(PATIENCE):
                found = await self._redis.get(self._slot(question))
        except (RedisError, OSError) as error:
            self._lost(error)
            return None
        stored = _read(found) if isinstance(found, bytes) else None
        if stored is None or not self._answers(stored, question, now):
            return None
        self.hits += 1
        return stored.kept

    def keep(self, question: Question, kept: Kept, steady: float) -> None:
        """Have an answer kept that was just made, if there is room; time alone changes it at `steady`."""
        until = min(kept.at + self._lasts(question), steady)
        lasting = Kept(kept.data, kept.end, kept.count, kept.at, until)
        written = WRITE(Stored(_asked(question), self._position(), lasting))
        milliseconds = round(1e3 * (until - kept.at))
        if milliseconds > 0 and len(written) <= LARGEST and not self._writes.full():
            self._writes.put_nowait((self._slot(question), written, milliseconds))

    def _lasts(self, question: Question) -> float:
        if isinstance(question.owner, str):
            return BEHAVIOUR
        return SIMILARITY if b"productId=" in question.query else self._seconds

    def _answers(self, stored: Stored, question: Question, now: float) -> bool:
        owner, position = question.owner, stored.position
        if stored.question != _asked(question) or not now < stored.kept.until:
            return False
        acted = self._acted.get(owner, self._acted_before) if isinstance(owner, str) else 0
        return position >= max(self._changed or 0, acted)

    def _slot(self, question: Question) -> str:
        return f"{self._name}:{zlib.crc32(_asked(question)) % SLOTS}"

    def _lost(self, error: Exception) -> None:
        self._trouble.note(f"Redis holds no answers: {str(error) or 'it does not answer'}")
        self._away_until = time.monotonic() + AWAY

    async def _write(self) -> None:
        writes = [await self._writes.get()]
        while not self._writes.empty():
            writes.append(self._writes.get_nowait())
        try:
            async with self._redis.pipeline(transaction=False) as together:
                for slot, written, milliseconds in writes:
                    together.set(slot, written, px=milliseconds)
                await together.execute()
            self._trouble.note("")
        except (RedisError, OSError) as error:
            self._lost(error)

    async def _drop(self) -> None:
        """Remove what lies in all slots; what cannot be removed is not found, and gone within a day."""
        try:
            await self._redis.unlink(*(f"{self._name}:{slot}" for slot in range(SLOTS)))
        except (RedisError, OSError) as error:
            self._lost(error)


def _asked(question: Question) -> bytes:
    """Return what is asked, and of whom: a shopper, or anybody of whom nothing is known."""
    owner = question.owner
    return b"=%b\n%b" % (owner.encode(), question.query) if isinstance(owner, str) else owner


def _read(found: bytes) -> Stored | None:
    """Return what was stored; None where that was another version."""
    try:
        return READ(found)
    except msgspec.DecodeError:
        return None
