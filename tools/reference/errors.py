"""The page of errors, from `src/punnet/errors.py` and the statuses that calls answer them with."""

from collections.abc import Iterator

from punnet import errors
from punnet.protocol.envelope import Failure
from punnet.protocol.messages import ErrorPayload
from punnet.web.exchange import STATUS
from tools.reference import kinds, markdown
from tools.reference.markdown import code, sentence, table

INTRODUCTION = """\
What is refused has changed nothing, and is told in one sentence that names the field, what stood there and
what may stand there. Programs go by the `code`, which is the same over REST and on a stream; people read the
`message`."""

RETRY = """\
Answers with 429 and 503 have a `Retry-After`, in seconds. The same call may be made again then, and under the
same `eventId` or order `id` it counts once, whatever became of the first. Any other error stays what it is
until the call is another."""

ENDS = """\
A command that cannot do its work says why in one sentence on stderr and ends with 2. `punnet import` ends
with 1 where some lines were refused."""

OWN = {
    "UNAVAILABLE": "The journal cannot be had now, the server starts or stops, or all connections are taken; "
    "later it works.",
    "INTERNAL_ERROR": "An error of the server, which its log tells more of.",
}
"""What stands for errors that are no refusals."""

HOMES = kinds.Homes()


def page() -> str:
    """Return the page."""
    return markdown.page(
        "Errors",
        "src/punnet/errors.py",
        INTRODUCTION,
        table(
            ("code", "status", "when"), [(code(name), str(STATUS[name]), when) for name, when in _meanings()]
        ),
        RETRY,
        "## Over REST",
        *_described(Failure),
        "## On a stream",
        "The `payload` of [ERROR](stream-messages.md#error):",
        *_described(ErrorPayload),
        "What closes a connection is told [with the streams](messages.md#staying-connected).",
        "## In the program",
        ENDS,
    )


def _meanings() -> Iterator[tuple[str, str]]:
    """Yield the codes with what they mean, in the order of their statuses."""
    kinds_of_error: list[type[errors.Refused]] = [errors.Refused, *errors.Refused.__subclasses__()]
    said = {kind.code: _first(kind) for kind in kinds_of_error}
    for name in sorted(STATUS, key=lambda name: STATUS[name]):
        yield name, OWN.get(name) or said[name]


def _first(kind: type) -> str:
    return sentence((kind.__doc__ or "").partition("\n")[0])


def _described(kind: type) -> Iterator[str]:
    for name, noun in kinds.nouns([kind]).items():
        if name != kind.__name__:
            yield f"### {name}"
        yield from kinds.described(noun, HOMES, taken=False)
