"""Kill the server around the e-mail it sends after a purchase, 100 times: every e-mail arrives.

    ./dev bench mail
    python bench/mail.py [--runs 100] [--seed N]

A real `punnet serve` on a SQLite file sends through a real SMTP server in this process, which lets it wait
for the yes now and then. Each run buys something, gets the 2xx, and kills the server with SIGKILL: from right
at the 2xx to a little after the relay said yes, most often between that and the note of it in the journal,
where an e-mail has to come twice. Then it is started again.

Ends with an error when an e-mail that was owed did not arrive, one that nobody asked for did, or a repeat
had another Message-ID.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.service.mailing import Mailing, Moment, Report


def progress(report: Report) -> None:
    """Show how far it is."""
    if sys.stderr.isatty():
        print(f"\r{report.runs} runs", end="\r", file=sys.stderr)


def show(report: Report) -> None:
    """Print the figures."""
    rows = {
        "crash-and-restart runs": report.runs,
        **{f"  killed {moment}": report.killed[moment] for moment in Moment},
        "e-mails owed (2xx)": report.owed,
        "arrived": report.arrived,
        "lost": len(report.lost),
        "arrived more than once": report.twice.total(),
        **{f"  {times} times": count for times, count in sorted(report.twice.items())},
        "  with another Message-ID": len(report.renamed),
        "orders that share a Message-ID": report.shared,
        "arrived, but nobody asked": len(report.unasked),
        "still owed at the end": report.still_owed,
        "errors in the log": len(report.log),
    }
    for name, count in rows.items():
        print(f"{name:48}{count:>6,}")
    print(f"{'start, median and longest':48}{median(report.restarts):>6.2f} s {max(report.restarts):.2f} s")
    for sentence in (*report.lost[:5], *report.renamed[:5], *report.unasked[:5], *report.log[:5]):
        print(f"! {sentence}")


async def mail(runs: int, seed: int) -> Report:
    """Return the report."""
    with tempfile.TemporaryDirectory(prefix="punnet-mail-") as folder:
        return await Mailing(Path(folder), seed).run(runs, progress)


def main() -> None:
    """Print the figures, and end with an error when one is not as it must be."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    report = asyncio.run(mail(options.runs, options.seed))
    show(report)
    sys.exit(not report.clean)


if __name__ == "__main__":
    main()
