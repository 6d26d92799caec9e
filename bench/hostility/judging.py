"""What came of it, and what of that is not as it must be."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from bench.measuring.times import percentile

ANSWERS, ACKS, ALERTS = "answers", "acks", "alerts"
KINDS = {
    ANSWERS: "request to its answer",
    ACKS: "action on a stream to its ACTION_ACK",
    ALERTS: "change of a price to its alert",
}

BEFORE, MEANWHILE, AFTER = "quiet before", "under attack", "quiet after"

MOST_MS = 100.0
"""The p99 under attack must be below it."""

SPARE_FILES = 30
SPARE_BYTES = 64 << 20
"""How many more files and how much more memory than before the server may have at the end.

A fifth of those who look around may be between two connections at a time.
"""

LINES_A_SECOND = 1.0
"""How much an attack may write into the log."""

LEAST_STRENGTH = 0.5
"""An attack that could do less shows nothing."""


class Taken(NamedTuple):
    """What was done, when it began (monotonic), and how many seconds it took."""

    kind: str
    at: float
    seconds: float


class Failed(NamedTuple):
    """What came to nothing, when it began, and why."""

    kind: str
    at: float
    why: str


class Told(msgspec.Struct):
    """What the honest saw."""

    taken: list[Taken] = msgspec.field(default_factory=list)
    failed: list[Failed] = msgspec.field(default_factory=list)


class Gauge(NamedTuple):
    """What the server held at a time: bytes of memory, and open files."""

    at: float
    memory: int
    files: int


class Work(NamedTuple):
    """Seconds that a process worked, all its threads together, and that its first one waited for a core."""

    worked: float
    waited: float

    def since(self, before: "Work", seconds: float) -> "Work":
        """Return both as shares of a time, at whose beginning they stood at `before`."""
        return Work((self.worked - before.worked) / seconds, (self.waited - before.waited) / seconds)


class Spread(NamedTuple):
    """How many there were, and the milliseconds they took."""

    count: int
    p50: float
    p99: float
    most: float


class Phase(msgspec.Struct, kw_only=True):
    """A part of the run.

    It has what the honest saw, which share of it each side worked and waited for a core, what the server held
    from its beginning to its end, and how many lines it wrote into its log.
    """

    name: str
    seconds: float
    times: dict[str, Spread]
    failures: Counter[str]
    works: dict[str, Work]
    gauges: list[Gauge]
    lines: int


def spread(seconds: Sequence[float]) -> Spread | None:
    """Return how seconds are spread; None where there are none."""
    if not seconds:
        return None
    times = [each * 1e3 for each in seconds]
    return Spread(len(times), percentile(times, 0.5), percentile(times, 0.99), max(times))


def times(told: Told, began: float, ended: float) -> dict[str, Spread]:
    """Return how long what began within a time took, by its kind."""
    found = {}
    for kind in KINDS:
        taken = [each.seconds for each in told.taken if each.kind == kind and began <= each.at < ended]
        if told_of := spread(taken):
            found[kind] = told_of
    return found


def failures(told: Told, began: float, ended: float) -> Counter[str]:
    """Return what came to nothing within a time."""
    return Counter(f"{each.kind}: {each.why}" for each in told.failed if began <= each.at < ended)


def faults(phases: Mapping[str, Phase], strength: float) -> list[str]:
    """Return a sentence for everything that is not as it must be.

    `strength` is which share of the new connections a second that were asked for the attack came to.
    """
    found = [*_unserved(phases), *_slow(phases[MEANWHILE]), *_left_over(phases), *_talked(phases)]
    if strength < LEAST_STRENGTH:
        found.append(f"the attack came to {strength:.0%} of the new connections it was to make")
    return found


def _unserved(phases: Mapping[str, Phase]) -> Iterator[str]:
    for phase in phases.values():
        if phase.failures:
            yield f"{phase.name}: {phase.failures.total():,} honest requests or alerts came to nothing"


def _slow(attack: Phase) -> Iterator[str]:
    for kind, what in KINDS.items():
        measured = attack.times.get(kind)
        if measured is None:
            yield f"{attack.name}: no {kind} at all"
        elif measured.p99 >= MOST_MS:
            yield f"{attack.name}: p99 from {what} is {measured.p99:.0f} ms, not below {MOST_MS:.0f}"


def _left_over(phases: Mapping[str, Phase]) -> Iterator[str]:
    before, end = phases[BEFORE].gauges[-1], phases[AFTER].gauges[-1]
    if (more := end.files - before.files) > SPARE_FILES:
        yield f"{more:,} files more than before are open at the end, {SPARE_FILES} at most"
    if (more := end.memory - before.memory) > SPARE_BYTES:
        yield f"{more / 2**20:.0f} MiB more than before are held at the end, {SPARE_BYTES >> 20} at most"


def _talked(phases: Mapping[str, Phase]) -> Iterator[str]:
    """Look at the log; what it says when the attack ends, that caused, too."""
    attack = phases[MEANWHILE]
    lines = attack.lines + phases[AFTER].lines
    if lines > attack.seconds * LINES_A_SECOND:
        yield f"the attack wrote {lines:,} lines into the log, {LINES_A_SECOND:g} a second at most"
