"""Says what no client sends by mistake, over a real connection, and sees that the server bears it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.web.speaking import converse, get
from tests.web.stall import Stall, opened, served

ANSWERS = "/api/recommendations"
TOGETHER = f"{ANSWERS}/frequently-bought-together"
JSON = "Content-Type: application/json"
PATIENCE = 60
"""Seconds that all of a test may take."""
ANN = {"userId": "ann", "action": "VIEW_PRODUCT", "entityId": "basil"}


def sent(method: str, path: str, body: bytes | str, *headers: str, kind: str = JSON) -> bytes:
    """Return a request with a body, as it goes over the wire."""
    content = body.encode(errors="surrogatepass") if isinstance(body, str) else body
    lines = (
        f"{method} {path} HTTP/1.1",
        "Host: stall",
        kind,
        f"Content-Length: {len(content)}",
        *headers,
        "",
        "",
    )
    return "\r\n".join(lines).encode("latin-1") + content


@asynccontextmanager
async def at_work() -> AsyncIterator[tuple[Stall, str]]:
    """Serve a stall, and see that it still does so at the end, and that nobody came in meanwhile."""
    async with opened() as stall, served(stall.app) as address:
        async with asyncio.timeout(PATIENCE):
            yield stall, address
        [answer] = await converse(address, [get("/api/farms/hill")])
        assert answer.status == 200


async def answer_to(address: str, request: bytes) -> dict[str, object]:
    """Return the one answer to a request, with its status."""
    [answer] = await converse(address, [request])
    return {"status": answer.status, **json.loads(answer.body)}


def refused(answer: dict[str, object]) -> tuple[object, object]:
    """Return the status of a refusal, and the field that it names."""
    return answer["status"], answer["error"]["details"]["field"]
