"""`punnet simulate`: shoppers in a market, and how it bears them."""

import asyncio
import signal
from array import array
from collections.abc import Iterator, Mapping
from contextlib import suppress

import click
import msgspec

from punnet.client import AsyncPunnet
from punnet.commands.terminal import line_that_changes
from punnet.simulating import Diary, Simulation

REFRESH = 0.5
"""Seconds from one look at what was done to the next."""

LATELY = 1_000
"""Answers that the line goes by."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of a simulation."""

    url: str
    rate: float
    shoppers: int
    seconds: float | None
    actions: int | None
    seed: int


class Times(msgspec.Struct, frozen=True):
    """How long answers took, in milliseconds: half of them at most `p50`, 99 in 100 at most `p99`."""

    answers: int
    p50: float
    p99: float
    most: float


class Simulated(msgspec.Struct, frozen=True, kw_only=True):
    """What shoppers did in so many seconds; what was refused goes by its code."""

    url: str
    seconds: float
    shoppers: int
    products: int
    actions: Mapping[str, int]
    orders: int
    turnover: float
    refused: Mapping[str, int]
    milliseconds: Mapping[str, Times]

    @property
    def done(self) -> int:
        """All actions that were done."""
        return sum(self.actions.values())


async def simulate(plan: Plan) -> Simulated:
    """Have shoppers in a market for as long as the plan says, or until SIGINT or SIGTERM."""
    ended, loop = asyncio.Event(), asyncio.get_running_loop()

    def end() -> None:
        # Whoever asks a second time does not want to wait for the answers that are still to come.
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
        ended.set()

    try:
        client = AsyncPunnet(plan.url, tries=3)
    except ValueError as error:
        raise click.BadParameter(f"{error}.", param_hint="URL") from None
    async with client as punnet:
        simulation = Simulation(punnet, shoppers=plan.shoppers, rate=plan.rate, seed=plan.seed)
        products = await simulation.open()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, end)
        watching = asyncio.create_task(_watch(simulation.diary, plan))
        try:
            seconds = await simulation.run(ended, seconds=plan.seconds, actions=plan.actions)
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
    return _simulated(simulation.diary, plan, products, seconds)


def told(simulated: Simulated) -> Iterator[str]:
    """Yield what became of a simulation, line by line."""
    kinds = ", ".join(f"{count:,} {name}" for name, count in simulated.actions.items())
    rate = simulated.done / simulated.seconds if simulated.seconds else 0.0
    yield click.style(
        f"{simulated.done:,} actions in {simulated.seconds:.1f} s, {rate:,.1f} a second", bold=True
    )
    if kinds:
        yield f"  {kinds}"
    yield f"  {simulated.orders:,} orders for {simulated.turnover:,.2f} in all"
    for code, count in simulated.refused.items():
        yield click.style(f"  {count:,} refused: {code}", fg="red")
    if simulated.milliseconds:
        widest = max(map(len, simulated.milliseconds))
        yield f"  {'answers took':{widest}}  {'p50':>9}  {'p99':>9}  {'at most':>9}"
        for name, times in simulated.milliseconds.items():
            figures = "  ".join(f"{time:>6,.1f} ms" for time in (times.p50, times.p99, times.most))
            yield f"  {name:{widest}}  {figures}"


async def _watch(diary: Diary, plan: Plan) -> None:
    """Show on a terminal what is going on."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    with line_that_changes() as show:
        while True:
            seconds = loop.time() - began
            done = diary.actions.total()
            lately = array("d", [time for each in diary.times.values() for time in each[-LATELY:]])
            times = _times(lately) if lately else Times(0, 0, 0, 0)
            parts = (
                _clock(seconds, plan.seconds),
                f"{done:,} actions",
                f"{done / max(seconds, 1):,.1f} a second",
                f"{diary.orders:,} orders",
                f"p50 {times.p50:.1f} ms",
                f"p99 {times.p99:.1f} ms",
            )
            show(" · ".join(parts))
            await asyncio.sleep(REFRESH)


def _clock(seconds: float, of: float | None) -> str:
    whole = f"{seconds // 60:02.0f}:{seconds % 60:02.0f}"
    return whole if of is None else f"{whole} of {of // 60:02.0f}:{of % 60:02.0f}"


def _simulated(diary: Diary, plan: Plan, products: int, seconds: float) -> Simulated:
    return Simulated(
        url=plan.url,
        seconds=round(seconds, 3),
        shoppers=plan.shoppers,
        products=products,
        actions={str(action): count for action, count in diary.actions.most_common()},
        orders=diary.orders,
        turnover=round(diary.turnover, 2),
        refused=dict(diary.refused),
        milliseconds={name: _times(times) for name, times in sorted(diary.times.items())},
    )


def _times(times: "array[float]") -> Times:
    ordered = sorted(times)

    def at(share: float) -> float:
        return round(ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1_000, 3)

    return Times(len(ordered), at(0.5), at(0.99), at(1))
