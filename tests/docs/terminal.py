"""A shell as a reader uses it: one command after the other, and some that go on in windows of their own."""

import contextlib
import os
import random
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.servers.postgres import PORTS

PATIENCE = 60.0
"""Seconds that anything may take."""

LASTING = re.compile(
    r"^(\w+=('[^']*'|\S+) +)*"
    r"(\./dev demo|(\S*/)?punnet (serve|demo|simulate)|python3 -m http\.server|curl -N)\b"
)
"""Commands that go on until somebody ends them."""

# What is refused is an error, and no bar of progress stands in what is said.
PREPARED = 'curl() { command curl --silent --fail-with-body "$@"; }\n'
REMEMBERED = '\nstatus=$?; env -0 > "$STATE"; exit $status'


class Ports(dict[str, str]):
    """Free ports in place of those that a page names.

    They are none that the system hands out by itself, since some are used only a while later.
    """

    def __missing__(self, named: str) -> str:
        while True:
            port = random.choice(PORTS[100:])  # browsers open no 10080
            with socket.socket() as free, contextlib.suppress(OSError):
                free.bind(("127.0.0.1", port))
                self[named] = str(port)
                return self[named]

    def put(self, text: str) -> str:
        """Return the text with the free ports in it."""
        text = text.replace("mail.example.org:587", f"localhost:{self['587']}")
        return re.sub(r"(?<=[: =])(3000|3100|8000|5432)\b", lambda found: self[found[1]], text)

    def undo(self, text: str) -> str:
        """Return the text with the ports that the page names."""
        for named, free in self.items():
            text = re.sub(rf"\b{free}\b", named, text)
        return text


class Window:
    """A command that goes on, and what it has said."""

    def __init__(self, command: str, folder: Path, environment: Mapping[str, str], log: Path) -> None:
        self._log = log
        with log.open("wb") as said:
            self._process = subprocess.Popen(
                ["bash", "-c", command],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def is_open(self) -> bool:
        """Whether it goes on."""
        return self._process.poll() is None

    @property
    def said(self) -> str:
        """Return what it has said."""
        return self._log.read_text(errors="replace")

    def wait_for(self, is_enough: Callable[[str], bool]) -> None:
        """Wait until it has said enough."""
        deadline = time.monotonic() + PATIENCE
        while not is_enough(said := self.said):
            assert self.is_open, f"it ended: {said}"
            assert time.monotonic() < deadline, f"it goes on, but has only said: {said}"
            time.sleep(0.02)

    @property
    def has_failed(self) -> bool:
        """Whether it ended by itself, and in failure."""
        return bool(self._process.poll())

    def close(self) -> None:
        """End it, and wait until it is gone."""
        if self.is_open:
            os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait(PATIENCE)


class Terminal:
    """A shell in a folder."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.ports = Ports()
        self.windows: list[Window] = []
        self._environment = {**environment, "PWD": str(folder)}

    def set(self, **variables: str) -> None:
        """Export variables."""
        self._environment |= variables

    def run(self, command: str) -> tuple[int, str]:
        """Run a command to its end; return its status, and what it said."""
        state = self.folder.with_suffix(".state")
        done = subprocess.run(
            ["bash", "-c", PREPARED + self.ports.put(command) + REMEMBERED],
            cwd=self._environment["PWD"],
            env=self._environment | {"STATE": str(state)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        pairs = (entry.partition("=") for entry in state.read_text().split("\0") if entry)
        self._environment = {name: value for name, _, value in pairs if name not in ("STATE", "_")}
        return done.returncode, self.ports.undo(done.stdout)

    def open(self, command: str) -> Window:
        """Have a command go on in a window of its own."""
        log = self.folder.with_name(f"{self.folder.name}.{len(self.windows)}.log")
        window = Window(self.ports.put(command), Path(self._environment["PWD"]), self._environment, log)
        self.windows.append(window)
        return window

    def check(self) -> None:
        """Raise AssertionError where something that should go on has failed."""
        for window in self.windows:
            assert not window.has_failed, f"it failed: {self.ports.undo(window.said)}"

    def close(self) -> None:
        """End what goes on."""
        for window in reversed(self.windows):
            window.close()
