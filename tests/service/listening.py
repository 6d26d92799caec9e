"""Those who listen to alerts, lose their connections, come back, and notice what is not right."""

import asyncio
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import NamedTuple

import msgspec

from tests.service.repricing import DROP, QUIET, STOCK, Change
from tests.service.streaming import (
    EventsLine,
    Line,
    SocketLine,
    connected,
    events_request,
    socket_request,
)

TOPIC = {DROP: "price_drops", STOCK: "stock_alerts"}
BITS = 32
"""Below these bits of an offset stands the number of an alert."""

PAUSE = 0.05
"""Seconds until a client comes back that was not let in."""


class Message(msgspec.Struct, rename="camel"):
    """What every message has."""

    type: str
    payload: msgspec.Raw
    message_id: str
    request_id: str = ""


class Payload(msgspec.Struct, rename="camel"):
    """What matters of what a message carries."""

    product_id: str = ""
    old_price: float = 0
    new_price: float = 0
    stock: float = 0
    topics: tuple[str, ...] = ()
    resumed: bool | None = None
    user_id: str = ""


class Told(NamedTuple):
    """A message: its place in time, what it says, and what an alert tells."""

    type: str
    epoch: str
    offset: int
    payload: Payload
    request_id: str
    change: Change | None

    @property
    def number(self) -> int:
        """The number of the last alert that who gets it was given, itself included."""
        return self.offset >> BITS

    @property
    def id(self) -> str:
        """Its `messageId`."""
        return f"{self.epoch}:{self.offset}"


class Chronicle:
    """What all heard together: which alert has which number. Equal bytes are read once."""

    def __init__(self) -> None:
        self.numbers: dict[Change, int] = {}
        self.wrong: list[str] = []
        self._changes: dict[int, Change] = {}
        self._read: dict[bytes, Told] = {}

    def read(self, text: bytes) -> Told:
        """Return what a message says."""
        told = self._read.get(text)
        if told is None:
            told = _told(msgspec.json.decode(text, type=Message))
            if told.change is not None:
                self._note(told, told.change)
                self._read[text] = told
                if len(self._read) > 2_000:
                    del self._read[next(iter(self._read))]
        return told

    def _note(self, told: Told, change: Change) -> None:
        known = self._changes.setdefault(told.number, change)
        if known != change or self.numbers.setdefault(change, told.number) != told.number:
            self.wrong.append(f"alert {told.number} is {change}, and was {known}")
        if told.offset & ((1 << BITS) - 1):
            self.wrong.append(f"an alert has the number of a private message: {told.id}")
        if change.kind == DROP and told.payload.old_price <= told.payload.new_price:
            self.wrong.append(f"no price fell: {told.payload}")


def _told(message: Message) -> Told:
    epoch, _, offset = message.message_id.rpartition(":")
    payload = msgspec.json.decode(message.payload, type=Payload)
    change = None
    if message.type in TOPIC:
        value = payload.new_price if message.type == DROP else payload.stock
        change = Change(message.type, payload.product_id, value)
    return Told(message.type, epoch, int(offset), payload, message.request_id, change)


class Wish(NamedTuple):
    """What a client wants and how: topics, products if not all, over which stream, asked for when."""

    kinds: tuple[str, ...] = (DROP, STOCK)
    products: tuple[str, ...] = ()
    events: bool = False
    in_query: bool = True
    talks: bool = False
    joins_after: float = 0.0

    def takes(self, change: Change) -> bool:
        """Return whether an alert is wanted."""
        return change.kind in self.kinds and (not self.products or change.product in self.products)

    def query(self) -> dict[str, str]:
        """Return it as parameters of a stream."""
        asked = {"topics": ",".join(TOPIC[kind] for kind in self.kinds)}
        return asked | {"productIds": ",".join(self.products)} if self.products else asked

    def message(self) -> bytes:
        """Return it as SUBSCRIBE."""
        asked: dict[str, object] = {"topics": [TOPIC[kind] for kind in self.kinds]}
        if self.products:
            asked["filter"] = {"productIds": self.products}
        return msgspec.json.encode({"type": "SUBSCRIBE", "payload": asked})


class Listener:
    """One client, which always says as its `lastMessageId` the last message that it got whole.

    `away` tells for how long it stays away after a loss. What is not as it must be is counted as it comes.
    """

    def __init__(
        self, name: str, wish: Wish, chronicle: Chronicle, chance: Random, away: Callable[[], float]
    ) -> None:
        self.name = name
        self.wish = wish
        self.line: Line | None = None
        self.doomed = False
        """Whether the connection is being cut."""
        self.welcome = False
        self.counts: Counter[str] = Counter()
        self.codes: Counter[int] = Counter()
        self.wrong: list[str] = []
        self.got: set[Change] = set()
        self._chronicle = chronicle
        self._chance = chance
        self._away = away
        self._last: Told | None = None
        self._since: int | None = None
        self._is_sure = True
        self._resumes: Told | None = None
        self._current: Line | None = None
        self._offset = -1
        self._numbers: set[int] = set()
        self._alert = -1
        self._prices: dict[str, float] = {}

    async def run(self, port: Callable[[], int], up: asyncio.Event) -> None:
        """Listen until cancelled."""
        await asyncio.sleep(self.wish.joins_after)
        while True:
            await up.wait()
            line = self._current = self._line()
            try:
                await connected(port(), line)
            except OSError:
                await asyncio.sleep(PAUSE)
                continue
            self.line, self.doomed = line, False
            self.counts["connections"] += 1
            await line.ended.wait()
            self.line, self.welcome = None, False
            self.wrong += line.wrong
            if line.code is not None:
                self.codes[line.code] += 1
            if line.status not in (0, 101, 200):
                self.wrong.append(f"answered with {line.status}")
            await asyncio.sleep(self._away())

    def speak(self) -> None:
        """Look at a product, or give a sign of life: what comes back is for this client alone."""
        line = self.line
        if not isinstance(line, SocketLine) or self.doomed or not self.welcome:
            return
        self.counts["spoken"] += 1
        said: dict[str, object] = {"type": "HEARTBEAT", "requestId": self.name}
        if self._chance.random() < 0.4:
            view = {"type": "VIEW_PRODUCT", "entityId": self._chance.choice(QUIET)}
            said |= {"type": "USER_ACTION", "payload": view}
        line.say(msgspec.json.encode(said))

    def lost(self, made: dict[Change, None]) -> list[Change]:
        """Return of what was `made` all that should be here and is not."""
        if self._since is None:
            return [change for change in made if self.wish.takes(change)]
        # What was being given out while a newcomer subscribed may be before it or after it.
        since = self._since + (not self._is_sure)
        numbers = self._chronicle.numbers
        due = (change for change in made if numbers.get(change, since + 1) > since)
        return [change for change in due if self.wish.takes(change) and change not in self.got]

    def _line(self) -> Line:
        self._resumes, self._offset = self._last, -1
        last = self._last.id if self._last else ""
        if self.wish.events:
            return EventsLine(events_request(last, userId=self.name, **self.wish.query()), self._hear)
        query = self.wish.query() if self.wish.in_query else {}
        query |= {"lastMessageId": last} if last else {}
        return SocketLine(socket_request(userId=self.name, **query), self._hear)

    def _hear(self, text: bytes) -> None:
        told = self._chronicle.read(text)
        self.counts["messages"] += 1
        if told.offset <= self._offset:
            self.counts["out of order"] += 1
        self._offset = told.offset
        if told.change is not None:
            self._take(told, told.change)
        else:
            self._note(told)
        self._last = told

    def _take(self, told: Told, change: Change) -> None:
        if change in self.got or told.number in self._numbers:
            self.counts["twice"] += 1
            return
        if not self.wish.takes(change) or self._since is None:
            self.wrong.append(f"not asked for: {change}")
        price = self._prices.get(change.product)
        if told.number <= self._alert or (price is not None and price <= change.value):
            self.counts["out of order"] += 1
        if change.kind == DROP:
            self._prices[change.product] = change.value
        self._alert = told.number
        self._numbers.add(told.number)
        self.got.add(change)

    def _note(self, told: Told) -> None:
        match told.type:
            case "CONNECTION_ACK":
                self.welcome = True
                self._begin(told)
                if not told.payload.topics:
                    delay = self._chance.choice((0, self._chance.uniform(0, 0.3)))
                    asyncio.get_running_loop().call_later(delay, self._subscribe, self._current)
            case "SUBSCRIBED":
                self._begin(told)
            case "HEARTBEAT" if not told.request_id:
                self.counts["signs of life"] += 1
            case "HEARTBEAT" | "ACTION_ACK" if told.request_id == self.name:
                self.counts["private"] += 1
            case "RECOMMENDATION_UPDATE" if told.payload.user_id == self.name:
                self.counts["private"] += 1
            case _:
                self.wrong.append(f"not expected: {told}")

    def _begin(self, told: Told) -> None:
        """Note what the answer to a subscription, or to a `lastMessageId`, says."""
        resumed, is_welcome = told.payload.resumed, told.type == "CONNECTION_ACK"
        if resumed is False:
            self.counts["not resumed"] += 1
        elif (resumed is True) != (self._resumes is not None) and is_welcome:
            self.wrong.append(f"resumed: {resumed} after {self._resumes}")
        elif is_welcome and self._resumes is not None:
            self.counts["resumed"] += 1
            self.counts["resumed in another run"] += self._resumes.epoch != told.epoch
        if told.payload.topics and self._since is None:
            self._is_sure = self._resumes is not None
            self._since = (self._resumes or told).number

    def _subscribe(self, line: Line | None) -> None:
        if isinstance(line, SocketLine) and not (line.ended.is_set() or line.transport.is_closing()):
            line.say(self.wish.message())
