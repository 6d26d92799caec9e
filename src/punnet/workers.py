"""Several processes that do the same work, and one that looks after them."""

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0
"""Seconds until a worker that could not begin is tried again, doubled each time."""

SECONDS_TO_STOP = 60.0
"""How long workers may take to end what they began."""

logger = logging.getLogger(__name__)


class Workers:
    """Keeps `count` processes of `command` at work: another one takes the place of each that ends by itself.

    A worker inherits the file descriptors `inherited`. It says one line on stdout when it is at work, and
    ends when its stdin does: so none is left when the process that looks after them is killed.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        inherited: Sequence[int],
        count: int,
        *,
        first_wait: float = FIRST_WAIT,
    ) -> None:
        self._command = command
        self._environment = environment
        self._inherited = inherited
        self._count = count
        self._first_wait = first_wait
        self._stopping = asyncio.Event()
        self._alive: set[asyncio.subprocess.Process] = set()

    async def run(self, told: Callable[[str], None]) -> int:
        """Return 0 once they were told to stop and have; the exit code of the first where that cannot begin.

        `told` is given the line that the first one says. It is alone until then: what need be done only once
        is done by it.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        first = await self._begun()
        line = await _first_line(first)
        if not line:
            code = await self._ended(first)
            return 0 if self._stopping.is_set() else code
        told(line)
        async with asyncio.TaskGroup() as everyone:
            everyone.create_task(self._keep(first))
            for _ in range(self._count - 1):
                everyone.create_task(self._keep(None))
        return 0

    def _stop(self) -> None:
        """Have all of them end, by force after a while."""
        self._stopping.set()
        for number, seconds in ((signal.SIGTERM, 0.0), (signal.SIGKILL, SECONDS_TO_STOP)):
            asyncio.get_running_loop().call_later(seconds, self._signal, number)

    def _signal(self, number: signal.Signals) -> None:
        for process in self._alive:
            with suppress(ProcessLookupError):
                process.send_signal(number)

    async def _keep(self, process: asyncio.subprocess.Process | None) -> None:
        """Have one worker for as long as there is work."""
        wait = self._first_wait
        while not self._stopping.is_set():
            is_at_work, end = await self._worked(process)
            process = None
            if self._stopping.is_set():
                return
            logger.error("a worker %s, and another one takes its place", end)
            wait = self._first_wait if is_at_work else min(2 * wait, LONGEST_WAIT)
            if not is_at_work:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), wait)

    async def _worked(self, process: asyncio.subprocess.Process | None) -> tuple[bool, str]:
        """Return whether a worker, a new one unless there is one, was at work, and how it ended."""
        is_at_work = process is not None
        try:
            process = process or await self._begun()
        except OSError as error:
            return False, f"cannot be started ({error.strerror})"
        is_at_work = is_at_work or bool(await _first_line(process))
        return is_at_work, f"ended with {await self._ended(process)}"

    async def _begun(self) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            *self._command,
            env=self._environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            pass_fds=self._inherited,
        )
        self._alive.add(process)
        if self._stopping.is_set():
            process.terminate()
        return process

    async def _ended(self, process: asyncio.subprocess.Process) -> int:
        # A pipe that is not read to its end stays open.
        assert process.stdout is not None
        await process.stdout.read()
        code = await process.wait()
        self._alive.discard(process)
        return code


async def _first_line(process: asyncio.subprocess.Process) -> str:
    """Return what a worker says when it is at work, nothing where it ended before."""
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().rstrip("\n")


def end_with_parent() -> None:
    """Have this process, a worker, told to end when the one that looks after it is gone."""

    def watch() -> None:
        while os.read(0, 1):
            continue
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()
