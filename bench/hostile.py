"""Two thousand hostile connections from one address, while two hundred honest shoppers at another go on.

    ./dev bench hostile
    python bench/hostile.py [--seconds 60] [--connections 2000] [--reconnects 1000] [--json FILE]

A `punnet serve` with AUTH_MODE=token and the demo market. From 127.0.0.3 a hundred shoppers look around, and
come on a new connection now and then; a hundred listen on WebSockets and say what they look at; the back end
lowers a price each second, of which all who listen must hear. In the second third of the time there are
hostile connections from 127.0.0.2, in equal parts: those that ask for much (streams, large answers one after
the other) and read nothing; those that never end a head or a body; those that say something, nothing or no
HTTP, leave with or without a reset, and come again. On top come as many as each of these who ask for streams
without a token or with a forged one, and whom the server sends away. All begin within a second. Whoever is
cut or leaves is there again, as soon as `--reconnects` a second of them all together let them.

Server, honest and hostile ones share the machine, so it is told how much each works, and how long the server
waited for a core: where that is much, others were busy here. The default leaves the hostile process far below
60 % of a core. Times are those that the honest saw, from before a request is sent, and before its connection
is made where there is a new one. `--set NAME=VALUE` gives the server a setting.

Ends with an error when an honest request came to nothing; when in the second third the p99 from request to
answer, from action to acknowledgement or from a price to its alert is 100 ms or more; when at the end the
server has more files open or more memory than before, by more than hostility/judging.py allows; when the
attack fills its log; and when the attack could not make half of the new connections that it was to make.
"""

import argparse
import asyncio
import json
import re
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import mean
from typing import NamedTuple

import msgspec
import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.hostility import judging
from bench.hostility.attack import Report, attack
from bench.hostility.honest import be_honest
from bench.hostility.judging import AFTER, BEFORE, MEANWHILE, Gauge, Phase, Told, Work
from bench.hostility.stage import Stage, work
from bench.report.machine import load_average

HONEST = 200
WARMING_SECONDS = 3.0
SAMPLE_SECONDS = 0.25
SIDES = ("server", "honest", "hostile")
NUMBERS = re.compile(r"\d+")
SEED = 1


class Helper(NamedTuple):
    """A process of ours, and the way to talk to it."""

    pid: int
    pipe: Connection

    async def told(self) -> object:
        """Return what it says next; raise EOFError where it has ended."""
        return await asyncio.to_thread(self.pipe.recv)


class Moment(NamedTuple):
    """Where the run stood: the time, how much each side had worked, and how many lines were in the log."""

    at: float
    works: tuple[Work, ...]
    lines: int


@contextmanager
def helping(task: Callable[..., None], *arguments: object) -> Iterator[Helper]:
    """Have a process do a task, and end it."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=task, args=(theirs, *arguments), daemon=True)
    process.start()
    theirs.close()
    try:
        yield Helper(process.pid, ours)
    finally:
        process.terminate()
        process.join()


class Run:
    """The three phases, one after the other."""

    def __init__(self, stage: Stage, honest: Helper, hostile: Helper, seconds: float) -> None:
        self._stage = stage
        self._honest = honest
        self._hostile = hostile
        self._seconds = seconds
        self._gauges: list[Gauge] = []
        self._moments: list[Moment] = []

    async def run(self) -> tuple[dict[str, Phase], Report]:
        """Go through them; return what was found in each, and what the hostile ones saw."""
        await self._hostile.told()
        await self._honest.told()
        await self._watch(WARMING_SECONDS)
        await self._watch(self._seconds)
        self._hostile.pipe.send("begin")
        await self._watch(self._seconds)
        self._hostile.pipe.send("end")
        report = await self._hostile.told()
        await self._watch(self._seconds)
        self._honest.pipe.send("end")
        told = await self._honest.told()
        ends = zip((BEFORE, MEANWHILE, AFTER), pairwise(self._moments), strict=True)
        return {name: self._phase(name, *both, told) for name, both in ends}, report

    async def _watch(self, seconds: float) -> None:
        """Look at the server now and then for so long, and note where all stand at the end."""
        until = time.monotonic() + seconds
        while (now := time.monotonic()) < until:
            self._gauges.append(self._stage.gauge(now))
            await asyncio.sleep(min(SAMPLE_SECONDS, until - now))
        pids = (self._stage.pid, self._honest.pid, self._hostile.pid)
        works = tuple(work(pid) for pid in pids)
        self._moments.append(Moment(time.monotonic(), works, len(self._stage.log)))

    def _phase(self, name: str, began: Moment, ended: Moment, told: Told) -> Phase:
        seconds = ended.at - began.at
        works = zip(SIDES, began.works, ended.works, strict=True)
        return Phase(
            name=name,
            seconds=seconds,
            times=judging.times(told, began.at, ended.at),
            failures=judging.failures(told, began.at, ended.at),
            works={side: after.since(before, seconds) for side, before, after in works},
            gauges=[gauge for gauge in self._gauges if began.at <= gauge.at < ended.at],
            lines=ended.lines - began.lines,
        )


# ---------------------------------------------------------------------------------------------------- showing


def show(phases: Mapping[str, Phase]) -> None:
    """Print what the honest saw, and what the server held."""
    print(f"{'':14}{'':9}{'count':>8}{'p50 ms':>9}{'p99 ms':>9}{'most ms':>9}{'p99 × quiet':>13}")
    for kind in judging.KINDS:
        quiet = phases[BEFORE].times.get(kind)
        for phase in phases.values():
            if it := phase.times.get(kind):
                times = f"{it.count:>8,}{it.p50:>9.1f}{it.p99:>9.1f}{it.most:>9.1f}"
                over = f"{it.p99 / quiet.p99:>13.1f}" if quiet else ""
                print(f"{phase.name:14}{kind:9}{times}{over}")
    print(
        f"\n{'':14}{'server':>8}{'honest':>8}{'hostile':>8} of a core{'waited':>8}"
        f"{'MiB':>6}{'at most':>9}{'files':>7}{'mean':>7}{'at most':>9}{'log':>7}{'failed':>8}"
    )
    for phase in phases.values():
        show_phase(phase)


def show_phase(phase: Phase) -> None:
    """Print what each side did in a phase, what the server held at its end, and what came to nothing."""
    worked = "".join(f"{phase.works[side].worked:>8.0%}" for side in SIDES)
    memory, files = ([getattr(gauge, what) for gauge in phase.gauges] for what in ("memory", "files"))
    print(
        f"{phase.name:14}{worked}{'':10}{phase.works[SIDES[0]].waited:>8.0%}"
        f"{memory[-1] >> 20:>6}{max(memory) >> 20:>9}{files[-1]:>7,}{mean(files):>7,.0f}{max(files):>9,}"
        f"{phase.lines:>7,}{phase.failures.total():>8,}"
    )
    for why, times in phase.failures.most_common(8):
        print(f"  failed: {times:,} × {why}")


def show_attack(report: Report) -> None:
    """Print what the hostile ones saw."""
    held = mean(report.held) if report.held else 0
    print(
        f"\nhostile: {held:,.0f} connections on average, {report.opened:,} opened, of them "
        f"{report.anew / report.seconds:,.0f} a second anew; {report.left:,} left by themselves"
    )
    for how, times in report.closed.most_common():
        print(f"  the server ended {times:,}, which heard {how}")
    for why, times in report.failed.items():
        print(f"  the kernel refused {times:,} with {why}")


def show_log(lines: Sequence[str]) -> None:
    """Print what the server said, each kind of line once."""
    for line, times in Counter(NUMBERS.sub("#", line) for line in lines).most_common(8):
        print(f"log: {times:,} × {line[:150]}")


def figures(phases: Mapping[str, Phase], report: Report) -> dict[str, object]:
    """Return what a program may want to know."""
    found: dict[str, object] = {
        f"{kind}_{what}_ms.{phase.name}": getattr(times, what)
        for phase in phases.values()
        for kind, times in phase.times.items()
        for what in ("p50", "p99", "most")
    }
    return found | {
        "phases": {name: msgspec.to_builtins(phase) for name, phase in phases.items()},
        "hostile": msgspec.to_builtins(report),
    }


# ---------------------------------------------------------------------------------------------------- running


async def run(options: argparse.Namespace) -> list[str]:
    """Start all that is needed, print what comes of it, and return what is not as it must be."""
    with tempfile.TemporaryDirectory(prefix="punnet-hostile-") as folder:
        stage = Stage(Path(folder), dict(options.set))
        try:
            market = await stage.open(HONEST)
            hostile = (market.port, options.connections, options.reconnects, SEED)
            with helping(attack, *hostile) as attackers, helping(be_honest, market, SEED) as shoppers:
                said = len(stage.log)
                print(f"load average before: {load_average()}\n", flush=True)
                phases, report = await Run(stage, shoppers, attackers, options.seconds / 3).run()
            show(phases)
            show_attack(report)
            show_log(stage.log[said:])
        finally:
            await stage.close()
    print(f"\nload average after: {load_average()}")
    found = judging.faults(phases, report.anew / max(1, report.seconds * options.reconnects))
    if options.json:
        told = figures(phases, report) | {"faults": found}
        options.json.write_text(json.dumps({"hostile": told}, indent=2))
    return found


def setting(text: str) -> tuple[str, str]:
    """Return the name and the value of a setting of the server."""
    name, _, value = text.partition("=")
    return name, value


def main() -> None:
    """Print what was found, and end with an error where something is not as it must be."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60, help="how long the three parts last together")
    parser.add_argument("--connections", type=int, default=2_000, help="hostile ones")
    parser.add_argument("--reconnects", type=float, default=1_000, help="how many anew a second")
    parser.add_argument("--set", type=setting, action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    if sys.platform != "linux":
        sys.exit("bench hostile: connections are counted on Linux only, in /proc")
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    found = uvloop.run(run(options))
    for sentence in found:
        print(f"! {sentence}")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
