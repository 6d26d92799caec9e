"""Lists that somebody watches: a shopper's own, and what trends in an area."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, Protocol, TypeAlias

from punnet.engine.effects import Effects
from punnet.engine.engine import Engine, Trends
from punnet.hub import Connection, Hub
from punnet.loop import forever
from punnet.market import Answer, Context, Query
from punnet.protocol.frames import draft
from punnet.protocol.messages import Area, PersonalUpdate, ServerType, Topic, Trending
from punnet.protocol.subscription import Subscription

GAP = 5.0
"""Seconds from one message about a list to the next one."""

LENGTH = 10
"""How many products of a list are watched."""

CREDIT = 0.1
"""Seconds that can be spent on lists one after the other; beyond that, as long a rest follows each look."""

BUYERS = 8
"""How many of those who bought something meanwhile are compared with everyone."""

SORT_SECONDS = 0.05
"""How long what happens is gathered before lists are put in order again."""

CALENDAR_SECONDS = 60.0
"""How often the time itself is looked at: seasons, and windows of availability."""

AREA_DECIMALS = 1
"""Places within a tenth of a degree, about 11 km, share an area."""


class Alarm(Protocol):
    """Something that is done later, unless it is cancelled before."""

    def cancel(self) -> None:
        """Have it not done."""
        ...


Later: TypeAlias = Callable[[float, Callable[[], None]], Alarm]
"""Has something done once that many seconds have passed."""


class Key(NamedTuple):
    """A list: a shopper's, or of an area for nobody in particular; without a place it is the whole market."""

    user_id: str | None
    place: tuple[float, float] | None


class Watched:
    """A list that somebody watches, as it was when it was looked at last."""

    __slots__ = ("changed", "ids", "key", "owed", "sent", "sent_at", "since", "weight")

    def __init__(self, key: Key) -> None:
        self.key = key
        self.ids: tuple[str, ...] | None = None
        """None before the first look."""
        self.weight: float | None = None
        """How much what happened concerns it; None where nothing did since the last look."""
        self.since = 0.0
        """When the first of that happened."""
        self.changed = False
        """Whether others did something since the last look."""
        self.owed: list[Connection] = []
        """Who came back, and is sent the list whether it is another one or not."""
        self.sent = 0
        self.sent_at = float("-inf")

    def touch(self, weight: float, now: float) -> None:
        """Have it looked at: something happened that concerns it that much."""
        self.since = now if self.weight is None else self.since
        self.weight = max(self.weight or 0.0, weight)


class Watching:
    """Tells those who watch a list when it is another one because of what others did, or of the season.

    It looks at the lists one by one while others have their turn in between: first at those that what
    happened concerns most. Nobody is told of one list more than once in `gap` seconds. `clock` tells seconds;
    `later` is how the time passes.
    """

    waiting = 0
    """A list is a state: however often it changed, one look is enough, and keeps nobody waiting."""

    def __init__(
        self,
        engine: Engine,
        hub: Hub,
        clock: Callable[[], float],
        *,
        gap: float = GAP,
        later: Later | None = None,
    ) -> None:
        self._engine = engine
        self._hub = hub
        self._clock = clock
        self._gap = gap
        self._later = later or _later
        self._lists: dict[Key, Watched] = {}
        self._queue: list[Watched] = []
        self._buyers: dict[str, None] = {}
        self._products: set[str] = set()
        self._stirred = asyncio.Event()
        self._sorted_at = float("-inf")
        self._credit = CREDIT
        self._looked_at = time.perf_counter()
        self._alarm: Alarm | None = None
        self._read_at = 0.0
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Watch from now on; needs a running loop."""
        self._read_at = self._clock()
        self._tasks = [
            asyncio.create_task(forever(self._turn)),
            asyncio.create_task(forever(self._watch_the_calendar)),
        ]

    async def stop(self) -> None:
        """Look at nothing any more: who comes back is told how the lists are then."""
        if self._alarm is not None:
            self._alarm.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def take(self, effects: Effects) -> None:
        """Look again at the lists that may be others now."""
        if self._lists and (effects.buyers or effects.products):
            self._buyers |= dict.fromkeys(effects.buyers)
            self._products.update(effects.products)
            self._stirred.set()

    def forget(self, user_id: str) -> None:
        """Drop what is known of a shopper's list."""
        for key in [key for key in self._lists if key.user_id == user_id]:
            # The one that is in the queue is passed over, because it is not this one.
            self._lists[key] = Watched(key)
            self._enqueue(self._lists[key])

    def look(self, connection: Connection, before: Mapping[Topic, Subscription]) -> None:
        """Watch the lists that a connection subscribed to, beside what it had before."""
        for topic in (Topic.PERSONALIZED, Topic.TRENDING):
            subscription = connection.subscriptions.get(topic)
            if subscription is not None and subscription is not before.get(topic):
                self._join(connection, _key(connection, topic, subscription), subscription)

    def _join(self, connection: Connection, key: Key, subscription: Subscription) -> None:
        is_new = key not in self._lists
        watched = self._lists.setdefault(key, Watched(key))
        seen = subscription.seen
        if seen is not None and (is_new or seen.sent is None or seen.sent < watched.sent):
            watched.owed.append(connection)
        if is_new or watched.owed:
            self._enqueue(watched)

    def _enqueue(self, watched: Watched) -> None:
        watched.touch(0.0, self._clock())
        self._queue.append(watched)
        self._stirred.set()

    async def _turn(self) -> None:
        """Look at the list that is most concerned, then let others have their turn."""
        await self._stirred.wait()
        now = self._clock()
        if (self._buyers or self._products) and not 0 <= now - self._sorted_at < SORT_SECONDS:
            self._sort(now)
        if not self._queue:
            self._stirred.clear()
            self._wake_later(now)
            return
        began = time.perf_counter()
        watched = self._queue.pop()
        if self._lists.get(watched.key) is watched:
            await self._refresh(watched, now)
        await asyncio.sleep(self._rest(began, time.perf_counter()))

    def _rest(self, began: float, ended: float) -> float:
        """Return for how many seconds others come first; the time between looks gives credit."""
        self._credit = min(CREDIT, self._credit + began - self._looked_at) - (ended - began)
        self._looked_at = ended
        return 0.0 if self._credit > 0 else ended - began

    def _sort(self, now: float) -> None:
        """Put the lists in the order in which they are concerned."""
        for watched, weight, by_others in self._concerned():
            watched.touch(weight, now)
            watched.changed = watched.changed or by_others
        self._buyers.clear()
        self._products.clear()
        self._sorted_at = now
        self._queue_up(now)

    def _concerned(self) -> Iterator[tuple[Watched, float, bool]]:
        """Yield the lists that may be others now, how much that is to be expected, and if because of others.

        What a shopper bought changes the shopper's own list, too; that is looked at, and not told.
        """
        everyone = list(self._lists.values())
        shoppers = [watched.key.user_id or "" for watched in everyone]
        weights = [0.0] * len(everyone)
        for buyer in list(self._buyers)[-BUYERS:]:
            weights = list(map(max, weights, self._engine.kinship(shoppers, buyer)))
        for watched, weight in zip(everyone, weights, strict=True):
            user_id = watched.key.user_id
            by_others = bool(self._products or self._buyers.keys() - {user_id})
            is_surely = user_id is None or self._products.intersection(watched.ids or ())
            if by_others or user_id in self._buyers:
                yield watched, 1.0 if is_surely else weight, by_others

    def _queue_up(self, now: float) -> None:
        due = [watched for watched in self._lists.values() if self._is_due(watched, now)]
        # Who waits long gets their turn, however little it concerns them.
        self._queue = sorted(due, key=lambda watched: (watched.weight or 0.0) - watched.since / GAP)

    def _is_due(self, watched: Watched, now: float) -> bool:
        return watched.weight is not None and self._is_rested(watched, now)

    def _is_rested(self, watched: Watched, now: float) -> bool:
        # A clock that was set back must not silence a list.
        return not 0 <= now - watched.sent_at < self._gap

    def _wake_later(self, now: float) -> None:
        """Go on with what happened too soon after the last message."""
        resting = [watched.sent_at for watched in self._lists.values() if watched.weight is not None]
        waits = [now - self._gap] if self._buyers or self._products else []
        if self._alarm is not None:
            self._alarm.cancel()
        if resting or waits:
            wait = max(min([*resting, *waits]) + self._gap - now, SORT_SECONDS)
            self._alarm = self._later(wait, self._wake)

    def _wake(self) -> None:
        self._queue_up(self._clock())
        self._stirred.set()

    async def _refresh(self, watched: Watched, now: float) -> None:
        """Look at a list, and tell those who watch it if it is another one."""
        readers = self._readers(watched.key)
        if not readers:
            self._lists.pop(watched.key, None)
            return
        found, ids = self._found(watched.key, now)
        told = [reader for reader in readers if reader in watched.owed]
        watched.owed = []
        # Within the gap it only was looked at for who came back.
        if self._is_rested(watched, now):
            is_other = watched.changed and ids != watched.ids
            told = readers if is_other else told
            watched.ids, watched.weight, watched.changed = ids, None, False
            watched.sent_at = now if is_other else watched.sent_at
        if told:
            # Whatever number it has on each connection, and when it is read there: it comes after this one.
            watched.sent = self._hub.numbers.sent + 1
            await self._tell(told, _message(watched.key, found, now))

    async def _tell(self, readers: list[Connection], message: bytes) -> None:
        began = time.perf_counter()
        for reader in readers:
            reader.send(message)
            if time.perf_counter() - began > SORT_SECONDS / 10:
                await asyncio.sleep(0)
                began = time.perf_counter()

    def _found(self, key: Key, now: float) -> tuple[Answer | Trends, tuple[str, ...]]:
        if key.user_id is None:
            trends = self._engine.trending(key.place, LENGTH, now)
            return trends, tuple(product.id for product in trends.products)
        latitude, longitude = key.place or (None, None)
        query = Query(
            user_id=key.user_id, limit=LENGTH, context=Context.HOME, latitude=latitude, longitude=longitude
        )
        answer = self._engine.answer(query, now)
        return answer, tuple(each.product.id for each in answer.recommendations)

    def _readers(self, key: Key) -> list[Connection]:
        if key.user_id is None:
            topic, connections = Topic.TRENDING, self._hub.of_topic(Topic.TRENDING).everyone
        else:
            topic, connections = Topic.PERSONALIZED, self._hub.of_user(key.user_id)
        subscribed = ((each, each.subscriptions.get(topic)) for each in connections)
        return [each for each, given in subscribed if given is not None and _key(each, topic, given) == key]

    async def _watch_the_calendar(self) -> None:
        await asyncio.sleep(CALENDAR_SECONDS)
        now = self._clock()
        # Both with the catalogue of now: what was put or patched meanwhile was told by itself.
        before, self._read_at = self._engine.calendar(self._read_at), now
        is_other = before != self._engine.calendar(now)
        for watched in [*self._lists.values()]:
            if not self._readers(watched.key):
                del self._lists[watched.key]
            elif watched.key.user_id is None or is_other:
                watched.touch(0.0, now)
                watched.changed = True
        self._wake()


def _later(seconds: float, what: Callable[[], None]) -> Alarm:
    return asyncio.get_running_loop().call_later(seconds, what)


def _key(connection: Connection, topic: Topic, subscription: Subscription) -> Key:
    place = subscription.place
    if place is not None:
        place = round(place[0], AREA_DECIMALS), round(place[1], AREA_DECIMALS)
    return Key(connection.user_id if topic is Topic.PERSONALIZED else None, place)


def _message(key: Key, found: Answer | Trends, now: float) -> bytes:
    if isinstance(found, Answer):
        update = PersonalUpdate(
            recommendations=found.recommendations,
            algorithms=found.algorithms,
            timestamp=found.timestamp,
            user_id=found.user_id,
        )
        return draft(ServerType.PERSONALIZED_SUGGESTION, update, now)
    area = None
    if key.place is not None:
        area = Area(latitude=key.place[0], longitude=key.place[1], radius_km=found.radius_km)
    trending = Trending(products=found.products, area=area, local=found.local)
    return draft(ServerType.TRENDING_UPDATE, trending, now)
