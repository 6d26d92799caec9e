"""Every error that Punnet raises on purpose."""


class PunnetError(Exception):
    """Something a person can be told in one sentence."""


class Refused(PunnetError):
    """Input that is not accepted, and changed nothing.

    `code` is a name for programs, `field` the place in the input (`lines[0].quantity`),
    `value` what stood there, and `allowed` what may stand there.
    """

    code = "BAD_INPUT"

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        value: object = None,
        allowed: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.value = value
        self.allowed = allowed


class UnknownId(Refused):
    """An id that names nothing in this market."""

    code = "UNKNOWN_ID"


def not_in_catalogue(noun: str, value: str, field: str) -> UnknownId:
    """Return the refusal of an id at `field` that names no `noun` (a farm, a product) of the catalogue."""
    allowed = f"the id of a {noun} of the catalogue"
    sentence = f'{field} "{value}" is not a {noun} of the catalogue.'
    return UnknownId(sentence, field=field, value=value, allowed=allowed)


class Conflict(Refused):
    """An id that is taken already, by something different."""

    code = "CONFLICT"


class TooLarge(Refused):
    """More bytes or lines than one call may carry."""

    code = "TOO_LARGE"


class UnsupportedMedia(Refused):
    """A body of another kind than the call takes."""

    code = "UNSUPPORTED_MEDIA_TYPE"


class Unauthorized(Refused):
    """A call without the key that it needs."""

    code = "UNAUTHORIZED"


class Forbidden(Refused):
    """A call that this caller may not make."""

    code = "FORBIDDEN"


class UnknownPath(Refused):
    """A path that leads nowhere."""

    code = "UNKNOWN_PATH"


class MethodNotAllowed(Refused):
    """A method that the path does not have; `allowed` lists those it has."""

    code = "METHOD_NOT_ALLOWED"


class TooBusy(Refused):
    """More is waiting than the server holds; the same call works a little later."""

    code = "TOO_MANY_REQUESTS"


class RateLimited(TooBusy):
    """More calls of one caller than a window of time allows; the next one begins in `retry_after` seconds."""

    def __init__(self, message: str, *, allowed: str, retry_after: int) -> None:
        super().__init__(message, allowed=allowed)
        self.retry_after = retry_after


class Unavailable(PunnetError):
    """Something that cannot be done now, through no fault of the caller."""


class JournalUnavailable(Unavailable):
    """The journal cannot be had now; what was to be written is not known to be kept."""


class BadSetting(PunnetError):
    """A setting that the server cannot start with."""


class BadFile(PunnetError):
    """A file that cannot be read as what it claims to be."""
