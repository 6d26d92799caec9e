"""A journal that lasts as long as its process."""

import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from punnet.journal import (
    BATCH,
    END,
    Batch,
    Entry,
    Kept,
    Letter,
    Verdict,
    erased_of,
    forgotten,
    judge,
    key_of,
)
from punnet.market import Action, Fact, Order, Record


@dataclass(slots=True)
class _Post:
    """A letter and when it is due; None once it was sent."""

    letter: Letter
    due: float | None


class MemoryJournal:
    """Keeps records in a list: for tests, and for a market that may be forgotten."""

    shared = False

    def __init__(self) -> None:
        self.identity = secrets.token_hex(8)
        self.erasures = 0
        self._records: list[Record] = []
        self._known: dict[str | None, Fact] = {}
        self._posts: dict[str, _Post] = {}

    async def append(self, entries: Sequence[Entry]) -> Kept:
        """Keep `entries` and return the verdicts."""
        before = len(self._records)
        return Kept([self._take(entry) for entry in entries], before, len(self._records))

    async def read(self, after: int = 0, until: int = END) -> AsyncIterator[Batch]:
        """Yield the records behind a position, oldest first, in batches."""
        until = min(until, len(self._records))
        for start in range(after, until, BATCH):
            records = self._records[start : min(start + BATCH, until)]
            yield Batch(records, start + len(records))

    async def find(self, key: str) -> Fact | None:
        """Return the fact known under `key`, if there is one."""
        return self._known.get(key)

    async def records_of(self, user_id: str) -> list[Record]:
        """Return the orders and actions of a shopper."""
        return [record for record in self._records if _is_of(record.fact, user_id)]

    async def erase(self, user_id: str, at: float) -> int:
        """Leave nothing of a shopper's orders and actions but that they were."""
        places = [place for place, record in enumerate(self._records) if _is_of(record.fact, user_id)]
        for place in places:
            record = self._records[place]
            erased = erased_of(record.fact)
            self._known[key_of(record.fact)] = erased
            self._records[place] = Record(at=record.at, fact=erased)
        self._posts = {key: post for key, post in self._posts.items() if post.letter.user_id != user_id}
        self._records.append(Record(at=at, fact=forgotten(user_id)))
        self.erasures += 1
        return len(places)

    async def scrub(self) -> None:
        """Do nothing: what is erased is gone."""

    async def letters(self, now: float, limit: int) -> list[Letter]:
        """Return the letters that are due."""
        due = [(post.due, post.letter) for post in self._posts.values() if post.due is not None]
        ripe = sorted((entry for entry in due if entry[0] <= now), key=lambda entry: entry[0])
        return [letter for _, letter in ripe[:limit]]

    async def sent(self, letter_id: str) -> None:
        """Note that a letter was sent."""
        if letter_id in self._posts:
            self._posts[letter_id].due = None

    async def postpone(self, letter_id: str, until: float) -> None:
        """Note a vain attempt."""
        post = self._posts.get(letter_id)
        if post is None or post.due is None:
            return
        letter = post.letter
        again = Letter(
            id=letter.id, user_id=letter.user_id, address=letter.address, attempts=letter.attempts + 1
        )
        self._posts[letter_id] = _Post(again, until)

    async def close(self) -> None:
        """Do nothing: there is nothing to let go of."""

    def _take(self, entry: Entry) -> Verdict:
        verdict, kept = judge(entry.facts, self._known)
        self._records.extend(Record(at=entry.at, fact=fact) for fact in kept)
        if kept and entry.letter is not None:
            self._posts.setdefault(entry.letter.id, _Post(entry.letter, entry.at))
        return verdict


def _is_of(fact: Fact, user_id: str) -> bool:
    return isinstance(fact, Order | Action) and fact.user_id == user_id
