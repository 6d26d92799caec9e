"""The connections of this process, and what waits to be sent on them."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterable

from punnet.errors import Unavailable

GOING_AWAY = 1001
TRY_AGAIN_LATER = 1013
"""Close codes: the server stops, or the reader is too slow."""

OUTBOX_FRAMES = 256
OUTBOX_BYTES = 1 << 20
"""What may wait for one reader."""


class Connection:
    """One reader and its bounded outbox. Sending never waits; `take` does."""

    def __init__(self, user_id: str, opened_at: float, frames: int, size: int) -> None:
        self.user_id = user_id
        self.opened_at = opened_at
        self.topics: set[str] = set()
        self.close_code: int | None = None
        self._most_frames = frames
        self._most_bytes = size
        self._outbox: deque[bytes] = deque()
        self._bytes = 0
        self._taken: list[bytes] = []
        self._stirred = asyncio.Event()
        self._closing = asyncio.Event()

    def send(self, frame: bytes) -> None:
        """Put `frame` in the outbox; where it has no room, drop all of it and close with TRY_AGAIN_LATER."""
        if self.close_code is not None:
            return
        if len(self._outbox) == self._most_frames or self._bytes + len(frame) > self._most_bytes:
            self._outbox.clear()
            self.close(TRY_AGAIN_LATER)
            return
        self._outbox.append(frame)
        self._bytes += len(frame)
        self._stirred.set()

    def close(self, code: int) -> None:
        """Take no more frames, and have the connection closed with `code` once those waiting are taken."""
        if self.close_code is None:
            self.close_code = code
            self._closing.set()
            self._stirred.set()

    async def take(self) -> list[bytes]:
        """Wait for frames and return all that are there; none, once the connection is to be closed.

        Who sends them goes through the list itself: `drop` takes back those that were not sent yet.
        """
        # What woke it may have been taken back before it was its turn.
        while not self._outbox and self.close_code is None:
            await self._stirred.wait()
        self._taken = list(self._outbox)
        self._empty()
        return self._taken

    def drop(self) -> None:
        """Take back all that waits to be sent; the connection stays as it is."""
        self._taken.clear()
        self._empty()

    def _empty(self) -> None:
        self._outbox.clear()
        self._bytes = 0
        if self.close_code is None:
            self._stirred.clear()

    async def closing(self) -> int:
        """Wait until the connection is to be closed, and return the code; for readers too slow for `take`."""
        await self._closing.wait()
        return self.close_code or GOING_AWAY


class Hub:
    """Knows who listens here. `clock` tells the time in seconds; `capacity` is the most connections."""

    def __init__(
        self,
        clock: Callable[[], float],
        capacity: int = 2_000,
        *,
        frames: int = OUTBOX_FRAMES,
        size: int = OUTBOX_BYTES,
    ) -> None:
        self._clock = clock
        self._capacity = capacity
        self._frames = frames
        self._size = size
        self._by_user: dict[str, set[Connection]] = {}
        self._opened_sum = 0.0
        self._closed_seconds = 0.0
        self._nobody = asyncio.Event()
        self._nobody.set()
        self.open = 0
        self.total = 0

    @property
    def full(self) -> bool:
        """Whether `register` would refuse."""
        return self.open >= self._capacity

    def register(self, user_id: str) -> Connection:
        """Return a new connection of the user; raise Unavailable when there are as many as there may be."""
        if self.full:
            raise Unavailable(f"{self._capacity} connections are open, which is the most this server takes.")
        connection = Connection(user_id, self._clock(), self._frames, self._size)
        self._by_user.setdefault(user_id, set()).add(connection)
        self._opened_sum += connection.opened_at
        self._nobody.clear()
        self.open += 1
        self.total += 1
        return connection

    def unregister(self, connection: Connection) -> None:
        """Forget the connection; once is enough, twice does no harm."""
        listening = self._by_user.get(connection.user_id, set())
        if connection not in listening:
            return
        listening.remove(connection)
        if not listening:
            del self._by_user[connection.user_id]
        self._opened_sum -= connection.opened_at
        self._closed_seconds += self._clock() - connection.opened_at
        self.open -= 1
        if not self.open:
            self._nobody.set()

    def listens(self, user_id: str) -> bool:
        """Return whether the user has a connection here."""
        return user_id in self._by_user

    def publish_user(self, user_id: str, frame: bytes) -> None:
        """Put `frame` in the outbox of each of the user's connections."""
        for connection in self._by_user.get(user_id, ()):
            connection.send(frame)

    def drop(self, user_id: str) -> None:
        """Take back what waits to be sent to the user, whose connections stay open."""
        for connection in self._by_user.get(user_id, ()):
            connection.drop()

    def close(self) -> None:
        """Have every connection closed, because the server stops."""
        for connection in self._connections():
            connection.close(GOING_AWAY)

    async def emptied(self) -> None:
        """Return once nobody is connected."""
        await self._nobody.wait()

    def average_seconds(self) -> float:
        """Return how long a connection lasts on average, the open ones up to now."""
        if not self.total:
            return 0.0
        return (self._closed_seconds + self.open * self._clock() - self._opened_sum) / self.total

    def reset(self) -> None:
        """Count connections from now on, those that are open among them."""
        self.total = self.open
        self._closed_seconds = 0.0

    def subscriptions(self) -> Counter[str]:
        """Return the number of connections subscribed to each topic."""
        return Counter(topic for connection in self._connections() for topic in connection.topics)

    def _connections(self) -> Iterable[Connection]:
        return (connection for listening in self._by_user.values() for connection in listening)
