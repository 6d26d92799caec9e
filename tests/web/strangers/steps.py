"""What two shoppers and their shop can do, one step after another."""

from typing import NamedTuple, TypeAlias

Statuses: TypeAlias = frozenset[int]


class Call(NamedTuple):
    """A request of the shopper `who`, and the statuses that it may meet; `shown` is what says who calls."""

    who: int
    method: str
    target: str
    allowed: Statuses
    shown: str = "own"
    headers: tuple[str, ...] = ()
    body: str = ""


class Calls(NamedTuple):
    """Requests that are made together, of which at most one changes something.

    They go over the connection of each shopper, or over one that both share, and come there in one piece.
    """

    calls: tuple[Call, ...]
    shared: bool


class Open(NamedTuple):
    """A stream that the shopper `who` asks for, by what is in the query.

    `last` is whose last message it names; `shown` stands in the header, or in the query.
    """

    who: int
    path: str
    query: str
    allowed: Statuses
    last: int | None = None
    shown: str = "own"
    in_query: bool = False


class Say(NamedTuple):
    """A frame that a shopper says on one of their WebSockets, and the types of what may answer it.

    `{token}` in it is what `shown` names.
    """

    who: int
    stream: int
    text: str
    request_id: str
    allowed: frozenset[str]
    shown: str = ""


class Leave(NamedTuple):
    """A shopper leaves one of their streams, with a goodbye where that is possible, or without."""

    who: int
    stream: int
    goodbye: bool


class Trade(NamedTuple):
    """The shop changes a product, or records what somebody bought."""

    method: str
    path: str
    body: str


class Wait(NamedTuple):
    """Time goes by."""

    seconds: float


Step: TypeAlias = Calls | Open | Say | Leave | Trade | Wait
