"""Speaks HTTP by hand, where a client would tidy up what it sends."""

import asyncio
import re
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

LAST = b"GET /health/live HTTP/1.1\r\nHost: stall\r\nConnection: close\r\n\r\n"
"""What ends a conversation, unless the server has ended it before."""

PATIENCE = 10
SILENCE = 0.3
"""Seconds after which the server is taken to wait for more."""

ID = re.compile(rb"made-\d+")
TIME = re.compile(rb'"processingTime":[\d.e-]+')
DATE = re.compile(rb"date: [^\r]+")
LENGTH = re.compile(rb"content-length: (\d+)\r\n")


class Answer(NamedTuple):
    """An answer as it was sent, but for what is another each time: ids, how long it took, and the date."""

    head: bytes
    body: bytes

    @property
    def status(self) -> int:
        """The status."""
        return int(self.head.split()[1])


def get(target: str, *headers: str, version: str = "1.1") -> bytes:
    """Return a GET as it goes over the wire, the headers beside Host."""
    lines = (f"GET {target} HTTP/{version}", "Host: stall", *headers, "", "")
    return "\r\n".join(lines).encode("latin-1")


async def converse(address: str, pieces: Sequence[bytes]) -> list[Answer]:
    """Send the pieces one by one, then LAST, and return all answers but that to LAST."""
    host, _, port = address.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    only_heads = b"".join(pieces).startswith(b"HEAD")
    try:
        for piece in pieces:
            writer.write(piece)
            # The server reads what was sent before the next piece comes.
            await asyncio.sleep(0.002 if len(pieces) > 1 else 0)
            if reader.at_eof():
                break
        async with asyncio.timeout(PATIENCE):
            said = await _first(reader)
            if not reader.at_eof():
                writer.write(LAST)
                said += await _rest(reader)
    finally:
        writer.close()
    return [answer for answer in answers(said, only_heads) if b"LIVE" not in answer.body]


async def _first(reader: asyncio.StreamReader) -> bytes:
    """Return what comes first, and whatever is there before long where nothing comes."""
    got = b""
    with suppress(ConnectionError, TimeoutError):
        async with asyncio.timeout(SILENCE):
            while b"\r\n\r\n" not in got and (more := await reader.read(1 << 16)):
                got += more
            # Whether the server closes the connection after it.
            await asyncio.sleep(0.005)
    return got


async def _rest(reader: asyncio.StreamReader) -> bytes:
    got = b""
    with suppress(ConnectionError):
        while more := await reader.read(1 << 16):
            got += more
    return got


def answers(said: bytes, only_heads: bool = False) -> list[Answer]:
    """Return the answers that follow one another; after a HEAD the first has no body."""
    found = []
    while said:
        head, _, rest = said.partition(b"\r\n\r\n")
        length = LENGTH.search(head + b"\r\n")
        end = int(length[1]) if length and not (only_heads and not found) else 0
        found.append(_plain(head, rest[:end]))
        said = rest[end:]
    return found


def _plain(head: bytes, body: bytes) -> Answer:
    named = {ID.search(part)[0] for part in (head, body) if ID.search(part)}
    assert len(named) <= 1, "the same request has the same id in header and body"
    head = DATE.sub(b"date:", LENGTH.sub(b"", ID.sub(b"made", head) + b"\r\n"))
    return Answer(head, TIME.sub(b'"processingTime":0', ID.sub(b"made", body)))
