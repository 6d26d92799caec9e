"""When to look at what other processes have written."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from punnet.bell import Bell
from punnet.errors import BadFile, JournalUnavailable
from punnet.loop import Trouble

SECONDS = 0.05
"""How long it can take until what another process wrote is looked for; that is its delay here, at most."""

GATHER_SECONDS = 0.005
"""From one look that others asked for to the next, so that a busy market is not read record by record."""

TRY_AGAIN_SECONDS = 0.5
"""When it is looked for again after the journal could not be read."""


class Tail:
    """Looks every so many `seconds`, and sooner when the `bell` tells of something that is not known here."""

    def __init__(self, bell: Bell | None = None, seconds: float = SECONDS) -> None:
        self._bell = bell
        self._rung = asyncio.Event() if bell is None else bell.rung
        self._seconds = seconds
        self._looked_at = 0.0
        self.trouble = Trouble("the journal can be read again")

    def ring(self, position: int) -> None:
        """Tell others that the journal goes on up to a position."""
        if self._bell is not None:
            self._bell.ring(position)

    async def turn(self, look: Callable[[], Awaitable[None]], position: Callable[[], int]) -> None:
        """Wait until it is time to `look`, and do so; `position` tells up to where the journal is known."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._seconds):
                await self._rung.wait()
                await asyncio.sleep(self._looked_at + GATHER_SECONDS - time.monotonic())
        was_rung = self._rung.is_set()
        self._rung.clear()
        if was_rung and self._bell is not None and self._bell.reached <= position():
            # What was told of came with a commit of our own.
            return
        try:
            await look()
            self._looked_at = time.monotonic()
            self.trouble.note("")
        except (JournalUnavailable, BadFile) as error:
            self.trouble.note(str(error))
            await asyncio.sleep(TRY_AGAIN_SECONDS)
