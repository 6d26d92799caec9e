"""Calls own handlers, so that none of them keeps anyone else from anything."""

import asyncio
import concurrent.futures
import inspect
import logging
import threading
from collections.abc import Callable, Sequence

from punnet.delivery import Delivery
from punnet.engine.effects import Effects
from punnet.handlers.event import Event
from punnet.handlers.registry import Handler
from punnet.loop import forever

PATIENCE = 5.0
"""Seconds that a handler may take, and as long again to end when it is cancelled."""

logger = logging.getLogger(__name__)


class Caller:
    """Calls one handler, with one event after the other; what goes wrong in it ends here."""

    def __init__(self, handler: Handler, patience: float) -> None:
        self.handler = handler
        self.called = 0
        self.failed = 0
        self.events: asyncio.Queue[Event] = asyncio.Queue()
        self._patience = patience
        self._overdue: asyncio.Future[None] | None = None

    async def turn(self) -> None:
        """Call the handler with the next event, and return when it ended or took too long."""
        event = await self.events.get()
        try:
            await self._call(event)
        finally:
            self.events.task_done()

    def drop(self, goes: Callable[[Event], bool]) -> None:
        """Drop of the events that wait those that go, and leave the others in their order."""
        for _ in range(self.events.qsize()):
            event = self.events.get_nowait()
            if not goes(event):
                self.events.put_nowait(event)
            self.events.task_done()

    async def _call(self, event: Event) -> None:
        self.called += 1
        if self._overdue is not None and not self._overdue.done():
            self.failed += 1
            return
        call = self._begun(event)
        await asyncio.wait({call}, timeout=self._patience)
        if not call.done():
            await self._give_up(call)
        elif call.cancelled() or call.exception() is not None:
            self.failed += 1
            error = None if call.cancelled() else call.exception()
            logger.error("the handler %s failed", self.handler.name, exc_info=error)

    async def _give_up(self, call: asyncio.Future[None]) -> None:
        self.failed += 1
        logger.error(
            "the handler %s took longer than %g s; until that call ends its others fail",
            self.handler.name,
            self._patience,
        )
        self._overdue = call
        call.add_done_callback(_heard)
        if isinstance(call, asyncio.Task):
            call.cancel()
            await asyncio.wait({call}, timeout=self._patience)

    def _begun(self, event: Event) -> asyncio.Future[None]:
        if inspect.iscoroutinefunction(self.handler.function):
            return asyncio.create_task(_run(self.handler, event))
        outcome: concurrent.futures.Future[None] = concurrent.futures.Future()
        # The threads of a pool would be waited for when the program ends, for ever if need be.
        thread = threading.Thread(target=_run_in_thread, args=(self.handler, event, outcome), daemon=True)
        thread.start()
        return asyncio.wrap_future(outcome)


class Handlers:
    """All own handlers, each with a queue of its own: called in order, once an action, and never twice."""

    def __init__(self, handlers: Sequence[Handler], delivery: Delivery, patience: float = PATIENCE) -> None:
        self._callers = [Caller(handler, patience) for handler in handlers]
        self._delivery = delivery
        self._patience = patience
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def waiting(self) -> int:
        """How many calls are not made yet."""
        return sum(caller.events.qsize() for caller in self._callers)

    @property
    def called(self) -> int:
        """How often handlers were called."""
        return sum(caller.called for caller in self._callers)

    @property
    def failed(self) -> int:
        """How many of the calls ended in an error or took too long."""
        return sum(caller.failed for caller in self._callers)

    def start(self) -> None:
        """Call handlers from now on; needs a running loop."""
        self._tasks = [asyncio.create_task(forever(caller.turn)) for caller in self._callers]

    async def stop(self) -> None:
        """Return when all calls that wait are made; what takes too long by then is lost."""
        joins = [asyncio.create_task(caller.events.join()) for caller in self._callers]
        if joins:
            await asyncio.wait(joins, timeout=self._patience)
        if lost := self.waiting:
            logger.error("%d calls of own handlers are lost: they would have taken too long", lost)
        for task in (*joins, *self._tasks):
            task.cancel()
        await asyncio.gather(*joins, *self._tasks, return_exceptions=True)

    def take(self, effects: Effects) -> None:
        """Have the handlers of each action called."""
        for caller in self._callers:
            for action in effects.actions:
                if action.action in caller.handler.actions:
                    caller.events.put_nowait(Event(action, self._delivery))

    def clear(self) -> int:
        """Drop the calls that wait, and return how many that were."""
        count = self.waiting
        for caller in self._callers:
            caller.drop(lambda _: True)
        return count

    def forget(self, user_id: str) -> None:
        """Drop the calls that wait for a shopper."""
        for caller in self._callers:
            caller.drop(lambda event: event.action.user_id == user_id)

    def reset(self) -> None:
        """Count from 0."""
        for caller in self._callers:
            caller.called = 0
            caller.failed = 0


async def _run(handler: Handler, event: Event) -> None:
    try:
        ending = handler.function(event)
        if ending is not None:
            await ending
    except SystemExit as error:
        # Otherwise it would end the loop, and the server with it.
        raise RuntimeError("a handler cannot end the server") from error


def _run_in_thread(handler: Handler, event: Event, outcome: concurrent.futures.Future[None]) -> None:
    try:
        handler.function(event)
    except BaseException as error:  # noqa: BLE001 (it belongs to the call, and is told there)
        outcome.set_exception(error)
    else:
        outcome.set_result(None)


def _heard(call: asyncio.Future[None]) -> None:
    """Hear how a call ended that nobody waits for any more."""
    if not call.cancelled():
        call.exception()
