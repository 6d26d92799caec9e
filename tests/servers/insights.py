"""What stands in for Application Insights of Azure, which no test can reach."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from litestar.types import Receive, Scope, Send

KEY = "00000000-aaaa-bbbb-cccc-0000000000ff"


class Insights:
    """Keeps what it is sent, and answers as it is told."""

    def __init__(self) -> None:
        self.status = 200
        self.hangs = False
        self.sent: list[Any] = []
        self.calls: list[tuple[str, str, bytes]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message["body"]
            if not message.get("more_body"):
                break
        self.calls.append((scope["method"], scope["path"], dict(scope["headers"])[b"content-type"]))
        if self.hangs:
            # Until the caller has had enough.
            await receive()
            return
        if self.status == 200:
            self.sent.append(json.loads(body))
        location = (b"location", b"/elsewhere/v2.1/track")
        await send({"type": "http.response.start", "status": self.status, "headers": [location]})
        await send({"type": "http.response.body", "body": b"{}"})
        if self.status == 308:
            self.status = 200


def told(batch: Iterable[Mapping[str, Any]]) -> dict[tuple[str, ...], Any]:
    """Return the numbers of a batch by their names and labels."""
    found = {}
    for envelope in batch:
        data = envelope["data"]["baseData"]
        (number,) = data["metrics"]
        name = number.pop("name")
        found[(name, *data["properties"].values())] = number
    return found
