"""A real SMTP server that keeps what it is sent, and answers as it is told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope, Session

OK = "250 OK"


@dataclass
class Sink:
    """Holds the e-mails it took in `taken`, and in `recipients` whom the sender said they were for.

    `to_recipient` and `to_data` are answered, one after the other, in place of OK; `before_ok` is awaited
    when an e-mail was taken and its sender does not know it yet.
    """

    port: int = 0
    taken: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    connections: int = 0
    goodbyes: int = 0
    to_recipient: list[str] = field(default_factory=list)
    to_data: list[str] = field(default_factory=list)
    before_ok: Callable[[], Awaitable[None]] | None = None

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name, as those below
        self, _: SMTP, session: Session, __: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(  # noqa: N802
        self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]
    ) -> str:
        answer = self.to_recipient.pop(0) if self.to_recipient else OK
        if answer == OK:
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_QUIT(self, _: SMTP, __: Session, ___: Envelope) -> str:  # noqa: N802
        self.goodbyes += 1
        return "221 Bye"

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self.to_data.pop(0) if self.to_data else OK
        if answer == OK:
            content = envelope.original_content or b""
            self.taken.append(message_from_bytes(content, _class=EmailMessage, policy=policy.default))
            self.recipients.append(list(envelope.rcpt_tos))
            if self.before_ok is not None:
                await self.before_ok()
        return answer


@asynccontextmanager
async def opened(port: int = 0, **known: object) -> AsyncIterator[Sink]:
    """Run an SMTP server on `port`, or a free one."""
    sink = Sink()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(sink, loop=loop, **known), "127.0.0.1", port)
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        server.close()
