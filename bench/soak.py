"""Four processes of one market under load, while one, then Valkey, then PostgreSQL goes away for ten seconds.

    ./dev soak [--minutes 20] [--json FILE]
    ./dev soak --namespaces
    ./dev soak --no-redis

Each process is a `punnet serve` on one PostgreSQL (which waits for its disk) and one Valkey. Shoppers look
and buy, farmers let prices fall, everybody asks for recommendations, at whichever process answers; who is not
told that something was kept sends it again, elsewhere. Listeners on WebSockets come back to any process with
the last message they saw. In the first quarter a process is killed with SIGKILL and started again ten seconds
later, then Valkey, then PostgreSQL; with --namespaces each process has a network of its own (root, and
iproute2), and the cable of one is pulled, too. From the quarter on the memory of each process is watched.

At the end, for what was acknowledged: `lost` is what the journal, a process or a listener lacks, `doubled`
what one of them has too often or not in order, `diverged` to how many of 1,000 questions not all processes
give an equal answer. `tail_p50_ms` and `tail_p99_ms` are from the answer to a change of price until listeners
at other processes are told, while nothing is wrong. `memory_growth` is that of the process whose memory
changed most. Ends with an error when something was lost or doubled, or differs.
"""

import argparse
import asyncio
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from random import Random
from statistics import median
from typing import NamedTuple

import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.report.figures import tell
from bench.soaking import verdict
from bench.soaking.fleet import Process
from bench.soaking.listeners import Listener, delays
from bench.soaking.places import HERE, NETWORK, Namespace, Place, Side, go_inside
from bench.soaking.writers import Writers, fill
from tests.servers.postgres import Throwaway as Postgres
from tests.servers.valkey import Throwaway as Valkey

PROCESSES, LISTENERS, QUESTIONS = 4, 40, 1_000
ACTIONS, ORDERS, DROPS, ASKED = 100.0, 3.0, 4.0, 40.0
"""A second, of all together."""

AWAY_SECONDS = 10.0
CALM_SECONDS = 5.0
"""How long something is away, and how long after that nothing counts as usual."""

SAMPLE_SECONDS = 2.0
SETTINGS = {
    "RESULT_CACHE_SECONDS": "0",
    "ALERTS_KEPT": "100000",
    "SNAPSHOT_RECORDS": "20000",
    # All callers have the address of this program: no limit is meant for them.
    "TRUSTED_PROXIES": f"{HERE},{NETWORK}.0/24",
}


class Market(NamedTuple):
    """All that runs."""

    postgres: Postgres
    valkey: Valkey | None
    places: list[Place]
    processes: list[Process]
    writers: Writers
    listeners: list[Listener]
    url: str


class Sample(NamedTuple):
    """How much memory each process held, so many seconds after the beginning."""

    at: float
    resident: list[int]


class Log:
    """Tells what happened, and when."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.lines: list[str] = []

    @property
    def seconds(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._began

    def say(self, sentence: str) -> None:
        """Print it."""
        self.lines.append(f"{self.seconds:7.1f} s  {sentence}")
        print(self.lines[-1], flush=True)


async def soak(market: Market, minutes: float, log: Log) -> dict[str, object]:
    """Run the market for so long, and return the figures."""
    writers, seconds = market.writers, minutes * 60
    listening = [asyncio.create_task(each.listen()) for each in market.listeners]
    await asyncio.gather(*(each.there.wait() for each in market.listeners))
    log.say(f"{len(market.listeners)} listen; the load begins")
    began, samples = log.seconds, list[Sample]()
    async with asyncio.TaskGroup() as everyone:
        for work, rate, people in (
            (writers.act, ACTIONS, 20),
            (writers.buy, ORDERS, 3),
            (writers.drop, DROPS, 1),
            (writers.ask, ASKED, 10),
        ):
            for _ in range(people):
                everyone.create_task(work(rate / people))
        everyone.create_task(_break(market, began, seconds, log))
        everyone.create_task(_watch(market, began, samples, log))
        await asyncio.sleep(seconds)
        writers.stop.set()
    log.say("the load ends")
    figures = await _judged(market, log)
    for task in listening:
        task.cancel()
    await asyncio.gather(*listening, return_exceptions=True)
    quarter = [sample for sample in samples if sample.at >= seconds / 4]
    return figures | {"minutes": minutes, "memory_growth": growth(quarter)}


async def _break(market: Market, began: float, seconds: float, log: Log) -> None:
    """Let one thing after the other be away for a while, in the first quarter."""
    victim = market.processes[1]
    failures = [
        (f"process {victim.number} is killed", lambda: victim.end(signal.SIGKILL), victim.start),
        ("PostgreSQL is killed", _now(market.postgres.kill), _now(market.postgres.start)),
    ]
    if market.valkey is not None:
        failures.insert(1, ("Valkey is killed", _now(market.valkey.kill), _now(market.valkey.start)))
    place = market.places[-1]
    if isinstance(place, Namespace):
        failures.append(
            (f"the cable of process {PROCESSES - 1} is pulled", _now(place.cut), _now(place.mend))
        )
    for number, (what, broken, mended) in enumerate(failures, 1):
        await asyncio.sleep(max(CALM_SECONDS, began + seconds * number / 20 - log.seconds))
        market.writers.calm = False
        log.say(what)
        await broken()
        await asyncio.sleep(AWAY_SECONDS)
        await mended()
        log.say("and is back")
        await asyncio.sleep(CALM_SECONDS)
        market.writers.calm = True


def _now(do: Callable[[], None]) -> Callable[[], Awaitable[None]]:
    """Return a coroutine function for what is done at once."""

    async def done() -> None:
        await asyncio.to_thread(do)

    return done


async def _watch(market: Market, began: float, samples: list[Sample], log: Log) -> None:
    while not market.writers.stop.is_set():
        await asyncio.sleep(SAMPLE_SECONDS)
        held = [process.resident for process in market.processes]
        samples.append(Sample(log.seconds - began, held))
        if len(samples) % int(60 / SAMPLE_SECONDS) == 0:
            kept, sizes = market.writers.kept, " ".join(f"{size / 1e6:.0f}" for size in held)
            log.say(
                f"{len(kept.actions):,} actions, {len(kept.orders):,} orders, {len(kept.drops):,} prices, "
                f"{len(kept.answers):,} answers ({kept.refused} refused); MB: {sizes}"
            )


async def _judged(market: Market, log: Log) -> dict[str, object]:
    """Return what became of everything."""
    kept = market.writers.kept
    journal = await verdict.Journal.of(market.url)
    known = await verdict.settled(market.processes, journal)
    log.say(f"the journal has {journal.actions:,} actions and {journal.orders:,} orders; processes: {known}")
    heard = [listener.heard for listener in market.listeners]
    for _ in range(100):
        if not verdict.unheard(heard, kept)[0]:
            break
        await asyncio.sleep(0.1)
    unheard, twice = verdict.unheard(heard, kept)
    differing = await verdict.diverged(market.processes, verdict.questions(QUESTIONS, 7))
    for path in differing[:5]:
        log.say(f"differs: {path}")
    lacking = sum(max(0, journal.actions - a) + max(0, journal.orders - o) for a, o in known)
    beyond = sum(max(0, a - journal.actions) + max(0, o - journal.orders) for a, o in known)
    times = sorted(seconds for each in heard for seconds in delays(each, kept.drops))
    return {
        "accepted": len(kept.actions) + len(kept.orders) + len(kept.drops),
        "messages": sum(len(each.times) for each in heard),
        "returns": sum(each.returns for each in heard),
        "unresumed": sum(each.unresumed for each in heard),
        "lost": len(journal.lacks(kept)) + lacking + unheard,
        "doubled": journal.doubled + beyond + twice + sum(each.disordered for each in heard),
        "diverged": len(differing),
        "tail_p50_ms": at(times, 0.5),
        "tail_p99_ms": at(times, 0.99),
        "answer_p50_ms": at(sorted(kept.answers), 0.5),
        "answer_p99_ms": at(sorted(kept.answers), 0.99),
        "answers_refused": kept.refused,
    }


def at(seconds: Sequence[float], share: float) -> float | None:
    """Return the milliseconds that so great a share of the sorted seconds does not exceed."""
    return round(seconds[int(share * (len(seconds) - 1))] * 1e3, 2) if seconds else None


def growth(samples: Sequence[Sample]) -> float | None:
    """Return by which part the memory of a process changed from the first tenth to the last, of the worst."""
    tenth = len(samples) // 10
    if not tenth:
        return None
    changes = []
    for number in range(len(samples[0].resident)):
        first, last = (
            median(sample.resident[number] for sample in part) for part in (samples[:tenth], samples[-tenth:])
        )
        changes.append(last / first - 1)
    return round(max(changes, key=abs), 4)


async def run(options: argparse.Namespace, log: Log) -> dict[str, object]:
    """Start all that is needed, soak it, and leave nothing running."""
    host = f"{NETWORK}.1" if options.namespaces else HERE
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="punnet-soak-")))
        postgres = stack.enter_context(closing(Postgres(durable=True, host=host)))
        valkey = None if options.no_redis else stack.enter_context(closing(Valkey(host=host)))
        places: list[Place] = []
        for number in range(PROCESSES):
            made = stack.enter_context(closing(Namespace(number))) if options.namespaces else Side()
            places.append(made)
        async with postgres.database() as url:
            settings = {"DATABASE_URL": url, "REDIS_URL": valkey.url if valkey else "", **SETTINGS}
            processes = [Process(number, place, folder, settings) for number, place in enumerate(places)]
            chance = Random(options.seed)
            listeners = [Listener(number, processes, chance) for number in range(LISTENERS)]
            writers = Writers(processes, options.seed)
            try:
                for process in processes:
                    log.say(f"process {process.number} is there after {await process.start():.1f} s")
                await fill(processes[0])
                market = Market(postgres, valkey, places, processes, writers, listeners, url)
                return await soak(market, options.minutes, log)
            finally:
                for process in processes:
                    await process.stop()
                _tell_logs(processes)


def _tell_logs(processes: Sequence[Process]) -> None:
    for process in processes:
        lines = [line for line in process.log.splitlines() if line]
        print(f"process {process.number} said {len(lines)} lines", *lines[-8:], sep="\n    ")


def main() -> None:
    """Read the options, soak, and print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--namespaces", action="store_true")
    parser.add_argument("--no-redis", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.namespaces:
        go_inside()
    log = Log()
    figures = uvloop.run(run(options, log))
    tell(figures | {"log": log.lines}, options.json)
    sys.exit(1 if figures["lost"] or figures["doubled"] or figures["diverged"] else 0)


if __name__ == "__main__":
    main()
