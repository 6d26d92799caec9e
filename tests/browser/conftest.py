"""A demo market to look at, and a page of a real browser to look at it with."""

import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests import npm
from tests.browser import chromium
from tests.browser.shop import ADMIN_KEY, Shop


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a demo market on a journal of its own."""
    journal = tmp_path_factory.mktemp("market") / "market.db"
    program = Path(sys.executable).with_name("punnet")
    command = [program, "demo", "--port", "0", "--shoppers", "0", "--database", journal]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            yield address(server)
        finally:
            server.terminate()


def address(server: subprocess.Popen[str]) -> str:
    """Return where the server says that it listens."""
    said = []
    assert server.stdout is not None
    for line in server.stdout:
        said.append(line)
        for word in line.split():
            if word.startswith("http://"):
                return word.rstrip("/.,")
    raise AssertionError(f"the demo market did not open; it said: {said}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return a Chromium without a window; its event loop must be gone before another module's tests begin."""
    found = chromium.find()
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(npm.node()))
    with sync_playwright() as playwright:
        environment = {**os.environ, **found.environment}
        browser = playwright.chromium.launch(executable_path=found.executable, env=environment)
        yield browser
        browser.close()


@pytest.fixture
def browser_page(browser: Browser) -> Iterator[Page]:
    """Return a page on which nothing goes wrong: an error on its console fails the test."""
    errors: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(f"{message.text} ({message.location})")

    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
    assert not errors


@pytest.fixture(scope="module")
def servers() -> Iterator[Iterator[subprocess.Popen[str]]]:
    """Return servers without end; while a test has one, the next is starting, so that nobody waits for it."""
    command = [sys.executable, "-m", "punnet", "serve", "--port", "0", "--database", "memory:"]
    environment = os.environ | {"ADMIN_SECRET_KEY": ADMIN_KEY, "STATS_UPDATE_INTERVAL": "10000"}
    with ExitStack() as stack:

        def start() -> subprocess.Popen[str]:
            server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
            stack.enter_context(server)
            stack.callback(server.terminate)
            return server

        starting = (start() for _ in itertools.count())
        yield (one for one, _ in itertools.pairwise(starting))


@pytest.fixture
def shop(servers: Iterator[subprocess.Popen[str]]) -> Iterator[Shop]:
    """Return a shop that has just opened."""
    server = next(servers)
    where = address(server)
    with httpx.Client(base_url=where) as client:
        shop = Shop(where, client)
        shop.open()
        yield shop
    server.terminate()
