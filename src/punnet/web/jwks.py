"""The keys that a shop signs its tokens with, fetched from where it publishes them (a JWKS)."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

import httpx
import msgspec
from jwt import PyJWK, PyJWTError

from punnet.errors import BadFile, BadSetting
from punnet.loop import Trouble, forever

LARGEST_SET = 1024 * 1024
"""Bytes of the largest answer that is read."""

MOST_KEYS = 100
"""How many keys of a set are used; a token that names none is tried with each."""

ALGORITHMS = {("RSA", None): "RS256", ("EC", "P-256"): "ES256"}
"""What a key of a kind and a curve signs with."""


class Pace(NamedTuple):
    """How long things take, in seconds.

    An answer must be there within `patience`. Keys are fetched again after `renewed`, and for a token of an
    unknown key, or after trouble, after `between`; while there are none at all, after `hurried`.
    """

    patience: float = 5
    renewed: float = 600
    between: float = 30
    hurried: float = 5


class KeySet:
    """The keys at an address: none until the first `fetch`, from then on fetched anew now and then.

    While they cannot be fetched, those known before stay.
    """

    __slots__ = (
        "_body", "_clock", "_fetching", "_http", "_keys", "_pace", "_renewing", "_shown", "_tried_at",
        "_trouble", "_url", "edition",
    )  # fmt: skip

    def __init__(self, url: str, pace: Pace, clock: Callable[[], float] = time.monotonic) -> None:
        self.edition = 0
        """How often the keys have changed."""
        self._url = _address(url)
        self._shown = str(self._url.copy_with(userinfo=b"", query=None, fragment=None))
        self._pace = pace
        self._clock = clock
        self._body = b""
        self._keys: tuple[PyJWK, ...] = ()
        self._tried_at: float | None = None
        self._fetching: asyncio.Task[None] | None = None
        self._renewing: asyncio.Task[None] | None = None
        self._trouble = Trouble(f"The keys of tokens come from {self._shown} again.")
        self._http = httpx.AsyncClient(
            timeout=pace.patience, follow_redirects=False, headers={"Accept-Encoding": "identity"}
        )

    def __len__(self) -> int:
        """Return how many keys there are."""
        return len(self._keys)

    @property
    def is_due(self) -> bool:
        """Whether a token of an unknown key is worth a `fetch`."""
        if self._fetching is not None or self._tried_at is None:
            return True
        wait = self._pace.between if self._keys else self._pace.hurried
        return self._clock() - self._tried_at >= wait

    def fitting(self, algorithm: str, kid: str | None) -> list[PyJWK]:
        """Return the keys of an algorithm that have this id, or with None all of the algorithm."""
        return [
            key
            for key in self._keys
            if key.algorithm_name == algorithm and (kid is None or key.key_id == kid)
        ]

    async def fetch(self) -> None:
        """Fetch the keys, or wait for who fetches them already; what goes wrong is logged."""
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._fetch())
        await asyncio.shield(self._fetching)

    async def close(self) -> None:
        """Stop fetching."""
        for task in (self._renewing, self._fetching):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        await self._http.aclose()

    async def _fetch(self) -> None:
        try:
            self._take(await self._read())
            self._trouble.note("")
        except (httpx.HTTPError, OSError, BadFile) as error:
            why = str(error) if isinstance(error, BadFile) else "it does not answer"
            rest = "those known before stay valid" if self._keys else "no token can be checked"
            self._trouble.note(f"The keys of tokens cannot be fetched from {self._shown}: {why}; {rest}.")
        finally:
            self._tried_at = self._clock()
            self._fetching = None
        if self._renewing is None:
            self._renewing = asyncio.create_task(forever(self._renew))

    async def _renew(self) -> None:
        await asyncio.sleep(self._pace.between if self._trouble.why else self._pace.renewed)
        await self.fetch()

    def _take(self, body: bytes) -> None:
        if body != self._body:
            self._keys = keys_in(body)
            self._body = body
            self.edition += 1

    async def _read(self) -> bytes:
        body = b""
        async with asyncio.timeout(self._pace.patience), self._http.stream("GET", self._url) as response:
            if response.status_code != 200:
                raise BadFile(f"it answers with status {response.status_code}")
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > LARGEST_SET:
                    raise BadFile(f"its answer has more than {LARGEST_SET} bytes")
        return body


def keys_in(body: bytes) -> tuple[PyJWK, ...]:
    """Return the keys of a JWKS that can check a token; BadFile where there are none."""
    try:
        published = msgspec.json.decode(body, type=_Published).keys
    except (msgspec.DecodeError, RecursionError):
        raise BadFile("its answer is no JWKS") from None
    keys = tuple(key for each in published[:MOST_KEYS] if (key := _usable(each)) is not None)
    if not keys:
        raise BadFile("its answer has no key for RS256 or ES256")
    return keys


class _Published(msgspec.Struct, frozen=True):
    keys: list[dict[str, object]]


def _usable(published: dict[str, object]) -> PyJWK | None:
    """Return a key where it is a public one, long enough, for signatures of an algorithm that is taken."""
    kind, curve = published.get("kty"), published.get("crv")
    algorithm = next((name for of, name in ALGORITHMS.items() if of == (kind, curve)), None)
    if algorithm is None or published.get("alg", algorithm) != algorithm:
        return None
    if published.get("use", "sig") != "sig" or "d" in published:
        return None
    try:
        key = PyJWK(published, algorithm)
        return key if key.Algorithm.check_key_length(key.key) is None else None
    except (PyJWTError, LookupError, TypeError, ValueError):
        return None


def _address(url: str) -> httpx.URL:
    try:
        address = httpx.URL(url)
    except httpx.InvalidURL:
        address = httpx.URL()
    if address.scheme not in ("http", "https") or not address.host:
        raise BadSetting(
            "The address of the keys of tokens must be one such as https://shop.example/jwks.json."
        )
    return address
