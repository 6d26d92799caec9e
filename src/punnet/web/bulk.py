"""Many facts in one call: a verdict on each line, and what fits is kept."""

import asyncio
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from msgspec import UNSET, UnsetType

from punnet.errors import JournalUnavailable, PunnetError, Refused, TooBusy, TooLarge
from punnet.journal import Verdict
from punnet.market import Fact, Id, Noun, Order
from punnet.protocol import codec
from punnet.web.exchange import Error, described_error
from punnet.web.recording import another
from punnet.web.shop import Shop

GROUP = 500
"""Lines that become durable together, and that are read before others have their turn."""


class Outcome(StrEnum):
    """What became of a line."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


class LineReport(Noun, frozen=True, kw_only=True):
    """What became of one line; lines and elements count from 1."""

    line: int
    outcome: Outcome
    id: Id | UnsetType = UNSET
    error: Error | UnsetType = UNSET


class BulkReport(Noun, frozen=True, kw_only=True):
    """What became of a bulk call."""

    accepted: int
    duplicate: int
    refused: int
    lines: tuple[LineReport, ...]


class Entry(NamedTuple):
    """What one line holds: the id that names it, and the facts it adds; these raise where they do not fit."""

    id: str
    facts: Callable[[], list[Fact]]


Reader: TypeAlias = Callable[[bytes], Entry]


class Waiting(NamedTuple):
    """A line that is not durable yet."""

    line: int
    id: str
    facts: list[Fact]


async def take_in(shop: Shop, body: bytes, read: Reader) -> BulkReport:
    """Make durable every line that fits, in order, and report on all of them.

    TooBusy and JournalUnavailable are raised only while nothing of the call was kept.
    """
    lines = list(codec.lines(body))
    most = shop.limits.bulk_lines
    if not lines:
        raise Refused("The body has no lines.", field="body", allowed=f"1 to {most} lines")
    if len(lines) > most:
        raise TooLarge(
            f"The body has {len(lines)} lines: it may have {most}.", field="body", allowed=f"{most} lines"
        )
    intake = _Intake(shop)
    for number, line in lines:
        await intake.take(number, line, read)
        if number % GROUP == 0:
            await asyncio.sleep(0)
    await intake.settle()
    return intake.report()


class _Intake:
    """The lines of one call on their way into the journal."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._waiting: list[Waiting] = []
        self._reports: list[LineReport] = []
        self._kept = False

    async def take(self, number: int, line: bytes, read: Reader) -> None:
        try:
            entry = read(line)
            facts = await self._fitting(entry)
        except Refused as error:
            self._refuse(number, error)
            return
        self._waiting.append(Waiting(number, entry.id, facts))
        if len(self._waiting) == GROUP:
            await self.settle()

    async def _fitting(self, entry: Entry) -> list[Fact]:
        """Return the entry's facts; where they need what still waits, or clash with it, that goes first."""
        try:
            facts = entry.facts()
        except Refused:
            if not self._waiting:
                raise
        else:
            if not self._clashes(facts):
                return facts
        await self.settle()
        return entry.facts()

    def _clashes(self, facts: list[Fact]) -> bool:
        orders = {fact.id for fact in facts if isinstance(fact, Order)}
        waiting = (fact for entry in self._waiting for fact in entry.facts) if orders else ()
        return any(isinstance(fact, Order) and fact.id in orders for fact in waiting)

    async def settle(self) -> None:
        """Make durable what waits."""
        waiting, self._waiting = self._waiting, []
        facts = [fact for entry in waiting for fact in entry.facts]
        if not facts:
            return
        try:
            verdicts = await self._shop.pipeline.submit(facts)
        except (TooBusy, JournalUnavailable) as error:
            if not self._kept:
                raise
            for entry in waiting:
                self._refuse(entry.line, error)
            return
        self._kept = True
        judged = iter(verdicts)
        for entry in waiting:
            self._judge(entry, [next(judged) for _ in entry.facts][-1])

    def _judge(self, entry: Waiting, verdict: Verdict) -> None:
        if verdict is Verdict.CONFLICT:
            self._refuse(entry.line, another("eventId", entry.id))
            return
        outcome = Outcome.DUPLICATE if verdict is Verdict.DUPLICATE else Outcome.ACCEPTED
        self._reports.append(LineReport(line=entry.line, outcome=outcome, id=entry.id))

    def _refuse(self, number: int, error: PunnetError) -> None:
        self._reports.append(LineReport(line=number, outcome=Outcome.REFUSED, error=described_error(error)))

    def report(self) -> BulkReport:
        """Return what became of all lines, in their order."""
        lines = tuple(sorted(self._reports, key=lambda report: report.line))
        counts = {outcome: sum(report.outcome is outcome for report in lines) for outcome in Outcome}
        return BulkReport(
            accepted=counts[Outcome.ACCEPTED],
            duplicate=counts[Outcome.DUPLICATE],
            refused=counts[Outcome.REFUSED],
            lines=lines,
        )
