"""The key of the administrator, and what is said to those without it."""

import hmac
from collections.abc import Iterator
from contextlib import contextmanager

from punnet.errors import Forbidden, Refused, Unauthorized
from punnet.market import Noun
from punnet.protocol import codec
from punnet.web.exchange import Call

PLACES = "X-Admin-Key in the header, or adminKey in the body or the query"


class KeyQuery(Noun, frozen=True, kw_only=True):
    """The key, where a query shows it."""

    admin_key: str | None = None


class AdminKey:
    """The key that opens what only the administrator may do; without one nobody may."""

    __slots__ = ("_key",)

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def check(self, shown: bytes) -> None:
        """Raise Unauthorized where nothing is `shown`, Forbidden where it is not the key.

        The time that it takes does not tell how much of the key is right.
        """
        if not self._key:
            raise Forbidden("This server has no admin key: set ADMIN_SECRET_KEY and start it again.")
        if not shown:
            raise Unauthorized(
                f"The admin key is missing: send {PLACES}.", field="X-Admin-Key", allowed="the admin key"
            )
        if not self.fits(shown):
            raise Forbidden(
                "The admin key is not the one of this server.", field="X-Admin-Key", allowed="the admin key"
            )

    def fits(self, shown: bytes) -> bool:
        """Return whether `shown` is the key; how long that takes tells nothing of it."""
        return bool(self._key) and hmac.compare_digest(shown, self._key)


def admit(key: AdminKey, in_header: bytes, call: Call) -> None:
    """Return where the call shows the key: in its header, else its query, else its body; raise elsewhere."""
    with discreetly():
        in_query = codec.read_query(call.query, KeyQuery).admin_key
    key.check(in_header or (in_query or "").encode() or _in_body(call.body))


@contextmanager
def discreetly() -> Iterator[None]:
    """Refuse what is refused inside without repeating what was sent: the key may stand there by mistake."""
    try:
        yield
    except Refused as error:
        raise type(error)(
            f"{error.field} is refused; allowed: {error.allowed}.", field=error.field, allowed=error.allowed
        ) from None


def _in_body(body: bytes) -> bytes:
    """Return the key in a body, empty where there is none; a body that is no object has none."""
    try:
        content = codec.loose(body)
    except Refused:
        return b""
    shown = content.get("adminKey") if isinstance(content, dict) else None
    if shown is None:
        return b""
    return shown.encode() if isinstance(shown, str) else codec.write(shown)
