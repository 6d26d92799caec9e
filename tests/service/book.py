"""What clients sent to a server, what they were told of it, and what its journal should therefore hold."""

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import repeat
from typing import Any, NamedTuple

import msgspec

from punnet.market import Action, Fact, Order, ProductChange, Record
from punnet.protocol import actions, codec
from tests.service.caller import LINES, Answered, Caller

MANY = 500
"""Lines of a bulk call."""


class Told(StrEnum):
    """What a client knows of what it sent."""

    KEPT = "kept"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class Deed(NamedTuple):
    """Something sent under an id of the client's: the facts it adds, the one that bears the id last."""

    facts: tuple[Fact, ...]
    method: str
    path: str
    body: bytes

    @property
    def key(self) -> str:
        """The name under which the deed stands in the book."""
        return key_of(self.facts[-1])


def key_of(fact: Fact) -> str:
    """Return the name of a fact; a change of price is known by the price."""
    match fact:
        case Order():
            return f"order {fact.id}"
        case Action():
            return f"action {fact.event_id}"
        case ProductChange():
            return f"{fact.id} at {fact.patch.price:.2f}"
        case _:
            return f"{type(fact).__name__} {fact.id}"


def acted(action: Action) -> Deed:
    """Return an action as a deed; one that is to be refused adds nothing, so its facts do not matter."""
    assert action.timestamp is not None
    tracked = actions.tracked(action, action.timestamp.timestamp())
    facts = (tracked.action,) if tracked.order is None else (tracked.order, tracked.action)
    return Deed(facts, "POST", "/api/recommendations", codec.write(action))


def ordered(order: Order) -> Deed:
    """Return an order as a deed."""
    return Deed((order,), "POST", "/api/orders", codec.write(order))


def repriced(change: ProductChange) -> Deed:
    """Return a change of price as a deed."""
    return Deed((change,), "PATCH", f"/api/products/{change.id}", codec.write(change.patch))


class Findings(msgspec.Struct, kw_only=True):
    """How a journal and the book of its clients differ: keys that should not be in any of these lists."""

    found: int = 0
    lost: list[str] = []
    doubled: list[str] = []
    unsent: list[str] = []
    torn: list[str] = []

    @property
    def none(self) -> bool:
        """Whether they agree."""
        return not (self.lost or self.doubled or self.unsent or self.torn)


class Book:
    """All that was sent; `wrong` are answers that no server should give, `statuses` counts all of them."""

    def __init__(self) -> None:
        self.deeds: dict[str, Deed] = {}
        self.kept: list[Deed] = []
        self.wrong: list[str] = []
        self.statuses: Counter[int] = Counter()
        self._told: dict[str, Told] = {}

    async def send(self, caller: Caller, deed: Deed) -> Answered:
        """Send a deed, note what the answer tells and return it. Raises Gone when none came."""
        self.begin(deed)
        answered = await caller.call(deed.method, deed.path, deed.body)
        self.note(deed, self.judged(answered))
        return answered

    async def send_many(self, caller: Caller, deeds: Sequence[Deed]) -> Answered:
        """Send actions in one bulk call, note what the answer tells of each, and return it."""
        for deed in deeds:
            self.begin(deed)
        body = b"\n".join(deed.body for deed in deeds)
        answered = await caller.call("POST", "/api/events", body, LINES)
        told = self.judged(answered)
        lines = answered.data["lines"] if told is Told.KEPT else ()
        for deed, one in zip(deeds, map(self._told_of, lines) if lines else repeat(told), strict=bool(lines)):
            self.note(deed, one)
        return answered

    async def send_in_vain(self, caller: Caller, deed: Deed, status: int) -> None:
        """Send what must be refused with `status`, unless the server is too busy or unable to tell."""
        answered = await caller.call(deed.method, deed.path, deed.body)
        if answered.status not in (status, 429, 503):
            self.wrong.append(f"{answered.status} instead of {status}: {deed.body!r}")

    async def send_again(self, caller: Caller) -> None:
        """Send what nobody knows of under the same ids, after which it must be kept."""
        # A change of price has no id under which it would be known again.
        unknown = [deed for deed in self.unknown() if not isinstance(deed.facts[-1], ProductChange)]
        acts = [deed for deed in unknown if isinstance(deed.facts[-1], Action)]
        for start in range(0, len(acts), MANY):
            await self.send_many(caller, acts[start : start + MANY])
        for deed in unknown:
            if self.told(deed.key) is not Told.KEPT:
                await self.send(caller, deed)
        left = [deed.key for deed in unknown if self.told(deed.key) is not Told.KEPT]
        self.wrong += [f"{key} was not taken when it was sent again" for key in left]

    def begin(self, deed: Deed) -> None:
        """Note that a deed is sent: until its answer comes nobody knows whether it is kept."""
        self.deeds.setdefault(deed.key, deed)

    def told(self, key: str) -> Told:
        """Return what is known of a deed that was sent."""
        return self._told.get(key, Told.UNKNOWN)

    def unknown(self) -> list[Deed]:
        """Return the deeds that were sent and of which nothing is known."""
        return [deed for key, deed in self.deeds.items() if self.told(key) is Told.UNKNOWN]

    def judged(self, answered: Answered) -> Told:
        """Return what an answer tells, and note one that should not be."""
        self.statuses[answered.status] += 1
        if answered.status in (200, 201):
            return Told.KEPT
        if answered.status not in (429, 503):
            self.wrong.append(f"{answered.status}: {answered.body[:300]!r}")
        elif not answered.headers.get(b"retry-after", b"").isdigit():
            self.wrong.append(f"{answered.status} without Retry-After")
        return Told.REFUSED if answered.status == 429 else Told.UNKNOWN

    def note(self, deed: Deed, told: Told) -> None:
        """Note what is known of a deed; what was kept once stays kept, and a refusal ends no doubt."""
        self.begin(deed)
        before = self._told.get(deed.key)
        if before is Told.KEPT or (before is Told.UNKNOWN and told is Told.REFUSED):
            return
        if told is Told.KEPT:
            self.kept.append(deed)
        self._told[deed.key] = told

    def compare(self, records: Sequence[Record]) -> Findings:
        """Return how the journal differs from the book."""
        found = Counter(key_of(record.fact) for record in records)
        findings = Findings(found=len(records), doubled=[key for key, count in found.items() if count > 1])
        expected: dict[str, Fact] = {}
        for key, deed in self.deeds.items():
            there = sum(key_of(fact) in found for fact in deed.facts)
            if self.told(key) is Told.KEPT and there < len(deed.facts):
                findings.lost.append(key)
            elif 0 < there < len(deed.facts):
                findings.torn.append(key)
            if self.told(key) is not Told.REFUSED:
                expected |= {key_of(fact): fact for fact in deed.facts}
        facts = {key_of(record.fact): record.fact for record in records}
        findings.unsent += [key for key, fact in facts.items() if expected.get(key) != fact]
        return findings

    def _told_of(self, line: Mapping[str, Any]) -> Told:
        """Return what a bulk answer tells of a line."""
        if line["outcome"] != "refused":
            return Told.KEPT
        code = line["error"]["code"]
        if code not in ("UNAVAILABLE", "TOO_MANY_REQUESTS"):
            self.wrong.append(f"{code} in bulk: {line['error']['message']}")
        return Told.REFUSED if code == "TOO_MANY_REQUESTS" else Told.UNKNOWN
