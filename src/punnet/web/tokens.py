"""Tokens of a shop (JWT): whose they are, checked once and then known again until they expire."""

import re
import time
from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256
from math import isfinite
from typing import NamedTuple

import msgspec
from jwt import InvalidKeyError, PyJWK, PyJWS, PyJWTError

from punnet.errors import BadSetting, Unauthorized, Unavailable
from punnet.market import Id
from punnet.protocol.messages import LONGEST_TOKEN
from punnet.web.jwks import ALGORITHMS, KeySet, Pace

SHORTEST_SECRET = 32
"""Bytes of the shortest secret: those of an HS256 signature (RFC 7518, 3.2)."""

MOST_KNOWN = 10_000
"""How many tokens are known at a time; the one that was shown least lately is forgotten first."""

LEEWAY_SECONDS = 30.0
END_OF_TIME = 253_402_300_799.0
"""The last second of the year 9999: later there are no dates."""

SECRET = "HS256"
PUBLISHED = frozenset(ALGORITHMS.values())

_JWT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)


class Pass(NamedTuple):
    """Whose a token is, and from when on it is refused: its `exp`, and the leeway."""

    user_id: str
    expires_at: float


class Tokens:
    """The tokens that a server takes: HS256 with the secret, RS256 and ES256 with the keys at an address.

    An audience and an issuer are asked of a token where they are given. `clock` counts the seconds between
    fetches; the time of day is an argument. BadSetting where no token could be checked, or not safely.
    """

    __slots__ = ("_audience", "_edition", "_issuer", "_jws", "_keys", "_known", "_leeway", "_secret")

    def __init__(
        self,
        *,
        secret: str = "",
        keys_url: str = "",
        audience: str = "",
        issuer: str = "",
        leeway: float = LEEWAY_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        pace: Pace = Pace(),  # noqa: B008 (it is frozen)
    ) -> None:
        if not secret and not keys_url:
            raise BadSetting("Tokens need a secret, or the address of the keys that they are signed with.")
        self._jws = PyJWS([SECRET, *PUBLISHED])
        self._secret = _checked(secret, self._jws)
        self._keys = KeySet(keys_url, pace, clock) if keys_url else None
        self._audience = audience
        self._issuer = issuer
        self._leeway = leeway
        self._known: OrderedDict[bytes, Pass] = OrderedDict()
        self._edition = 0

    def known(self, token: str, now: float) -> Pass | None:
        """Return whose a token is, None where the keys must be fetched first to tell: then `verify` tells.

        Raise Unauthorized where it is refused, Unavailable where there are no keys to check it with. `now` is
        in seconds since 1970-01-01 UTC.
        """
        return self._look(token, now, may_fetch=True)

    async def verify(self, token: str, now: float) -> Pass:
        """Return whose a token is, as `known`, with keys that are fetched where they must be."""
        found = self.known(token, now)
        if found is None and self._keys is not None:
            await self._keys.fetch()
            found = self._look(token, now, may_fetch=False)
        if found is None:
            raise _unchecked()
        return found

    async def close(self) -> None:
        """Fetch no more keys."""
        if self._keys is not None:
            await self._keys.close()

    def _look(self, token: str, now: float, *, may_fetch: bool) -> Pass | None:
        if len(token) > LONGEST_TOKEN:
            raise _refused("The token is longer than 8 KiB.")
        self._forget_withdrawn()
        name = sha256(token.encode(errors="replace")).digest()
        shown = self._known.get(name)
        if shown is not None:
            if now >= shown.expires_at:
                del self._known[name]
                raise _expired()
            self._known.move_to_end(name)
            return shown
        body = self._signed(token, may_fetch=may_fetch)
        if body is None:
            return None
        self._known[name] = shown = self._read(body, now)
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
        return shown

    def _forget_withdrawn(self) -> None:
        """Forget all tokens when the keys have changed: the key of some may have been withdrawn."""
        if self._keys is not None and self._keys.edition != self._edition:
            self._edition = self._keys.edition
            self._known.clear()

    def _signed(self, token: str, *, may_fetch: bool) -> bytes | None:
        """Return what is signed; None where that needs keys which a fetch may bring."""
        algorithm, kid = self._header(token)
        keys = self._keys
        if algorithm == SECRET or keys is None:
            body = self._opened(token, SECRET, [self._secret])
        else:
            fitting = keys.fitting(algorithm, kid)
            body = self._opened(token, algorithm, fitting)
            if body is None and may_fetch and keys.is_due and (not fitting or kid is None):
                return None
            if not len(keys):
                raise _unchecked()
            if not fitting:
                raise _refused("The token is signed with a key that is not known here.")
        if body is None:
            raise _refused("The signature of the token is wrong.")
        return body

    def _header(self, token: str) -> tuple[str, str | None]:
        """Return the algorithm of a token, one that is taken here, and the id of its key."""
        if not _JWT.fullmatch(token):
            raise _refused("The token is no JWT.")
        try:
            header: dict[str, object] = self._jws.get_unverified_header(token)
        except PyJWTError:
            raise _refused("The header of the token is not that of a JWT which is taken here.") from None
        if "crit" in header or "b64" in header:
            raise _refused("The token asks for an extension that is not known here.")
        taken = ([SECRET] if self._secret else []) + (sorted(PUBLISHED) if self._keys is not None else [])
        algorithm, kid = header.get("alg"), header.get("kid")
        if not isinstance(algorithm, str) or algorithm not in taken:
            raise _refused(f"The token is not signed with {' or '.join(taken)}.")
        return algorithm, kid if isinstance(kid, str) else None

    def _opened(self, token: str, algorithm: str, keys: list[PyJWK] | list[bytes]) -> bytes | None:
        for key in keys:
            try:
                body: bytes = self._jws.decode(token, key, [algorithm])
            except (PyJWTError, ValueError):
                continue
            return body
        return None

    def _read(self, body: bytes, now: float) -> Pass:
        """Return whom a token is for; raise Unauthorized where it is not for here and now."""
        try:
            claims = msgspec.json.decode(body, type=dict[str, object])
        except (msgspec.DecodeError, RecursionError):
            raise _refused("What is signed in the token is no JSON object.") from None
        expires = _time(claims, "exp")
        if expires is None:
            raise _refused("The token has no exp: it must say when it expires.")
        if now >= expires + self._leeway:
            raise _expired()
        begins = _time(claims, "nbf")
        if begins is not None and now < begins - self._leeway:
            raise _refused("The token is not valid yet.")
        aud = claims.get("aud")
        if self._audience and self._audience not in (aud if isinstance(aud, list) else [aud]):
            raise _refused("The token is for another audience.")
        if self._issuer and claims.get("iss") != self._issuer:
            raise _refused("The token is of another issuer.")
        return Pass(_subject(claims), min(expires + self._leeway, END_OF_TIME))


def _subject(claims: dict[str, object]) -> str:
    try:
        return msgspec.convert(claims.get("sub"), Id)
    except msgspec.ValidationError:
        raise _refused("The token has no sub that is the id of a shopper.") from None


def _time(claims: dict[str, object], name: str) -> float | None:
    given = claims.get(name)
    if given is None:
        return None
    if isinstance(given, int | float) and not isinstance(given, bool):
        try:
            seconds = float(given)
        except OverflowError:
            seconds = float("inf")
        if isfinite(seconds):
            return seconds
    raise _refused(f"The {name} of the token is no time in seconds.")


def _checked(secret: str, jws: PyJWS) -> bytes:
    """Return the secret in bytes; BadSetting where it can be guessed, or is no secret but a key."""
    shared = secret.encode()
    if shared and len(shared) < SHORTEST_SECRET:
        raise BadSetting(f"The secret of tokens is too short: it must have {SHORTEST_SECRET} bytes or more.")
    try:
        return shared and bytes(jws.get_algorithm_by_name(SECRET).prepare_key(shared))
    except InvalidKeyError:
        raise BadSetting("The secret of tokens is a public key, which is no secret.") from None


def _expired() -> Unauthorized:
    return _refused("The token has expired.")


def _refused(sentence: str) -> Unauthorized:
    return Unauthorized(sentence, field="token", allowed="a valid JWT of this shop")


def _unchecked() -> Unavailable:
    return Unavailable("Tokens cannot be checked now: the keys that they are signed with cannot be fetched.")
