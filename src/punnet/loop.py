"""A loop that survives what goes wrong in it, and trouble that is told once."""

import logging
from collections.abc import Awaitable, Callable

logger = logging.getLogger(__name__)


async def forever(step: Callable[[], Awaitable[None]]) -> None:
    """Repeat `step` until cancelled: what goes wrong in one must not keep the next from its turn."""
    while True:
        try:
            await step()
        except Exception:
            logger.exception("%s failed", step.__qualname__)


class Trouble:
    """What keeps something from being done: logged once for as long as it is the same, and its end."""

    def __init__(self, over: str) -> None:
        self._over = over
        self.why = ""

    def note(self, why: str) -> None:
        """Note why it could not be done, nothing when it could."""
        if why and why != self.why:
            logger.error("%s", why)
        if self.why and not why:
            logger.warning("%s", self._over)
        self.why = why
