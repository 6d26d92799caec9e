"""How tests run: the same examples every time; `--hypothesis-profile=explore` looks for new ones."""

from collections.abc import AsyncIterator, Iterator

import pytest
from hypothesis import Phase, settings

from tests.servers.postgres import Given, Throwaway, given

settings.register_profile("steady", deadline=None, derandomize=True, max_examples=100)
settings.register_profile("explore", deadline=None, max_examples=2_000, print_blob=True)
# A broken algorithm need not be explained by the smallest example that shows it.
settings.register_profile(
    "mutation", deadline=None, derandomize=True, max_examples=25, phases=[Phase.explicit, Phase.generate]
)
settings.load_profile("steady")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Given]:
    """A PostgreSQL to make databases in: the one of the environment, else one that the tests start."""
    if found := given():
        yield found
        return
    server = Throwaway()
    yield server
    server.close()


@pytest.fixture
async def postgres_url(postgres: Given) -> AsyncIterator[str]:
    """The URL of an empty database on PostgreSQL."""
    async with postgres.database() as url:
        yield url
