"""The letters that a journal owes, and the server that takes them."""

import asyncio
import logging
import random
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from aiosmtplib import SMTP, SMTPAuthenticationError, SMTPDataError, SMTPException, SMTPRecipientsRefused

from punnet.engine.engine import Engine
from punnet.errors import BadSetting, JournalUnavailable
from punnet.journal import Journal, Letter, order_key
from punnet.loop import forever
from punnet.market import Context, Erased, Fact, Order, Query
from punnet.protocol.thanks import Bought, Email, Sender, message_id, thanks

PORTS = {"smtp": 587, "smtps": 465, "smtp+plain": 25}
"""What SMTP_URL may begin with, and the port it means."""

SUGGESTIONS = 10
"""Products suggested in an e-mail."""

FIRST_WAIT, LONGEST_WAIT = 30.0, 3_600.0
"""Seconds after the first vain attempt, doubled with each, up to an hour."""

ATTEMPTS = 78
"""With these waits, three days of them."""

LOOK = 15.0
"""Seconds until a letter that became due again is noticed."""

POSTPONED_TOGETHER = 1_000
"""Letters that one vain connection puts off."""

SECONDS_TO_FINISH = 5.0
"""How long the letter that is being sent may keep a server from stopping."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Relay:
    """A server that takes e-mails, and how it is spoken to; every answer is waited for `patience` seconds."""

    host: str
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    start_tls: bool | None = None
    patience: float = 60.0

    @classmethod
    def of(cls, url: str) -> "Relay":
        """Return the server that SMTP_URL names.

        smtps:// is TLS from the first byte. smtp:// is STARTTLS where the server offers it, and always where
        there is a password to keep. smtp+plain:// never is.
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
        except ValueError:
            raise BadSetting("SMTP_URL has a host or a port that cannot be; write smtp://HOST:587") from None
        username, password = (part and unquote(part) for part in (parts.username, parts.password))
        start_tls = {"smtp": True if password else None}.get(parts.scheme, False)
        return cls(host, port, username, password, parts.scheme == "smtps", start_tls)

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[SMTP]:
        """Be connected and logged in; SMTPException or OSError where that cannot be."""
        smtp = SMTP(
            hostname=self.host,
            port=self.port,
            username=self.username,
            password=self.password,
            use_tls=self.tls,
            start_tls=self.start_tls,
            local_hostname=socket.gethostname(),
            timeout=self.patience,
        )
        await smtp.connect()
        try:
            yield smtp
            with suppress(SMTPException):
                await smtp.quit()
        finally:
            smtp.close()


def letter_for(engine: Engine, facts: tuple[Fact, ...], now: float) -> Letter | None:
    """Return the letter that the facts of an entry ask for at `now` (seconds), if they do."""
    whom = engine.thanked(facts, now)
    return whom and Letter(id=whom.order_id, user_id=whom.user_id, address=whom.address)


def wait_after(attempts: int, chance: float) -> float:
    """Return the seconds to wait after so many vain attempts; `chance`, from 0 to 1, spreads them."""
    return min(FIRST_WAIT * 2.0 ** (attempts - 1), LONGEST_WAIT) * (0.75 + chance / 2)


class Mailer:
    """Sends the letters that `journal` owes, one after the other, from its start until its stop.

    `came` is set when there are new ones. A letter is sent until the relay takes it, refuses it for good, or
    three days have gone by: `sent` and `failed` count them, since the start. It is noted in the journal
    after that, so that a crash in between has it sent once more, with the same Message-ID.
    """

    def __init__(
        self,
        engine: Engine,
        journal: Journal,
        relay: Relay,
        sender: Sender,
        came: asyncio.Event,
        clock: Callable[[], float],
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._engine = engine
        self._journal = journal
        self._relay = relay
        self._sender = sender
        self._came = came
        self._clock = clock
        self._chance = chance
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._sending = asyncio.Lock()
        self._notes: dict[str, float | None] = {}
        """What the journal is yet to be told of letters: when they are due again, None if never."""
        self.sent = 0
        self.failed = 0

    def start(self) -> None:
        """Send what is owed from now on; needs a running loop."""
        self._came.set()
        self._task = asyncio.create_task(forever(self._round))

    async def stop(self) -> None:
        """Finish the letter that is being sent, unless that takes long; the others stay owed."""
        self._stopping = True
        with suppress(TimeoutError):
            async with asyncio.timeout(SECONDS_TO_FINISH), self._sending:
                pass
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _round(self) -> None:
        """Wait for letters, and send what is due."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK):
                await self._came.wait()
        self._came.clear()
        try:
            async with self._sending:
                await self.send_due()
        except JournalUnavailable as error:
            logger.error("%s", error)

    async def send_due(self) -> None:
        """Send the letters that are due; those that cannot be sent now are due again later.

        Raises JournalUnavailable when the journal cannot tell or be told.
        """
        await self._note()
        if await self._next() is None:
            return
        try:
            async with self._relay.connected() as smtp:
                while (letter := await self._next()) is not None:
                    await self._send(smtp, letter)
                    await self._note()
        except (SMTPException, OSError) as error:
            letters = await self._journal.letters(self._clock(), POSTPONED_TOGETHER)
            logger.warning("%d e-mails wait: %s", len(letters), _why(error))
            self._notes.update({letter.id: self._later(letter) for letter in letters})
            await self._note()

    async def _next(self) -> Letter | None:
        """Return the letter to send next; asked for one by one, for its shopper may be erased any moment."""
        if self._stopping:
            return None
        return next(iter(await self._journal.letters(self._clock(), 1)), None)

    async def _note(self) -> None:
        """Tell the journal what became of letters; what it was not told yet comes before anything is sent."""
        for letter_id, until in list(self._notes.items()):
            if until is None:
                await self._journal.sent(letter_id)
            else:
                await self._journal.postpone(letter_id, until)
            del self._notes[letter_id]

    async def _send(self, smtp: SMTP, letter: Letter) -> None:
        """Send a letter and note what became of it."""
        if letter.attempts >= ATTEMPTS:
            self._give_up(letter, "three days went by")
            return
        # Stays so where something goes wrong that nobody thought of: it must not come first again.
        self._notes[letter.id] = self._later(letter)
        message = await self._message(letter)
        try:
            if message is not None:
                await smtp.send_message(message, sender=self._sender.address, recipients=[letter.address])
                self.sent += 1
            self._notes[letter.id] = None
        except SMTPRecipientsRefused as error:
            self._refused(letter, error.recipients[0].code)
        except SMTPDataError as error:
            self._refused(letter, error.code)

    def _refused(self, letter: Letter, code: int) -> None:
        if code >= 500:
            self._give_up(letter, f"the relay answered {code}")

    def _give_up(self, letter: Letter, why: str) -> None:
        logger.warning("the e-mail for order %s is given up: %s", letter.id, why)
        self._notes[letter.id] = None
        self.failed += 1

    def _later(self, letter: Letter) -> float:
        return self._clock() + wait_after(letter.attempts + 1, self._chance())

    async def _message(self, letter: Letter) -> "Email | None":
        """Return the e-mail for a letter, None where its shopper was erased a moment ago."""
        order = await self._journal.find(order_key(letter.id))
        if isinstance(order, Erased):
            return None
        lines = order.lines if isinstance(order, Order) else ()
        now = self._clock()
        query = Query(
            user_id=letter.user_id,
            limit=SUGGESTIONS,
            context=Context.CHECKOUT,
            exclude_ids=tuple(line.product_id for line in lines),
        )
        return thanks(
            self._sender,
            letter.address,
            message_id(self._journal.identity, letter.id),
            [Bought(line.quantity, self._name_of(line.product_id)) for line in lines],
            self._engine.answer(query, now).recommendations,
            now,
        )

    def _name_of(self, product_id: str) -> str:
        product = self._engine.catalogue.product(product_id)
        return product_id if product is None else product.name


def _why(error: Exception) -> str:
    """Return what keeps e-mails; what a relay answers to a password may repeat it."""
    if isinstance(error, SMTPAuthenticationError):
        return f"the relay refuses the name or the password ({error.code})"
    return str(error)
