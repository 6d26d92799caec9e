"""One HTTP exchange: what a handler gets, what it gives back, and how both stand on the wire."""

import re
from collections.abc import Callable
from datetime import datetime
from urllib.parse import unquote_to_bytes

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send, WebSocketScope
from msgspec import UNSET, Struct, UnsetType

from punnet.errors import (
    MethodNotAllowed,
    PunnetError,
    RateLimited,
    Refused,
    TooLarge,
    UnknownPath,
    UnsupportedMedia,
)
from punnet.keys import PREFIX
from punnet.market import Algorithm
from punnet.protocol import codec, refusal
from punnet.protocol.discretion import JWT
from punnet.protocol.envelope import Details, Error, Failure, FailureMeta, Meta, Success
from punnet.protocol.messages import error_payload
from punnet.web.callers import TRUSTED, Caller

Headers = tuple[tuple[bytes, bytes], ...]

STATUS = {
    "BAD_INPUT": 400,
    "UNAUTHORIZED": 401,
    "FORBIDDEN": 403,
    "UNKNOWN_ID": 404,
    "UNKNOWN_PATH": 404,
    "METHOD_NOT_ALLOWED": 405,
    "CONFLICT": 409,
    "TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "TOO_MANY_REQUESTS": 429,
    "INTERNAL_ERROR": 500,
    "UNAVAILABLE": 503,
}
"""The status of an answer that carries an error's code."""

NO_STORE = b"no-store"
PRIVATE_MINUTE = b"private, max-age=60"
PUBLIC_MINUTES = b"public, max-age=300"
RETRY_SECONDS = 1
ADMIN_KEY = b"x-admin-key"
CODING, IDENTITY = "Content-Encoding", b"identity"
CHALLENGE, BEARER_CHALLENGE = b'ApiKey header="X-Admin-Key"', b'Bearer realm="punnet"'

_JSON = re.compile(rb"application/(?:[\w.-]+\+)?json\s*(?:;.*)?", re.IGNORECASE)
_LINES = re.compile(rb"application/(?:x-)?(?:ndjson|jsonl|json-lines)\s*(?:;.*)?", re.IGNORECASE)
_REQUEST_ID = re.compile(rf"(?!{PREFIX}|{JWT})[\w.:+/=-]{{1,128}}".encode(), re.ASCII)
"""An id of a request; it is told again, and so may not be a key or a token."""


class Call(Struct, frozen=True, gc=False):
    """What was asked, and by whom: the id in the path, the query string and the body."""

    id: str
    query: bytes
    body: bytes
    caller: Caller = TRUSTED


class Reply(Struct, frozen=True):
    """What is answered: the data, and what `meta` says beside the request's id and its time.

    `cache` is what others may do with it, `age` how many seconds ago it was made, where it is not new.
    """

    data: object
    status: int = 200
    cache: bytes = NO_STORE
    age: int | None = None
    count: int | UnsetType = UNSET
    algorithms: tuple[Algorithm, ...] | UnsetType = UNSET
    timestamp: datetime | UnsetType = UNSET


class Sent(Struct, frozen=True, gc=False):
    """A response, ready to be sent."""

    status: int
    body: bytes
    headers: Headers


def succeeded(reply: Reply, request_id: str, seconds: float) -> Sent:
    """Return a handler's answer in its envelope; `seconds` is how long it took."""
    meta = Meta(
        request_id=request_id,
        processing_time=round(seconds * 1000, 3),
        count=reply.count,
        algorithms=reply.algorithms,
        timestamp=reply.timestamp,
    )
    body = codec.write(Success(data=reply.data, meta=meta))
    headers = _headers(body, request_id, reply.cache)
    if reply.age is not None:
        headers += ((b"age", b"%d" % reply.age),)
    return Sent(reply.status, body, headers)


def failed(error: PunnetError, request_id: str) -> Sent:
    """Return an error in its envelope."""
    described = described_error(error)
    body = codec.write(Failure(error=described, meta=FailureMeta(request_id=request_id)))
    headers = _headers(body, request_id, NO_STORE)
    status = STATUS[described.code]
    if status in (429, 503):
        seconds = error.retry_after if isinstance(error, RateLimited) else RETRY_SECONDS
        headers += ((b"retry-after", b"%d" % seconds),)
    if status == 401:
        is_admins = isinstance(error, Refused) and error.field == "X-Admin-Key"
        asked = CHALLENGE if is_admins else BEARER_CHALLENGE
        headers += ((b"www-authenticate", asked),)
    if isinstance(error, UnsupportedMedia) and error.field == CODING:
        headers += ((b"accept-encoding", IDENTITY),)
    if isinstance(error, MethodNotAllowed) and error.allowed:
        headers += ((b"allow", error.allowed.encode()),)
    return Sent(status, body, headers)


def described_error(error: PunnetError) -> Error:
    """Return an error as it is told over HTTP."""
    told = error_payload(error)
    details = Details(field=told.field, value=told.value, allowed=told.allowed)
    named = told.field is not None or told.allowed is not None
    return Error(code=told.code, message=told.error, details=details if named else UNSET)


def request_id_of(scope: HTTPScope | WebSocketScope, new_id: Callable[[], str]) -> str:
    """Return the id that the client gave its request, else a new one."""
    given = header(scope, b"x-request-id")
    return given.decode() if _REQUEST_ID.fullmatch(given) else new_id()


def header(scope: HTTPScope | WebSocketScope, name: bytes) -> bytes:
    """Return the value of a header, empty where there is none."""
    for key, value in scope["headers"]:
        if key == name:
            return value
    return b""


def path_of(scope: HTTPScope | WebSocketScope) -> bytes:
    """Return the path as it was sent, below the root that the server is mounted at."""
    return scope["raw_path"].removeprefix(scope["root_path"].encode())


def only_at(path: str, serve: ASGIApp, new_id: Callable[[], str]) -> ASGIApp:
    """Return what serves this very path, escaped or not: Litestar takes //a/ for /a, and proxies do not."""

    async def serve_here(scope: Scope, receive: Receive, send: Send) -> None:
        if unquote_to_bytes(path_of(scope)) == path.encode():
            await serve(scope, receive, send)
        elif scope["type"] == ScopeType.HTTP:
            await send_response(send, failed(nothing_at(scope), request_id_of(scope, new_id)))
        else:
            await no_stream(receive, send)

    return serve_here


def nothing_at(scope: HTTPScope | WebSocketScope) -> UnknownPath:
    """Return the refusal of a path that leads nowhere."""
    path = path_of(scope).decode("latin-1")
    return UnknownPath(f"There is nothing at {refusal.shown(path)}.", field="path", value=path)


async def read_body(scope: HTTPScope, receive: Receive, most: int, *, in_lines: bool) -> bytes:
    """Return the body. TooLarge over `most` bytes, UnsupportedMedia where it does not say it is JSON.

    `in_lines` takes NDJSON as well. What is compressed is refused before it is read, and never unpacked.
    """
    _check_coding(scope)
    declared = header(scope, b"content-length")
    if declared.isdigit() and int(declared) > most:
        raise _too_large(most)
    chunks: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise Refused("The body ended early.", field="body", allowed="a whole body")
        chunks.append(message["body"])
        size += len(chunks[-1])
        if size > most:
            raise _too_large(most)
        more = message["more_body"]
    if size:
        _check_media(header(scope, b"content-type"), in_lines=in_lines)
    return b"".join(chunks)


async def send_response(send: Send, sent: Sent) -> None:
    """Send a whole response."""
    await send({"type": "http.response.start", "status": sent.status, "headers": sent.headers})
    await send({"type": "http.response.body", "body": sent.body, "more_body": False})


def unreadable(scope: HTTPScope, what: str, new_id: Callable[[], str]) -> Sent | None:
    """Return the refusal of a method that would do more to `what` than read it, None where it reads."""
    if scope["method"] in ("GET", "HEAD"):
        return None
    allowed = "GET, HEAD"
    refused = MethodNotAllowed(f"{what} can only be read: use {allowed}.", field="method", allowed=allowed)
    return failed(refused, request_id_of(scope, new_id))


async def no_stream(receive: Receive, send: Send) -> None:
    """Turn away a WebSocket where there is none."""
    await receive()
    await send({"type": "websocket.close", "code": 1008, "reason": "There is no stream here."})


def _check_coding(scope: HTTPScope) -> None:
    for key, value in scope["headers"]:
        said = value.strip().lower()
        if key == b"content-encoding" and said not in (b"", IDENTITY):
            raise UnsupportedMedia(
                "Content-Encoding is set: send the body as it is, not compressed.",
                field=CODING,
                value=value.decode("latin-1"),
                allowed=IDENTITY.decode(),
            )
        if key == b"transfer-encoding" and said != b"chunked":
            shown = value.decode("latin-1")
            raise refusal.refuse("Transfer-Encoding", shown, "chunked")


def _check_media(said: bytes, *, in_lines: bool) -> None:
    # A page of another site can send a body without these types unasked, so they are asked for.
    if _JSON.fullmatch(said) or (in_lines and _LINES.fullmatch(said)):
        return
    allowed = "application/json or application/x-ndjson" if in_lines else "application/json"
    shown = refusal.shown(said.decode("latin-1"))
    raise UnsupportedMedia(
        f"Content-Type is {shown or 'missing'}: it must be {allowed}.",
        field="Content-Type",
        value=shown,
        allowed=allowed,
    )


def _too_large(most: int) -> TooLarge:
    return TooLarge(
        f"The body is too large: it may have {most} bytes.", field="body", allowed=f"{most} bytes"
    )


def _headers(body: bytes, request_id: str, cache: bytes) -> Headers:
    return (
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", cache),
        (b"x-request-id", request_id.encode()),
    )
