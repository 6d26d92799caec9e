"""Have mutmut break the algorithms, and print what it let survive that is not on the explained list.

It passes over functions with a decorator, and it cannot break machine code: what it breaks is a copy of the
checkout without the decorators of compiled functions, in which they are plain Python.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
EXPLAINED = ROOT / "tests" / "algorithms" / "survivors.toml"
COPY = ROOT / "mutants"
COPIED = ("src", "tests", "protocol", "docs")
DECORATOR = re.compile(r"^@(compiled|entry)\n", re.MULTILINE)


class Change(NamedTuple):
    """A line of an algorithm, and what was put in its place."""

    module: str
    before: str
    after: str


def copy() -> None:
    """Make the copy that is to be broken."""
    shutil.rmtree(COPY, ignore_errors=True)
    for folder in COPIED:
        shutil.copytree(
            ROOT / folder, COPY / folder, ignore=shutil.ignore_patterns("__pycache__", "node_modules")
        )
    shutil.copy(ROOT / "pyproject.toml", COPY)
    for path in (COPY / "src" / "punnet" / "algorithms").glob("*.py"):
        path.write_text(DECORATOR.sub("", path.read_text()))


def run(*mutants: str) -> None:
    """Break the copy line by line, or only what is named."""
    command = [sys.executable, "-m", "mutmut", "run", *mutants]
    subprocess.run(command, cwd=COPY, env=os.environ | {"NUMBA_DISABLE_JIT": "1"}, check=True)


def mutmut(*arguments: str) -> str:
    """Return what a command of mutmut says."""
    command = [sys.executable, "-m", "mutmut", *arguments]
    return subprocess.run(command, cwd=COPY, check=True, capture_output=True, text=True).stdout


def change(name: str) -> Change:
    """Return what the mutant of this name changed."""
    lines = mutmut("show", name).splitlines()
    body = next(number for number, line in enumerate(lines) if line.startswith("@@"))
    gone = [line[1:].strip() for line in lines[body:] if line.startswith("-")]
    came = [line[1:].strip() for line in lines[body:] if line.startswith("+")]
    return Change(name.split(".")[2], "\n".join(gone), "\n".join(came))


def survivors(*, of_all: bool) -> Iterator[Change]:
    """Yield the mutants that no test noticed; one that ran into the time limit was noticed."""
    unnoticed = {"survived", "no tests", "suspicious"} | ({"not checked"} if of_all else set())
    for line in mutmut("results").splitlines():
        name, _, status = line.strip().partition(": ")
        if status in unnoticed:
            yield change(name)


def explained() -> set[Change]:
    """Return the changes that the list gives a reason for."""
    listed = tomllib.loads(EXPLAINED.read_text())["survivor"]
    return {Change(entry["module"], entry["before"], after) for entry in listed for after in entry["after"]}


def main(mutants: list[str]) -> int:
    """Print survivors without a reason, and reasons without a survivor; return the number of the first."""
    copy()
    run(*mutants)
    alive, known = set(survivors(of_all=not mutants)), explained()
    for lost in sorted(alive - known):
        sys.stdout.write(f"no test notices, in {lost.module}:\n  - {lost.before}\n  + {lost.after}\n")
    for stale in sorted(known - alive):
        sys.stdout.write(f"explained but noticed by a test now, in {stale.module}: {stale.after}\n")
    sys.stdout.write(f"{len(alive)} survivors, {len(alive - known)} of them not explained\n")
    return len(alive - known)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) > 0)
