"""Names that can be recognised by who knows them, and not be read."""

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from punnet.core.vocab import Vocabulary

PREFIX = 8
"""Bytes of a digest by which a name is looked for."""


def digest(name: str) -> str:
    """Return what stands for `name` where it must not be read: 32 hexadecimal digits."""
    return _digest(name).hex()


def _digest(name: str) -> bytes:
    return blake2b(name.encode(), digest_size=16).digest()


class Digests:
    """Finds in a growing vocabulary the name behind a digest.

    The digest of each name is worked out once: of a million names in a second, when the first is looked for.
    """

    def __init__(self) -> None:
        self._prefixes: NDArray[np.uint64] = np.empty(0, np.uint64)

    def find(self, names: Vocabulary, sought: str) -> str | None:
        """Return the name in `names` whose digest is `sought`, None where there is none."""
        self._extend(names)
        prefix = np.uint64(int.from_bytes(bytes.fromhex(sought)[:PREFIX], "little"))
        for position in np.flatnonzero(self._prefixes == prefix).tolist():
            name = names.name(position)
            if name is not None and digest(name) == sought:
                return name
        return None

    def _extend(self, names: Vocabulary) -> None:
        known = len(self._prefixes)
        later = (names.name(position) for position in range(known, len(names)))
        # A position that is empty already will never have a name again.
        written = b"".join(bytes(PREFIX) if name is None else _digest(name)[:PREFIX] for name in later)
        self._prefixes = np.concatenate([self._prefixes, np.frombuffer(written, "<u8")])
