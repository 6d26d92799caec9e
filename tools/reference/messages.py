"""The page of messages, from `src/punnet/web/asyncapi.py` and the nouns of `punnet.protocol.messages`."""

from collections.abc import Iterator

from punnet.protocol.messages import PAYLOADS, ClientMessage, ClientType, ServerMessage, ServerType, Topic
from punnet.web.asyncapi import ANSWERS_ONLY, HEARD, TOLD
from tools.reference import kinds, markdown, rest
from tools.reference.kinds import Homes
from tools.reference.markdown import code, link, sentence

INTRODUCTION = """\
Every message of the streams with its fields. A running server has the same at `/asyncapi.json`. When each of
them comes, how to come back after a lost line, and what closes a connection is told in
[what comes in and goes out](messages.md#streams). What a stream can be opened with is the same for
[events](rest.md#get-apirecommendationsstream) and for a WebSocket. *An id*, *a time* and the like are
[kinds of values](rest.md#kinds-of-values)."""

TAKEN, GIVEN = rest.objects()
HOMES = Homes(dict.fromkeys([*TAKEN, *GIVEN, *rest.enumerations()], "rest.md"))
HOMES[ServerType.__name__] = "#what-the-server-says"
HOMES[ClientType.__name__] = "#what-a-client-says"
OF_SERVER = {
    kind: f"{kind} of the server" if kind.value in ClientType.__members__ else str(kind)
    for kind in ServerType
}
"""The heading of each message of the server: of one that a client may send as well, it says so."""


def page() -> str:
    """Return the page."""
    (asked,) = kinds.nouns([ClientMessage]).values()
    (sent,) = kinds.nouns([ServerMessage]).values()
    return markdown.page(
        "Messages",
        "src/punnet/protocol/messages.py",
        INTRODUCTION,
        "## What stands around each",
        *kinds.described(asked, HOMES, taken=True),
        *kinds.described(sent, HOMES, taken=False),
        f"The topics are {', '.join(code(topic.value) for topic in Topic)}.",
        "## What a client says",
        *(part for kind in ClientType for part in _heard(kind)),
        "## What the server says",
        *(part for kind in ServerType for part in _told(kind)),
        "## What they hold",
        *_objects(),
    )


def _heard(kind: ClientType) -> Iterator[str]:
    heard = HEARD[kind]
    answer, error = (link(kind, OF_SERVER[kind]) for kind in (heard.answered, ServerType.ERROR))
    yield f"### {kind}"
    yield f"{sentence(heard.summary)} It is answered by {answer}, or by {error}."
    if heard.payload is None:
        yield "Its `payload` may be anything."
    else:
        yield from _payload(heard.payload, taken=True)


def _told(kind: ServerType) -> Iterator[str]:
    yield f"### {OF_SERVER[kind]}"
    yield sentence(TOLD[kind]) + (" It never comes unasked." if kind in ANSWERS_ONLY else "")
    payloads = [payload.__name__ for payload in PAYLOADS[kind]]
    if payloads[0] in HOMES:
        yield f"Its `payload` is an {' or a '.join(map(HOMES.link, payloads))}."
    else:
        yield from _payload(PAYLOADS[kind][0], taken=False)


def _payload(kind: type, *, taken: bool) -> Iterator[str]:
    noun = kinds.nouns([kind])[kind.__name__]
    yield from kinds.described(noun, HOMES, taken=taken, known=HOMES, of="payload")


def _objects() -> Iterator[str]:
    """Yield what payloads hold and no call does, and payloads of which there are two for a message."""
    asked = kinds.nouns(heard.payload for heard in HEARD.values() if heard.payload is not None)
    told = kinds.nouns(payload for payloads in PAYLOADS.values() for payload in payloads)
    first = {payloads[0].__name__ for payloads in PAYLOADS.values()}
    shown = first | {heard.payload.__name__ for heard in HEARD.values() if heard.payload is not None}
    for name in sorted((asked | told).keys() - shown - HOMES.keys()):
        yield f"### {name}"
        yield from kinds.described((asked | told)[name], HOMES, taken=name in asked, known=HOMES)
