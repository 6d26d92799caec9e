"""Make scripts of the snippets, with what npm brings: esbuild, React and its compiler."""

import os
import subprocess
from pathlib import Path

from tests import npm

SNIPPETS = Path(__file__).resolve().parent / "snippets"
ADDRESS = "wss://api.example.com"


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
            [npm.node(), *command],
            input=source,
            capture_output=True,
            text=True,
            cwd=SNIPPETS,
            env=os.environ | {"NODE_PATH": str(self._modules)},
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout
