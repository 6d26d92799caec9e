"""A connection to PostgreSQL that outlives every loss of it."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import asyncpg
from asyncpg import Connection

from punnet.errors import JournalUnavailable

LOST = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""All that asyncpg raises when a server does not do what it was asked; a TimeoutError is an OSError too.

InternalClientError is what it says to one who asks between a server's farewell and the end of the connection.
"""

SESSION = """
SET application_name = 'punnet';
SET default_transaction_isolation = 'read committed';
SET client_connection_check_interval = 1000;
SET idle_in_transaction_session_timeout = {lock_timeout};
SET lock_timeout = {lock_timeout};
SET tcp_keepalives_idle = 10;
SET tcp_keepalives_interval = 5;
SET tcp_keepalives_count = 3;
"""
"""A server learns within half a minute that the machine of this program is gone, and frees its locks.

Who leaves a transaction open, or a statement that nobody waits for, keeps all others from writing: both end
sooner.
"""


FAREWELL = 1.0
"""Seconds that a server may take to end a connection in order."""


class Link:
    """One connection to the server at `url`, made when it is needed and made again after it was lost.

    Whoever uses it has it alone, and `patience` seconds for that, waiting included. `greet` is called with
    each connection made.
    """

    def __init__(
        self, url: str, patience: float, greet: Callable[[Connection], Awaitable[None]] | None = None
    ) -> None:
        self._url = url
        self._patience = patience
        self._greet = greet
        self._turn = asyncio.Lock()
        self._connection: Connection | None = None
        self._closed = False

    @asynccontextmanager
    async def use(self, seconds: float = 0) -> AsyncIterator[Connection]:
        """Hand out the connection, and have `seconds` more patience with what is done inside.

        Whatever goes wrong inside ends it: then nobody need ask in what state it is. Raises
        JournalUnavailable when the server does not do what it is asked, or not in time.
        """
        try:
            async with asyncio.timeout(self._patience) as end, self._turn:
                try:
                    connection = await self._connected()
                    end.reschedule((end.when() or 0) + seconds)
                    yield connection
                except BaseException:
                    self._drop()
                    raise
        except LOST as error:
            raise JournalUnavailable(f"{place(self._url)} cannot be used: {_why(error)}") from error

    async def close(self) -> None:
        """End the connection for good: in order, or abruptly when the server does not answer."""
        self._closed = True
        if self._connection is not None:
            with suppress(*LOST):
                await self._connection.close(timeout=min(self._patience, FAREWELL))
            self._drop()

    async def _connected(self) -> Connection:
        if self._closed:
            raise JournalUnavailable(f"{place(self._url)} is closed")
        if self._connection is None or self._connection.is_closed():
            if self._url.partition("?")[0].count("@") > 1:
                # asyncpg would look for a host whose name is the rest of a password.
                raise ValueError("more than one @")
            self._connection = await asyncpg.connect(self._url)
            await self._connection.execute(SESSION.format(lock_timeout=round(self._patience * 500)))
            if self._greet is not None:
                await self._greet(self._connection)
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None


def place(url: str) -> str:
    """Return how a person is told of the database at `url`: without the name and the password in it."""
    rest, _, options = url.partition("://")[2].partition("?")
    # An @ behind the ? may be one of a password.
    return f"PostgreSQL ({'…' if '@' in options else rest.rpartition('@')[2]})"


def _why(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "it does not answer"
    if isinstance(error, OSError) and error.errno is not None:
        # asyncio says more than a person wants to know; what is below 0 comes from looking up a name.
        return os.strerror(error.errno) if error.errno > 0 else error.strerror or str(error)
    return str(error).partition("\n")[0]
