"""The sockets that a server listens on."""

import socket
from contextlib import AbstractContextManager, nullcontext

from punnet.errors import BadSetting
from punnet.settings import Settings

BACKLOG = 2_048
"""Callers who may wait to be let in."""


def bind(settings: Settings) -> socket.socket:
    """Return a socket that holds the address to listen on; raise BadSetting where it cannot be had."""
    return _bound(settings.host, settings.port, "HOST and PORT")


def bind_streams(settings: Settings) -> AbstractContextManager[socket.socket | None]:
    """Return a socket for the WebSocket alone, None where WS_PORT asks for none; raise as `bind` does."""
    if settings.ws_port in (0, settings.port):
        return nullcontext()
    return _bound(settings.ws_host or settings.host, settings.ws_port, "WS_HOST and WS_PORT")


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
