"""What searches find, kept while the words of the products stay the same."""

from collections.abc import Set

import numpy as np

from punnet.engine.lexicon import Lexicon
from punnet.engine.words import words
from punnet.types import Positions

KEPT = 4_000_000
"""So many products on all lists that are kept."""


class Searches:
    """Finds the products that have a word with one of the sought inside, and remembers them."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self.forget()

    def forget(self) -> None:
        """Drop all lists."""
        self._found: dict[str, Positions] = {}
        self._size = 0
        self._changes = self._lexicon.changes
        self._text = "\n".join(word or "" for word in self._lexicon.words)
        lengths = np.array([len(word or "") + 1 for word in self._lexicon.words], np.int64)
        self._ends = np.cumsum(lengths)

    def matching(self, search_query: str) -> Positions:
        """Return the products with a word of a search in name or category, the one added first first."""
        if self._changes != self._lexicon.changes or self._size > KEPT:
            self.forget()
        found = self._found.get(search_query)
        if found is None:
            found = self._found[search_query] = self._products_with(words(search_query))
            self._size += len(found) + 1
        return found

    def _products_with(self, sought: Set[str]) -> Positions:
        rows = [row for part in sought for row in self._words_with(part)]
        products = self._lexicon.having.gather(np.array(rows, np.int64))
        is_found = np.zeros(products.max(initial=-1) + 1, np.bool_)
        is_found[products] = True
        return np.flatnonzero(is_found).astype(np.int32)

    def _words_with(self, part: str) -> list[int]:
        """Return the rows of the words that have `part` inside: one look through all of them as one text."""
        rows: list[int] = []
        at = self._text.find(part)
        while at >= 0:
            row = int(np.searchsorted(self._ends, at, side="right"))
            rows.append(row)
            at = self._text.find(part, self._ends[row])
        return rows
