"""What the process that fuzzes tells of itself."""

import gc
import sys
from pathlib import Path

import msgspec

PAGE = 4_096
MARK = b"look: "
"""What a line begins with that tells it."""


class Look(msgspec.Struct, frozen=True):
    """How far the fuzzing is after so many seconds, and what memory its process holds.

    `blocks` are Python's own pieces of it, once what nobody refers to any more is gone.
    """

    seconds: float
    executions: int
    resident: int
    blocks: int


def read(line: bytes) -> Look | None:
    """Return what a line tells, None where it is of somebody else."""
    told = line.removeprefix(MARK)
    return None if told == line else msgspec.json.decode(told, type=Look)


def write(look: Look) -> bytes:
    """Return the line that tells it."""
    return MARK + msgspec.json.encode(look) + b"\n"


def look(seconds: float, executions: int) -> Look:
    """Return how this process stands."""
    gc.collect()
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * PAGE
    return Look(seconds, executions, resident, sys.getallocatedblocks())
