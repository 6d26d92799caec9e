"""The `websockets` library as a plain broadcast server: what comes in at /herald goes out to everyone else.

Prints its address once it listens.
"""

from contextlib import suppress

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

ACK = '{"type":"CONNECTION_ACK"}'
audience: set[ServerConnection] = set()


async def attend(connection: ServerConnection) -> None:
    """Have one connection hear what the herald says, or be the herald."""
    await connection.send(ACK)
    if connection.request.path == "/herald":
        with suppress(ConnectionClosed):
            while True:
                broadcast(audience, await connection.recv(decode=False), text=True)
    else:
        audience.add(connection)
        await connection.wait_closed()
        audience.discard(connection)


async def main() -> None:
    """Serve until the process is ended."""
    async with serve(attend, "127.0.0.1", 0, compression=None, backlog=2_048) as server:
        print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
