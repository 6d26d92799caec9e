"""A small market behind the counter, for every test of the web."""

from collections.abc import AsyncIterator

import pytest

from tests.web.stall import Stall, opened


@pytest.fixture
async def stall() -> AsyncIterator[Stall]:
    async with opened() as stall:
        yield stall
