"""A client that never reads, and what the kernel knows of what waits for it."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.load.crowd import PATH
from bench.load.websocket import connect, greeted

OPTIONS = (
    (socket.SOL_SOCKET, socket.SO_RCVBUF, 1),
    (socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1_460),
)
"""The least buffer that the kernel allows, and packets as on a network.

With the packets of the loopback the server's kernel would hold megabytes before the server notices.
"""

ESTABLISHED = "01"


class Stalled:
    """One who subscribed and then never reads."""

    def __init__(self, port: int) -> None:
        self._connection = connect(port, PATH.format("stalled"), OPTIONS)
        greeted(self._connection)
        ours = self._connection.getsockname()[1]
        self._ends = f":{port:04X}", f":{ours:04X}"

    @property
    def unsent(self) -> int | None:
        """Bytes that the server's kernel holds for this client; None once the server has sent it away."""
        for line in Path("/proc/net/tcp").read_text().splitlines():
            _, server, client, state, queues, *_ = line.split()
            if (server[-5:], client[-5:]) == self._ends and state == ESTABLISHED:
                return int(queues.partition(":")[0], 16)
        return None

    def close(self) -> None:
        """Leave."""
        self._connection.close()


@contextmanager
def stalled(port: int) -> Iterator[Stalled]:
    """Have one such client at the server on `port`."""
    client = Stalled(port)
    try:
        yield client
    finally:
        client.close()
