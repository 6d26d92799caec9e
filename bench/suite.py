"""How fast it all is: the speed suites one after the other, every figure by its name, and a table of them.

    ./dev bench
    python bench/suite.py [--quick] [--json FILE] [--results FILE]

Runs bench/scale.py, sql.py, cosine.py and rest.py, each in a process of its own; what they compare takes
turns within each. The table says which suite failed; the others still run, and the exit code is 1. A goal
that is missed fails nothing. `--json` gathers all figures; where two suites have one of the same name, the
earlier's stands. A run in full replaces bench/RESULTS.md, but for what stands there of ./dev bench quality; a
quick one, with a tenth of the market and in less than five minutes, writes its table where `--results` says,
if anywhere.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.report.machine import load_average, machine, versions
from bench.report.page import Surroundings, Told, gathered, kept, page

BENCH = Path(__file__).resolve().parent
SUITES = tuple(BENCH / f"{name}.py" for name in ("scale", "sql", "cosine", "rest"))
RESULTS = BENCH / "RESULTS.md"


def ran(suite: Path, *, quick: bool) -> Told:
    """Run one suite to its end, and return what it told; what it told before it failed counts."""
    print(f"\n── {suite.stem} {'─' * (100 - len(suite.stem))}", flush=True)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "figures.json"
        command = [sys.executable, str(suite), *(["--quick"] if quick else []), "--json", str(file)]
        code = subprocess.run(command, cwd=BENCH.parent, check=False).returncode
        figures = json.loads(file.read_text()) if file.exists() else {}
    return Told(suite.stem, code, time.perf_counter() - began, figures)


def run_all(suites: Sequence[Path], options: argparse.Namespace) -> int:
    """Run the suites, write and print what they told, and return the exit code."""
    began, before = datetime.now(UTC), load_average()
    told: list[Told] = []
    for suite in suites:
        told.append(ran(suite, quick=options.quick))
        if options.json:
            # The next one takes long: what is known is there, whatever happens.
            options.json.write_text(json.dumps(gathered(told), indent=2))
    text = page(told, Surroundings(began, options.quick, machine(), before, load_average(), versions()))
    print(f"\n{text}")
    if options.results:
        older = options.results.read_text() if options.results.exists() else ""
        options.results.write_text(text + kept(older))
    return int(any(one.code for one in told))


def chosen(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the market")
    parser.add_argument("--json", type=Path, help="write every figure by its name to this file")
    parser.add_argument(
        "--results", type=Path, help="write the table to this file (in full: bench/RESULTS.md)"
    )
    options = parser.parse_args(arguments)
    options.results = options.results or (None if options.quick else RESULTS)
    return options


def main() -> None:
    """Run all suites."""
    sys.exit(run_all(SUITES, chosen()))


if __name__ == "__main__":
    main()
