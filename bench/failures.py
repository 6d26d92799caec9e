"""Take away what the journal lies on while a server is busy, give it back, and count what clients were told.

    ./dev bench failures
    python bench/failures.py [--journal both] [--seconds 5] [--seed N]

A real `punnet serve` with nine clients: single actions, orders, bulk calls, a WebSocket, and two that only
ask for recommendations. While the failure lasts, writes must be refused with 503 and Retry-After and
questions answered with 200. When it ends the same process must take writes again; then whatever was not
answered 2xx is sent again under the same ids, and the journal must hold everything once and nothing else.
At last the answers are compared with those of a server in memory that was told the same facts in that order.

Ends with an error when one of these does not hold. What this machine does not allow is named and left out.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.servers.postgres import Throwaway
from tests.service.failing import (
    Figures,
    FrozenPostgres,
    FullDisk,
    FullQuota,
    ImmutableFile,
    KilledPostgres,
    ReadOnlyFile,
    StoppedPostgres,
    can_be_immutable,
    fail,
    small_disk,
)

HEADINGS = (
    f"{'failure':36}{'writes 2xx':>11}{'503':>7}{'other':>6}{'reads 200':>11}{'other':>6}{'refused in':>11}"
    f"{'healed in':>10}{'acknowledged':>13}{'lost':>5}{'twice':>6}{'unsent':>7}{'different':>10}"
)


async def on_sqlite(seconds: float, seed: int) -> AsyncIterator[Figures]:
    """Yield what clients were told when a file could not be written."""
    with (
        tempfile.TemporaryDirectory(prefix="punnet-failures-") as folder,
        small_disk(Path(folder), "256m") as small,
    ):
        failure = FullDisk(Path(folder)) if small else FullQuota(Path(folder))
        yield await fail(failure, Path(folder), seconds=seconds, seed=seed)
    with tempfile.TemporaryDirectory(prefix="punnet-failures-") as folder:
        if can_be_immutable(Path(folder)):
            yield await fail(ImmutableFile(Path(folder)), Path(folder), seconds=seconds, seed=seed)
        else:
            print("left out: a file read-only while it is open needs root and chattr +i")
    with tempfile.TemporaryDirectory(prefix="punnet-failures-") as folder:
        yield await fail(ReadOnlyFile(Path(folder)), Path(folder), seconds=seconds, seed=seed)


async def on_postgres(seconds: float, seed: int) -> AsyncIterator[Figures]:
    """Yield what clients were told when PostgreSQL was not there, or did not answer."""
    for kind in (StoppedPostgres, KilledPostgres, FrozenPostgres):
        with (
            tempfile.TemporaryDirectory(prefix="punnet-failures-") as folder,
            closing(Throwaway(durable=True)) as server,
        ):
            yield await fail(kind(server), Path(folder), seconds=seconds, seed=seed)


def show(figures: Figures) -> None:
    """Print one row."""
    writes, reads = figures.writes, figures.reads
    taken = writes[200] + writes[201]
    times = f"{figures.to_refuse:>9.2f} s{figures.to_heal:>8.2f} s"
    print(
        f"{figures.name:36}{taken:>11,}{writes[503]:>7,}{writes.total() - taken - writes[503]:>6,}"
        f"{reads[200]:>11,}{reads.total() - reads[200]:>6,}{times}"
        f"{figures.acknowledged:>13,}{figures.lost:>5}{figures.doubled:>6}{figures.unsent:>7}{len(figures.different):>10}",
        flush=True,
    )
    for sentence in (*figures.different[:5], *figures.wrong[:5]):
        print(f"  ! {sentence}")


async def run(journal: str, seconds: float, seed: int) -> bool:
    """Print a row a failure, and return whether all were as they must be."""
    print(HEADINGS)
    clean = True
    for name, failures in (("sqlite", on_sqlite), ("postgres", on_postgres)):
        if journal in (name, "both"):
            async for figures in failures(seconds, seed):
                show(figures)
                clean = clean and figures.clean
    return clean


def main() -> None:
    """Print the table, and end with an error when a row is not as it must be."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--journal", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument(
        "--seconds", type=float, default=5, help="how long a failure lasts, from the first refusal on"
    )
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    sys.exit(not asyncio.run(run(options.journal, options.seconds, options.seed)))


if __name__ == "__main__":
    main()
