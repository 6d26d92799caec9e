"""Servers for clients to speak with."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.browser.conftest import address


@contextmanager
def served(**settings: str) -> Iterator[str]:
    """Give the address of a server that forgets everything when it ends."""
    command = [sys.executable, "-m", "punnet", "serve", "--port", "0", "--database", "memory:"]
    environment = os.environ | settings
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        try:
            yield address(server)
        finally:
            server.terminate()
