"""Shoppers against a running server: believable ones, as many of their actions a second as one wants."""

import asyncio
import itertools
import math
import time
from array import array
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from random import Random
from typing import TypeVar

import msgspec

from punnet.client import AsyncPunnet, Refused, Unreachable
from punnet.client.calls import new_id
from punnet.errors import PunnetError
from punnet.market import Action, Answer, Order, OrderLine, Product, UserAction
from punnet.protocol.messages import ActionAck
from punnet.visits import buy, click, look_and_take, see

T = TypeVar("T")

MOST_PRODUCTS = 2_000
"""Products of the catalogue that shoppers have heard of; suggestions lead them to others."""

MOST_AT_ONCE = 1_000
"""Actions that may wait for their answers; more are not begun, however high the rate."""

LATEST = 1.0
"""Seconds of actions that are made up for at once where they could not be begun in time."""

ONLY_LOOKS = 0.4
"""How many products are looked at and not taken."""

SEES = 0.5
FOLLOWS = 0.3
"""How many lists of suggestions are seen, and of how many of those one is followed."""

LEAVES = 0.2
"""How many baskets are left behind."""

PRODUCTS_A_VISIT = 4.0
"""How many products are looked at in a visit, on average."""

LONGEST_VISIT = 20

NOT_LET_IN = (401, 403)
"""What a server answers that wants to know who somebody is: here nobody can show it."""

SHOWN: Mapping[UserAction, int] = {UserAction.VIEW_PRODUCT: 8, UserAction.SEARCH: 10}
"""Actions that lead to a page with suggestions, and how many it has."""


class NothingToBuy(PunnetError):
    """A market without a product that can be bought."""


class Diary:
    """What shoppers did, and how long the answers took, in seconds by what was asked."""

    def __init__(self) -> None:
        self.actions: Counter[UserAction] = Counter()
        self.orders = 0
        self.turnover = 0.0
        self.refused: Counter[str] = Counter()
        self.times: defaultdict[str, array[float]] = defaultdict(lambda: array("d"))

    async def timed(self, asked: str, call: Awaitable[T]) -> T:
        """Return what a call is answered with, and note how long it took."""
        began = time.perf_counter()
        answer = await call
        self.times[asked].append(time.perf_counter() - began)
        return answer


class Shopper:
    """Someone with tastes, who does one thing after the other.

    What that is follows from the seed and from what the server answers.
    """

    def __init__(self, shopper_id: str, seed: int, shelves: Mapping[str, Sequence[Product]]) -> None:
        self.id = shopper_id
        self._random = Random(f"{seed} {shopper_id}")
        self._shelves = shelves
        # Few categories that are liked much, as people have.
        self._tastes = [self._random.expovariate(1) ** 3 for _ in shelves]
        self._alone = asyncio.Lock()
        self._begin()

    async def step(self, punnet: AsyncPunnet, diary: Diary) -> None:
        """Do the next thing."""
        async with self._alone:
            if not self._steps:
                self._go_on()
            action = self._steps.popleft()
            try:
                await self._do(action, punnet, diary)
            except Refused as error:
                if error.status in NOT_LET_IN:
                    raise
                # As when what was looked at has left the catalogue: another visit finds something else.
                diary.refused[error.code] += 1
                self._begin()
            else:
                diary.actions[action.action] += 1

    def _begin(self) -> None:
        """Come to the market anew, with an empty basket."""
        self._basket = Order(
            id=f"simulated-{new_id()}", user_id=self.id, placed_at=datetime.now(UTC), lines=()
        )
        self._left = min(1 + int(self._random.expovariate(1 / (PRODUCTS_A_VISIT - 1))), LONGEST_VISIT)
        self._seen = 0
        self._lists = 0
        self._suggested: Product | None = None
        self._looked_at: Product | None = None
        self._steps: deque[Action] = deque()

    def _go_on(self) -> None:
        """Plan the next steps: another product, the till, or the way home."""
        if self._left:
            self._look_at(self._suggested or self._chosen(), clicked=self._suggested is not None)
        elif self._basket.lines and self._random.random() >= LEAVES:
            self._steps.append(buy(self._basket))
        else:
            self._begin()
            self._go_on()

    def _look_at(self, product: Product, *, clicked: bool) -> None:
        self._left -= 1
        self._seen += 1
        self._looked_at, self._suggested = product, None
        if clicked:
            self._steps.append(click(self._basket, product, self._seen))
        self._steps.extend(look_and_take(self._basket, product, self._seen, self._random))
        if self._random.random() < ONLY_LOOKS:
            self._steps.pop()

    def _chosen(self) -> Product:
        """Return a product of the shopper's taste, rather one of those that have been there longest."""
        (shelf,) = self._random.choices(list(self._shelves.values()), self._tastes)
        return shelf[int(len(shelf) * self._random.random() ** 2)]

    async def _do(self, action: Action, punnet: AsyncPunnet, diary: Diary) -> None:
        if action.action is UserAction.COMPLETE_PURCHASE:
            await self._buy(action, punnet, diary)
            return
        limit = SHOWN.get(action.action)
        if limit is None:
            await diary.timed("actions", _tracked(punnet, action))
        else:
            answer = await diary.timed("actions with suggestions", _acted(punnet, action, limit))
            self._consider(answer)
        if action.action is UserAction.ADD_TO_CART:
            self._take()

    async def _buy(self, action: Action, punnet: AsyncPunnet, diary: Diary) -> None:
        lines = self._basket.lines
        placed = punnet.order(self.id, lines, order_id=self._basket.id)
        await diary.timed("orders", placed)
        await diary.timed("actions", _tracked(punnet, action))
        diary.orders += 1
        diary.turnover += sum(line.quantity * line.unit_price for line in lines)
        self._begin()

    def _take(self) -> None:
        product = self._looked_at
        assert product is not None, "what is taken was looked at"
        quantity = 1 + int(self._random.expovariate(1))
        line = OrderLine(product_id=product.id, quantity=quantity, unit_price=product.price)
        lines = (*self._basket.lines, line)
        self._basket = msgspec.structs.replace(self._basket, lines=lines)

    def _consider(self, answer: Answer) -> None:
        """See suggestions, sometimes, and be led on by one, rather by one that stands first."""
        shown = answer.recommendations
        if not shown or self._random.random() >= SEES:
            return
        self._lists += 1
        self._steps.appendleft(see(self._basket, [each.product for each in shown], self._lists))
        if self._random.random() < FOLLOWS:
            self._suggested = shown[int(len(shown) * self._random.random() ** 2)].product


class Simulation:
    """So many shoppers in one market, and what they have done so far."""

    def __init__(self, punnet: AsyncPunnet, *, shoppers: int, rate: float, seed: int) -> None:
        self.diary = Diary()
        self._punnet = punnet
        self._count = shoppers
        self._rate = rate
        self._seed = seed
        self._random = Random(seed)
        self._shoppers: list[Shopper] = []
        self._fault: Unreachable | Refused | None = None

    async def open(self) -> int:
        """Look around in the market, and return how many products can be bought; raise where none can."""
        shelves: dict[str, list[Product]] = {}
        async for product in self._punnet.products():
            if product.available and product.stock != 0:
                shelves.setdefault(product.category, []).append(product)
            if sum(map(len, shelves.values())) == MOST_PRODUCTS:
                break
        if not shelves:
            raise NothingToBuy("the market has no product that can be bought; bring some in first")
        names = (f"simulated-{number:04}" for number in range(1, self._count + 1))
        self._shoppers = [Shopper(name, self._seed, shelves) for name in names]
        return sum(map(len, shelves.values()))

    async def run(self, ended: asyncio.Event, *, seconds: float | None, actions: int | None) -> float:
        """Shop until it is ended, for so many seconds or actions, and return the seconds that it took.

        What was begun is brought to its end. Raises Unreachable where the server is gone, and Refused where
        it lets nobody in who shows neither key nor token.
        """
        began = time.perf_counter()
        async with asyncio.TaskGroup() as visits:
            free = asyncio.Semaphore(MOST_AT_ONCE)
            async for shopper in self._turns(ended, seconds, actions):
                await free.acquire()
                step = visits.create_task(self._step(shopper, ended))
                step.add_done_callback(lambda _: free.release())
        if self._fault is not None:
            raise self._fault
        return time.perf_counter() - began

    async def _turns(
        self, ended: asyncio.Event, seconds: float | None, actions: int | None
    ) -> AsyncIterator[Shopper]:
        """Yield whose turn it is, when it is."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        end = math.inf if seconds is None else due + seconds
        for _ in itertools.count() if actions is None else range(actions):
            due = max(due + self._random.expovariate(self._rate), loop.time() - LATEST)
            if await _is_set(ended, min(due, end)) or due >= end:
                return
            yield self._random.choice(self._shoppers)

    async def _step(self, shopper: Shopper, ended: asyncio.Event) -> None:
        try:
            await shopper.step(self._punnet, self.diary)
        except (Unreachable, Refused) as error:
            self._fault = error
            ended.set()


async def _is_set(event: asyncio.Event, when: float) -> bool:
    """Return whether an event is set, at `when` of the loop's time or as soon as it is."""
    with suppress(TimeoutError):
        async with asyncio.timeout_at(when):
            await event.wait()
    return event.is_set()


def _tracked(punnet: AsyncPunnet, action: Action) -> Awaitable[ActionAck]:
    return punnet.track(
        action.user_id, action.action, action.entity_id, metadata=action.metadata, event_id=action.event_id
    )


def _acted(punnet: AsyncPunnet, action: Action, limit: int) -> Awaitable[Answer]:
    return punnet.act(
        action.user_id,
        action.action,
        action.entity_id,
        metadata=action.metadata,
        event_id=action.event_id,
        limit=limit,
    )
