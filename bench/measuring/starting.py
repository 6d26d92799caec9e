"""A new process with an engine from a snapshot.

    python -m bench.measuring.starting FILE

Prints as JSON how much memory it holds once the engine has answered, in bytes, and the seconds of its parts.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from bench.measuring.memory import resident
from punnet.engine import snapshot
from punnet.market import Query

ROOT = Path(__file__).resolve().parent.parent.parent


class Start(NamedTuple):
    """Seconds from the start of a process to its first answer, those of `load` alone, and memory in bytes."""

    seconds: float
    loading: float
    memory: int


def started(path: Path) -> Start:
    """Return how a process starts from the snapshot at `path`."""
    command = [sys.executable, "-m", "bench.measuring.starting", str(path)]
    began = time.perf_counter()
    told = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return Start(time.perf_counter() - began, **json.loads(told))


def main() -> None:
    """Load, answer, tell."""
    body = Path(sys.argv[1]).read_bytes()
    began = time.perf_counter()
    engine = snapshot.load(body)
    loading = time.perf_counter() - began
    del body
    engine.answer(Query(user_id="shopper-0"), 0.0)
    print(json.dumps({"loading": loading, "memory": resident()}))


if __name__ == "__main__":
    main()
