"""Send a server 100,000 random and broken frames: each is answered or ends its connection.

    ./dev bench frames
    python bench/frames.py [--frames 100000] [--seed N] [--json FILE]

A real `punnet serve`, and twelve at a time who connect, send up to 50 messages in one go, wait for every
answer, and leave: with a breach of the protocol, in the middle of a frame, in order, or without a word. The
messages are those of protocol/fixtures/client.json, as they are, cut short, mutated and with junk in them,
deep nesting, huge numbers, lone surrogates, any text and large ones, as text, as bytes and in pieces, between
pings and pongs of any content. One in ten connections fails in its handshake.

Each message must be answered once, by ERROR unless it happens to be right, each ping by its pong, each
breach by a close with the code that RFC 6455 has for it, each wrong handshake by a 4xx or by hanging up.
Meanwhile the server must say that it lives and is ready, and a client that does everything right must get
all it asks for. Its memory is measured after a fifth of the frames and at the end.

Ends with an error when one of these does not hold, anything is in the log of the server, or its memory has
grown by more than 5 %.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import msgspec
import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.service.framing import Framing, Report, Size


def progress(report: Report) -> None:
    """Show how far it is."""
    if sys.stderr.isatty():
        print(f"\r{report.frames:,} frames", end="\r", file=sys.stderr)


def rows_of(report: Report) -> dict[str, int]:
    """Return what was counted, by its name."""
    return {
        "frames": report.frames,
        "connections": report.connections,
        "messages": report.sent.total() - report.sent["ping"] - report.sent["pong nobody asked for"],
        **{f"  {kind}": count for kind, count in report.sent.most_common() if not kind.startswith("p")},
        "answers": report.answers.total() - report.answers["CONNECTION_ACK"],
        **{f"  {kind}": count for kind, count in report.answers.most_common() if kind != "CONNECTION_ACK"},
        "pings, each with its pong": report.pongs,
        "breaches of the protocol": report.breaches.total(),
        **{f"  {kind}": count for kind, count in report.breaches.most_common()},
        **{f"closed with {code}": count for code, count in sorted(report.closed.items())},
        "cut in the middle of a frame": report.cut,
        "wrong handshakes": report.handshakes.total(),
        **{f"  answered by {status or 'hanging up'}": count for status, count in report.refused.items()},
        "health asked, each time 200": report.health,
        "messages to who does everything right": report.normal,
        "  of these alerts": report.alerts,
        "wrong": len(report.wrong),
        "lines in the log": len(report.log),
    }


def show(report: Report) -> None:
    """Print the figures."""
    for name, count in rows_of(report).items():
        print(f"{name:48}{count:>10,}")
    print(f"{'it lasted':48}{report.seconds:>8.1f} s, {report.frames / report.seconds:,.0f} frames a second")
    print(f"{'slowest answer to who does everything right':48}{report.slowest * 1e3:>8.0f} ms")
    print(
        f"{'memory after the warming, and at the end':48}{report.warm:>8.1f} MiB {report.end:.1f} MiB "
        f"({report.growth:+.1%})"
    )
    for sentence in (*report.wrong[:10], *report.log[:10]):
        print(f"! {sentence}")


async def run(size: Size, seed: int) -> Report:
    """Return the report."""
    with tempfile.TemporaryDirectory(prefix="punnet-frames-") as folder:
        return await Framing(Path(folder), seed, size).run(progress)


def main() -> None:
    """Print the figures, and end with an error when one is not as it must be."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    report = uvloop.run(run(Size(options.frames // 5, options.frames), options.seed))
    show(report)
    if options.json:
        figures = msgspec.to_builtins(report, str_keys=True)
        figures |= {"growth": report.growth, "clean": report.clean}
        options.json.write_text(json.dumps({"frames": figures}, indent=2))
    sys.exit(not report.clean)


if __name__ == "__main__":
    main()
