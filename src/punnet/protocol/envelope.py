"""What stands around everything that a call is answered with."""

from datetime import datetime

from msgspec import UNSET, UnsetType

from punnet.market import Algorithm, Noun


class Meta(Noun, frozen=True, kw_only=True):
    """What is said about an answer; `processingTime` is in milliseconds."""

    request_id: str
    processing_time: float
    count: int | UnsetType = UNSET
    algorithms: tuple[Algorithm, ...] | UnsetType = UNSET
    timestamp: datetime | UnsetType = UNSET


class Success(Noun, frozen=True, kw_only=True):
    """The envelope of an answer."""

    success: bool = True
    data: object
    meta: Meta


class Details(Noun, frozen=True, kw_only=True, omit_defaults=True):
    """Which field was refused, what stood there, and what may stand there."""

    field: str | None = None
    value: str | float | bool | None = None
    allowed: str | None = None


class Error(Noun, frozen=True, kw_only=True):
    """What is wrong: a name for programs, a sentence for people."""

    code: str
    message: str
    details: Details | UnsetType = UNSET


class FailureMeta(Noun, frozen=True, kw_only=True):
    """What is said about a failure."""

    request_id: str


class Failure(Noun, frozen=True, kw_only=True):
    """The envelope of an error."""

    success: bool = False
    error: Error
    meta: FailureMeta
