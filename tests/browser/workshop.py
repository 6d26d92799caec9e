"""Make scripts of the snippets, with what npm brings into .tools: esbuild, React and its compiler."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from tests.browser import chromium

SNIPPETS = Path(__file__).resolve().parent / "snippets"
TOOLS = chromium.HOME.parent
ADDRESS = "wss://api.example.com"


class NoPackages(Exception):
    """npm could not bring what makes and runs the scripts."""


def packages() -> Path:
    """Return the folder of the packages that package-lock.json pins; npm brings all of them or none."""
    lock = (SNIPPETS / "package-lock.json").read_bytes()
    home = TOOLS / f"snippets-{hashlib.sha256(lock).hexdigest()[:12]}"
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / "snippets.lock").open("w") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        if not home.exists():
            fetch(home)
    return home / "node_modules"


def fetch(home: Path) -> None:
    """Have npm fill the folder, which is there only once it is full."""
    unfinished = TOOLS / "snippets.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(SNIPPETS / name, unfinished)
    # What nobody answers must fail before the time of a test is over.
    patience = ("--fetch-retries=1", "--fetch-timeout=20000")
    try:
        chromium.npm("ci", "--ignore-scripts", "--loglevel=error", *patience, folder=unfinished)
    except subprocess.CalledProcessError:
        raise NoPackages(
            "npm could not fetch esbuild and React: is there a network, and does npm know its registry?"
        ) from None
    unfinished.rename(home)


class Workshop:
    """Makes scripts for pages of the server at `address`; `modules` is the folder of npm's packages."""

    def __init__(self, modules: Path, address: str, admin_key: str) -> None:
        self._modules = modules
        self._address = address
        self._admin_key = admin_key

    def script(self, snippet: str, usage: str, *, compiler: bool = False) -> str:
        """Return a snippet as it is written but for the address, and after it the lines that use it.

        What both leave undefined comes from harness.tsx. Where asked to, React's compiler sees to them first.
        """
        source = f"{(SNIPPETS / snippet).read_text()}\n{usage}\n"
        if compiler:
            source = self._node(source, SNIPPETS / "compiler.cjs", snippet)
        bundle = self._node(
            source,
            self._modules / "esbuild" / "bin" / "esbuild",
            "--bundle",
            "--jsx=automatic",
            "--loader=tsx",
            "--log-level=warning",
            f"--sourcefile={snippet}",
            f"--inject:{SNIPPETS / 'harness.tsx'}",
            f"--alias:@/hooks/useRecommendations={SNIPPETS / 'hook.tsx'}",
            '--define:process.env.NODE_ENV="production"',
            f'--define:process.env.NEXT_PUBLIC_ADMIN_KEY="{self._admin_key}"',
        )
        return bundle.replace(ADDRESS, self._address.replace("http", "ws", 1))

    def _node(self, source: str, *command: str | Path) -> str:
        done = subprocess.run(
            [chromium.node(), *command],
            input=source,
            capture_output=True,
            text=True,
            cwd=SNIPPETS,
            env=os.environ | {"NODE_PATH": str(self._modules)},
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout
