"""The API keys that a process knows, as they stand in the store."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from punnet.errors import PunnetError
from punnet.keys import Role, digest_of, is_well_formed
from punnet.keystore import KeyStore
from punnet.loop import Trouble, forever

SETTLED_SECONDS = 4.0
"""How old the known keys grow: with the time that a look takes, a change is known within 5 seconds."""

BETWEEN_SECONDS = 1.0
"""Seconds between two looks, however many unknown keys are shown."""

OVER = "The API keys can be read again"


class Keyring:
    """Tells the roles of keys, from memory, and looks into the store every few seconds.

    A key that was made or revoked elsewhere is known to be so within 5 seconds; a made one a second after it
    was first shown. While the store is away the keys known before stay.
    """

    def __init__(self, store: KeyStore) -> None:
        self._store = store
        self._roles: dict[str, Role] = {}
        self._held: dict[str, dict[Callable[[], None], None]] = {}
        """What is to be done when a key is revoked, by its digest."""
        self._unknown = asyncio.Event()
        self._trouble = Trouble(OVER)
        self._task: asyncio.Task[None] | None = None

    @property
    def count(self) -> int:
        """How many keys are known."""
        return len(self._roles)

    async def load(self) -> None:
        """Know the keys as they are now.

        Raises JournalUnavailable where they cannot be had, BadFile where one cannot be read; then the keys
        known before stay.
        """
        self._roles = {key.digest: key.role for key in await self._store.all()}
        for digest in self._held.keys() - self._roles.keys():
            for part in self._held.pop(digest):
                part()

    def start(self) -> None:
        """Look into the store from now on; needs a running loop."""
        self._task = asyncio.create_task(forever(self._turn))

    async def stop(self) -> None:
        """Look no more; the store is closed by whoever opened it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def role_of(self, shown: str) -> Role | None:
        """Return the role of a key, None where it is not known; then the store is looked into soon.

        How long it takes tells how much of a digest is right, and nobody makes a key from a digest.
        """
        if not is_well_formed(shown):
            return None
        role = self._roles.get(digest_of(shown))
        if role is None:
            self._unknown.set()
        return role

    def hold(self, digest: str, part: Callable[[], None]) -> Callable[[], None]:
        """Have `part` called when a key is revoked, until what is returned is called."""
        self._held.setdefault(digest, {})[part] = None
        return lambda: self._let_go(digest, part)

    def _let_go(self, digest: str, part: Callable[[], None]) -> None:
        held = self._held.get(digest, {})
        held.pop(part, None)
        if not held:
            self._held.pop(digest, None)

    async def _turn(self) -> None:
        await asyncio.sleep(BETWEEN_SECONDS)
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLED_SECONDS - BETWEEN_SECONDS):
                await self._unknown.wait()
        self._unknown.clear()
        try:
            await self.load()
            self._trouble.note("")
        except PunnetError as error:
            self._trouble.note(f"The API keys cannot be read, those known before stay: {error}")
