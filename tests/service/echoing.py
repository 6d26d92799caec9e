"""Servers that repeat in their refusals what they were told, password and all."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(talk: Talk) -> AsyncIterator[int]:
    """Have something talk to all who come, and yield the port."""
    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take no e-mails from anybody."""
    writer.write(b"220 relay\r\n")
    while line := (await reader.readline()).rstrip():
        if line.upper().startswith(b"EHLO"):
            writer.write(b"250-relay\r\n250 AUTH PLAIN LOGIN\r\n")
        else:
            writer.write(b"535 not known: %b\r\n" % line)
    writer.close()


async def redis(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Know no command, as a Redis that is too old."""
    while said := await reader.read(1 << 16):
        for command in said.split(b"*")[1:]:
            words = [word for word in command.split(b"\r\n")[1:] if word and not word.startswith(b"$")]
            writer.write(b"-ERR unknown command, with args beginning with: %b\r\n" % b" ".join(words))
    writer.close()
