"""How tests run: the same examples every time; `--hypothesis-profile=explore` looks for new ones."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from hypothesis import Phase, settings

from punnet.engine.rehearsal import rehearse
from tests.servers.postgres import Given, Throwaway, given
from tests.servers.valkey import Throwaway as Valkey

settings.register_profile("steady", deadline=None, derandomize=True, max_examples=100)
settings.register_profile("explore", deadline=None, max_examples=2_000, print_blob=True)
# Where nothing is compiled, loops are slow.
settings.register_profile("covered", deadline=None, derandomize=True, max_examples=40)
# A broken algorithm need not be explained by the smallest example that shows it.
settings.register_profile(
    "mutation", deadline=None, derandomize=True, max_examples=25, phases=[Phase.explicit, Phase.generate]
)
settings.load_profile("steady")


def pytest_sessionstart() -> None:
    """Compile before the first test, as a server does before its first request: no test waits for it."""
    rehearse()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Given]:
    """A PostgreSQL to make databases in: the one of the environment, else one that the tests start."""
    if found := given():
        yield found
        return
    server = Throwaway()
    yield server
    server.close()


@pytest.fixture(scope="session")
def valkey() -> Iterator[Valkey]:
    """A Valkey that the tests start, to wake others through; it stays up."""
    server = Valkey()
    yield server
    server.close()


@pytest.fixture
async def postgres_url(postgres: Given) -> AsyncIterator[str]:
    """The URL of an empty database on PostgreSQL."""
    async with postgres.database() as url:
        yield url


@pytest.fixture(scope="module")
def lasting_url(postgres: Given) -> Iterator[str]:
    """The URL of a database that stays for a whole module: tests in it use markets of their own."""

    async def hold(made: asyncio.Future[str], done: asyncio.Event) -> None:
        async with postgres.database() as url:
            made.set_result(url)
            await done.wait()

    with asyncio.Runner() as runner:
        made: asyncio.Future[str] = runner.get_loop().create_future()
        done = asyncio.Event()
        holding = runner.get_loop().create_task(hold(made, done))
        yield runner.get_loop().run_until_complete(made)
        done.set()
        runner.get_loop().run_until_complete(holding)
