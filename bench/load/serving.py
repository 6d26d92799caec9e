"""A real `punnet serve` in a process of its own."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

TICKS = os.sysconf("SC_CLK_TCK")


class Serving(NamedTuple):
    """A running server."""

    port: int
    process: int

    def cpu(self) -> float:
        """Return the seconds of processor time used so far by all its threads; 0 where no /proc tells."""
        stat = Path(f"/proc/{self.process}/stat")
        if not stat.exists():
            return 0.0
        fields = stat.read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


@contextmanager
def serving(database: str) -> Iterator[Serving]:
    """Serve the journal at `database` on a free port of 127.0.0.1 until the end."""
    command = [sys.executable, "-m", "punnet", "serve", "--port", "0", "--database", database]
    with tempfile.TemporaryDirectory() as folder:
        # What the server makes beside its journal it makes here.
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder)
        yield from _until_the_end(process)


def _until_the_end(process: subprocess.Popen[str]) -> Iterator[Serving]:
    try:
        greeting = process.stdout.readline()
        port = re.search(r"http://[^ ]*:(\d+)", greeting)
        if port is None:
            sys.exit(f"the server did not start: {greeting}")
        yield Serving(int(port[1]), process.pid)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
