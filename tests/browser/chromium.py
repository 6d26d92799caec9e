"""Find a Chromium: the one that CHROMIUM names, the system's, or else one from npm, kept in .tools."""

import io
import os
import shutil
import tarfile
from pathlib import Path
from typing import NamedTuple

import brotli

from tests import npm

HERE = Path(__file__).resolve().parent
HOME = npm.TOOLS / "chromium"
SYSTEM_NAMES = ("chromium", "chromium-browser", "chromium-headless-shell", "google-chrome")
FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{0}</dir><cachedir>{0}/cache</cachedir></fontconfig>
"""


class Chromium(NamedTuple):
    """A browser that can be started, and the environment it wants."""

    executable: str
    environment: dict[str, str]


def find() -> Chromium:
    """Return the first Chromium there is, and fetch one where there is none."""
    for candidate in (os.environ.get("CHROMIUM"), *map(shutil.which, SYSTEM_NAMES)):
        if candidate:
            return Chromium(candidate, {})
    if not HOME.exists():
        fetch()
    libraries = {"LD_LIBRARY_PATH": str(HOME / "al2023" / "lib"), "FONTCONFIG_PATH": str(HOME / "fonts")}
    return Chromium(str(HOME / "chromium"), libraries)


def fetch() -> None:
    """Unpack what npm brings, all of it or nothing."""
    modules = npm.packages(HERE)
    unfinished = HOME.with_name("chromium.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    for packed in (modules / "@sparticuz" / "chromium" / "bin").glob("*.br"):
        content = brotli.decompress(packed.read_bytes())
        target = unfinished / packed.name.removesuffix(".br").removesuffix(".tar")
        if packed.name.endswith(".tar.br"):
            with tarfile.open(fileobj=io.BytesIO(content)) as archive:
                # Early releases of Python 3.11 have no filter; npm has checked the content.
                archive.extraction_filter = getattr(tarfile, "data_filter", None)
                archive.extractall(target)
        else:
            target.write_bytes(content)
            target.chmod(0o755)
    (unfinished / "fonts" / "fonts.conf").write_text(FONTS.format(HOME / "fonts"))
    unfinished.rename(HOME)
