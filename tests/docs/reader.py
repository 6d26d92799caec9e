"""Someone who follows a page to the letter: types commands, writes files, sees what is promised."""

import contextlib
import io
import json
import os
import re
import sqlite3
import time
from collections.abc import Callable, Container, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from playwright.sync_api import Page, expect

from tests import npm
from tests.docs.blocks import Block, Command, commands
from tests.docs.terminal import LASTING, Terminal

SOON = 30.0
"""Seconds in which a page shows, or a program prints, what it should."""


class Unknown(Exception):
    """A block that nobody knows how to run."""


class Reader:
    """Follows the blocks of a page in a folder.

    `console` is typed. A block with `file=NAME` is written, one with `append=NAME` added to what was. `js` is
    run by Node, `jsx` bundled, `python` run by Python, `sql` asked of the journal, `json` read. `text page`
    is what the browser shows, after it was opened at `open=ADDRESS` and called `title=WORD`; `text prints`
    is what the program above has printed; any other `text` is no code. `html page` and `js page` are what a
    page of the server's holds. `press NAME NUMBER` in a comment is the button that the reader presses.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str], page: Callable[[], Page]) -> None:
        self.folder = folder
        self.terminal = Terminal(folder, environment)
        self._instead: dict[str, Callable[[], None]] = {}
        self._for_others: Container[str] = ()
        self._new_page = page
        self._page: Page | None = None
        self._python: dict[str, object] = {"__name__": "__main__"}
        self._printed: Callable[[], str] = str

    @property
    def page(self) -> Page:
        """The page that is open in the browser."""
        if self._page is None:
            self._page = self._new_page()
        return self._page

    def instead_of(self, command: str, does: Callable[[], None] = lambda: None) -> None:
        """Do something else, or nothing, where a page has this command; what was said first counts."""
        self._instead.setdefault(command, does)

    def leave_to_others(self, languages: Container[str]) -> None:
        """Pass over what is in one of these languages."""
        self._for_others = languages

    def follow(self, block: Block) -> None:
        """Do what a block is for; raise Unknown where nobody knows, AssertionError where it fails."""
        if block.file is not None:
            self._write(block.file, block.text, "a" if block.adds else "w")
            return
        kind = " ".join((block.language, *(word for word in block.words if "=" not in word)))
        does: dict[str, Callable[[Block], None]] = {
            "console": self._type,
            "text": lambda _: None,
            "text page": self._see,
            "text prints": self._hear,
            "comment press": self._press,
            "js": self._run,
            "jsx": self._bundle,
            "js page": self._script,
            "html page": self._fill,
            "python": self._interpret,
            "sql": self._ask,
            "json": lambda block: json.loads(block.text),
        }
        if kind in self._for_others:
            return
        if kind not in does:
            raise Unknown(f"line {block.line}: how is a block of `{kind}` run?")
        does[kind](block)

    def close(self) -> None:
        """End what was started."""
        if self._page is not None:
            self._page.context.close()
        self.terminal.close()

    def _write(self, name: str, text: str, mode: str) -> None:
        path = self.folder / name
        before = path.stat().st_mtime if path.exists() else 0.0
        with path.open(mode, encoding="utf-8") as file:
            file.write(self.terminal.ports.put(text))
        # People take longer than a second, and servers of files know no less.
        os.utime(path, times=(later := max(time.time(), before + 1), later))

    def _type(self, block: Block) -> None:
        for command in commands(block.text):
            if does := self._instead.get(command.alone):
                does()
            elif LASTING.match(command.text):
                self._open(command)
            else:
                self._finish(command)

    def _finish(self, command: Command) -> None:
        status, said = self.terminal.run(command.text)
        if command.shown:
            assert matches(command.shown, said), f"`{command.text}` said\n{said}\nand not\n{command.shown}"
        else:
            assert status == 0, f"`{command.text}` ended with {status} and said\n{said}"

    def _open(self, command: Command) -> None:
        window = self.terminal.open(command.text)

        def is_there(said: str) -> bool:
            if command.shown:
                return matches(command.shown, self.terminal.ports.undo(said))
            return "http://" in said if "punnet" in command.text or "dev" in command.text else bool(said)

        window.wait_for(is_there)

    def _run(self, block: Block) -> None:
        script = self.folder / f"line-{block.line}.mjs"
        script.write_text(self.terminal.ports.put(block.text))
        window = self.terminal.open(f"'{npm.node()}' {script.name}")

        def printed() -> str:
            self.terminal.check()
            return window.said

        self._printed = printed

    def _bundle(self, block: Block) -> None:
        source = self.folder / f"line-{block.line}.jsx"
        source.write_text(block.text)
        bundle = "node_modules/.bin/esbuild --bundle --jsx=automatic --log-level=warning --outfile=bundle.js"
        status, said = self.terminal.run(f"{bundle} {source.name}")
        assert status == 0, said

    def _interpret(self, block: Block) -> None:
        printed = io.StringIO()
        code = compile(self.terminal.ports.put(block.text), f"line {block.line}", "exec")
        # In a thread of its own, since the browser's event loop runs in this one.
        with contextlib.redirect_stdout(printed), contextlib.chdir(self.folder), ThreadPoolExecutor(1) as own:
            own.submit(exec, code, self._python).result()
        self._printed = printed.getvalue

    def _ask(self, block: Block) -> None:
        with contextlib.closing(sqlite3.connect(self.folder / "punnet.db")) as journal:
            assert journal.execute(block.text).fetchall(), f"nothing comes of line {block.line}"

    def _fill(self, block: Block) -> None:
        self._open_page(self._own_page("3000"))
        self.page.evaluate("html => { document.body.innerHTML = html; }", block.text)

    def _script(self, block: Block) -> None:
        if self.page.url == "about:blank":
            named = re.search(r"localhost:(\d+)", block.text)
            self._open_page(self._own_page(named[1] if named else "3000"))
        logged: list[str] = []
        self.page.on("console", lambda message: logged.append(message.text))
        self._printed = lambda: "\n".join(logged)
        kind = "module" if re.search(r"^import ", block.text, re.MULTILINE) else ""
        self.page.add_script_tag(content=self.terminal.ports.put(block.text), type=kind)

    def _own_page(self, port: str) -> str:
        """Return the address of a page of the server's own.

        Chromium would keep one that Playwright makes up away from this machine's ports.
        """
        return self.terminal.ports.put(f"http://localhost:{port}/health/live")

    def _see(self, block: Block) -> None:
        if address := block.said("open"):
            self._open_page(self.terminal.ports.put(address))
        if title := block.said("title"):
            expect(self.page).to_have_title(re.compile(re.escape(title)), timeout=SOON * 1000)
        self._until(block.text, lambda: self.page.inner_text("body"), "the page shows")

    def _open_page(self, address: str) -> None:
        """Open a page, or load it anew, which asks the server where a mere visit may not."""
        if self.page.url == address:
            self.page.reload()
        else:
            self.page.goto(address)

    def _press(self, block: Block) -> None:
        name, _, number = block.text.rpartition(" ")
        self.page.get_by_role("button", name=name, exact=True).nth(int(number) - 1).click()

    def _hear(self, block: Block) -> None:
        self._until(block.text, lambda: self.terminal.ports.undo(self._printed()), "it printed")

    def _until(self, expected: str, seen: Callable[[], str], whose: str) -> None:
        deadline = time.monotonic() + SOON
        while not matches(expected, now := seen()):
            assert time.monotonic() < deadline, f"{whose}\n{now}\nand not\n{expected}"
            if self._page is not None:
                self._page.wait_for_timeout(20)
            else:
                time.sleep(0.02)


def matches(expected: str, said: str) -> bool:
    """Return whether something was said as expected, but for white space and what `…` stands for."""
    parts = [r"\s+".join(map(re.escape, part.split())) for part in expected.split("…")]
    return re.fullmatch(rf"\s*{r'.*?'.join(_loose(parts))}\s*", said, re.DOTALL) is not None


def _loose(parts: list[str]) -> list[str]:
    """Let white space beside a `…` be part of what that stands for."""
    return [rf"\s*{part}\s*" if part else part for part in parts]
