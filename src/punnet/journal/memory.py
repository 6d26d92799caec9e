"""A journal that lasts as long as its process."""

from collections.abc import Iterator, Sequence

from punnet.journal import BATCH, Verdict, key_of
from punnet.market import Fact, Record


class MemoryJournal:
    """Keeps records in a list: for tests, and for a market that may be forgotten."""

    def __init__(self) -> None:
        self._records: list[Record] = []
        self._known: dict[str, Fact] = {}

    def append(self, records: Sequence[Record]) -> list[Verdict]:
        """Keep `records` and return a verdict on each."""
        return [self._take(record) for record in records]

    def read(self) -> Iterator[list[Record]]:
        """Yield every kept record, oldest first, in batches."""
        for start in range(0, len(self._records), BATCH):
            yield self._records[start : start + BATCH]

    def close(self) -> None:
        """Do nothing: there is nothing to let go of."""

    def _take(self, record: Record) -> Verdict:
        fact, key = record.fact, key_of(record.fact)
        if key in self._known:
            return Verdict.DUPLICATE if self._known[key] == fact else Verdict.CONFLICT
        if key is not None:
            self._known[key] = fact
        self._records.append(record)
        return Verdict.ACCEPTED
