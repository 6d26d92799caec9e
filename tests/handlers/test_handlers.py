"""Own handlers: when they are called, and whom they harm when they fail."""

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from punnet.delivery import Delivery
from punnet.engine.effects import Effects
from punnet.engine.engine import Engine
from punnet.handlers.event import Event
from punnet.handlers.handlers import Handlers
from punnet.handlers.registry import Handler
from punnet.hub import Hub
from punnet.market import Action, UserAction
from punnet.protocol.frames import Numbers
from tests.web.stall import until

LONG = 3_600.0
SHORT = 0.01
Function = Callable[[Event], Awaitable[None] | None]


def act(number: int = 0, action: UserAction = UserAction.ADD_TO_CART, user_id: str = "ann") -> Action:
    return Action(event_id=f"e{number}", user_id=user_id, action=action, entity_id="kale")


def did(*actions: Action) -> Effects:
    return Effects(actions=list(actions))


def handler(function: Function, *actions: UserAction) -> Handler:
    return Handler(function.__name__, frozenset(actions or (UserAction.ADD_TO_CART,)), function)


@asynccontextmanager
async def calling(*handlers: Handler, patience: float = LONG) -> AsyncIterator[Handlers]:
    delivery = Delivery(Engine(), Hub(lambda: 0, Numbers("x", "y")), lambda: 0)
    calling = Handlers(handlers, delivery, patience)
    calling.start()
    yield calling
    await calling.stop()


def counted(handlers: Handlers) -> tuple[int, int, int]:
    return handlers.called, handlers.failed, handlers.waiting


class Noted:
    """A handler of both kinds that keeps what it was called with."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    async def coroutine(self, event: Event) -> None:
        await asyncio.sleep(0)
        self.ids.append(event.action.event_id)

    def function(self, event: Event) -> None:
        self.ids.append(event.action.event_id)


@pytest.mark.parametrize("kind", ["coroutine", "function"])
async def test_a_handler_is_called_once_after_each_of_its_actions_in_order(kind):
    noted = Noted()
    kept = handler(getattr(noted, kind), UserAction.ADD_TO_CART, UserAction.SEARCH)
    async with calling(kept) as handlers:
        handlers.take(did(act(0), act(1, UserAction.SEARCH), act(2, UserAction.VIEW_FARM)))
        handlers.take(did(*(act(number) for number in range(3, 50))))
    assert noted.ids == ["e0", "e1", *(f"e{number}" for number in range(3, 50))]
    assert counted(handlers) == (49, 0, 0)


async def test_a_plain_function_runs_in_a_thread_of_its_own():
    threads = []
    async with calling(handler(lambda _: threads.append(threading.current_thread()))) as handlers:
        handlers.take(did(act()))
    assert threads[0] is not threading.main_thread()
    assert threads[0].daemon


async def test_a_function_that_waits_keeps_neither_the_loop_nor_another_handler():
    go_on, noted = threading.Event(), Noted()

    def wait(_event):
        assert go_on.wait(60)

    async with calling(handler(wait), handler(noted.coroutine)) as handlers:
        handlers.take(did(act(0), act(1)))
        await until(lambda: noted.ids == ["e0", "e1"])
        assert counted(handlers) == (3, 0, 1)
        go_on.set()
    assert counted(handlers) == (4, 0, 0)


async def fails(event):
    await asyncio.sleep(0)
    raise ValueError(f"no {event.action.event_id}")


async def is_cancelled(event):
    raise asyncio.CancelledError


async def ends_the_program(event):
    sys.exit("no more")


def fails_at_once(event):
    raise ValueError("no")


def ends_the_thread(event):
    sys.exit("no more")


@pytest.mark.parametrize("bad", [fails, is_cancelled, ends_the_program, fails_at_once, ends_the_thread])
async def test_an_error_is_counted_and_logged_by_name_and_harms_nobody(bad, caplog):
    noted = Noted()
    async with calling(handler(bad), handler(noted.coroutine)) as handlers:
        handlers.take(did(act(0), act(1)))
    assert noted.ids == ["e0", "e1"]
    assert counted(handlers) == (4, 2, 0)
    assert [record.getMessage() for record in caplog.records] == [f"the handler {bad.__name__} failed"] * 2


async def test_the_error_itself_is_in_the_log(caplog):
    async with calling(handler(fails)) as handlers:
        handlers.take(did(act(7)))
    assert "ValueError: no e7" in caplog.text


async def test_a_coroutine_that_takes_too_long_is_cancelled_and_the_next_call_is_made(caplog):
    calls = []

    async def dawdle(event):
        calls.append(event.action.event_id)
        if len(calls) == 1:
            await asyncio.sleep(LONG)

    async with calling(handler(dawdle), patience=SHORT) as handlers:
        handlers.take(did(act(0), act(1)))
        await until(lambda: len(calls) == 2)
    assert counted(handlers) == (2, 1, 0)
    assert "the handler dawdle took longer than 0.01 s" in caplog.text


async def test_a_function_that_does_not_return_is_not_called_again_before_it_does(caplog):
    go_on, ended, calls = threading.Event(), threading.Event(), []

    def hang(event):
        calls.append(event.action.event_id)
        assert go_on.wait(60)
        ended.set()
        raise ValueError("in the end it even failed")

    async with calling(handler(hang), patience=SHORT) as handlers:
        handlers.take(did(act(0), act(1), act(2)))
        await until(lambda: handlers.called == 3)
        assert (calls, counted(handlers)) == (["e0"], (3, 3, 0))
        go_on.set()
        late = handlers._callers[0]._overdue
        # asyncio tells of an error that nobody heard of, some time later.
        await until(lambda: late.done() and not late._log_traceback)
        handlers.take(did(act(3)))
        await until(lambda: handlers.called == 4)
    assert calls == ["e0", "e3"]
    assert ended.is_set()
    assert caplog.text.count("took longer") == 1


async def test_a_coroutine_that_will_not_be_cancelled_is_not_called_again_before_it_ends():
    go_on, calls = asyncio.Event(), []

    async def stubborn(event):
        calls.append(event.action.event_id)
        while not go_on.is_set():
            try:
                await go_on.wait()
            except asyncio.CancelledError:
                continue

    async with calling(handler(stubborn), patience=SHORT) as handlers:
        handlers.take(did(act(0), act(1)))
        await until(lambda: handlers.called == 2)
        assert (calls, handlers.failed) == (["e0"], 2)
        go_on.set()


async def test_at_the_end_calls_that_would_take_too_long_are_lost_and_that_is_said(caplog):
    calls = []

    async def dawdle(event):
        calls.append(event.action.event_id)
        await asyncio.sleep(LONG)

    async with calling(handler(dawdle), patience=SHORT) as handlers:
        handlers.take(did(*(act(number) for number in range(100))))
    assert handlers.called == len(calls)
    assert handlers.waiting == 100 - len(calls) > 50
    assert f"{handlers.waiting} calls of own handlers are lost" in caplog.text


async def test_what_is_cleared_is_never_called():
    noted = Noted()
    async with calling(handler(noted.coroutine), handler(noted.function)) as handlers:
        handlers.take(did(act(0), act(1)))
        assert handlers.waiting == handlers.clear() == 4
        assert handlers.waiting == 0
        handlers.take(did(act(2)))
    assert noted.ids == ["e2", "e2"]


async def test_a_shopper_who_is_forgotten_has_no_calls_and_the_others_keep_theirs():
    noted = Noted()
    async with calling(handler(noted.coroutine), handler(noted.function)) as handlers:
        handlers.take(did(act(0), act(1, user_id="bob"), act(2), act(3, user_id="bob")))
        handlers.forget("ann")
        assert handlers.waiting == 4
    assert sorted(noted.ids) == ["e1", "e1", "e3", "e3"]
    assert noted.ids.index("e1") < noted.ids.index("e3")


async def test_it_counts_anew_when_it_is_told_to():
    async with calling(handler(fails_at_once)) as handlers:
        handlers.take(did(act()))
    assert counted(handlers) == (1, 1, 0)
    handlers.reset()
    assert counted(handlers) == (0, 0, 0)


async def test_without_handlers_nothing_waits():
    async with calling() as handlers:
        handlers.take(did(act()))
        assert counted(handlers) == (0, 0, 0)


async def test_what_never_began_can_be_stopped():
    delivery = Delivery(Engine(), Hub(lambda: 0, Numbers("x", "y")), lambda: 0)
    await Handlers([handler(fails)], delivery).stop()
