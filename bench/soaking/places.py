"""Where processes run: side by side on this machine, or each in a network of its own, as on several."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from typing import Protocol

HERE = "127.0.0.1"
NETWORK = "10.77.0"
"""What the namespaces of a run share; nothing else is in it."""

INSIDE = "PUNNET_SOAK_INSIDE"
"""Set where the run is in a namespace of its own already."""


class Place(Protocol):
    """One machine, or what stands for it."""

    host: str
    launcher: Sequence[str]


class Side:
    """This machine itself."""

    host = HERE
    launcher: Sequence[str] = ()


class Namespace:
    """A network namespace on a cable to the bridge of the run."""

    def __init__(self, number: int) -> None:
        self.host = f"{NETWORK}.{10 + number}"
        self._name = f"soak-{os.getpid()}-{number}"
        self._end = f"soak{number}"
        self.launcher = ("ip", "netns", "exec", self._name)
        ip("netns", "add", self._name)
        ip("link", "add", self._end, "type", "veth", "peer", "name", "eth0", "netns", self._name)
        ip("link", "set", self._end, "master", "soak", "up")
        for what in (("addr", "add", f"{self.host}/24", "dev", "eth0"), ("link", "set", "eth0", "up")):
            ip("-n", self._name, *what)
        ip("-n", self._name, "link", "set", "lo", "up")

    def cut(self) -> None:
        """Pull the plug."""
        ip("link", "set", self._end, "down")

    def mend(self) -> None:
        """Put it in again."""
        ip("link", "set", self._end, "up")

    def close(self) -> None:
        """Leave nothing of it."""
        subprocess.run(["ip", "netns", "del", self._name], check=False)


def go_inside() -> None:
    """Have this very program run in a network namespace of its own, where only the run is; return inside."""
    if os.environ.get(INSIDE):
        ip("link", "set", "lo", "up")
        ip("link", "add", "soak", "type", "bridge")
        ip("addr", "add", f"{NETWORK}.1/24", "dev", "soak")
        ip("link", "set", "soak", "up")
        return
    if os.geteuid() or not shutil.which("ip") or not shutil.which("unshare"):
        sys.exit("soak: network namespaces need root, and the programs ip and unshare (iproute2, util-linux)")
    os.environ[INSIDE] = "1"
    os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.argv])


def ip(*words: str) -> None:
    """Run `ip`, which says itself what is wrong."""
    subprocess.run(["ip", *words], check=True)
