"""Every way in which a client shows a secret, and in which it shows it wrongly."""

import base64
from collections.abc import Iterator
from typing import NamedTuple

from tests.service.streaming import TEXT, masked, upgrade

JSON = "application/json"
STATS = "/api/recommendations/stats"
ANSWERS = "/api/recommendations"
FEED = f"{ANSWERS}/stream"
SOCKET = "/ws/recommendations"

HEADERS = (
    "Authorization: Bearer {}",
    "Authorization: bearer  {} ",
    "Authorization: Bearer {}x",
    "Authorization: Bearer {} {}",
    "Authorization: Bearer {}\x01",
    "Authorization: Bearer {}\x00",
    "Authorization: Bearer\t{}",
    "Authorization: {}",
    "Authorization: Token {}",
    "Authorization: Basic {base64}",
    "Authorization: Digest username={}",
    "Proxy-Authorization: Bearer {}",
    "X-Admin-Key: {}",
    "X-Admin-Key: {}x",
    "X-Api-Key: {}",
    "Cookie: token={}",
    "Referer: https://shop.example/?token={}",
    "Host: {}",
    "Host: {} x",
    "Accept: {}",
    "Connection: {}",
    "Upgrade: {}",
    "Expect: {}",
    "Content-Length: {}",
    "Transfer-Encoding: {}",
    "If-None-Match: {}",
    "Sec-WebSocket-Protocol: {}",
    "{}: 1",
    "{}",
)
NAMES = ("X-Request-Id: {}", "Origin: {}", "Origin: https://{}", "Last-Event-ID: {}", "Content-Type: {}")
"""Headers that an answer may tell the value of."""

TARGETS = (
    f"{STATS}?adminKey={{}}",
    f"{STATS}?adminKey={{}}&adminKey={{}}",
    f"{STATS}?adminKey={{}}%ff",
    f"{STATS}?adminKey={{}}%zz",
    f"{STATS}?resetType=all&adminKey={{}}x",
    f"{ANSWERS}?userId=ann&token={{}}",
    f"{ANSWERS}?userId=ann&adminKey={{}}",
    f"{FEED}?userId=ann&token={{}}",
    f"{FEED}?userId=ann&token={{}}&token={{}}",
    f"{FEED}?userId=ann&token={{}}%ff",
    f"{FEED}?userId=ann&topics=gossip&token={{}}",
    "/api/nothing?token={}",
    "/metrics?token={}&adminKey={}",
    "/docs?token={}",
    "/?token={}#{}",
    "/health/ready?{}",
)
NAMED_TARGETS = (
    f"{ANSWERS}?userId=ann&limit={{}}",
    f"{ANSWERS}?userId=ann&context={{}}",
    f"{ANSWERS}?userId=ann&{{}}=%ff",
    f"{FEED}?userId=ann&lastMessageId={{}}",
    "/api/products?after={}",
    "/{}",
    "/{}/recommendations",
    "/api/farms/{}",
    "/api/users/{}",
    f"{STATS}/{{}}",
    "/static/{}",
    "/docs/{}",
    f"{SOCKET}/{{}}",
    "//{}@elsewhere/",
    "http://shopper:{}@elsewhere/api/nothing",
)
"""Where something else is meant, which a refusal may tell of."""

SHOPPERS = (f"{ANSWERS}?userId={{}}", f"{FEED}?userId={{}}")
"""Where a shopper is named, in whose name nobody may ask but the shop."""

BODIES = (
    ("POST", STATS, '{{"resetType": "all", "adminKey": "{}x"}}'),
    ("POST", STATS, '{{"resetType": "{}", "adminKey": "{}"}}'),
    ("POST", STATS, '{{"adminKey": ["{}"]}}'),
    ("POST", STATS, '{{"adminKey": "{}\\ud800"}}'),
    ("POST", STATS, '{{"adminKey": "{}'),
    ("POST", STATS, '["{}"]'),
    ("POST", STATS, '"{}"'),
    ("POST", STATS, "{}"),
    ("POST", "/api/orders", '{{"id": "o", "adminKey": "{}"}}'),
    ("POST", ANSWERS, '{{"userId": "ann", "action": "SEARCH", "token": "{}"}}'),
    ("POST", ANSWERS, '{{"userId": "ann", "action": "SEARCH", "Authorization": "Bearer {}"}}'),
    ("POST", ANSWERS, '{{"userId": "ann", "adminKey": "{}\\ud800"}}'),
    ("POST", "/api/events", '{{"userId": "ann", "adminKey": "{}"}}\n{}\n{{"token": "{}"}}'),
)
NAMED_BODIES = (
    ("PUT", "/api/farms/hill", '{{"name": "Hill Farm", "{}": 1}}'),
    ("POST", "/api/catalog", '{{"id": "new", "name": "{}\\u0000"}}'),
    ("POST", ANSWERS, '{{"userId": "ann", "action": "{}"}}'),
    ("POST", ANSWERS, '{{"userId": "ann", "action": "VIEW_PRODUCT", "entityId": "{}"}}'),
    ("POST", "/api/events", '{{"userId": "ann", "action": "{}"}}'),
)

MESSAGES = (
    '{{"type": "AUTHENTICATE", "payload": {{"token": "{}"}}}}',
    '{{"type": "AUTHENTICATE", "payload": {{"token": "{}x"}}}}',
    '{{"type": "AUTHENTICATE", "payload": {{"token": ["{}"]}}}}',
    '{{"type": "AUTHENTICATE", "payload": {{"token": "{}\\u0000"}}}}',
    '{{"type": "AUTHENTICATE", "payload": {{"Token": "{}"}}}}',
    '{{"type": "AUTHENTICATE", "payload": {{"token": "{}", "userId": "ann"}}}}',
    '{{"type": "AUTHENTICATE", "token": "{}"}}',
    '{{"type": "AUTHENTICATE", "payload": {{"token": "{}',
    '{{"type": "AUTHENTICATE", "payload": "{}"}}',
    "{}",
)
NAMED_MESSAGES = (
    '{{"type": "AUTHENTICATE", "payload": {{"{}": 1}}}}',
    '{{"type": "AUTHENTICATE", "payload": {{"token": "{}\\ud800"}}}}',
    '{{"type": "{}"}}',
    '{{"type": "HEARTBEAT", "{}": 1}}',
    '{{"type": "SUBSCRIBE", "payload": {{"topics": ["{}"]}}}}',
    '{{"type": "USER_ACTION", "payload": {{"type": "{}"}}}}',
)


class Shown(NamedTuple):
    """What a client says, first and then; `named` where the secret stands for something else."""

    where: str
    first: bytes
    then: tuple[bytes, ...] = ()
    named: bool = False


def showings(secret: str, token: str, key: str) -> Iterator[Shown]:
    """Yield every way to show a secret; `token` opens a stream of ann's, `key` every other door."""
    for shown in (secret, secret[:-4]):
        yield from _in_headers(shown)
        yield from _in_targets(shown, bearer(key))
        yield from _in_bodies(shown, bearer(key))
        yield from _on_streams(shown, token)


def _in_headers(shown: str) -> Iterator[Shown]:
    for line in (*HEADERS, *NAMES):
        header, named = filled(line, shown), line in NAMES
        for path in (f"{ANSWERS}?userId=ann", f"{FEED}?userId=ann", STATS):
            yield Shown(line, asked("GET", path, header), named=named)
        yield Shown(line, asked("OPTIONS", STATS, header), named=named)
        yield Shown(line, asked("POST", "/api/orders", header, body=b"{}"), named=named)
        yield Shown(line, handshake(f"{SOCKET}?userId=ann", header), named=named)


def _in_targets(shown: str, *key: str) -> Iterator[Shown]:
    for target in (*TARGETS, *SHOPPERS):
        for method in ("GET", "DELETE"):
            request = asked(method, filled(target, shown))
            yield Shown(f"{method} {target}", request, named=target in SHOPPERS)
    for target in NAMED_TARGETS:
        for headers in ((), key):
            yield Shown(target, asked("GET", filled(target, shown), *headers), named=True)
    yield Shown("a method", asked(shown, ANSWERS))
    yield Shown("a version", f"GET / HTTP/{shown}\r\n\r\n".encode())
    yield Shown("a first line", f"{shown}\r\n\r\n".encode())


def _in_bodies(shown: str, *key: str) -> Iterator[Shown]:
    for each in (*BODIES, *NAMED_BODIES):
        method, path, body = each
        request = asked(method, path, *key, body=filled(body, shown).encode())
        yield Shown(body, request, named=each in NAMED_BODIES)


def _on_streams(shown: str, token: str) -> Iterator[Shown]:
    yield Shown("the address of a stream", handshake(f"{SOCKET}?userId=ann&token={shown}"))
    yield Shown("the name on a stream", handshake(f"{SOCKET}?userId={shown}"), named=True)
    opening = handshake(f"{SOCKET}?userId=ann&token={token}")
    for messages in (MESSAGES, NAMED_MESSAGES):
        frames = tuple(masked(TEXT, filled(message, shown).encode()) for message in messages)
        yield Shown("messages", opening, frames, named=messages is NAMED_MESSAGES)


def filled(template: str, secret: str) -> str:
    """Return a template with the secret in its places."""
    return template.format(secret, secret, secret, base64=base64.b64encode(f"ann:{secret}".encode()).decode())


def bearer(shown: str) -> str:
    """Return the header that shows a key or a token."""
    return f"Authorization: Bearer {shown}"


def asked(method: str, target: str, *headers: str, body: bytes = b"") -> bytes:
    """Return a request, the last one of its connection."""
    named = {header.partition(":")[0].lower() for header in headers}
    usual = {"host": "Host: market", "connection": "Connection: close"}
    if body:
        usual |= {"content-type": f"Content-Type: {JSON}", "content-length": f"Content-Length: {len(body)}"}
    lines = [f"{method} {target} HTTP/1.1", *(line for name, line in usual.items() if name not in named)]
    return "\r\n".join([*lines, *headers, "", ""]).encode() + body


def handshake(target: str, *headers: str) -> bytes:
    """Return the request for a WebSocket."""
    return upgrade(target)[:-2] + "".join(f"{header}\r\n" for header in headers).encode() + b"\r\n"


def has_shape(secret: str) -> bool:
    """Whether anybody can see that it is a secret."""
    return secret.startswith(("punnet_", "eyJ"))
