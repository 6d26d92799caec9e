"""How many answers a second GET /api/recommendations gives, beside Fastify and beside canned answers.

    ./dev bench rest
    python bench/rest.py [--quick] [--json FILE]

Servers run on one core and their load on the other; they take turns, so that a noisy machine disturbs all
alike, and the figures are medians of the ratios, round by round. The load is this process: kept connections
that send the next request when the last one is answered, past any HTTP library. autocannon (npm) and the like
need as much of a core as the servers that are measured; "load busy" says how much this needs.

  computed    our server, every answer made anew: pages of a made market, as they are opened
  shipped     our server as it is without any setting: seven of ten pages are opened by strangers, one of six
              of the others is opened twice, and there are actions and changes of prices between them
  canned      our server's uvicorn, with an application that sends one of those answers, always the same
  at once     the same, sent past ASGI as our server sends its answers
  fastify     Fastify (npm), whose handler returns that answer as an object, which Fastify writes as JSON
  bytes       Fastify, whose handler returns it as bytes that are ready

All send the same bytes of body. At last requests fall due at random, 1,000 a second, whether or not those
before them were answered; the delay of each is measured from when it was due.
"""

import argparse
import http.client
import json
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.load import pages
from bench.load.callers import HOST, call
from bench.load.contenders import CORES, fastify, load_on_its_core, storefront
from bench.load.pace import at_pace
from bench.load.serving import Serving
from bench.load.storefront import AT_ONCE
from bench.made import MadeMarket
from bench.measuring.sizes import Size, say
from bench.measuring.times import percentile
from tests import npm

CONNECTIONS = 32
GOOD = b'"success":true'
PACE = 1_000
WARMING = 2
"""Rounds that do not count: Node compiles what it runs often."""


class Amount(NamedTuple):
    """How much is measured: requests of a round, rounds, and how many fall due at a pace."""

    requests: int
    rounds: int
    paced: int


WHOLE = Amount(20_000, rounds=7, paced=30_000)
QUICK = Amount(10_000, rounds=5, paced=8_000)


class Seen(NamedTuple):
    """Requests a second, µs of the server's processor time for each, and how busy the load was."""

    each_second: float
    cpu: float
    busy: float


Requests = Callable[[int], list[bytes]]
"""What is sent in a round."""


class Contender(NamedTuple):
    """A server that runs, and what it is asked."""

    server: Serving
    requests: Requests


def measure(contender: Contender, run: int) -> Seen:
    """Return what one round shows."""
    server, requests = contender.server, contender.requests(run)
    before, busy = server.cpu(), time.process_time()
    seconds, _ = call(server.port, requests, CONNECTIONS, GOOD)
    count = len(requests)
    cpu = (server.cpu() - before) / count * 1e6
    return Seen(count / seconds, cpu, (time.process_time() - busy) / seconds)


# ------------------------------------------------------------------------------------------------- contenders


def fetched(port: int, request: bytes) -> bytes:
    """Return the body of an answer."""
    caller = http.client.HTTPConnection(HOST, port, timeout=30)
    caller.request("GET", request.split(b" ")[1].decode())
    return caller.getresponse().read()


def typical(port: int, requests: list[bytes]) -> bytes:
    """Return of the answers to some requests the one of the middle size."""
    bodies = sorted((fetched(port, request) for request in requests), key=len)
    return bodies[len(bodies) // 2]


def put(port: int, body: bytes) -> None:
    """Have the canned application say a body from now on."""
    caller = http.client.HTTPConnection(HOST, port, timeout=30)
    caller.request("POST", "/", body, {"content-type": "application/json"})
    caller.getresponse().read()


def contenders(stack: ExitStack, size: Size, market: MadeMarket, amount: Amount) -> dict[str, Contender]:
    """Start all servers, which end with the `stack`, and return them by their names."""
    say(f"filling our server with {size}")
    ours = stack.enter_context(storefront(quick=size != Size()))
    body = typical(ours["computed"].port, pages.computed(market, 201, 0)[:201])
    put(ours["canned"].port, body)
    same = [pages.get(f"{pages.PATH}?userId=shopper-1&limit=10")] * amount.requests
    at_once = [pages.get(f"{AT_ONCE}?userId=shopper-1&limit=10")] * amount.requests
    found = {
        "computed": Contender(ours["computed"], partial(pages.computed, market, amount.requests)),
        "shipped": Contender(ours["shipped"], partial(pages.visited, market, amount.requests)),
        "canned": Contender(ours["canned"], lambda _: same),
        "at once": Contender(ours["canned"], lambda _: at_once),
    }
    file = Path(stack.enter_context(TemporaryDirectory())) / "answer.json"
    file.write_bytes(body)
    try:
        for name, kind in (("fastify", "object"), ("bytes", "bytes")):
            found[name] = Contender(stack.enter_context(fastify(file, kind)), lambda _: same)
    except npm.NoPackages as error:
        print(f"left out: Fastify ({error})")
    print(f"{size}; {len(body):,} bytes a typical answer\n")
    return found


# ---------------------------------------------------------------------------------------------------- figures


def over(seen: Mapping[str, list[Seen]], ours: str, theirs: str) -> float:
    """Return how many requests a second there are for each of the other's: the median, round by round."""
    pairs = zip(seen[ours], seen[theirs], strict=True)
    return median(one.each_second / other.each_second for one, other in pairs)


def show(seen: Mapping[str, list[Seen]]) -> None:
    print(
        f"{'':12}{'a second':>10}{'least – most':>18}{'CPU µs':>9}"
        f"{'computed/this':>15}{'shipped/this':>14}{'load busy':>11}"
    )
    for name, rounds in seen.items():
        speeds = [one.each_second for one in rounds]
        spread = f"{min(speeds):,.0f} – {max(speeds):,.0f}"
        print(
            f"{name:12}{median(speeds):10,.0f}{spread:>18}{median(one.cpu for one in rounds):9.1f}"
            f"{over(seen, 'computed', name):15.2f}{over(seen, 'shipped', name):14.2f}"
            f"{median(one.busy for one in rounds):11.0%}",
            flush=True,
        )


def figures(seen: Mapping[str, list[Seen]]) -> dict[str, float]:
    """Return what a program may want to know."""
    named = {
        f"rest.{name.replace(' ', '_')}_per_s": median(it.each_second for it in of)
        for name, of in seen.items()
    }
    named["rest.vs_canned"] = over(seen, "computed", "canned")
    named["rest.vs_at_once"] = over(seen, "computed", "at once")
    if "fastify" in seen:
        for name, ours in (("rest", "computed"), ("rest_cached", "shipped")):
            named[f"{name}.vs_fastify"] = over(seen, ours, "fastify")
            named[f"{name}.vs_fastify_bytes"] = over(seen, ours, "bytes")
    return named


def kept(contender: Contender) -> dict[str, float]:
    """Print and return which share of the pages was answered from the cache."""
    statistics = json.loads(fetched(contender.server.port, pages.get(f"{pages.PATH}/stats")))
    counted = statistics["data"]["recommendations"]
    share = counted["cacheHits"] / (counted["cacheHits"] + counted["cacheMisses"])
    print(f"\nshipped: {share:.0%} of the pages from the cache")
    return {"rest_cached.hit_share": share}


def paced(contender: Contender, market: MadeMarket, amount: Amount) -> dict[str, float]:
    """Print and return the delays of requests that fall due at a pace."""
    at_pace(contender.server.port, pages.computed(market, PACE, 1_000), PACE, 0)
    requests = pages.computed(market, amount.paced, 1_001)
    before, began = contender.server.cpu(), time.perf_counter()
    times = at_pace(contender.server.port, requests, PACE, 1)
    busy = (contender.server.cpu() - before) / (time.perf_counter() - began)
    shares = {name: percentile(times, share) for name, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99))}
    said = " · ".join(f"{name} {time:.2f} ms" for name, time in shares.items())
    print(f"\n{PACE:,} a second, computed: {said} · most {max(times):.1f} ms · server busy {busy:.0%}")
    return {f"rest.{name}_ms_at_{PACE}": time for name, time in shares.items()}


def rest(size: Size, amount: Amount) -> dict[str, float]:
    """Print and return every figure."""
    with ExitStack() as stack:
        market = size.made()
        servers = contenders(stack, size, market, amount)
        seen: dict[str, list[Seen]] = {name: [] for name in servers}
        for run in range(WARMING + amount.rounds):
            for name, contender in servers.items():
                seen[name].append(measure(contender, run))
        seen = {name: rounds[WARMING:] for name, rounds in seen.items()}
        show(seen)
        return figures(seen) | kept(servers["shipped"]) | paced(servers["computed"], market, amount)


def main() -> None:
    """Print a table of the contenders, and the delays at a pace."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the market, and fewer requests")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    if sys.platform != "linux":
        print("left out: requests at a pace are measured on Linux only, with epoll and /proc")
        return
    load_on_its_core()
    if not CORES:
        print("there is one core only: servers and load share it, and disturb each other")
    try:
        found = rest(Size().tenth(), QUICK) if options.quick else rest(Size(), WHOLE)
    except (RuntimeError, OSError) as error:
        sys.exit(f"bench rest: {str(error) or type(error).__name__}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
