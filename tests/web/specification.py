"""AsyncAPI's own schema of its documents, which npm brings into .tools."""

import hashlib
import json
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.browser import chromium

HERE = Path(__file__).resolve().parent / "asyncapi"
TOOLS = chromium.HOME.parent
SCHEMA = Path("node_modules", "@asyncapi", "specs", "schemas", "3.0.0-without-$id.json")


class NoSpecification(Exception):
    """npm could not bring the schema."""


def schema() -> dict[str, Any]:
    """Return the schema of the version that package-lock.json pins."""
    lock = (HERE / "package-lock.json").read_bytes()
    home = TOOLS / f"asyncapi-{hashlib.sha256(lock).hexdigest()[:12]}"
    if not home.exists():
        fetch(home)
    found: dict[str, Any] = json.loads((home / SCHEMA).read_bytes())
    return found


def fetch(home: Path) -> None:
    """Have npm fill the folder, which is there only once it is full."""
    TOOLS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=TOOLS) as unfinished:
        full = Path(unfinished, "full")
        full.mkdir()
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, full)
        # What nobody answers must fail before the time of a test is over.
        patience = ("--fetch-retries=1", "--fetch-timeout=20000")
        try:
            chromium.npm("ci", "--ignore-scripts", "--loglevel=error", *patience, folder=full)
        except subprocess.CalledProcessError:
            raise NoSpecification(
                "npm could not fetch @asyncapi/specs: is there a network, and does npm know its registry?"
            ) from None
        # Tests beside these may have been faster.
        with suppress(OSError):
            full.rename(home)
