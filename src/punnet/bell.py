"""Tells the other processes of a market, through Redis, that there is something to read."""

import asyncio
import secrets

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from punnet.errors import BadSetting
from punnet.loop import Trouble, forever

AGAIN_SECONDS = 1.0
"""When Redis is tried again after it could not be had."""

PATIENCE = 2.0
"""Seconds after which a Redis that does not answer counts as lost."""

QUIET_SECONDS = 5.0
"""How long nothing is heard until Redis is asked whether it is there: of a silent cut nobody is told."""

OVER = "Redis can be reached again"

FORM = "redis://USER:PASSWORD@HOST:PORT/NUMBER, with %40 for an @, %2F for a / and %23 for a #"


class Bell:
    """Rings at whoever tails the same journal, and is rung by them, whenever there is something to read.

    `rung` is set when they rang, and cleared by whoever looks; `reached` is the latest position that they
    told. What is told while Redis is away is lost: who tails looks by itself, a little later.
    """

    def __init__(self, url: str, journal: str) -> None:
        """Raise BadSetting where `url` is none of Redis."""
        self.rung = asyncio.Event()
        self.reached = 0
        self.heard = 0
        """How often others rang."""
        self._redis = _redis(url)
        self._channel = f"punnet:{journal}"
        self._name = secrets.token_hex(8).encode()
        self._position = 0
        self._due = asyncio.Event()
        self._untold, self._unheard = Trouble(OVER), Trouble(OVER)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Ring and be rung from now on; needs a running loop."""
        self._tasks = [asyncio.create_task(forever(each)) for each in (self._tell, self._hear)]

    async def stop(self) -> None:
        """Let go of the connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._redis.aclose()

    def ring(self, position: int) -> None:
        """Tell the others, soon, that the journal goes on up to a position."""
        self._position = position
        self._due.set()

    async def _tell(self) -> None:
        await self._due.wait()
        self._due.clear()
        try:
            await self._redis.publish(self._channel, b"%b %d" % (self._name, self._position))
            self._untold.note("")
        except (RedisError, OSError) as error:
            self._untold.note(f"Redis cannot be told: {error}")

    async def _hear(self) -> None:
        """Listen until Redis is lost, and wait a little before the next time."""
        try:
            async with self._redis.pubsub(ignore_subscribe_messages=True) as pubsub:
                await pubsub.subscribe(self._channel)
                while True:
                    self._take(await _next(pubsub))
                    self._unheard.note("")
        except (RedisError, OSError) as error:
            self._unheard.note(f"Redis cannot be heard: {error}")
            await asyncio.sleep(AGAIN_SECONDS)

    def _take(self, message: object) -> None:
        told = message.get("data") if isinstance(message, dict) else None
        name, _, position = told.partition(b" ") if isinstance(told, bytes) else (self._name, b"", b"")
        if name != self._name and position.isdigit():
            self.heard += 1
            self.reached = max(self.reached, int(position))
            self.rung.set()


async def _next(pubsub: PubSub) -> object:
    """Return what is told next, or how Redis answers after a while; TimeoutError where it does not."""
    message = await pubsub.get_message(timeout=QUIET_SECONDS)
    if message is None:
        await pubsub.ping()
        message = await pubsub.get_message(timeout=PATIENCE)
    if message is None:
        raise TimeoutError("it does not answer")
    return message


def _redis(url: str) -> Redis:
    try:
        return Redis.from_url(url, socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE)
    except ValueError:
        raise BadSetting(f"REDIS_URL is not understood; write {FORM}") from None
