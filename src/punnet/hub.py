"""The connections of this process, and what waits to be sent on them."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import NamedTuple, Protocol

from punnet.errors import Unavailable
from punnet.protocol.frames import Frame, Numbers
from punnet.protocol.messages import Topic
from punnet.protocol.subscription import Subscription

GOING_AWAY = 1001
SERVICE_RESTART = 1012
TRY_AGAIN_LATER = 1013
"""Close codes: nobody is there any more, the server stops and another is there, or the reader is too slow."""

OUTBOX_MESSAGES = 256
OUTBOX_BYTES = 1 << 20
"""What may wait for one reader."""

STALLED_SECONDS = 10.0
"""How long a reader may leave what waits for it where it is."""

LAST_WORDS_SECONDS = 2.0
"""How long a connection that is to be closed may take for what still waits."""


class Bounds(NamedTuple):
    """What may wait for one reader: messages, their bytes, and for how many seconds nothing may move."""

    messages: int = OUTBOX_MESSAGES
    size: int = OUTBOX_BYTES
    stalled: float = STALLED_SECONDS


class Wire(Protocol):
    """What carries frames to one reader. Nothing here waits.

    `ready` says whether there is room for more. `on_full` is called when there is none any longer, `on_room`
    when there is again.
    """

    ready: bool
    on_full: Callable[[], None]
    on_room: Callable[[], None]

    @staticmethod
    def prepare(frame: Frame) -> bytes:
        """Return a frame as it is written on wires of this kind."""
        ...

    def write(self, prepared: bytes) -> None:
        """Send what was prepared."""
        ...

    def end(self, code: int, reason: str) -> None:
        """Say goodbye, and hang up soon."""
        ...


class Connection:
    """One reader: what it subscribed to, and what waits for it.

    `given` is the number up to which it has all alerts of its subscriptions; while it is `behind`, there are
    later ones that it was not given. It is `flowing` when it lacks nothing and what comes can be written at
    once, with `write`, after `prepare`.
    """

    __slots__ = (
        "_bytes",
        "_goodbye",
        "_hub",
        "_outbox",
        "_timer",
        "_wire",
        "behind",
        "close_code",
        "flowing",
        "given",
        "opened_at",
        "prepare",
        "subscriptions",
        "user_id",
        "write",
    )

    def __init__(self, hub: "Hub", user_id: str, wire: Wire, opened_at: float) -> None:
        self.user_id = user_id
        self.opened_at = opened_at
        self.subscriptions: Mapping[Topic, Subscription] = {}
        self.given = hub.numbers.published
        self.behind = False
        self.flowing = wire.ready
        self.close_code: int | None = None
        self.write, self.prepare = wire.write, wire.prepare
        wire.on_full, wire.on_room = self.full, self.drained
        self._hub = hub
        self._wire = wire
        self._outbox: deque[bytes] | None = None
        self._bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._goodbye: Callable[[], None] | None = None

    @property
    def ready(self) -> bool:
        """Whether what is sent now goes out at once; else it is looked after until it is."""
        if self._wire.ready and self.close_code is None:
            return True
        self._wait()
        return False

    def resume(self, after: int) -> None:
        """Go on after an alert."""
        self.given, self.behind, self.flowing = after, True, False

    def fall_behind(self, given: int) -> None:
        """Lack what comes after the alert `given`, unless something before it is lacked already."""
        if not self.behind:
            self.resume(max(self.given, given))

    def caught_up(self) -> None:
        """Lack nothing any more."""
        self.behind, self.flowing = False, self._wire.ready and self.close_code is None

    def send(self, draft: bytes) -> None:
        """Send a message, or keep it until there is room; close with TRY_AGAIN_LATER where too much waits."""
        if self.close_code is not None:
            return
        if not self._outbox and self._wire.ready:
            self._put(draft)
            return
        if self._outbox is None:
            self._outbox = deque()
        bounds = self._hub.bounds
        if len(self._outbox) == bounds.messages or self._bytes + len(draft) > bounds.size:
            self.close(TRY_AGAIN_LATER, "Too much waits to be read.")
            return
        self._outbox.append(draft)
        self._bytes += len(draft)
        self._wait()

    def give(self, frame: Frame) -> None:
        """Send an alert; only a connection that is `ready` can be given one."""
        self._hub.written += 1
        self.write(self.prepare(frame))

    def close(self, code: int, reason: str = "") -> None:
        """Take no more, and say goodbye: after what waits, or at once to a reader that is too slow."""
        if self.close_code is not None:
            return
        self.close_code, self.flowing = code, False
        self._rest()
        if code == TRY_AGAIN_LATER:
            self.drop()
        self._goodbye = partial(self._wire.end, code, reason)
        if self._outbox:
            self._timer = _after(LAST_WORDS_SECONDS, self._goodbye)
        else:
            self._goodbye()

    def drop(self) -> None:
        """Take back all that waits to be sent; the connection stays as it is."""
        if self._outbox:
            self._outbox.clear()
            self._bytes = 0

    def full(self) -> None:
        """Write nothing until there is room again, and part with a reader who makes none."""
        self.flowing = False
        self._wait()

    def drained(self) -> None:
        """Go on with what waits, because there is room again."""
        if self.close_code is None:
            self._rest()
        while self._outbox and self._wire.ready:
            draft = self._outbox.popleft()
            self._bytes -= len(draft)
            self._put(draft)
        if self._outbox:
            self._wait()
        elif self._goodbye is not None:
            self._rest()
            self._goodbye()
        elif self.behind:
            self._hub.refill(self)
        else:
            self.caught_up()

    def gone(self) -> None:
        """Forget what waits: nobody is there to read it."""
        self.close_code, self.flowing = self.close_code or GOING_AWAY, False
        self.drop()
        self._rest()

    def _put(self, draft: bytes) -> None:
        numbers = self._hub.numbers
        given = self.given if self.behind else max(self.given, numbers.published)
        self._hub.written += 1
        self.write(self.prepare(Frame(draft, numbers.following(given))))

    def _wait(self) -> None:
        """Look whether anything moved, in a while."""
        if self._timer is None and self.close_code is None:
            give_up = partial(self.close, TRY_AGAIN_LATER, "Nothing was read for too long.")
            self._timer = _after(self._hub.bounds.stalled, give_up)

    def _rest(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Readers(NamedTuple):
    """Who is subscribed to a topic, to whatever comes or to some of it, and after which alert.

    They come and go.
    """

    plain: dict[Connection, int]
    choosy: dict[Connection, int]

    @property
    def everyone(self) -> tuple[Connection, ...]:
        """Both, as they are now."""
        return (*self.plain, *self.choosy)

    def of(self, subscription: Subscription) -> dict[Connection, int]:
        """Return those with such a subscription."""
        return self.plain if subscription.plain else self.choosy


class Hub:
    """Knows who listens here, and to what.

    `clock` tells the time in seconds; `capacity` is the most connections. `refill` is called with a
    connection that is behind, once there is room on it.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        numbers: Numbers,
        capacity: int = 2_000,
        *,
        bounds: Bounds | None = None,
    ) -> None:
        self.numbers = numbers
        self.bounds = bounds or Bounds()
        self.retiring = False
        """Whether nobody is let in any more."""
        self.refill: Callable[[Connection], None] = _nothing
        self._clock = clock
        self._capacity = capacity
        self._by_user: dict[str, dict[Connection, None]] = {}
        self._by_topic: dict[Topic, Readers] = {topic: Readers({}, {}) for topic in Topic}
        self._opened_sum = 0.0
        self._closed_seconds = 0.0
        self._nobody = asyncio.Event()
        self._nobody.set()
        self.open = 0
        self.total = 0
        self.written = 0
        """Messages put on wires, of whatever kind and however many of each."""
        self.changes = 0
        """How often somebody's subscriptions changed."""

    @property
    def full(self) -> bool:
        """Whether `register` would refuse."""
        return self.open >= self._capacity

    def admit(self) -> None:
        """Raise Unavailable when there are as many connections as there may be, or the server stops."""
        if self.retiring:
            raise Unavailable("The server stops: connect again.")
        if self.full:
            raise Unavailable(f"{self._capacity} connections are open, which is the most this server takes.")

    def register(self, user_id: str, wire: Wire) -> Connection:
        """Return a new connection of the user; raise Unavailable when there are as many as there may be."""
        self.admit()
        connection = Connection(self, user_id, wire, self._clock())
        self._by_user.setdefault(user_id, {})[connection] = None
        self._opened_sum += connection.opened_at
        self._nobody.clear()
        self.open += 1
        self.total += 1
        return connection

    def unregister(self, connection: Connection) -> None:
        """Forget the connection; once is enough, twice does no harm."""
        listening = self._by_user.get(connection.user_id, {})
        if connection not in listening:
            return
        connection.gone()
        self.subscribe(connection, {})
        del listening[connection]
        if not listening:
            del self._by_user[connection.user_id]
        self._opened_sum -= connection.opened_at
        self._closed_seconds += self._clock() - connection.opened_at
        self.open -= 1
        if not self.open:
            self._nobody.set()

    def subscribe(self, connection: Connection, subscriptions: Mapping[Topic, Subscription]) -> None:
        """Make `subscriptions` all that the connection has."""
        self.changes += 1
        for topic, subscription in connection.subscriptions.items():
            del self._by_topic[topic].of(subscription)[connection]
        for topic, subscription in subscriptions.items():
            self._by_topic[topic].of(subscription)[connection] = subscription.after
        connection.subscriptions = subscriptions

    def listens(self, user_id: str) -> bool:
        """Return whether the user has a connection here."""
        return user_id in self._by_user

    def of_user(self, user_id: str) -> tuple[Connection, ...]:
        """Return the connections of a user."""
        return tuple(self._by_user.get(user_id, ()))

    def of_topic(self, topic: Topic) -> Readers:
        """Return the connections subscribed to a topic, each kind the one that is so longest first."""
        return self._by_topic[topic]

    def publish_user(self, user_id: str, draft: bytes) -> None:
        """Send a message on each of the user's connections."""
        for connection in self.of_user(user_id):
            connection.send(draft)

    def drop(self, user_id: str) -> None:
        """Take back what waits to be sent to the user, whose connections stay open."""
        for connection in self.of_user(user_id):
            connection.drop()

    def close(self) -> None:
        """Have every connection closed, because the server stops; clients come back, to another one."""
        self.retiring = True
        for connection in tuple(self._connections()):
            connection.close(SERVICE_RESTART, "The server stops.")

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
        counts = {str(topic): len(readers.everyone) for topic, readers in self._by_topic.items()}
        return Counter({topic: count for topic, count in counts.items() if count})

    def _connections(self) -> Iterable[Connection]:
        return (connection for listening in self._by_user.values() for connection in listening)


def _after(seconds: float, do: Callable[[], None]) -> asyncio.TimerHandle:
    return asyncio.get_running_loop().call_later(seconds, do)


def _nothing(_: Connection) -> None:
    """Do nothing."""
