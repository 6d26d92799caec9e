"""Answers that were given a moment ago, for whoever asks the same again."""

import re
from collections import OrderedDict
from collections.abc import Callable, Mapping

from msgspec import Raw, Struct

from punnet.engine.effects import Effects
from punnet.engine.engine import Engine
from punnet.web.exchange import PRIVATE_MINUTE, Reply

SECONDS = 60.0
"""How old an answer may be that is given again."""

MOST_BYTES = 64 << 20
"""What all of them may take together."""

OVERHEAD = 600
"""Bytes that an answer takes beside what is written of it."""

WHO = b"userId="

_PLAIN = re.compile(rb"[\w.~-]{1,128}")
"""The name of a shopper that needs no escapes, neither in a query nor in JSON."""


class Question(Struct, frozen=True, gc=False):
    """What is asked: the query but for who asks, and who that is.

    `owner` is whose answer it is: the shopper, or the question itself where nothing is known of who asks.
    """

    owner: str | bytes
    query: bytes
    who: bytes


class Kept(Struct, frozen=True, gc=False):
    """An answer as it was written, of `count` products, made at a time (seconds).

    What is written of it ends with the shopper that it was made for, from `end` on.
    """

    data: bytes
    end: int
    count: int
    at: float
    until: float


class Answers:
    """Keeps answers by the query string; the one that is given again may lack what others bought meanwhile.

    Nothing else: all are dropped when the catalogue changes, a shopper's when that shopper does something,
    and none is given after `seconds`, or after time alone has changed what can be bought or is in season. Who
    is connected is told at once what others change, and therefore not answered from here.

    People of whom nothing is known share their answers. An id that is escaped in the query has none here.
    """

    waiting = 0
    """What is told here is done at once."""

    def __init__(
        self,
        engine: Engine,
        listens: Callable[[str], bool],
        *,
        seconds: float = SECONDS,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._engine = engine
        self._listens = listens
        self._seconds = seconds
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[str | bytes, dict[bytes, Kept]] = OrderedDict()
        """By owner and query, the owner who came first first."""
        self._steady = (0.0, 0.0)
        self.hits = 0
        self.made = 0

    def question(self, query: bytes) -> Question | None:
        """Return what a query string asks, None where its answer is not kept."""
        start = query.find(WHO) if self._seconds else -1
        if start < 0 or (start and query[start - 1 : start] != b"&"):
            return None
        end = query.find(b"&", start)
        who = query[start + len(WHO) : end if end > 0 else None]
        if not _PLAIN.fullmatch(who):
            return None
        rest, user_id = query[:start] + query[start + len(WHO) + len(who) :], who.decode()
        return Question(user_id if self._engine.knows(user_id) else rest, rest, who)

    def find(self, question: Question, now: float) -> Reply | None:
        """Return the answer to a question at `now` (seconds), None where it must be made."""
        of_owner = self._kept.get(question.owner)
        kept = of_owner.get(question.query) if of_owner else None
        if kept is None or not kept.at <= now < kept.until or self._listens(question.who.decode()):
            return None
        self.hits += 1
        data, end = kept.data, b'"%b"}' % question.who
        if not data.endswith(end, kept.end):
            data = data[: kept.end] + end
        return Reply(Raw(data), cache=PRIVATE_MINUTE, age=int(now - kept.at), count=kept.count)

    def keep(self, question: Question, data: bytes, count: int, now: float) -> Kept:
        """Keep an answer that was made at `now` (seconds), and that ends with whom it is for."""
        end = b'"%b"}' % question.who
        assert data.endswith(end), "an answer ends with whom it is for"
        until = min(now + self._seconds, self.steady_until(now))
        kept = Kept(data, len(data) - len(end), count, now, until)
        self._put(question, kept)
        return kept

    def adopt(self, question: Question, kept: Kept, now: float) -> None:
        """Keep an answer that another process made."""
        until = min(kept.until, now + self._seconds)
        self._put(question, Kept(kept.data, kept.end, kept.count, kept.at, until))

    def start(self) -> None:
        """Keep answers from now on."""

    async def stop(self) -> None:
        """Return at once."""

    def take(self, effects: Effects) -> None:
        """Drop what may be another answer now."""
        if effects.products or effects.farms or effects.erasures:
            self._clear()
        for user_id in effects.shoppers:
            self._bytes -= _size(self._kept.pop(user_id, {}))

    def forget(self, _user_id: str) -> None:
        """Drop everything: what someone did who is erased may have a part in anything."""
        self._clear()

    def reset(self) -> None:
        """Count from 0."""
        self.hits = self.made = 0

    def steady_until(self, now: float) -> float:
        """Return up to when time alone changes no answer (seconds)."""
        since, until = self._steady
        if not since <= now < until:
            until = self._engine.steady_until(now)
            self._steady = (now, until)
        return until

    def _put(self, question: Question, kept: Kept) -> None:
        of_owner = self._kept.setdefault(question.owner, {})
        before = of_owner.pop(question.query, None)
        of_owner[question.query] = kept
        self._bytes += _size_of(question.query, kept)
        if before is not None:
            self._bytes -= _size_of(question.query, before)
        while self._bytes > self._most_bytes:
            self._bytes -= _size(self._kept.popitem(last=False)[1])

    def _clear(self) -> None:
        self._kept.clear()
        self._bytes = 0
        self._steady = (0.0, 0.0)


def _size(several: Mapping[bytes, Kept]) -> int:
    return sum(_size_of(query, kept) for query, kept in several.items())


def _size_of(query: bytes, kept: Kept) -> int:
    return len(query) + len(kept.data) + OVERHEAD
