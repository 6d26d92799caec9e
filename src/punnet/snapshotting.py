"""Has a process of its own make a snapshot now and then, so that the server never stalls for one."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager

from punnet.snapshots import Snapshots

SECONDS_BETWEEN_LOOKS = 1.0
"""How long to wait for another process that makes a snapshot, before looking again."""

UNABLE = 2
"""The exit code of a process that has said itself, in a sentence, what kept it from its work."""

logger = logging.getLogger(__name__)


class Snapshotting:
    """Runs `command` whenever the engine is `every` records ahead of the snapshot; never, when that is 0.

    Of several processes that share the file one does so at a time, and the others take that snapshot for
    theirs. `journal` is the identity of what it is of, `environment` all that the command knows of the
    settings; `snapped` is the position of the snapshot.
    """

    def __init__(
        self,
        snapshots: Snapshots,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        journal: str,
        every: int,
        snapped: int = 0,
    ) -> None:
        self._snapshots = snapshots
        self._command = command
        self._environment = environment
        self._journal = journal
        self._every = every
        self._snapped = self._position = snapped
        self._due = asyncio.Event()
        self._alone = asyncio.Lock()
        self._pausing = 0
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self, position: int) -> None:
        """Make snapshots from now on, the engine being at `position`; needs a running loop."""
        self.reached(position)
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Make no more snapshots; one that is being made is given up."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def reached(self, position: int) -> None:
        """Take note of the position that the engine is at."""
        self._position = position
        if self._every and position - self._snapped >= self._every:
            self._due.set()

    @asynccontextmanager
    async def pausing(self) -> AsyncIterator[None]:
        """Have no snapshot of who is erased inside: none is being made then, and afterwards there is none."""
        self._pausing += 1
        self._kill()
        try:
            async with self._alone:
                try:
                    yield
                finally:
                    self._snapshots.delete()
        finally:
            self._pausing -= 1
            if self._every:
                self._due.set()

    async def _run(self) -> None:
        while True:
            await self._due.wait()
            with await self._turn():
                async with self._alone:
                    self._due.clear()
                    if not self._is_made():
                        await self._make()

    async def _turn(self) -> ExitStack:
        while (turn := self._snapshots.turn()) is None:  # noqa: ASYNC110 (another process tells nobody)
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
        return turn

    def _is_made(self) -> bool:
        """Return whether another process has made one meanwhile."""
        made = self._snapshots.reached(self._journal)
        if made is None or not 0 <= self._position - made < self._every:
            return False
        self._snapped = made
        return True

    async def _make(self) -> None:
        # One that fails is not tried again at once, but when as many records have come again.
        self._snapped = self._position
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                env=self._environment,
                stdout=asyncio.subprocess.DEVNULL,
                # A signal from the keyboard is for the server, which ends this process in its own time.
                start_new_session=True,
            )
        except OSError as error:
            logger.warning("no snapshot could be made: %s", error)
            return
        try:
            if self._pausing:
                self._kill()
            code = await self._process.wait()
        finally:
            self._kill()
            await self._process.wait()
        if code not in (0, UNABLE) and not self._pausing:
            logger.warning("no snapshot could be made: its process ended with %d", code)

    def _kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
