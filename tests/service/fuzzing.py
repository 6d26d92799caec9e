"""Requests generated from the OpenAPI document, thrown at a real server by one kind of caller or another."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from pathlib import Path

import msgspec

from punnet.market import Id
from tests.service.answering import Expected
from tests.web.stall import ADMIN_KEY, opened, served
from tests.web.test_doors import ANN, TABLE, bearer, gated, token

ROOT = Path(__file__).parents[2]
CONFIG = Path(__file__).with_name("schemathesis.toml")
HOOKS = {"SCHEMATHESIS_HOOKS": "tests.service.answering"}

SHOPPER = msgspec.json.schema(Id)["examples"][0]
"""Whose token the shopper has: an id that the document has as an example, so that requests name it often."""


class Caller(StrEnum):
    """Who calls: a server where all are trusted, or one that asks what everybody shows."""

    TRUSTED = "trusted"
    VISITOR = "visitor"
    SHOPPER = "shopper"
    BACK_END = "back-end"
    ADMIN = "admin"

    @property
    def kind(self) -> str:
        """What the table of who may do what calls them."""
        return {Caller.TRUSTED: "admin", Caller.SHOPPER: "ann"}.get(self, self.value)

    def expected(self, shown: dict[str, str]) -> Expected:
        """Return what is to be answered to them."""
        return Expected(
            shown=shown.get("Authorization", ""),
            rows=[row for row, who in TABLE.items() if self.kind in who],
            public=[row for row, who in TABLE.items() if "visitor" in who],
            own=[row for row, who in TABLE.items() if who is ANN],
            name=SHOPPER if self is Caller.SHOPPER else "",
            trusted=self is Caller.TRUSTED,
        )


@asynccontextmanager
async def market(caller: Caller) -> AsyncIterator[tuple[str, dict[str, str]]]:
    """Open a small market to a caller; yield its address, and the headers that the caller shows."""
    if caller is Caller.TRUSTED:
        async with opened(capacity=10_000) as stall, served(stall.app) as address:
            yield address, {"X-Admin-Key": ADMIN_KEY}
        return
    async with gated(capacity=10_000) as gate, served(gate.stall.app) as address:
        # Of all that can be shown, this header alone is known to schemathesis: it also tries a wrong one.
        admin = gate.shown["admin at the dashboard"]
        shown = gate.shown | {Caller.SHOPPER: bearer(token(SHOPPER)), Caller.ADMIN: admin}
        before = await gate.stall.state()
        yield address, shown[caller]
        if caller is Caller.VISITOR:
            assert await gate.stall.state() == before, "a visitor changed something"


async def fuzz(caller: Caller, examples: int, seed: int, phases: str) -> tuple[int, str]:
    """Have a caller send at most `examples` a route and phase; return the exit code and the report."""
    async with market(caller) as (address, shown):
        running = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "--no-color"),
            *("run", f"http://{address}/openapi.json", "--phases", phases, "--seed", str(seed)),
            *("--max-examples", str(examples), "--continue-on-failure"),
            *(word for name, value in shown.items() for word in ("--header", f"{name}: {value}")),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env=caller.expected(shown).environment | HOOKS,
        )
        report, _ = await running.communicate()
        return running.returncode or 0, report.decode()
