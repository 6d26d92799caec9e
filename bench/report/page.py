"""The page of results."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from bench.report.goals import GOALS, written

BY_NAME = "\n## How good the lists are\n"
"""Begins the end of the page, which is of a benchmark that is run by name."""


class Told(NamedTuple):
    """What became of one suite: its exit code, how many seconds it took, and its figures by their names."""

    suite: str
    code: int
    seconds: float
    figures: Mapping[str, float]


class Surroundings(NamedTuple):
    """Where, when and how figures were measured."""

    began: datetime
    is_quick: bool
    machine: str
    load_before: str
    load_after: str
    versions: Mapping[str, str]


def gathered(told: Sequence[Told]) -> dict[str, float]:
    """Return all figures; where two suites have one of the same name, the earlier's stands."""
    figures: dict[str, float] = {}
    for one in told:
        for name, value in one.figures.items():
            figures.setdefault(name, value)
    return figures


def page(told: Sequence[Told], around: Surroundings) -> str:
    """Return the page in Markdown."""
    suites = " · ".join(f"{one.suite} {one.seconds:.0f} s" for one in told)
    versions = " · ".join(f"{name} {version}" for name, version in around.versions.items())
    size = (
        "with `--quick`: a tenth of the market, and the goals of the whole" if around.is_quick else "in full"
    )
    return "\n".join(
        [
            "# Results",
            "",
            f"Written by `./dev bench` on {around.began:%Y-%m-%d}, {size}. What the figures are is said at "
            "the head of [scale.py](scale.py), [sql.py](sql.py), [cosine.py](cosine.py) and "
            "[rest.py](rest.py).",
            "",
            f"- Machine: {around.machine}",
            f"- Load average before: {around.load_before}; after: {around.load_after}",
            f"- Versions: {versions}",
            f"- Suites: {suites}",
            "",
            "| figure | value | goal | met |",
            "|---|---:|---:|---|",
            *rows(told),
            "",
        ]
    )


def kept(older: str) -> str:
    """Return what an older page has of a benchmark that is run by name; nothing where it has nothing."""
    _, heading, rest = older.partition(BY_NAME)
    return heading + rest


def rows(told: Sequence[Told]) -> Iterator[str]:
    """Yield the rows of the table: suites that failed, figures that have a goal, then all others."""
    for one in told:
        if one.code:
            yield f"| {one.suite} | **failed**, exit code {one.code} | | **no** |"
    figures = gathered(told)
    for name, goal in GOALS.items():
        value = figures.get(name)
        shown = "not measured" if value is None else written(name, value)
        met = "yes" if value is not None and goal.is_met(value) else "**no**"
        yield f"| {name} | {shown} | {goal.written(name)} | {met} |"
    for name, value in figures.items():
        if name not in GOALS:
            yield f"| {name} | {written(name, value)} | | |"
