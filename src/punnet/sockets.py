"""The sockets that a server listens on."""

import socket
import sys
from contextlib import AbstractContextManager, nullcontext

from punnet.errors import BadSetting
from punnet.settings import Settings

BACKLOG = 2_048
"""Callers who may wait to be let in."""


def allow_many() -> None:
    """Let this process hold as many sockets as it may at all: what is usual would do for a thousand."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def bind(settings: Settings) -> socket.socket:
    """Return a socket that holds the address to listen on; raise BadSetting where it cannot be had."""
    return _bound(settings.host, settings.port, "HOST and PORT")


def bind_streams(settings: Settings) -> AbstractContextManager[socket.socket | None]:
    """Return a socket for the WebSocket alone, None where WS_PORT asks for none; raise as `bind` does."""
    if settings.ws_port in (0, settings.port):
        return nullcontext()
    return _bound(settings.ws_host or settings.host, settings.ws_port, "WS_HOST and WS_PORT")


def reserved(listener: socket.socket) -> socket.socket:
    """Return a socket that keeps the address of another, which it closes, for processes that share it.

    It does not listen itself. Each of them has its own queue of callers, and the kernel deals them out: of
    one queue for all, whoever is awake first takes everybody.
    """
    address, family = listener.getsockname(), listener.family
    listener.close()
    keeping = socket.socket(family, socket.SOCK_STREAM)
    keeping.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    keeping.bind(address)
    return keeping


def beside(keeping: socket.socket) -> socket.socket:
    """Return a socket that listens on an address that is reserved, beside those of other processes."""
    return socket.create_server(
        keeping.getsockname(), family=keeping.family, backlog=BACKLOG, reuse_port=True
    )


def _bound(host: str, port: int, names: str) -> socket.socket:
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address, family=family, backlog=BACKLOG)
    except OSError as error:
        # Python says the address once more, in brackets.
        why = str(error.strerror).partition(" (")[0]
        raise BadSetting(
            f"Punnet cannot listen on {host} port {port}: {why}; set {names} to others"
        ) from None
