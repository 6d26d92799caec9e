"""What live connections cost: memory, processor time and delay, beside Node's `ws` and Python's `websockets`.

    ./dev bench streams
    python bench/streams.py [--quick] [--json FILE]

`punnet serve`, a broadcast server on `ws` (from npm) and one on `websockets` take turns, each time as a new
process on one core; their clients are this process, on another core. A message is a PRICE_DROP_ALERT, which
PATCH /api/products/{id} causes: the price on disk, the answer to the PATCH and all else is in our figures.
The peers repeat the same bytes when they are told to, and do nothing else. The clients are shoppers of whom
nothing is known, and send few headers: both are kinder to our server than a real market.

Memory is what a process holds more with all its connections than without; what the kernel holds for their
sockets is in no process. For processor time the next message is sent when everyone has the last one. For the
delay they come at a gentle pace, and it runs from before the request to the arrival at each client. At last a
client that never reads joins: what waits for it fills the buffers of the kernel and begins to pile up in the
server, while the delay of the others is measured with and without it in turn.

Ends with an error when a message is lost or doubled, or a server dies.
"""

import argparse
import gc
import json
import os
import resource
import sys
import time
from collections.abc import Sequence
from http.client import HTTPException
from pathlib import Path
from statistics import median
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.load.contenders import CORES, Contender, load_on_its_core, node_ws, punnet, websockets
from bench.load.crowd import Crowd, Speaker, crowd
from bench.load.serving import Serving
from bench.load.stalled import Stalled, stalled
from tests import npm
from tests.service.process import resident

EACH_SECOND = 5
WARMING = 3
STUCK = 10
"""Messages without one more byte in the kernel for the stalled client: it takes no more."""

ENOUGH = 2_000
"""Messages that it takes at most."""

PILED = 130
"""Messages after that: more than the 64 KiB that a transport of asyncio holds before it asks to wait."""


class Size(NamedTuple):
    """How much is measured.

    So many times memory with `most` connections; so many rounds of telling an `audience` something, first
    `messages` one after the other, then some at a `gentle` pace; so many pairs with and without a stalled
    client, beside whom there are `others`.
    """

    most: int
    memories: int
    audience: int
    rounds: int
    messages: int
    gentle: int
    others: int
    pairs: int


WHOLE = Size(10_000, 3, 4_000, rounds=5, messages=40, gentle=25, others=4_000, pairs=6)
QUICK = Size(10_000, 1, 4_000, rounds=3, messages=12, gentle=8, others=1_000, pairs=3)


class Held(NamedTuple):
    """MiB that a server held before its connections came and with them, and KiB for each of them."""

    before: float
    after: float
    each: float


class Told(NamedTuple):
    """µs of the server for a message to one client, how busy the load was, ms from request to client."""

    cpu: float
    busy: float
    p50: float
    p99: float


class Delay(NamedTuple):
    """ms from the request to a client."""

    p50: float
    p99: float


class Pair(NamedTuple):
    """The delay without and with a stalled client, and whether the server sent that away meanwhile."""

    without: Delay
    beside: Delay
    sent_away: bool


# -------------------------------------------------------------------------------------------------- measuring


def remember(contender: Contender, count: int) -> Held:
    """Return what so many connections take."""
    with contender.start() as server:
        # What is loaded with the first connection is not what each of them takes.
        with crowd(server.port, 1) as people:
            people.tell(contender.speaker(server.port))
        before = resident(server.process)
        with crowd(server.port, count) as people:
            people.wait(1)
            after = resident(server.process)
    return Held(before / 1024, after / 1024, (after - before) / count)


def tell(contender: Contender, size: Size) -> Told:
    """Return what telling everyone takes."""
    with contender.start() as server, crowd(server.port, size.audience) as people:
        speaker = contender.speaker(server.port)
        for _ in range(WARMING):
            people.tell(speaker)
        cpu, busy = at_once(server, people, speaker, size.messages)
        delay = gently(people, speaker, size.gentle)
    return Told(cpu / size.audience * 1e6, busy, *delay)


def at_once(server: Serving, people: Crowd, speaker: Speaker, count: int) -> tuple[float, float]:
    """Return the server's seconds for a message, and the share of the time that this process was busy."""
    before, busy, began = server.cpu(), time.process_time(), time.perf_counter()
    for _ in range(count):
        people.tell(speaker)
    wall = time.perf_counter() - began
    return (server.cpu() - before) / count, (time.process_time() - busy) / wall


def gently(people: Crowd, speaker: Speaker, count: int) -> Delay:
    """Return the delay of so many messages, over all clients."""
    times = people.tell_gently(speaker, count, EACH_SECOND)
    return Delay(median(times), times[min(int(len(times) * 0.99), len(times) - 1)])


def stall(contender: Contender, size: Size, *, stalled_first: bool) -> Pair:
    """Return the delay of everyone else without and with a client that never reads."""
    with contender.start() as server, crowd(server.port, size.others) as people:
        speaker = contender.speaker(server.port)
        for _ in range(WARMING):
            people.tell(speaker)
        without = None if stalled_first else gently(people, speaker, size.gentle)
        with stalled(server.port) as client:
            fill(client, people, speaker)
            beside = gently(people, speaker, size.gentle)
            sent_away = client.unsent is None
        return Pair(without or gently(people, speaker, size.gentle), beside, sent_away)


def fill(client: Stalled, people: Crowd, speaker: Speaker) -> None:
    """Send until the kernel takes no more for the client, and then as much as its transport does."""
    before, now = None, client.unsent
    sent = 0
    while now != before:
        if sent == ENOUGH:
            raise RuntimeError(f"the kernel took {sent:,} messages for a client that never reads")
        for _ in range(STUCK):
            people.tell(speaker)
        sent += STUCK
        before, now = now, client.unsent
    for _ in range(PILED):
        people.tell(speaker)


# ---------------------------------------------------------------------------------------------------- showing


def spread(values: Sequence[float]) -> str:
    """Return the least and the most of them."""
    return f"{min(values):.1f} – {max(values):.1f}"


def over(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return the median of the ratios, round by round."""
    return median(mine / other for mine, other in zip(ours, theirs, strict=True))


def show_memory(held: dict[str, list[Held]], count: int) -> None:
    print(f"\n{f'{count:,} connections':28}{'KiB each':>10}{'least – most':>16}{'before':>12}{'after':>12}")
    for name, of in held.items():
        each = [one.each for one in of]
        before, after = (median(one[column] for one in of) for column in (0, 1))
        print(f"{name:28}{median(each):10.1f}{spread(each):>16}{before:8.0f} MiB{after:8.0f} MiB", flush=True)


def show_telling(told: dict[str, list[Told]], bytes_each: int, audience: int) -> None:
    title = f"{bytes_each} bytes to {audience:,}"
    print(
        f"\n{title:28}{'CPU µs each':>12}{'least – most':>16}{'ours/this':>11}"
        f"{'p50 ms':>9}{'p99 ms':>9}{'least – most':>18}{'load busy':>11}"
    )
    ours, *_ = ([one.cpu for one in of] for of in told.values())
    for name, of in told.items():
        cpu, p99 = [one.cpu for one in of], [one.p99 for one in of]
        print(
            f"{name:28}{median(cpu):12.2f}{spread(cpu):>16}{over(ours, cpu):11.2f}"
            f"{median(one.p50 for one in of):9.1f}{median(p99):9.1f}{spread(p99):>18}"
            f"{median(one.busy for one in of):11.0%}",
            flush=True,
        )


def show_stalled(pairs: list[Pair], others: int) -> float:
    """Print the delay with and without a stalled client, and return the change of its p99."""
    print(f"\n{f'punnet, {others:,} who read':28}{'p50 ms':>10}{'p99 ms':>10}{'least – most':>18}")
    sides = {
        "and nobody else": [it.without for it in pairs],
        "and one who never reads": [it.beside for it in pairs],
    }
    for name, of in sides.items():
        p99 = [one.p99 for one in of]
        print(f"{name:28}{median(one.p50 for one in of):10.1f}{median(p99):10.1f}{spread(p99):>18}")
    without, beside = (median(one.p99 for one in of) for of in sides.values())
    change = beside / without - 1
    changes = [pair.beside.p99 / pair.without.p99 - 1 for pair in pairs]
    print(
        f"change of p99 {change:+.1%}; pair by pair {min(changes):+.1%} to {max(changes):+.1%}; "
        f"sent away in {sum(pair.sent_away for pair in pairs)} of {len(pairs)}",
        flush=True,
    )
    return change


# ---------------------------------------------------------------------------------------------------- running


def allowed_files(wanted: int) -> int:
    """Return how many files may be open here and in each server, `wanted` where that can be had."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for most in (max(hard, wanted), hard):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(wanted, most)), most))
        except (OSError, ValueError):
            continue
        break
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def within(size: Size) -> Size:
    """Return the size as far as this machine allows it."""
    spare = 500
    files = allowed_files(size.most + spare)
    if files < size.most + spare:
        print(f"only {files:,} files may be open (ulimit -n), so that there are fewer connections")
    room = files - spare
    fewer = {count: min(getattr(size, count), room) for count in ("most", "audience", "others")}
    return size._replace(**fewer)


def contenders() -> tuple[list[Contender], bytes]:
    """Return our server, its peers, and the message that all of them send."""
    ours, message = punnet()
    found = [ours]
    try:
        found.append(node_ws(message))
    except npm.NoPackages as error:
        print(f"left out: Node's ws ({error})")
    return [*found, websockets(message)], message


def measure(size: Size) -> dict[str, object]:
    """Print and return every figure."""
    servers, message = contenders()
    held: dict[str, list[Held]] = {server.name: [] for server in servers}
    for _ in range(size.memories):
        for server in servers:
            held[server.name].append(remember(server, size.most))
    show_memory(held, size.most)
    told: dict[str, list[Told]] = {server.name: [] for server in servers}
    for _ in range(size.rounds):
        for server in servers:
            told[server.name].append(tell(server, size))
    show_telling(told, len(message), size.audience)
    pairs = [stall(servers[0], size, stalled_first=bool(number % 2)) for number in range(size.pairs)]
    change = show_stalled(pairs, size.others)
    delays = [{"without": it.without._asdict(), "beside": it.beside._asdict()} for it in pairs]
    return figures(held, told, len(message)) | {"stalled_change": change, "stalled": delays}


def figures(held: dict[str, list[Held]], told: dict[str, list[Told]], frame: int) -> dict[str, object]:
    """Return what a program may want to know, ours under names of their own."""
    cpu = {name: [one.cpu for one in of] for name, of in told.items()}
    ours = next(iter(told))
    ratios = {f"vs_{name.partition(' ')[0]}": over(cpu[ours], of) for name, of in cpu.items() if name != ours}
    return {
        "bytes_per_connection": median(one.each for one in held[ours]) * 1024,
        "message_bytes": frame,
        "fanout_us": median(cpu[ours]),
        "vs_node_ws": ratios.get("vs_ws"),
        "vs_websockets": ratios["vs_websockets"],
        "p50_ms": median(one.p50 for one in told[ours]),
        "p99_ms": median(one.p99 for one in told[ours]),
        "memory": {name: [one._asdict() for one in of] for name, of in held.items()},
        "rounds": {name: [one._asdict() for one in of] for name, of in told.items()},
    }


class Neighbours:
    """What else runs on this machine, to its end."""

    def __init__(self) -> None:
        self._before = self._ticks()

    def share(self) -> float:
        """Return the share of the processor time that others used, those that ended here not among them."""
        whole, others = (now - before for now, before in zip(self._ticks(), self._before, strict=True))
        return others / whole

    @staticmethod
    def _ticks() -> tuple[float, float]:
        all_cores = [int(ticks) for ticks in Path("/proc/stat").read_text().partition("\n")[0].split()[1:9]]
        idle, waiting = all_cores[3:5]
        own = sum(os.times()[:4]) * os.sysconf("SC_CLK_TCK")
        return sum(all_cores), sum(all_cores) - idle - waiting - own


def main() -> None:
    """Print a table for memory, for telling everyone, and for a client that never reads."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of it, for a first impression")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    if sys.platform != "linux":
        print("left out: connections are measured on Linux only, with epoll and /proc")
        return
    size = within(QUICK if options.quick else WHOLE)
    os.environ["MAX_CONCURRENT_CONNECTIONS"] = str(size.most + 100)
    load_on_its_core()
    if not CORES:
        print("there is one core only: servers and load share it, and disturb each other")
    # The thousands of small objects of a crowd hold no cycles.
    gc.disable()
    neighbours = Neighbours()
    try:
        found = measure(size)
    except (RuntimeError, OSError, HTTPException) as error:
        sys.exit(f"bench streams: {str(error) or type(error).__name__}")
    print(f"\nother processes used {neighbours.share():.0%} of the machine meanwhile")
    if options.json:
        options.json.write_text(json.dumps({"streams": found}, indent=2))


if __name__ == "__main__":
    main()
