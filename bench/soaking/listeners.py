"""Shoppers who listen to price drops, and come back to another process with the last message they saw."""

import asyncio
import time
from dataclasses import dataclass, field
from random import Random

import msgspec
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from bench.soaking.fleet import Process
from bench.soaking.writers import Drop

BITS = 32
PATIENCE = 5.0


class Frame(msgspec.Struct, rename="camel"):
    """What counts of a message."""

    type: str
    message_id: str
    payload: dict[str, object]


@dataclass(slots=True)
class Heard:
    """What one listener was told: of each product how often, when (monotonic), and by which process."""

    times: dict[str, list[float]] = field(default_factory=dict)
    process: dict[str, int] = field(default_factory=dict)
    since: dict[str, float] = field(default_factory=dict)
    disordered: int = 0
    unresumed: int = 0
    returns: int = 0


class Listener:
    """One of them."""

    def __init__(self, number: int, processes: list[Process], chance: Random) -> None:
        self.heard = Heard()
        self.there = asyncio.Event()
        self._user = f"listener-{number}"
        self._at = number % len(processes)
        self._processes = processes
        self._chance = chance
        self._last = ""
        self._number = -1

    async def listen(self) -> None:
        """Listen until cancelled, wherever there is somebody to listen to."""
        while True:
            try:
                await self._stay()
            except (OSError, WebSocketException, TimeoutError):
                await asyncio.sleep(self._chance.random() / 2)
            self.heard.returns += 1
            self._at = self._chance.randrange(len(self._processes))

    async def _stay(self) -> None:
        address = f"{self._processes[self._at].address}?userId={self._user}&topics=price_drops"
        if self._last:
            address += f"&lastMessageId={self._last}"
        async with connect(
            address,
            open_timeout=PATIENCE,
            close_timeout=1,
            ping_interval=5,
            ping_timeout=PATIENCE,
            proxy=None,
        ) as stream:
            since = time.monotonic()
            async for text in stream:
                self._take(msgspec.json.decode(text, type=Frame), since)

    def _take(self, frame: Frame, since: float) -> None:
        heard, now = self.heard, time.monotonic()
        self._last = frame.message_id
        if frame.type == "CONNECTION_ACK":
            self.there.set()
            heard.unresumed += frame.payload.get("resumed") is False
        if frame.type != "PRICE_DROP_ALERT":
            return
        number = int(frame.message_id.rpartition(":")[2]) >> BITS
        heard.disordered += number <= self._number
        self._number = number
        product = str(frame.payload["productId"])
        heard.times.setdefault(product, []).append(now)
        heard.process[product] = self._at
        heard.since[product] = since


def delays(heard: Heard, drops: dict[str, Drop]) -> list[float]:
    """Return after how many seconds a listener was told of what another process kept, in calm times.

    From the answer to who wrote it, so that it can be told before that: then it is 0.
    """
    found = []
    for product, times in heard.times.items():
        drop = drops.get(product)
        if drop is None or not drop.calm or heard.process[product] == drop.process:
            continue
        if heard.since[product] < drop.sent:
            found.append(max(0.0, times[0] - drop.kept))
    return found
