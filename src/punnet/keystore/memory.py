"""Keys that last as long as their process."""

from punnet.keys import StoredKey
from punnet.keystore import taken


class MemoryKeys:
    """Keeps keys in a dict: for tests, and for a market that may be forgotten."""

    def __init__(self) -> None:
        self._keys: dict[str, StoredKey] = {}

    async def all(self) -> list[StoredKey]:
        """Return all keys, the oldest first."""
        return sorted(self._keys.values(), key=lambda key: (key.created_at, key.id))

    async def add(self, key: StoredKey) -> None:
        """Keep a key."""
        if key.id in self._keys:
            raise taken(key.id)
        self._keys[key.id] = key

    async def remove(self, key_id: str) -> bool:
        """Keep a key no longer."""
        return self._keys.pop(key_id, None) is not None

    async def close(self) -> None:
        """Do nothing: there is nothing to let go of."""
