"""Where API keys are kept, beside the journal of their market, and read by every process of it."""

from typing import Protocol

from punnet.errors import BadFile, Conflict
from punnet.keys import Role, StoredKey


class KeyStore(Protocol):
    """The keys of one market. All of it raises JournalUnavailable when they cannot be had now."""

    async def all(self) -> list[StoredKey]:
        """Return all keys, the oldest first; BadFile at one that cannot be read."""
        ...

    async def add(self, key: StoredKey) -> None:
        """Keep a key, durably; Conflict where its id is taken."""
        ...

    async def remove(self, key_id: str) -> bool:
        """Keep a key no longer, and return whether there was one."""
        ...

    async def close(self) -> None:
        """Let go of whatever is held open."""
        ...


def stored(key_id: str, role: str, digest: str, note: str, created_at: float) -> StoredKey:
    """Return a key from a row of its table; BadFile at a role that does not exist."""
    if role not in list(Role):
        raise BadFile(f"The key {key_id} has the unknown role {role}; revoke it")
    return StoredKey(id=key_id, role=Role(role), digest=digest, note=note, created_at=created_at)


def taken(key_id: str) -> Conflict:
    """Return the refusal of an id that another key has."""
    return Conflict(f"Another key has the id {key_id}; try again.", field="id", value=key_id)
