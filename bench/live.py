"""From POST of a purchase to the changed list in the other shopper's browser, with 1,000 shoppers connected.

    ./dev bench live
    python bench/live.py [--market villages] [--purchases 15] [--seed N] [--json FILE]

A real `punnet serve` on a SQLite file. 1,000 shoppers listen to their own list and to price drops, each on a
WebSocket; one in ten is unknown to the market. A real Chromium, without a window, has 8 pages open, each
with the WebSocket and the list of one more shopper's visit. Purchases are posted one after the other, each
when the server has nothing left to do and every list may be told again (5 seconds). Which lists a purchase
changes is asked of an engine of our own beforehand; shoppers with such a list have the pages. The time runs
from before the POST until the page holds the changed list (a MutationObserver's, on the same machine's
clock), and until the same message is at a plain client of the same shopper.

Two markets: `villages` is made up, so that who shares purchases with the buyer is told something new;
`demo` are a year of real baskets, and those that its shoppers bought next.

Ends with an error when a changed list does not arrive, or p99 in the pages is above --limit (100 ms).
"""

import argparse
import asyncio
import faulthandler
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import Random

import msgspec
import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.service.forecast import from_demo, of_villages
from tests.service.living import Living, Report, Size

MARKETS = {"villages": of_villages, "demo": from_demo}
DEADLINE = 900
"""Seconds after which something hangs; then it is said what."""

NEAREST = (16, 100)
"""Places among those like the buyer that are shown apart."""


def progress(sentence: str) -> None:
    """Show how far it is."""
    if sys.stderr.isatty():
        print(f"\r{sentence:60}", end="\r", file=sys.stderr)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that so great a share of the sorted ones does not exceed."""
    return values[min(int(len(values) * share), len(values) - 1)] if values else float("nan")


def row(name: str, values: Sequence[float]) -> None:
    """Print how the seconds are spread, in milliseconds."""
    spread = "".join(f"{percentile(values, share) * 1e3:10.1f}" for share in (0.5, 0.9, 0.99, 1))
    print(f"{name:52}{len(values):>8,}{spread}")


def show(report: Report) -> None:
    """Print the figures."""
    print(f"{report.market}, {report.connected:,} connected and {report.pages} pages of a browser")
    print(f"{'from before the POST, in ms':52}{'count':>8}{'p50':>10}{'p90':>10}{'p99':>10}{'max':>10}")
    row("until its answer", sorted(report.posted))
    row("until the changed list is in the page", report.in_pages)
    row("until it is at a plain client of the same shopper", report.beside_pages)
    arrived = [(it.place, it.arrived) for it in report.samples if it.arrived is not None]
    row("until it is at any plain client", sorted(seconds for _, seconds in arrived))
    for first, last in zip((1, *(place + 1 for place in NEAREST)), (*NEAREST, report.connected), strict=True):
        some = sorted(seconds for place, seconds in arrived if first <= place <= last)
        row(f"  of these the {first}. to {last}. most like the buyer", some)
    foreseen = sum(it.is_foreseen for it in report.samples)
    print(
        f"{report.purchases} purchases were to change {len(report.samples)} lists of others, "
        f"{len(report.samples) / report.purchases:.1f} each; "
        f"{len(arrived)} came, {foreseen} of them as foretold; "
        f"{report.unforeseen} more came, {report.unchanged} did not change after all\n"
        f"never came: {report.lost}; the server used {report.cpu:.0%} of a core; "
        f"one list takes {report.answer_seconds * 1e3:.1f} ms; "
        f"the browser's clock differs by {report.skew * 1e3:.1f} ms; "
        f"load of the machine {os.getloadavg()[0]:.1f}"
    )
    for sentence in report.log[:10]:
        print(f"! {sentence}")


async def live(market: str, size: Size, seed: int) -> Report:
    """Return the report."""
    faulthandler.dump_traceback_later(DEADLINE + 10)
    with tempfile.TemporaryDirectory(prefix="punnet-live-") as folder:
        made = MARKETS[market](size.connected, Random(seed))
        async with asyncio.timeout(DEADLINE):
            return await Living(Path(folder), made, size, seed).run(progress)


def main() -> None:
    """Print the figures, and end with an error when one is not as it must be."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--market", choices=MARKETS, default="villages")
    parser.add_argument("--purchases", type=int, default=15)
    parser.add_argument("--limit", type=float, default=100, help="ms that p99 in the pages may be")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    report = uvloop.run(live(options.market, Size(purchases=options.purchases), options.seed))
    show(report)
    p99 = percentile(report.in_pages, 0.99)
    if options.json:
        figures = msgspec.to_builtins(report) | {"p99_in_pages": p99}
        options.json.write_text(json.dumps({"live": figures}, indent=2))
    sys.exit(bool(report.lost or report.log or not p99 * 1e3 <= options.limit))


if __name__ == "__main__":
    main()
