"""Many facts in one call: a verdict on each line, and what fits is kept."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from punnet.errors import JournalUnavailable, PunnetError, Refused, TooBusy, TooLarge, UnknownId
from punnet.journal import Verdict
from punnet.market import Fact
from punnet.protocol import codec
from punnet.protocol.actions import Tracked
from punnet.protocol.replies import BulkReport, LineReport, Outcome
from punnet.web.exchange import described_error
from punnet.web.recording import conflict, fitting, known, submit_all
from punnet.web.shop import Shop

GROUP = 1_000
"""Lines that become durable together: a commit waits for the disk however few they are."""

TURN = 100
"""Lines that are read before others have their turn."""


class Line(NamedTuple):
    """What one line holds: its id, the facts it adds, and the action they come from, if they do.

    `facts` raises where they do not fit the market.
    """

    id: str
    facts: Callable[[], tuple[Fact, ...]]
    tracked: Tracked | None = None


Reader: TypeAlias = Callable[[bytes], Line]


class Waiting(NamedTuple):
    """A line that is not durable yet, and its number."""

    number: int
    line: Line
    facts: tuple[Fact, ...]


async def take_in(shop: Shop, body: bytes, read: Reader) -> BulkReport:
    """Make durable every line that fits, in order, and report on all of them.

    TooBusy and JournalUnavailable are raised only while nothing of the call is known to be kept.
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
        if number % TURN == 0:
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
        self._caught_up = False
        self._ended: JournalUnavailable | None = None

    async def take(self, number: int, text: bytes, read: Reader) -> None:
        try:
            line = read(text)
            facts = _facts(line) or await self._fitting(number, line)
        except Refused as error:
            self._refuse(number, error)
            return
        except JournalUnavailable as error:
            if not self._kept:
                raise
            self._refuse(number, error)
            return
        if facts:
            self._waiting.append(Waiting(number, line, facts))
        if len(self._waiting) == GROUP:
            await self.settle()

    async def _fitting(self, number: int, line: Line) -> tuple[Fact, ...]:
        """Return the facts of a line that only fits after those that wait, none where it is known already."""
        await self.settle()
        try:
            return await self._once_more(line)
        except UnknownId:
            # What it is about may have left the catalogue since it was sent the first time.
            verdict = await known(self._shop, line.tracked.action) if line.tracked else Verdict.ACCEPTED
            if verdict is Verdict.ACCEPTED:
                raise
        await self._judge(number, line, verdict)
        return ()

    async def _once_more(self, line: Line) -> tuple[Fact, ...]:
        """Return the facts of a line; the first of a call may need what others have written meanwhile."""
        if self._caught_up:
            return line.facts()
        self._caught_up = True
        return await fitting(self._shop, line.facts)

    async def settle(self) -> None:
        """Make durable what waits."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        try:
            verdicts = await self._submitted([entry.facts for entry in waiting])
        except (TooBusy, JournalUnavailable) as error:
            if not self._kept:
                raise
            for entry in waiting:
                self._refuse(entry.number, error)
            return
        self._kept = True
        for entry, verdict in zip(waiting, verdicts, strict=True):
            if verdict is Verdict.CONFLICT:
                await self._judge(entry.number, entry.line, verdict)
            else:
                self._report(entry.number, entry.line, verdict)

    async def _submitted(self, entries: list[tuple[Fact, ...]]) -> list[Verdict]:
        """Return the verdicts; once the journal could not be had, the rest of the call waits no more."""
        if self._ended is not None:
            raise self._ended
        try:
            return await submit_all(self._shop, entries)
        except JournalUnavailable as error:
            self._ended = error
            raise

    async def _judge(self, number: int, line: Line, verdict: Verdict) -> None:
        if verdict is Verdict.CONFLICT and line.tracked:
            self._refuse(number, await conflict(self._shop, line.tracked))
        else:
            self._report(number, line, verdict)

    def _report(self, number: int, line: Line, verdict: Verdict) -> None:
        outcome = Outcome.DUPLICATE if verdict is Verdict.DUPLICATE else Outcome.ACCEPTED
        self._reports.append(LineReport(line=number, outcome=outcome, id=line.id))

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


def _facts(line: Line) -> tuple[Fact, ...]:
    """Return the facts of a line, none where they do not fit the market as it is now."""
    try:
        return line.facts()
    except Refused:
        return ()
