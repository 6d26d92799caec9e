"""Where machine code is kept on disk, so that only the first start compiles."""

import hashlib
import shutil
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

PACKAGE = Path(str(resources.files("punnet")))

ROOMS = ("core", "algorithms", "engine")
"""Where compiled functions are."""

PREFIX = "compiled-"


def name() -> str:
    """Return what the folder is called: machine code depends on all sources, where numba looks at one."""
    sources = [file for room in ROOMS for file in sorted((PACKAGE / room).glob("*.py"))]
    told = [(file.name, hashlib.blake2b(file.read_bytes()).hexdigest()) for file in sources]
    return PREFIX + hashlib.blake2b(repr(told).encode(), digest_size=8).hexdigest()


def places() -> list[Path]:
    """Return where the folder may be, the best first: beside the sources, or in the user's own cache."""
    return [PACKAGE / "__pycache__", Path("~/.cache/punnet")]


def folder_in(places: Iterable[Path]) -> Path:
    """Return the folder in the first place that can be written to, else in one that the process removes."""
    for place in places:
        if (found := _writable(place)) is not None:
            return found / name()
    return Path(_passing().name) / name()


def drop_others(folder: Path) -> None:
    """Remove what earlier versions kept beside a folder."""
    for other in folder.parent.glob(f"{PREFIX}*"):
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)


_KEPT_UNTIL_THE_END: list[TemporaryDirectory[str]] = []


def _passing() -> TemporaryDirectory[str]:
    _KEPT_UNTIL_THE_END.append(TemporaryDirectory(prefix="punnet-"))
    return _KEPT_UNTIL_THE_END[-1]


def _writable(place: Path) -> Path | None:
    try:
        there = place.expanduser()
        there.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=there):
            return there
    except (OSError, RuntimeError):
        # It is somebody else's, or there is no home.
        return None
