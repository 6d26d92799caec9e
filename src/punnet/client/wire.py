"""What both clients understand of httpx and websockets, whatever they wait for."""

import os
import ssl
from collections.abc import Iterator
from functools import cache

import httpx
from websockets.exceptions import InvalidStatus

from punnet.client.trying import Received


@cache
def tls() -> ssl.SSLContext:
    """Return what says whom to trust, for calls and streams; it takes its time, and is made once."""
    return httpx.create_ssl_context()


def received(response: httpx.Response) -> Received:
    """Return what came back."""
    return Received(response.status_code, response.headers.get("retry-after", ""), response.content)


def denied(error: InvalidStatus) -> Received:
    """Return what came back instead of a stream."""
    response = error.response
    return Received(response.status_code, response.headers.get("retry-after", ""), bytes(response.body))


def why(error: BaseException) -> str:
    """Return in a few words why nothing came back: those of the operating system, where it has some."""
    for cause in _causes(error):
        if isinstance(cause, TimeoutError | httpx.TimeoutException):
            return "it took too long"
        if isinstance(cause, OSError) and cause.errno is not None:
            # The look-up of a name has numbers of its own, which are negative.
            return os.strerror(cause.errno) if cause.errno > 0 else str(cause.strerror)
    return str(error) or type(error).__name__


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        within = error.exceptions[0] if isinstance(error, BaseExceptionGroup) else None
        error = within or error.__cause__ or error.__context__
