"""Answers to what shoppers did, on their way to those who listen."""

import asyncio
from collections.abc import Callable
from typing import TypeAlias

from punnet.engine.effects import Effects
from punnet.engine.engine import Engine
from punnet.engine.reactions import Reaction, reaction
from punnet.errors import UnknownId
from punnet.hub import Hub
from punnet.loop import forever
from punnet.market import Answer, Query
from punnet.protocol.frames import draft
from punnet.protocol.messages import ServerType

INTERVAL = 1.0
"""Seconds that a reaction which is not urgent waits, so that those behind it come with it."""

GROUP = 10
"""Reactions that are answered before others have their turn, of those that are not urgent."""

Later: TypeAlias = Callable[[float, Callable[[], None]], object]
"""Has something done once that many seconds have passed."""


class Delivery:
    """Answers reactions, and puts the answers into the queues of their shopper's connections.

    Urgent ones come first and at once, one at a time; the others `interval` seconds after the first of them,
    in groups of `group`, until none is left. Within both kinds the order stays. `clock` tells seconds since
    1970; `later` is how the time passes.
    """

    def __init__(
        self,
        engine: Engine,
        hub: Hub,
        clock: Callable[[], float],
        *,
        interval: float = INTERVAL,
        group: int = GROUP,
        later: Later | None = None,
    ) -> None:
        self._engine = engine
        self._hub = hub
        self._clock = clock
        self._interval = interval
        self._group = group
        self._later = later or _later
        self._urgent: asyncio.Queue[Reaction] = asyncio.Queue()
        self._others: asyncio.Queue[Reaction] = asyncio.Queue()
        self._stirred = asyncio.Event()
        self._timed = False
        self._due = False
        self._task: asyncio.Task[None] | None = None
        self.delivered = 0
        self.failed = 0

    @property
    def waiting(self) -> int:
        """How many reactions are not delivered yet."""
        return self._urgent.qsize() + self._others.qsize()

    def start(self) -> None:
        """Answer from now on; needs a running loop."""
        self._task = asyncio.create_task(forever(self._turn))

    async def flush(self) -> None:
        """Return when all that waits is delivered, for which nothing waits any longer."""
        self._ring()
        await self._urgent.join()
        await self._others.join()

    async def stop(self) -> None:
        """Deliver all that waits, and nothing more."""
        await self.flush()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def take(self, effects: Effects) -> None:
        """Have answered what asks for an answer, where somebody listens."""
        for action in effects.actions:
            if self._hub.listens(action.user_id):
                asked = reaction(action)
                if asked is not None:
                    self._put(asked)

    def answer(self, query: Query) -> Answer:
        """Return the recommendations for `query` as of now; UnknownId as the engine has it."""
        return self._engine.answer(query, self._clock())

    def push(self, user_id: str, kind: ServerType, answer: Answer) -> None:
        """Put an answer into the queues of the shopper's connections, if there are any."""
        if self._hub.listens(user_id):
            self._hub.publish_user(user_id, draft(kind, answer, self._clock()))

    def clear(self) -> int:
        """Drop all that waits, and return how many that were."""
        count = self.waiting
        self._keep(lambda _: False)
        return count

    def forget(self, user_id: str) -> None:
        """Drop what waits for a shopper, answered or not."""
        self._keep(lambda asked: asked.user_id != user_id)
        self._hub.drop(user_id)

    def _keep(self, stays: Callable[[Reaction], bool]) -> None:
        for queue in (self._urgent, self._others):
            for _ in range(queue.qsize()):
                asked = queue.get_nowait()
                if stays(asked):
                    queue.put_nowait(asked)
                queue.task_done()

    def reset(self) -> None:
        """Count from 0."""
        self.delivered = 0
        self.failed = 0

    def _put(self, asked: Reaction) -> None:
        if asked.urgent:
            self._urgent.put_nowait(asked)
            self._stirred.set()
            return
        self._others.put_nowait(asked)
        if not self._timed:
            self._timed = True
            self._later(self._interval, self._ring)

    def _ring(self) -> None:
        """Let those that are not urgent wait no longer."""
        self._timed = False
        self._due = True
        self._stirred.set()

    async def _turn(self) -> None:
        """Answer an urgent one, else a group whose time has come; then let others have their turn."""
        await self._stirred.wait()
        if not self._urgent.empty():
            self._drain(self._urgent, 1)
        elif self._due:
            self._drain(self._others, self._group)
        self._due = self._due and not self._others.empty()
        if self._urgent.empty() and not self._due:
            self._stirred.clear()
        await asyncio.sleep(0)

    def _drain(self, queue: asyncio.Queue[Reaction], most: int) -> None:
        for _ in range(min(most, queue.qsize())):
            asked = queue.get_nowait()
            try:
                self._deliver(asked)
            finally:
                queue.task_done()

    def _deliver(self, asked: Reaction) -> None:
        if not self._hub.listens(asked.user_id):
            return
        try:
            answer = self._engine.respond(asked, self._clock())
        except UnknownId:
            # The product left the catalogue right after it was looked at.
            self.failed += 1
            return
        if answer is None:
            return
        self.push(asked.user_id, ServerType(asked.message_type), answer)
        self.delivered += 1


def _later(seconds: float, what: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(seconds, what)
