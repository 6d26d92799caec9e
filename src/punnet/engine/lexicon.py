"""Which words the products have, so that a search need not read them all."""

from collections.abc import Set

import numpy as np

from punnet.core.postings import Postings
from punnet.core.vocab import Vocabulary


class Lexicon:
    """The words of all listed products, and which products have each."""

    changes: int

    def __init__(self) -> None:
        self.words = Vocabulary()
        self.having = Postings()
        self.changes = 0
        """How often what is found for some words may have changed."""

    def put(self, product: int, before: Set[str], after: Set[str]) -> None:
        """Have a product with the words `after`, where it had those `before`."""
        if before == after:
            return
        self.changes += 1
        gone = [self.words.find(word) for word in sorted(before - after)]
        self.having.remove(np.array(gone, np.int64), np.array([product]))
        come = np.array([self.words.add(word) for word in sorted(after - before)], np.int32)
        self.having.reserve(len(self.words))
        self.having.add(come, np.full(len(come), product, np.int32))
