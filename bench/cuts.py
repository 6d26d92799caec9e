"""Cut the connections of 500 clients at random for a minute while prices change: each gets every alert, once.

    ./dev bench cuts
    python bench/cuts.py [--seconds 60] [--clients 500] [--seed N] [--json FILE]

A real `punnet serve` on a SQLite file; nine in ten clients have a WebSocket, the others server-sent events.
All want price drops or stock alerts, some of certain products only; some name them in the query, some
subscribe first; some look at products meanwhile, so that private messages come between the alerts. A back
end lowers prices and refills the shelf over REST without a pause. Connections are reset while they are
opened or read, in the middle of a frame, after they were not read for a while, while half a frame is sent,
hung up and closed in order; twice the server is killed with SIGKILL, once it is stopped, and it starts
again from its snapshot and its journal. Clients come back by themselves, some after long, and name the last
message that they got whole.

A call that was not answered is made again, and changes nothing where it had been obeyed: so what happened is
known. In the end each client must have all of that which it asked for, from its first subscription on, in
order, none twice, nothing else, and must never have been told that what it missed is gone.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from statistics import median

import msgspec
import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.service.cutting import Cut, Cutting, Report, Size


def progress(report: Report) -> None:
    """Show how far it is."""
    if sys.stderr.isatty():
        print(f"\r{report.changes:,} changes, {report.cuts.total():,} cuts", end="\r", file=sys.stderr)


def show(report: Report) -> None:
    """Print the figures."""
    counts = report.counts
    rows = {
        f"clients, {report.of_events} of them with events": report.clients,
        "changes over REST, each answered 2xx": report.changes,
        "  of them sent again after no answer": report.repeated,
        "connections": counts["connections"],
        "cut": report.cuts.total(),
        **{f"  {cut}": report.cuts[cut] for cut in Cut},
        **{f"closed by the server with {code}": count for code, count in sorted(report.codes.items())},
        "came back with a lastMessageId": counts["resumed"],
        "  to a server that had started again": counts["resumed in another run"],
        "restarts from a snapshot": report.from_snapshot,
        "messages": counts["messages"],
        "  alerts": report.alerts,
        "  private ones": counts["private"],
        "lost": report.lost,
        "twice": report.twice,
        "out of order": report.out_of_order,
        "told that something is gone (resumed: false)": report.not_resumed,
        "otherwise wrong": len(report.wrong),
        "complaints in the log": len(report.log),
    }
    for name, count in rows.items():
        print(f"{name:48}{count:>12,}")
    print(f"{'it lasted, and until all was there':48}{report.seconds:>10.1f} s {report.settled:.1f} s")
    print(f"{'start, median and longest':48}{median(report.restarts):>10.2f} s {max(report.restarts):.2f} s")
    for sentence in (*report.wrong[:10], *report.log[:10]):
        print(f"! {sentence}")


def size_of(seconds: float, clients: int) -> Size:
    """Return the size of a run."""
    usual = Size()
    scale = seconds / usual.seconds
    return usual._replace(
        sockets=clients - clients // 10,
        events=clients // 10,
        seconds=seconds,
        kills=tuple(at * scale for at in usual.kills),
        stops=tuple(at * scale for at in usual.stops),
    )


async def cuts(size: Size, seed: int) -> Report:
    """Return the report."""
    with tempfile.TemporaryDirectory(prefix="punnet-cuts-", ignore_cleanup_errors=True) as folder:
        return await Cutting(Path(folder), seed, size).run(progress)


def main() -> None:
    """Print the figures, and end with an error when one is not as it must be."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    report = uvloop.run(cuts(size_of(options.seconds, options.clients), options.seed))
    show(report)
    if options.json:
        figures = msgspec.to_builtins(report, str_keys=True) | {"clean": report.clean}
        options.json.write_text(json.dumps({"cuts": figures}, indent=2))
    sys.exit(not report.clean)


if __name__ == "__main__":
    main()
