"""A terminal with the program in it."""

import os
import pty
import select
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PATIENCE = 30.0
"""Seconds in which something is to be seen."""


class Screen:
    """What stands on a terminal, and the keys for it."""

    def __init__(self, process: int, keys: int) -> None:
        self.process = process
        self.said = ""
        self._keys = keys

    def wait_for(self, text: str) -> None:
        """Return once a text was shown."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.said:
            assert time.monotonic() < deadline, f"{text!r} is not in {self.said!r}"
            assert self._read(), f"it ended without {text!r}: {self.said!r}"

    def press(self, key: bytes) -> None:
        """Press a key."""
        os.write(self._keys, key)

    def end(self) -> int:
        """Read what is still said, and return the exit code."""
        deadline = time.monotonic() + PATIENCE
        while self._read():
            assert time.monotonic() < deadline, f"it goes on: {self.said!r}"
        return os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])

    def _read(self) -> bool:
        """Take in what was said; return whether there may be more."""
        if not select.select([self._keys], [], [], 0.05)[0]:
            return True
        with suppress(OSError):
            if said := os.read(self._keys, 1 << 16):
                self.said += said.decode(errors="replace")
                return True
        return False


@contextmanager
def screen(folder: Path, *arguments: object, columns: int = 100, **environment: str) -> Iterator[Screen]:
    """Run the program in a folder, on a terminal so wide."""
    plain = {name: text for name, text in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    known = plain | {"TERM": "xterm", "COLUMNS": str(columns)} | environment
    process, keys = pty.fork()
    if process == 0:
        os.chdir(folder)
        words = [sys.executable, "-m", "punnet", *map(str, arguments)]
        os.execve(sys.executable, words, known)
    try:
        yield Screen(process, keys)
    finally:
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
        os.close(keys)
