"""What became of all that was accepted: in the journal, in each process, and at those who listened."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from random import Random
from typing import NamedTuple

import asyncpg

from bench.soaking.fleet import Process
from bench.soaking.listeners import Heard
from bench.soaking.writers import SHOPPERS, Kept
from tests.service.caller import Gone

CONTEXTS = ("HOME", "CART", "CHECKOUT", "SEARCH")
TOLERANCE = 1e-4
"""How far scores may be apart: the processes are asked one after the other, and trends grow old meanwhile."""

SECONDS_TO_SETTLE = 60.0


class Journal(NamedTuple):
    """What the journal has: of each key how often, and how many actions and orders."""

    keys: Counter[str]
    actions: int
    orders: int

    @classmethod
    async def of(cls, url: str) -> "Journal":
        """Read it."""
        connection = await asyncpg.connect(url)
        try:
            rows = await connection.fetch("SELECT kind, key FROM journal WHERE key IS NOT NULL")
        finally:
            await connection.close()
        kinds = Counter(row["kind"] for row in rows)
        return cls(Counter(row["key"] for row in rows), kinds["action"], kinds["order"])

    def lacks(self, kept: Kept) -> list[str]:
        """Return what was acknowledged and is not there."""
        keys = [*(f"e:{each}" for each in kept.actions), *(f"o:{each}" for each in kept.orders)]
        return [key for key in keys if key not in self.keys]

    @property
    def doubled(self) -> int:
        """How many are there more than once."""
        return sum(count - 1 for count in self.keys.values())


async def counts(process: Process) -> tuple[int, int]:
    """Return how many actions and orders a process knows."""
    async with process.caller() as caller:
        data = (await caller.call("GET", "/api/recommendations/stats")).data
    return data["events"]["total"], data["market"]["orders"]


async def settled(processes: Sequence[Process], journal: Journal) -> list[tuple[int, int]]:
    """Return what all processes know, once they know as much as the journal, or after a minute."""
    known: list[tuple[int, int]] = []
    for _ in range(int(SECONDS_TO_SETTLE / 0.2)):
        known = await asyncio.gather(*(counts(process) for process in processes))
        if all(each == (journal.actions, journal.orders) for each in known):
            break
        await asyncio.sleep(0.2)
    return known


def questions(count: int, seed: int) -> list[str]:
    """Return so many questions, of visitors too, in every context."""
    chance = Random(seed)
    asked = []
    for number in range(count):
        user = f"shopper-{chance.randrange(SHOPPERS)}" if number % 10 else f"nobody-{number}"
        path = f"/api/recommendations?userId={user}&limit={chance.randint(1, 50)}"
        if number % 5 == 4:
            path += f"&productId=p-{chance.randrange(400)}"
        else:
            path += f"&context={CONTEXTS[number % 5]}"
        asked.append(path)
    return asked


async def diverged(processes: Sequence[Process], asked: Iterable[str]) -> list[str]:
    """Return the questions to which not all processes give an equal answer."""
    callers = [process.caller() for process in processes]
    differing = []
    try:
        for path in asked:
            answers = await asyncio.gather(*(caller.call("GET", path) for caller in callers))
            lists = [each.data["recommendations"] if each.status == 200 else None for each in answers]
            if lists[0] is None or not all(alike(lists[0], other) for other in lists[1:]):
                differing.append(path)
    except Gone as gone:
        raise RuntimeError(f"a process went away while it was asked: {gone}") from gone
    finally:
        for caller in callers:
            await caller.__aexit__(None, None, None)
    return differing


def alike(one: list[dict[str, object]], other: list[dict[str, object]] | None) -> bool:
    """Return whether two answers have the same products for the same reasons in the same order."""
    if other is None or [told(each) for each in one] != [told(each) for each in other]:
        return False
    return all(
        abs(float(str(a["score"])) - float(str(b["score"]))) <= TOLERANCE
        for a, b in zip(one, other, strict=True)
    )


def told(recommendation: dict[str, object]) -> tuple[object, ...]:
    """Return what of a recommendation does not change with the seconds."""
    product, confidence = recommendation["product"], recommendation["confidence"]
    return product, recommendation["reasons"], round(float(str(confidence)), 6)


def unheard(heard: Iterable[Heard], kept: Kept) -> tuple[int, int]:
    """Return how many messages of dropped prices listeners lack, and how many they had more than once."""
    lacked = doubled = 0
    for each in heard:
        lacked += sum(product not in each.times for product in kept.drops)
        doubled += sum(len(times) - 1 for times in each.times.values())
    return lacked, doubled
