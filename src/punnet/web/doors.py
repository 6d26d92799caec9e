"""Who calls: what is shown at the door is looked at."""

import asyncio
from collections.abc import Callable

from litestar.types import HTTPScope, WebSocketScope

from punnet.errors import Unauthorized
from punnet.keyring import Keyring
from punnet.keys import PREFIX, Role, digest_of, new_key
from punnet.keystore import KeyStore
from punnet.web.addresses import Addresses, AddressLimit
from punnet.web.callers import AUTHORIZATION, TRUSTED, VISITOR, Caller
from punnet.web.exchange import ADMIN_KEY, header
from punnet.web.keys import AdminKey
from punnet.web.rate_limits import RateLimits
from punnet.web.tokens import Tokens

BEARER = "Bearer "


class Doors:
    """Tells who calls, by what they show: a key of the shop, a shopper's token, or the admin key.

    Without a `keyring` everybody is trusted. `keys` are where it looks. `clock` tells seconds since 1970.
    Calls count against `rates` by the address that `addresses` tell; those of programs with a key do not.
    Each address may have so many `connections`, and so many streams.
    """

    def __init__(
        self,
        admin_key: AdminKey,
        clock: Callable[[], float],
        keyring: Keyring | None = None,
        tokens: Tokens | None = None,
        keys: KeyStore | None = None,
        rates: RateLimits | None = None,
        addresses: Addresses | None = None,
        connections: int = 0,
    ) -> None:
        self.admin_key = admin_key
        self.rates = rates or RateLimits()
        self.addresses = addresses or Addresses()
        self.connections, self.streams = AddressLimit(connections), AddressLimit(connections)
        self._clock = clock
        self._keyring = keyring
        self._tokens = tokens
        self._keys = keys

    async def first_key(self) -> str | None:
        """Return a key for the administrator, made now, where there is none yet; it is shown this once."""
        if self._keyring is None or self._keys is None or self._keyring.count:
            return None
        shown, kept = new_key(Role.ADMIN, at=self._clock(), note="made at the first start")
        await self._keys.add(kept)
        await self._keyring.load()
        return shown

    def enter(self, peer: tuple[str, int] | None) -> Callable[[], None] | None:
        """Let a connection in, and return what is to be called at its end; None where it has to go."""
        return self.connections.enter(self.addresses.of_peer(peer[0]) if peer else "")

    def start(self) -> None:
        """Notice from now on when keys are made and revoked; needs a running loop."""
        if self._keyring is not None:
            self._keyring.start()

    async def stop(self) -> None:
        """Let go of what is held open."""
        await self.rates.close()
        if self._keyring is not None:
            await self._keyring.stop()
        if self._tokens is not None:
            await self._tokens.close()
        if self._keys is not None:
            await self._keys.close()

    def hold(self, caller: Caller, part: Callable[[], None]) -> Callable[[], None]:
        """Have `part` called when the key of a caller is revoked, until what is returned is called."""
        if self._keyring is None or not caller.key:
            return _nothing
        return self._keyring.hold(caller.key, part)

    async def identify(self, scope: HTTPScope | WebSocketScope, token: str = "") -> Caller:
        """Return who calls, and count the call; a stream may show its `token` elsewhere than in the header.

        Raise Unauthorized where what is shown is not valid, Unavailable where that cannot be told now, and
        RateLimited where the caller called too often.
        """
        address = self.addresses.of(scope)
        try:
            caller = await self._shown(scope, token)
        except Unauthorized:
            await self.rates.count(VISITOR._replace(address=address))
            raise
        if address and (self._keyring is None or caller.role is None):
            caller = caller._replace(address=address)
        await self.rates.count(caller)
        return caller

    async def _shown(self, scope: HTTPScope | WebSocketScope, token: str) -> Caller:
        if self._keyring is None:
            return TRUSTED
        shown = bearer(scope) or token
        if shown:
            return await self.holder(shown)
        in_header = header(scope, ADMIN_KEY)
        if in_header and self.admin_key.fits(in_header):
            return Caller(Role.ADMIN)
        if in_header and self._is_admins(in_header):
            return Caller(Role.ADMIN, key=digest_of(in_header.decode("latin-1")))
        return VISITOR

    def _is_admins(self, shown: bytes) -> bool:
        """Return whether a key is that of an administrator: the dashboard asks for one of either kind."""
        return self._keyring is not None and self._keyring.role_of(shown.decode("latin-1")) is Role.ADMIN

    async def holder(self, shown: str) -> Caller:
        """Return who has a key or a token; raise as `identify` does."""
        if self._keyring is None:
            return TRUSTED
        if shown.startswith(PREFIX):
            role = self._keyring.role_of(shown)
            if role is None:
                raise _refused(
                    "This key is not known, or was revoked.", "a key that `punnet keys list` shows"
                )
            return Caller(role, key=digest_of(shown))
        if self._tokens is None:
            raise _refused("This server takes no tokens: JWT_SECRET and JWKS_URL are not set.", "a key")
        found = self._tokens.known(shown, self._clock())
        if found is None:
            # Who tries to answer at once, without a task, ends here.
            await asyncio.sleep(0)
            found = await self._tokens.verify(shown, self._clock())
        return Caller(None, found.user_id, found.expires_at)


def _nothing() -> None:
    """Do nothing."""


def bearer(scope: HTTPScope | WebSocketScope) -> str:
    """Return what the Authorization header shows, empty where there is none; raise at another kind."""
    shown = header(scope, b"authorization").decode("latin-1")
    if not shown:
        return ""
    if shown[: len(BEARER)].lower() != BEARER.lower():
        raise _refused("Authorization is of a kind that is not known here.", "Bearer, and a key or a token")
    return shown[len(BEARER) :].strip()


def _refused(sentence: str, allowed: str) -> Unauthorized:
    return Unauthorized(sentence, field=AUTHORIZATION, allowed=allowed)
