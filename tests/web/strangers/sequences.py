"""Many sequences of what two shoppers do; one in which somebody gets what is not theirs is made short."""

import time
from collections.abc import Callable, Sequence

from tests.web.strangers.judging import Leak
from tests.web.strangers.market import trading
from tests.web.strangers.play import Play
from tests.web.strangers.plot import Plot
from tests.web.strangers.report import Report
from tests.web.strangers.steps import Step

TOGETHER = 50
"""Sequences on one market."""

ENOUGH = 3
"""Sequences that show something, after which no more are played."""


async def play(numbers: Sequence[int], say: Callable[[Report], None] = lambda _: None) -> Report:
    """Play the sequences of these numbers, and return what came of them."""
    report, began = Report(), time.perf_counter()
    for start in range(0, len(numbers), TOGETHER):
        async with trading() as market:
            for number in numbers[start : start + TOGETHER]:
                plot = Plot(number)
                try:
                    await Play(market, plot.pair, plot.steps, report).run()
                except Leak as leak:
                    report.seen.append(await told(plot, leak))
                report.sequences += 1
                report.seconds = time.perf_counter() - began
                say(report)
                if len(report.seen) == ENOUGH:
                    return report
    return report


async def told(plot: Plot, leak: Leak) -> str:
    """Return what was seen in a sequence, with the fewest of its steps that show it by themselves."""
    steps, shortest = await shortened(plot)
    how = "by itself" if shortest else "only after those before it on the same market"
    first = plot.number - plot.number % TOGETHER
    again = f"--only {plot.number}" if shortest else f"--first {first} --sequences {TOGETHER}"
    lines = [
        f"sequence {plot.number}, seen {how}: {shortest or leak}",
        *(f"  {number}. {step}" for number, step in enumerate(steps, 1)),
        f"  again: ./dev bench strangers {again}",
    ]
    return "\n".join(lines)


async def shortened(plot: Plot) -> tuple[Sequence[Step], Leak | None]:
    """Return the fewest steps of a sequence found that show something on a new market, and what."""
    steps, seen = plot.steps, await alone(plot, plot.steps)
    if seen is None:
        return steps, None
    at = len(steps) - 1
    while at >= 0:
        fewer = (*steps[:at], *steps[at + 1 :])
        if (found := await alone(plot, fewer)) is not None:
            steps, seen = fewer, found
        at -= 1
    return steps, seen


async def alone(plot: Plot, steps: Sequence[Step]) -> Leak | None:
    """Return what is seen when these steps of a sequence are done on a new market, if anything is."""
    async with trading() as market:
        try:
            await Play(market, plot.pair, steps, Report()).run()
        except Leak as leak:
            return leak
    return None
