"""Build what the Dockerfile says in a clean root, start it, ask after its health, and stop it."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.image.building import build, folder_in, python_version
from tools.image.dockerfile import Stage, Unknown, stages
from tools.image.root import Impossible, beside, child_of, enter

ROOT = Path(__file__).resolve().parents[2]
SECONDS_TO_START = 180
SECONDS_TO_STOP = 30
BIGGEST = 8

FARM = """
import json, urllib.request as web
sent = json.dumps({"name": "Hilltop Farm"}).encode()
kind = {"content-type": "application/json"}
url = "http://127.0.0.1:3000/api/farms/hilltop"
print(web.urlopen(web.Request(url, sent, kind, method="PUT")).status)
"""
WRITE = ["python", "-Ic", FARM]
"""Writes to the server, from beside it."""


def say(sentence: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


def main() -> None:
    """Carry out the Dockerfile and try what comes of it; end with a sentence where that cannot be."""
    options = argparse.ArgumentParser(prog="python3 -m tools.image", description=__doc__)
    options.add_argument("--python", help="a Python of the version that the Dockerfile names")
    options.add_argument("--keep", action="store_true", help="leave the roots in place, and say where")
    given = options.parse_args()
    work = Path(tempfile.mkdtemp(prefix="punnet-image-"))
    work.chmod(0o755)
    try:
        made = stages((ROOT / "Dockerfile").read_text())
        if os.geteuid():
            raise Impossible("only root may make a root: run it with sudo, or build the image with an engine")
        began = time.monotonic()
        root = build(made, ROOT, work, python_for(made[-1], given.python), say)
        say(f"built in {time.monotonic() - began:.0f} s")
        tell_sizes(root)
        begin(root, made[-1], "its first start", kept="")
        begin(root, made[-1], "again, with nothing to write to but its folder", kept=made[-1].folder)
    except (Unknown, Impossible) as error:
        sys.exit(f"tools.image: {error}")
    finally:
        if given.keep:
            say(f"kept in {work}")
        else:
            shutil.rmtree(work)


def python_for(stage: Stage, named: str | None) -> Path:
    """Return the prefix of a Python of the version that a stage is built upon."""
    version = python_version(stage)
    ask = "import sys; print(sys.base_prefix, '%d.%d' % sys.version_info[:2])"
    program = named or shutil.which(f"python{version}") or ""
    said = (
        program and subprocess.run([program, "-Ic", ask], capture_output=True, text=True, check=False).stdout
    )
    prefix, _, found = (said or "").strip().rpartition(" ")
    if found != version:
        raise Impossible(f"it takes a Python {version}; name one with --python")
    return Path(prefix)


def begin(root: Path, stage: Stage, how: str, *, kept: str) -> None:
    """Start what an image starts, wait until it is healthy, write to it, stop it, and see it end well."""
    began = time.monotonic()
    with tempfile.TemporaryFile("w+") as told, started(root, stage, kept, told.fileno()) as process:
        say(f"{how}: {' '.join([*stage.entrypoint, *stage.arguments])} as {stage.user} in {stage.folder}")
        tries = wait_until_healthy(process, stage)
        say(f"  healthy after {time.monotonic() - began:.1f} s; its health was asked {tries} times")
        written = subprocess.run(
            beside(child_of(process.pid), WRITE, user=stage.user, folder=stage.folder),
            env=stage.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        say(f"  a farm is written: {written.stdout.strip() or written.stderr.strip()}")
        asked = time.monotonic()
        os.kill(child_of(process.pid), getattr(signal, stage.signal))
        code = process.wait(SECONDS_TO_STOP)
        say(f"  {stage.signal}: ended with {code} after {time.monotonic() - asked:.1f} s")
        told.seek(0)
        for line in told.read().splitlines():
            say(f"  | {line}")
    if code or written.returncode:
        raise Impossible(f"it ended with {code}, and what wrote to it with {written.returncode}: not with 0")
    for path in sorted(folder_in(root, stage.folder).iterdir()):
        say(f"  it keeps {path.name} ({size(path) / 1e6:.2f} MB)")


@contextmanager
def started(root: Path, stage: Stage, kept: str, told: int) -> Iterator[subprocess.Popen[bytes]]:
    """Start what an image starts, in a network of its own; at the end nothing of it is left."""
    command = [*stage.entrypoint, *stage.arguments]
    inside = enter(root, command, user=stage.user, folder=stage.folder, kept=kept, alone=True)
    process = subprocess.Popen(
        inside, env=stage.environment, stdin=subprocess.DEVNULL, stdout=told, stderr=subprocess.STDOUT
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_until_healthy(process: subprocess.Popen[bytes], stage: Stage) -> int:
    """Return how often its health was asked until it was well."""
    if stage.health is None:
        raise Unknown("it has no HEALTHCHECK")
    deadline, tries = time.monotonic() + SECONDS_TO_START, 0
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Impossible(f"it ended with {process.returncode}")
        time.sleep(1)
        tries += 1
        asked = beside(child_of(process.pid), stage.health.command, user=stage.user, folder=stage.folder)
        if subprocess.run(asked, env=stage.environment, capture_output=True, check=False).returncode == 0:
            return tries
    raise Impossible(f"it was not healthy within {SECONDS_TO_START} s")


def tell_sizes(root: Path) -> None:
    """Say how large the root is, and what is large in the environment that was built."""
    built = root / "opt" / "punnet"
    say(f"/opt/punnet has {size(built) / 1e6:.0f} MB, the root {size(root) / 1e6:.0f}; the biggest parts:")
    packages = next(built.glob("lib/python3.*/site-packages"))
    for part in sorted(packages.iterdir(), key=size, reverse=True)[:BIGGEST]:
        say(f"  {size(part) / 1e6:6.1f} MB {part.name}")


def size(path: Path) -> int:
    """Return how many bytes files have, a link none."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(each.lstat().st_size for each in files if each.is_file() and not each.is_symlink())


main()
