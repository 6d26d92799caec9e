"""A server that never died: told the same facts in the same order, it must give the same answers."""

import math
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import groupby
from random import Random
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec

from punnet.bootstrap import build, running
from punnet.market import Action, Context, Fact, Farm, Order, Product, ProductChange, Record
from punnet.protocol import codec
from punnet.settings import Settings
from punnet.web.app import create_app
from tests.service.caller import JSON, LINES, Caller
from tests.service.shopping import WORDS, Market

TOLERANCE = 1e-9
"""How far two scores may differ, of the larger one."""


class Twin:
    """The same application in this process, on a journal in memory; its clock shows what it is told."""

    def __init__(self) -> None:
        self.now = 0.0
        self.known: list[Record] = []
        self.client: httpx.AsyncClient

    async def follow(self, records: Sequence[Record]) -> None:
        """Take in over the API what `records` have beyond those known already, each at its own moment."""
        if list(records[: len(self.known)]) != self.known:
            raise AssertionError("what was in the journal before has changed")
        for (at, path, _), group in groupby(records[len(self.known) :], _call_of):
            facts = [record.fact for record in group]
            self.now = at
            method = "PATCH" if isinstance(facts[0], ProductChange) else "POST"
            kind = LINES if path in ("/api/events", "/api/catalog") else JSON
            answered = await self.client.request(
                method, path, content=_body_of(facts), headers={"content-type": kind}
            )
            if answered.status_code >= 300 or answered.json()["data"].get("refused"):
                raise AssertionError(f"the twin refuses {facts}: {answered.text}")
        self.known = list(records)

    async def differences(self, port: int, market: Market, count: int) -> list[str]:
        """Ask the server at `port` and the twin `count` questions, and return those they answer differently.

        An answer says at which moment it was given, and the twin is asked as of that moment. So nothing
        needs to be left out: products, order, reasons and counts are the same, and every score too.
        """
        paths = [_question(market, market.chance) for _ in range(count - 1)]
        async with Caller(port) as caller:
            different: list[str] = []
            for path in (*paths, "/api/recommendations/stats?detailed=true"):
                answered = await caller.call("GET", path)
                if answered.status != 200:
                    different.append(f"{answered.status} to {path}")
                    continue
                theirs = msgspec.json.decode(answered.body)
                self.now = _moment_of(theirs)
                ours = msgspec.json.decode((await self.client.get(path)).content)
                if not alike(_comparable(theirs), _comparable(ours)):
                    different.append(path)
        return different


@asynccontextmanager
async def born() -> AsyncIterator[Twin]:
    """Yield a twin that knows nothing yet."""
    twin = Twin()
    server = await build(Settings(database_url="memory:", result_cache_seconds=0), lambda: twin.now)
    async with running(server) as shop:
        transport = httpx.ASGITransport(create_app(shop))
        async with httpx.AsyncClient(transport=transport, base_url="http://twin") as twin.client:
            yield twin


def alike(one: Any, other: Any) -> bool:
    """Return whether two answers are equal, numbers to within TOLERANCE of the larger."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, float) or isinstance(other, float):
        return math.isclose(one, other, rel_tol=TOLERANCE)
    return bool(one == other)


def _call_of(record: Record) -> tuple[float, str, object]:
    """Return when and where the fact is told; in one call those for which all of it is the same."""
    match record.fact:
        case Action():
            return record.at, "/api/events", None
        case Farm() | Product():
            return record.at, "/api/catalog", None
        case Order() as order:
            return record.at, "/api/orders", order.id
        case ProductChange() as change:
            return record.at, f"/api/products/{change.id}", change.patch
        case fact:
            raise AssertionError(f"nothing here makes {fact}")


def _body_of(facts: Sequence[Fact]) -> bytes:
    return b"\n".join(codec.write(fact.patch if isinstance(fact, ProductChange) else fact) for fact in facts)


def _question(market: Market, chance: Random) -> str:
    """Return what a page or a back end may ask."""
    product = chance.choice(market.products).id
    if chance.random() < 0.1:
        return f"/api/recommendations/frequently-bought-together?productId={product}"
    context = chance.choice(list(Context))
    asked: dict[str, object] = {
        "userId": chance.choice([*market.shoppers, "someone new"]),
        "context": context,
        "limit": chance.choice((5, 10, 30)),
    }
    if context is Context.PRODUCT_DETAIL:
        asked["productId"] = product
    if context is Context.SEARCH:
        asked["searchQuery"] = chance.choice(WORDS)
    if chance.random() < 0.3:
        asked |= {"latitude": 39.1, "longitude": -84.5}
    return f"/api/recommendations?{urlencode(asked)}"


def _moment_of(answer: Any) -> float:
    """Return when the answer was given, in seconds."""
    data, meta = answer["data"], answer["meta"]
    said = data.get("timestamp") or meta.get("timestamp") or data["meta"]["timestamp"]
    return datetime.fromisoformat(said).timestamp()


def _comparable(answer: Any) -> Any:
    """Return of an answer what a market decides; of the statistics what was counted of it."""
    data = answer["data"]
    if "events" not in data:
        return data
    counted = ("total", "last24h", "lastHour", "byType", "debounced")
    return {key: data["events"][key] for key in counted} | data["market"]
