"""Hold what mutmut's last run let survive against the explained list, and print what is not on it."""

import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
EXPLAINED = ROOT / "tests" / "algorithms" / "survivors.toml"


class Change(NamedTuple):
    """A line of an algorithm, and what was put in its place."""

    module: str
    before: str
    after: str


def mutmut(*arguments: str) -> str:
    """Return what a command of mutmut says."""
    command = [sys.executable, "-m", "mutmut", *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def change(name: str) -> Change:
    """Return what the mutant of this name changed."""
    lines = mutmut("show", name).splitlines()
    body = next(number for number, line in enumerate(lines) if line.startswith("@@"))
    gone = [line[1:].strip() for line in lines[body:] if line.startswith("-")]
    came = [line[1:].strip() for line in lines[body:] if line.startswith("+")]
    return Change(name.split(".")[2], "\n".join(gone), "\n".join(came))


def survivors() -> Iterator[Change]:
    """Yield the mutants that no test noticed; one that ran into the time limit was noticed."""
    for line in mutmut("results").splitlines():
        name, _, status = line.strip().partition(": ")
        if status in ("survived", "no tests", "suspicious", "not checked"):
            yield change(name)


def explained() -> set[Change]:
    """Return the changes that the list gives a reason for."""
    listed = tomllib.loads(EXPLAINED.read_text())["survivor"]
    return {Change(entry["module"], entry["before"], after) for entry in listed for after in entry["after"]}


def main() -> int:
    """Print survivors without a reason, and reasons without a survivor; return the number of the first."""
    alive, known = set(survivors()), explained()
    for lost in sorted(alive - known):
        sys.stdout.write(f"no test notices, in {lost.module}:\n  - {lost.before}\n  + {lost.after}\n")
    for stale in sorted(known - alive):
        sys.stdout.write(f"explained but noticed by a test now, in {stale.module}: {stale.after}\n")
    sys.stdout.write(f"{len(alive)} survivors, {len(alive - known)} of them not explained\n")
    return len(alive - known)


if __name__ == "__main__":
    sys.exit(main() > 0)
