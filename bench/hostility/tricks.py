"""What hostile connections do, each in a way of its own."""

from typing import NamedTuple
from urllib.parse import urlencode

import msgspec

from bench.hostility.passes import token
from bench.load.stalled import OPTIONS
from bench.load.websocket import Option
from tests.service.streaming import TEXT, events_request, masked, socket_request

READING, SLOW, LOOPING, KNOCKING = "never reads", "never ends", "in a loop", "without a token"

ACCOUNTS = 8
"""Shoppers whose tokens the hostile ones have."""

AT_FIRST = 32
"""Large answers that are asked for in one go, by those who never read them."""

EVERYTHING = "price_drops,stock_alerts,new_arrivals,trending,personalized"
CINCINNATI = {"latitude": "39.1", "longitude": "-84.5"}
LISTING = b"GET /api/products?limit=100 HTTP/1.1\r\nHost: market\r\n\r\n"


class Trick(NamedTuple):
    """What one sort of connection does, and to which group it belongs.

    It sends `first`, then `later` again and again. Who does not read has the least of buffers. Who leaves
    does so by itself, to come again, and `rudely` by a reset.
    """

    group: str
    first: bytes
    later: bytes = b""
    reads: bool = True
    leaves: bool = False
    rudely: bool = False

    @property
    def options(self) -> tuple[Option, ...]:
        """Those of its sockets."""
        return () if self.reads else OPTIONS


def tricks() -> dict[str, list[Trick]]:
    """Return the tricks of each group, which are played in turn."""
    passes = [(f"mallory-{number}", token(f"mallory-{number}")) for number in range(ACCOUNTS)]
    return {
        READING: [trick for user, shown in passes for trick in _never_reading(user, shown)],
        SLOW: [trick for user, shown in passes for trick in _never_ending(user, shown)],
        LOOPING: _looping(),
        KNOCKING: _knocking(),
    }


def _never_reading(user: str, shown: str) -> list[Trick]:
    """Return those who ask for much and read nothing."""
    query = {"userId": user, "topics": EVERYTHING, "token": shown, **CINCINNATI}
    ask = masked(TEXT, msgspec.json.encode({"type": "REQUEST_RECOMMENDATIONS", "payload": {"limit": 100}}))
    path = f"/api/recommendations?{urlencode({'userId': user, 'limit': 100})}"
    own = f"GET {path} HTTP/1.1\r\nHost: market\r\nAuthorization: Bearer {shown}\r\n\r\n".encode()
    return [
        Trick(READING, socket_request(**query), ask, reads=False),
        Trick(READING, events_request(**query), LISTING, reads=False),
        Trick(READING, LISTING * AT_FIRST, LISTING, reads=False),
        Trick(READING, own * AT_FIRST, own, reads=False),
    ]


def _never_ending(user: str, shown: str) -> list[Trick]:
    """Return those who take all their time to say what they want."""
    head = f"Host: market\r\nAuthorization: Bearer {shown}\r\nContent-Type: application/json\r\n"
    body = f'Content-Length: 10000\r\n\r\n{{"userId": "{user}", "action": "SEARCH"'
    return [
        Trick(SLOW, b"G"),
        Trick(SLOW, b"GET /a", b"a"),
        Trick(SLOW, b"GET / HTTP/1.1\r\nHost: market\r\n", b"X-More: to come\r\n"),
        Trick(SLOW, f"POST /api/recommendations HTTP/1.1\r\n{head}{body}".encode(), b" "),
    ]


def _looping() -> list[Trick]:
    """Return those who say something or nothing, leave, and come again."""
    health = b"GET /health/ready HTTP/1.1\r\nHost: market\r\n\r\n"
    said = (b"", LISTING, LISTING * 3, health, b"\x16\x03\x01\x02\x00\x01")
    return [Trick(LOOPING, words, leaves=True, rudely=rudely) for rudely in (False, True) for words in said]


def _knocking() -> list[Trick]:
    """Return those who ask for a stream without a token, or with one that is none."""
    forged = f"{token('shopper-0001')[:-8]}AAAAAAAA"
    asked: tuple[dict[str, str], ...] = (
        {"userId": "shopper-0001"},
        {"userId": "shopper-0001", "token": forged},
    )
    return [Trick(KNOCKING, socket_request(**query), leaves=True) for query in asked]
