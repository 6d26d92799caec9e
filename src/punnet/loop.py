"""A loop that survives what goes wrong in it."""

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
