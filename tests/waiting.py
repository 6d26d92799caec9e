"""Wait for what happens in its own time."""

import asyncio
from collections.abc import Callable

import pytest


async def until(condition: Callable[[], bool]) -> None:
    """Wait for the condition, at most 20 seconds."""
    for _ in range(2_000):
        if condition():
            return
        await asyncio.sleep(0.01)
    pytest.fail("it never came true")
