"""Kill the server with SIGKILL under load, 20 times, and count what was lost, doubled or made up: nothing.

    ./dev bench crash
    python bench/crash.py [--kills 20] [--questions 200] [--journal both] [--seed N]

A real `punnet serve` takes single actions, purchases with their lines, orders, changes of price, bulk calls
and WebSocket actions from twelve clients at once, dies at a random moment and starts again. Half of the
times PostgreSQL, where the journal is there, is killed just before, and starts again too. Each client knows
what was answered. What was answered 2xx must be in the journal once; what was not answered at most once, and
once after it was sent again; nothing else may be there. Then a second server, in memory, which never died, is
told the journal's facts in their order over the same API, and both are asked the same questions. Each answer
says at which moment it was given, and the second server is asked as of that moment: all that an answer holds
must be equal, scores to within 1e-9 of themselves.

Ends with an error when one of these does not hold.
"""

import argparse
import asyncio
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.servers.postgres import Throwaway
from tests.service.crashing import Crash, PostgresStore, Report, SqliteStore

JOURNALS = ("sqlite", "postgres")


def progress(report: Report) -> None:
    """Show how far it is."""
    if sys.stderr.isatty():
        print(f"\r{report.kills} kills, {report.acknowledged:,} acknowledged", end="\r", file=sys.stderr)


async def crash(journal: str, kills: int, questions: int, seed: int) -> Report:
    """Return the report on one kind of journal."""
    with tempfile.TemporaryDirectory(prefix="punnet-crash-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if journal == "sqlite":
            return await Crash(SqliteStore(folder), folder, seed).run(kills, questions, progress)
        with closing(Throwaway(durable=True)) as server:
            return await Crash(PostgresStore(server), folder, seed).run(kills, questions, progress)


def show(journal: str, report: Report) -> None:
    """Print the figures."""
    rows = {
        "killed under load": report.kills,
        "and while starting": report.killed_while_starting,
        "PostgreSQL killed, too": report.store_kills,
        "snapshots cut short": report.snapshots_cut_short,
        "restarts from a snapshot": report.from_snapshot,
        "sent": report.sent,
        "acknowledged under load (2xx)": report.acknowledged,
        "unknown at a kill": report.unknown,
        "of these in the journal": report.unknown_but_kept,
        "records in the journal": report.found,
        "acknowledged but lost": report.lost,
        "there twice": report.doubled,
        "there but not sent": report.unsent,
        "there in part": report.torn,
        "answers compared": report.compared,
        "answers different": len(report.different),
        "wrong answers": len(report.wrong),
        "complaints in the log": len(report.log),
    }
    print(f"{journal}")
    for name, count in rows.items():
        print(f"  {name:30}{count:>10,}")
    print(
        f"  {'restart, median and longest':30}{median(report.restarts):>8.2f} s {max(report.restarts):.2f} s"
    )
    for sentence in (*report.different[:5], *report.wrong[:5], *report.log[:5]):
        print(f"  ! {sentence}")


def main() -> None:
    """Print the figures of each journal, and end with an error when one is not as it must be."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--questions", type=int, default=200, help="answers compared after each kill")
    parser.add_argument("--journal", choices=(*JOURNALS, "both"), default="both")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    clean = True
    for journal in JOURNALS if options.journal == "both" else (options.journal,):
        report = asyncio.run(crash(journal, options.kills, options.questions, options.seed))
        show(journal, report)
        clean = clean and report.clean
    sys.exit(not clean)


if __name__ == "__main__":
    main()
