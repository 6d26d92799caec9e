"""Requests generated from the OpenAPI document, thrown at a real server."""

import asyncio
import subprocess
import sys
from pathlib import Path

from tests.web.stall import ADMIN_KEY, opened, served

CONFIG = Path(__file__).with_name("schemathesis.toml")


async def fuzz(examples: int, seed: int, phases: str) -> tuple[int, str]:
    """Run at most `examples` a route and phase on a small market; return the exit code and the report."""
    async with opened(capacity=10_000) as stall, served(stall.app) as address:
        running = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "--no-color"),
            *("run", f"http://{address}/openapi.json", "--phases", phases, "--seed", str(seed)),
            *("--max-examples", str(examples), "--continue-on-failure"),
            *("--header", f"X-Admin-Key: {ADMIN_KEY}"),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        report, _ = await running.communicate()
        return running.returncode or 0, report.decode()
