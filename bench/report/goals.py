"""The figures that Punnet is held to, and how figures are written."""

import re
from typing import NamedTuple

UNITS = (
    (re.compile(r"_ms(_at_\d+)?$"), 1.0, " ms"),
    (re.compile(r"_per_s$"), 1.0, " a second"),
    (re.compile(r"[._]s$"), 1.0, " s"),
    (re.compile(r"(^|[._])bytes$"), 1e6, " MB"),
    (re.compile(r"(^growth\.|\.vs_)"), 1.0, "×"),
)
"""What the names of figures look like, what their values are divided by, and what stands behind them."""


class Goal(NamedTuple):
    """A bound that a figure keeps: it is the most that is good, or the least."""

    bound: float
    is_most: bool

    def is_met(self, value: float) -> bool:
        """Return whether a value keeps the bound; the bound itself does."""
        return value <= self.bound if self.is_most else value >= self.bound

    def written(self, name: str) -> str:
        """Return the goal of the figure of that name for a reader."""
        return f"{'≤' if self.is_most else '≥'} {written(name, self.bound)}"


def at_most(bound: float) -> Goal:
    return Goal(bound, is_most=True)


def at_least(bound: float) -> Goal:
    return Goal(bound, is_most=False)


PAGES = ("home", "product", "cart", "search")

GOALS = {
    **{f"answer.{page}.p50_ms": at_most(0.3) for page in PAGES},
    **{f"answer.{page}.p99_ms": at_most(1) for page in PAGES},
    "together.p99_ms": at_most(0.5),
    "growth.products": at_most(1.5),
    "growth.shoppers": at_most(1.5),
    "rest.vs_fastify": at_least(0.7),
    "rest.vs_canned": at_least(0.35),
    "rest_cached.vs_fastify": at_least(1.3),
    "rest.p90_ms_at_1000": at_most(7),
    "rest.p99_ms_at_1000": at_most(20),
    "together.vs_sql": at_least(100),
    "answer.vs_implicit": at_least(1),
    "apply.lines_per_s": at_least(200_000),
    "apply.answer_p99_ms": at_most(5),
    "memory.bytes": at_most(2e9),
    "start.s": at_most(10),
}
"""The goals, for the whole market on two cores, in the order in which they are shown."""


def written(name: str, value: float) -> str:
    """Return the value of a figure for a reader: three digits that count, and the unit that its name says."""
    for pattern, divisor, unit in UNITS:
        if pattern.search(name):
            return f"{_rounded(value / divisor)}{unit}"
    return _rounded(value)


def _rounded(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
