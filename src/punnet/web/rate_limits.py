"""How often callers may call: so many times in each window of time, by their address and by their token."""

import asyncio
import math
from collections.abc import Callable
from typing import cast
from weakref import WeakValueDictionary

from limits import RateLimitItem, parse
from limits.aio.storage import RedisStorage
from limits.aio.storage.redis.redispy import RedispyBridge
from limits.aio.strategies import FixedWindowRateLimiter
from redis.asyncio import Redis
from redis.exceptions import RedisError

from punnet.errors import RateLimited
from punnet.loop import Trouble
from punnet.web.callers import Caller

REFUSED_SECONDS = 1.0
"""How long a refusal is held back: who calls in a loop waits for it, and so costs little."""

CALLERS = 100_000
"""Callers that are kept in mind in one window; who came first is forgotten for one more."""

SHARES = 20
"""Where processes count together, each takes a part of a caller's limit at a time, and spends it alone."""

PATIENCE = 0.5
"""Seconds after which a Redis that does not answer counts as lost."""

AGAIN_SECONDS = 1.0
"""When it is asked again."""


class SharedCount:
    """Counts for all processes of a market, in Redis."""

    def __init__(self, url: str, market: str) -> None:
        scheme = "async+redis+unix" if url.startswith("unix:") else f"async+{url.partition(':')[0]}"
        self._storage = RedisStorage(
            f"{scheme}:{url.partition(':')[2]}",
            implementation="redispy",
            key_prefix=f"punnet:{market}",
            socket_timeout=PATIENCE,
            socket_connect_timeout=PATIENCE,
        )
        self._limiter = FixedWindowRateLimiter(self._storage)
        self._trouble = Trouble("Redis counts calls again")
        self._again_at = 0.0

    async def close(self) -> None:
        """Let go of the connections."""
        bridge = cast("RedispyBridge", self._storage.bridge)
        await cast("Redis", bridge.get_connection()).aclose()

    async def take(self, limit: RateLimitItem, cost: int, *who: str) -> bool | None:
        """Return whether that many calls more are within the limit; None while Redis cannot be had."""
        now = asyncio.get_running_loop().time()
        if now < self._again_at:
            return None
        try:
            taken = await self._limiter.hit(limit, *who, cost=cost)
        except (RedisError, OSError) as error:
            self._again_at = now + AGAIN_SECONDS
            self._trouble.note(f"Redis cannot count calls, each process counts its own: {error}")
            return None
        self._trouble.note("")
        return taken


class RateLimit:
    """How often each caller of a kind may call.

    `written` is a limit as the setting of that name has it, such as `600/minute`. Windows begin at whole
    multiples of their length, so that all processes are in the same one. `clock` tells seconds since 1970.
    """

    def __init__(
        self, setting: str, written: str, clock: Callable[[], float], shared: SharedCount | None = None
    ) -> None:
        self._setting = setting
        self._limit = parse(written)
        self._clock = clock
        self._shared = shared
        self._window = -1
        self._parts: dict[str, _Part] = {}
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        """Of callers who wait for a part: those who call at once need one for all of them."""

    async def spend(self, who: str) -> None:
        """Count a call; raise RateLimited, a little later, where there have been enough."""
        now, seconds = self._clock(), self._limit.get_expiry()
        if self._window != now // seconds:
            self._window = int(now // seconds)
            self._parts.clear()
        part = self._parts.get(who)
        if part is None or part.is_spent:
            part = await self._renewed(who)
        if not part.left:
            refusal = self._refusal((self._window + 1) * seconds - now)
            await asyncio.sleep(REFUSED_SECONDS)
            raise refusal
        part.left -= 1

    async def _renewed(self, who: str) -> "_Part":
        """Return the part that a caller has from now on."""
        if self._shared is None:
            return self._keep(who, _Part(self._limit.amount))
        # Who tries to answer at once, without a task, ends here.
        await asyncio.sleep(0)
        turn = self._turns.setdefault(who, asyncio.Lock())
        async with turn:
            part = self._parts.get(who)
            if part is None or part.is_spent:
                part = self._keep(who, await self._granted(self._shared, who))
        return part

    async def _granted(self, shared: SharedCount, who: str) -> "_Part":
        limit = self._limit
        cost = max(1, limit.amount // SHARES)
        taken = await shared.take(limit, cost, self._setting, str(self._window), who)
        if taken is None:
            return _Part(limit.amount)
        return _Part(cost, is_last=False) if taken else _Part(0)

    def _keep(self, who: str, part: "_Part") -> "_Part":
        if who not in self._parts and len(self._parts) >= CALLERS:
            del self._parts[next(iter(self._parts))]
        self._parts[who] = part
        return part

    def _refusal(self, seconds: float) -> RateLimited:
        return RateLimited(
            f"There were more calls than {self._setting} allows: {self._limit}.",
            allowed=str(self._limit),
            retry_after=max(1, math.ceil(seconds)),
        )


class _Part:
    """How many calls a caller has left of a part of its limit, and whether that is the last of the window."""

    __slots__ = ("is_last", "left")

    def __init__(self, left: int, *, is_last: bool = True) -> None:
        self.left = left
        self.is_last = is_last

    @property
    def is_spent(self) -> bool:
        """Whether it takes another one to call again."""
        return not (self.left or self.is_last)


class RateLimits:
    """How often callers may call: by the address they call from, and by the shopper whose token they show."""

    def __init__(
        self,
        by_address: RateLimit | None = None,
        by_user: RateLimit | None = None,
        shared: SharedCount | None = None,
    ) -> None:
        self._by_address = by_address
        self._by_user = by_user
        self._shared = shared

    async def count(self, caller: Caller) -> None:
        """Count a call; raise RateLimited, a little later, where there have been enough.

        A call that begins at once and has to wait after all is counted twice.
        """
        if caller.address and self._by_address is not None:
            await self._by_address.spend(caller.address)
        if caller.user_id is not None and self._by_user is not None:
            await self._by_user.spend(caller.user_id)

    async def close(self) -> None:
        """Let go of what is held open."""
        if self._shared is not None:
            await self._shared.close()
