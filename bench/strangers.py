"""Have two shoppers try to get at each other's data in 10,000 random sequences: none must ever succeed.

    ./dev bench strangers
    python bench/strangers.py [--sequences 10000] [--first 0] [--only NUMBER]

A server with AUTH_MODE=token, on 127.0.0.1, and in each sequence two shoppers of whom nothing is known, each
with a token of their own. Step by step they ask and act under any name in any spelling, in the query, the
path, the body, twice or in two places, with no token and with forged ones; on connections of their own and
on one that both share, as behind a proxy, one request after the other or several in one piece; they open
streams and come back to them after any message that either of them saw, subscribe, act, ask and show any
token there, and leave. The shop changes prices and stock, adds products and records orders meanwhile.

Whatever is private of one of them has a number in it that nobody else writes, and must not reach the other
one, but for what that one wrote. Each call that names another must be refused. Each list must be, byte for
byte, what an engine gives that knows nothing of what the other one did in private. And in the end what is
kept of each is what they did themselves, and nothing else.

Ends with an error where something else was seen, with the fewest steps that show it. `--only` does one
sequence, and tells its steps.
"""

import argparse
import sys
from pathlib import Path

import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.web.strangers.plot import Plot
from tests.web.strangers.report import Report
from tests.web.strangers.sequences import play


def progress(report: Report) -> None:
    """Show how far it is."""
    if sys.stderr.isatty():
        print(f"\r{report.sequences:,} sequences", end="\r", file=sys.stderr)


def rows_of(report: Report) -> list[tuple[str, int]]:
    """Return what was counted, each with its name."""
    return [
        ("sequences", report.sequences),
        ("steps", report.steps),
        ("calls", report.calls.total()),
        *((f"  answered by {status}", count) for status, count in sorted(report.calls.items())),
        ("  with an answer given again", report.kept),
        ("streams", report.streams.total()),
        *((f"  answered by {status}", count) for status, count in sorted(report.streams.items())),
        ("  resumed", report.resumed),
        ("calls and streams refused to who asked", report.refused),
        ("messages", report.messages.total()),
        *((f"  {kind}", count) for kind, count in report.messages.most_common()),
        ("orders and actions recorded, all where they belong", report.facts),
        ("sequences in which something was seen", len(report.seen)),
    ]


def show(report: Report) -> None:
    """Print the figures."""
    for name, count in rows_of(report):
        print(f"{name:52}{count:>10,}")
    print(f"{'it lasted':52}{report.seconds:>8.1f} s")
    for sentence in report.seen:
        print(f"! {sentence}")


def main() -> None:
    """Print the figures, and end with an error where something was seen."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sequences", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--only", type=int)
    options = parser.parse_args()
    numbers = range(options.first, options.first + options.sequences)
    if options.only is not None:
        numbers = range(options.only, options.only + 1)
        print(*Plot(options.only).steps, sep="\n")
    report = uvloop.run(play(numbers, progress))
    show(report)
    sys.exit(bool(report.seen))


if __name__ == "__main__":
    main()
