"""A call from the first try to its answer, without a socket and without a clock.

A flow yields what is to be done, a request to send or seconds to wait, and is told what came of it. Punnet
and AsyncPunnet do that, each in its way; what to do is decided here for both.
"""

import logging
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias, TypeVar
from urllib.parse import urlsplit

import msgspec

from punnet import __version__
from punnet.client.calls import Call, readiness
from punnet.client.errors import Refused, Unreachable
from punnet.client.reading import read, read_answer
from punnet.market import Answer
from punnet.protocol.envelope import Failure
from punnet.protocol.messages import ActionAck
from punnet.protocol.replies import Processed

T = TypeVar("T")

logger = logging.getLogger("punnet.client")

LATER = (429, 503)
"""Answers that ask for another try."""

BETWEEN = (502, 504)
"""Answers of something in between that could not reach the server."""

FIRST_WAIT = 0.25
LONGEST_WAIT = 15.0
"""Seconds that a wait is at most, the first time and ever."""

USER_AGENT = f"punnet-python/{__version__}"


class Sending(NamedTuple):
    """A request to send."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Received(NamedTuple):
    """What came back; `retry_after` is that header, empty where there is none."""

    status: int
    retry_after: str
    body: bytes


class Broken(NamedTuple):
    """Nothing came back."""

    why: str


Flow: TypeAlias = Generator[Sending | float, Received | Broken | None, T]


@dataclass(frozen=True, slots=True)
class Terms:
    """How a server is called: where, with which keys, and how often a call is tried.

    `chance` gives numbers from 0 to 1: clients that lost one server do not all come back in the same moment.
    """

    url: str = field(repr=False)
    key: str | None = field(repr=False)
    admin_key: str | None = field(repr=False)
    tries: int
    chance: Callable[[], float]

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(f'url is "{self.url}": it must be an address such as http://localhost:3000')
        if self.tries < 1:
            raise ValueError(f"tries is {self.tries}: it must be at least 1")

    @property
    def address(self) -> str:
        """The server's address as it may be shown: without a password."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"

    @property
    def headers(self) -> dict[str, str]:
        """What every request says."""
        said = {"User-Agent": USER_AGENT}
        return said if self.key is None else {**said, "Authorization": f"Bearer {self.key}"}

    def sending(self, call: Call[T]) -> Sending:
        """Return the request that a call makes."""
        headers = {}
        if call.body:
            headers["Content-Type"] = "application/x-ndjson" if call.lines else "application/json"
        if call.admin and self.admin_key is not None:
            headers["X-Admin-Key"] = self.admin_key
        return Sending(call.method, call.path, headers, call.body)

    def wait(self, tried: int, retry_after: str = "") -> float:
        """Return how long to wait after so many tries: what the server asks for, and a part of chance."""
        longest = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(tried - 1, 10))
        asked = float(retry_after) if retry_after.isdecimal() else 0.0
        return min(asked, LONGEST_WAIT) + self.chance() * longest


def conversation(call: Call[T], terms: Terms) -> Flow[T]:
    """Make a call until it is answered; raise Refused or Unreachable where it is not, or not as it should."""
    sending = terms.sending(call)
    tried = 0
    while True:
        heard = yield sending
        tried += 1
        if isinstance(heard, Received) and heard.status not in (*LATER, *BETWEEN):
            return _answer(call, heard, terms, again=tried > 1)
        if tried == terms.tries:
            raise fault(heard, terms)
        wait = terms.wait(tried, heard.retry_after if isinstance(heard, Received) else "")
        logger.info("%s; %s %s is tried again in %.1f s", fault(heard, terms), call.method, call.path, wait)
        yield wait


def readied(terms: Terms) -> Flow[bool]:
    """Return whether the server takes requests, after one try."""
    heard = yield terms.sending(readiness())
    return isinstance(heard, Received) and heard.status == 200


def tracked(call: Call[Processed], terms: Terms) -> Flow[ActionAck]:
    """Record an action."""
    processed = yield from conversation(call, terms)
    return ActionAck(event_id=processed.event_id, duplicate=processed.duplicate)


def acted(call: Call[Processed], terms: Terms) -> Flow[Answer]:
    """Record an action, and return what to show after it."""
    processed = yield from conversation(call, terms)
    if not isinstance(processed.recommendations, Answer):
        raise Unreachable(f"{terms.address} answered an action without the recommendations asked for")
    return processed.recommendations


def fault(heard: Received | Broken | None, terms: Terms) -> Refused | Unreachable:
    """Return what to raise where this was the last that was heard."""
    if not isinstance(heard, Received):
        return Unreachable(
            f"{terms.address} cannot be reached: {heard.why if heard else 'nothing was heard'}"
        )
    try:
        failure = read(heard.body, Failure)
    except msgspec.MsgspecError:
        return Unreachable(f"{terms.address} answered {heard.status}, and not as Punnet does")
    return Refused(failure.error, heard.status, failure.meta.request_id)


def _answer(call: Call[T], heard: Received, terms: Terms, *, again: bool) -> T:
    if heard.status == 404 and again and call.gone is not None:
        return call.gone
    if not 200 <= heard.status < 300:
        raise fault(heard, terms)
    try:
        return read_answer(heard.body, call.kind)
    except msgspec.MsgspecError as error:
        raise Unreachable(f"{terms.address} answered what this client cannot read: {error}") from None
