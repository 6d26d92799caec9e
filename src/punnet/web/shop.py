"""What every handler works with."""

from collections.abc import Callable
from dataclasses import dataclass

from punnet.alerting import Alerting
from punnet.delivery import Delivery
from punnet.engine.engine import Engine
from punnet.handlers.handlers import Handlers
from punnet.hub import Hub
from punnet.journal import Journal
from punnet.mail import Mailer
from punnet.pipeline import Pipeline
from punnet.protocol.session import HEARTBEAT_SECONDS, SILENCE_SECONDS
from punnet.watching import Watching
from punnet.web.answers import Answers
from punnet.web.doors import Doors
from punnet.web.history import History
from punnet.web.origins import Origins
from punnet.web.recent import Recent
from punnet.web.shared_answers import SharedAnswers


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one caller may ask of the server."""

    body_bytes: int = 1 << 20
    bulk_bytes: int = 16 << 20
    bulk_lines: int = 10_000
    journal_seconds: float = 5.0
    heartbeat_seconds: float = HEARTBEAT_SECONDS
    silence_seconds: float = SILENCE_SECONDS


@dataclass(frozen=True, slots=True)
class Shop:
    """The market behind the counter, since `began`.

    `clock` tells the time in seconds since 1970-01-01 UTC; `new_id` makes an id that nobody has.
    Without a `mailer` no e-mails are sent; `shared` are answers of other processes, where they share some.
    """

    engine: Engine
    pipeline: Pipeline
    delivery: Delivery
    alerting: Alerting
    watching: Watching
    handlers: Handlers
    answers: Answers
    recent: Recent
    history: History
    journal: Journal
    hub: Hub
    clock: Callable[[], float]
    new_id: Callable[[], str]
    limits: Limits
    doors: Doors
    origins: Origins
    began: float
    mailer: Mailer | None = None
    shared: SharedAnswers | None = None
