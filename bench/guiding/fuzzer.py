"""The process that fuzzes: `python fuzzer.py TARGET [OPTIONS AND FOLDERS OF LIBFUZZER]`.

Now and then it writes to its standard output how far it is and what memory it holds. What was raised is
written there as well, by atheris; what libFuzzer says goes to the standard error.
"""

import gc
import importlib
import pkgutil
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench.guiding.looks import look, write

PAUSE = 2.0
"""Seconds from one look at the memory to the next."""


class Watched:
    """A target that is counted, and looked at now and then."""

    def __init__(self, throw: Callable[[bytes], None]) -> None:
        self._throw = throw
        self._began = self._next = time.monotonic()
        self._executions = 0
        gc.freeze()

    def __call__(self, data: bytes) -> None:
        """Throw an input at the target."""
        self._throw(data)
        self._executions += 1
        if (now := time.monotonic()) >= self._next:
            self._next = now + PAUSE
            sys.stdout.buffer.write(write(look(now - self._began, self._executions)))
            sys.stdout.flush()


def main() -> None:
    """Fuzz until libFuzzer ends the process."""
    name, *options = sys.argv[1:]
    # What is imported first is what guides; the rest of the server is only there.
    with atheris.instrument_imports(include=["punnet"]):
        protocol = importlib.import_module("punnet.protocol")
        for module in pkgutil.iter_modules(protocol.__path__, "punnet.protocol."):
            importlib.import_module(module.name)
    target = importlib.import_module("tests.protocol.fuzzed.targets").TARGETS[name]
    # How libFuzzer starts another such process, where it is to choose from a corpus.
    again = shlex.join((sys.executable, __file__, name))
    atheris.Setup([again, *options], Watched(target.throw))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
