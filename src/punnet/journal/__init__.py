"""Where every accepted fact is kept, durable and in order, before anything else happens to it."""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol

from punnet.core.digest import digest
from punnet.market import Action, Erased, Fact, Forgotten, Id, Noun, Order, Record

BATCH = 5_000
"""The most records that a journal hands out at once."""

END = (1 << 63) - 1
"""Behind every position there will be."""


class Verdict(StrEnum):
    """What became of an entry."""

    ACCEPTED = "ACCEPTED"
    DUPLICATE = "DUPLICATE"
    CONFLICT = "CONFLICT"


class Letter(Noun, frozen=True, kw_only=True):
    """An e-mail that is owed: `id` is the order it thanks for, and there is one letter an order."""

    id: Id
    user_id: Id
    address: str
    attempts: int = 0


class Entry(NamedTuple):
    """Facts taken in at `at` (seconds), kept together or not at all, with the letter that they ask for.

    The last fact is the one that a caller's id stands for; those before it are what it brings along.
    """

    at: float
    facts: tuple[Fact, ...]
    letter: Letter | None = None


class Kept(NamedTuple):
    """The verdicts on entries, and where what was kept of them lies: behind `before`, up to `last`."""

    verdicts: list[Verdict]
    before: int
    last: int


class Batch(NamedTuple):
    """Records as they lie in the journal, and the position of the last of them."""

    records: list[Record]
    last: int


class Reader(Protocol):
    """What a process that only reads may have of a journal, whoever holds it.

    `identity` was made with the journal; `erasures` counts how often people were erased from it.
    """

    identity: str
    erasures: int

    def read(self, after: int = 0, until: int = END) -> AsyncIterator[Batch]:
        """Yield the records behind a position, or up to another one, oldest first, at most BATCH at a time.

        Raises BadFile at what cannot be read, JournalUnavailable when nothing can be read now.
        """
        ...

    async def close(self) -> None:
        """Let go of whatever is held open."""
        ...


class Journal(Reader, Protocol):
    """The facts of one market, in the order they were taken in. Positions rise, and are never used twice.

    Orders are known by their id, actions by their `event_id`. An entry whose last fact is known is not kept:
    it is a DUPLICATE when that says the same, else a CONFLICT. It is a CONFLICT too when it brings along an
    order that is known with another basket.

    A journal that is `shared` may be written by other processes, too: `read` tells what they wrote.
    """

    shared: bool

    async def append(self, entries: Sequence[Entry]) -> Kept:
        """Keep `entries` in one commit and return the verdicts once they are durable.

        Raises JournalUnavailable, and then they are not known to be kept: only `read` tells.
        """
        ...

    async def find(self, key: str) -> Fact | None:
        """Return the fact known under `key` (see `key_of`), if there is one; Erased, if there was."""
        ...

    async def records_of(self, user_id: str) -> list[Record]:
        """Return the orders and actions of a shopper, oldest first."""
        ...

    async def erase(self, user_id: str, at: float) -> int:
        """Leave nothing of a shopper's orders and actions but that they were, and return how many there were.

        A record that the shopper was Forgotten at `at` (seconds) comes behind all others.
        Their ids stay taken, unreadably. Letters to the shopper go too. What stood there before can still be
        where the database keeps it for itself, until `scrub`.
        """
        ...

    async def scrub(self) -> None:
        """Leave nothing of what was erased where the database keeps what is gone.

        Raises JournalUnavailable as long as that cannot be.
        """
        ...

    async def letters(self, now: float, limit: int) -> list[Letter]:
        """Return the letters that are due, the one due longest first."""
        ...

    async def sent(self, letter_id: str) -> None:
        """Note that a letter was sent, or given up: it is not due any more. One that was erased stays so."""
        ...

    async def postpone(self, letter_id: str, until: float) -> None:
        """Note a vain attempt, and have a letter that was not sent meanwhile due at `until` (seconds)."""
        ...


def order_key(order_id: str) -> str:
    """Return the name under which a journal knows an order again."""
    return f"o:{order_id}"


def key_of(fact: Fact) -> str | None:
    """Return the name under which a journal knows `fact` again, if it does."""
    if isinstance(fact, Action):
        return f"e:{fact.event_id}"
    return order_key(fact.id) if isinstance(fact, Order) else None


def keys_of(entries: Iterable[Entry]) -> Iterator[str]:
    """Yield the names under which a journal knows again what `entries` bring."""
    return (key for entry in entries for key in map(key_of, entry.facts) if key)


def erased_of(fact: Fact) -> Erased:
    """Return what stays of an order or action of someone who was erased."""
    return Erased(action=fact.action if isinstance(fact, Action) else None)


def forgotten(user_id: str) -> Forgotten:
    """Return what tells that someone was erased."""
    return Forgotten(shopper=digest(user_id))


def judge(facts: tuple[Fact, ...], known: dict[str | None, Fact]) -> tuple[Verdict, list[Fact]]:
    """Return the verdict on the facts of an entry and those of them to keep, which are `known` from then on.

    `known` are the facts in the journal, as far as the entry has their keys.
    """
    *companions, last = facts
    before = known.get(key_of(last))
    if before is not None:
        same = before == last or isinstance(before, Erased)
        return (Verdict.DUPLICATE if same else Verdict.CONFLICT), []
    kept: list[Fact] = []
    for companion in companions:
        before = known.get(key_of(companion))
        if before is None:
            kept.append(companion)
        elif not _is_same_basket(before, companion):
            return Verdict.CONFLICT, []
    kept.append(last)
    for fact in kept:
        known[key_of(fact)] = fact
    known.pop(None, None)
    return Verdict.ACCEPTED, kept


def _is_same_basket(before: Fact, companion: Fact) -> bool:
    return isinstance(before, Order) and isinstance(companion, Order) and before.is_same_basket(companion)
