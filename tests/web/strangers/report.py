"""What came of many sequences."""

from collections import Counter
from collections.abc import Iterable

import msgspec

from tests.web.strangers.lines import Told


class Report(msgspec.Struct, kw_only=True):
    """What was done and met; `seen` says of each sequence in which somebody got what is not theirs, how."""

    sequences: int = 0
    steps: int = 0
    calls: Counter[int] = msgspec.field(default_factory=Counter)
    """Requests by the status that they met."""
    kept: int = 0
    """Answers that were given again."""
    streams: Counter[int] = msgspec.field(default_factory=Counter)
    resumed: int = 0
    """Streams that were opened after a message that one of both had seen."""
    messages: Counter[str] = msgspec.field(default_factory=Counter)
    """Messages of streams by their type."""
    facts: int = 0
    """Orders and actions, each of which stood in the record of its shopper, and no other, at the end."""
    seen: list[str] = []
    seconds: float = 0

    @property
    def refused(self) -> int:
        """How many calls and streams were refused to who asked."""
        return sum(met[status] for met in (self.calls, self.streams) for status in (401, 403))

    def note(self, answers: Iterable[Told]) -> None:
        """Count answers to requests."""
        for told in answers:
            self.calls[told.status] += 1
            self.kept += bool(told.header(b"age"))

    def stream(self, status: int, *, is_resumed: bool) -> None:
        """Count a stream that was asked for."""
        self.streams[status] += 1
        self.resumed += is_resumed and status in (101, 200)
