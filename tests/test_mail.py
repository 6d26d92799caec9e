"""E-mails after a purchase, sent to a real SMTP server."""

import asyncio
import dataclasses
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword

from punnet.delivery import Delivery
from punnet.engine.engine import Engine
from punnet.errors import BadFile, BadSetting, JournalUnavailable
from punnet.hub import Hub
from punnet.journal import Journal
from punnet.journal.memory import MemoryJournal
from punnet.journal.sqlite import SqliteJournal
from punnet.mail import ATTEMPTS, FIRST_WAIT, LONGEST_WAIT, Mailer, Relay, letter_for, wait_after
from punnet.market import Action, EntityType, Fact, Farm, Order, OrderLine, Product, UserAction
from punnet.pipeline import Pipeline
from punnet.protocol.frames import Numbers
from punnet.protocol.thanks import Sender, message_id
from tests.servers.smtp import Sink, opened
from tests.service.echoing import listening, relay
from tests.web.stall import until

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
DAY = 86_400
SENDER = Sender("the market", "orders@example.org")
ANN = "ann@example.org"
CATALOGUE: list[Fact] = [
    Farm(id="hill", name="Hügel-Hof"),
    *(
        Product(id=name, name=name.title(), farm_id="hill", category="Greens", price=2.5)
        for name in ("kale", "leek", "beet", "dill")
    ),
]


def order(order_id: str, user_id: str = "ann", product_id: str = "kale") -> Order:
    line = OrderLine(product_id=product_id, quantity=2, unit_price=2.5)
    return Order(id=order_id, user_id=user_id, placed_at=NOON, lines=(line,))


def purchase(order_id: str, user_id: str = "ann", email: str | None = ANN, event: str = "") -> Action:
    return Action(
        event_id=event or f"bought-{order_id}",
        user_id=user_id,
        action=UserAction.COMPLETE_PURCHASE,
        entity_id=order_id,
        entity_type=EntityType.ORDER,
        metadata={} if email is None else {"email": email},
    )


class Market:
    """A market that owes e-mails, under a clock that stands where it is put."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.now = NOON.timestamp()
        self.engine = Engine()
        clock = self.clock
        delivery = Delivery(self.engine, Hub(clock, Numbers("x", "y")), clock)
        self.pipeline = Pipeline(
            self.engine, journal, (delivery,), clock, letter_for=partial(letter_for, self.engine)
        )

    def clock(self) -> float:
        return self.now

    def mailer(self, sink: Sink | int, patience: float = 20) -> Mailer:
        port = sink if isinstance(sink, int) else sink.port
        relay = Relay("127.0.0.1", port, patience=patience)
        return Mailer(
            self.engine, self.journal, relay, SENDER, self.pipeline.letters_came, self.clock, lambda: 0.5
        )

    async def buys(self, *orders: str) -> None:
        """Ann buys these."""
        for order_id in orders:
            await self.pipeline.submit([(order(order_id), purchase(order_id))])

    async def owed(self, after: float = 10 * DAY) -> dict[str, float]:
        """Return the letters owed, with the number of vain attempts."""
        return {letter.id: letter.attempts for letter in await self.journal.letters(self.now + after, 100)}


@asynccontextmanager
async def market_in(journal: Journal) -> AsyncIterator[Market]:
    market = Market(journal)
    market.pipeline.start()
    await market.pipeline.submit([(fact,) for fact in CATALOGUE])
    yield market
    await market.pipeline.stop()
    await journal.close()


@pytest.fixture
async def market() -> AsyncIterator[Market]:
    async with market_in(MemoryJournal()) as market:
        yield market


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    async with opened() as sink:
        yield sink


async def test_a_purchase_is_thanked_for_once_with_what_was_bought_and_what_may_be_liked(market, sink):
    await market.buys("o1")
    mailer = market.mailer(sink)
    await mailer.send_due()
    market.now += 10 * DAY
    await mailer.send_due()
    (message,), (recipients,) = sink.taken, sink.recipients
    assert recipients == [ANN]
    assert (message["To"], message["From"]) == (ANN, "the market <orders@example.org>")
    assert message["Message-ID"] == message_id(market.journal.identity, "o1")
    text = message.get_body(("plain",)).get_content()
    assert "2 × Kale" in text
    assert {line.strip() for line in text.splitlines() if "Hof" in line} == {
        f"{name} · Hügel-Hof · 2.50" for name in ("Leek", "Beet", "Dill")
    }
    assert (mailer.sent, mailer.failed) == (1, 0)


async def test_one_connection_is_enough_for_all_that_are_due(market, sink):
    await market.buys("o1", "o2", "o3")
    await market.mailer(sink).send_due()
    assert len(sink.taken) == 3
    assert (sink.connections, sink.goodbyes) == (1, 1)


async def test_where_nothing_is_owed_nobody_is_called(market, sink):
    await market.mailer(sink).send_due()
    assert sink.connections == 0


async def test_two_purchases_of_one_order_are_one_e_mail(market, sink):
    await market.buys("o1")
    await market.pipeline.submit([(purchase("o1", event="again"),)])
    mailer = market.mailer(sink)
    await mailer.send_due()
    await market.pipeline.submit([(purchase("o1", event="and again"),)])
    await mailer.send_due()
    assert len(sink.taken) == 1


async def test_who_names_the_order_of_another_neither_reads_it_nor_takes_its_e_mail(market, sink):
    await market.pipeline.submit([(order("o1"),)])
    await market.pipeline.submit([(purchase("o1", "eve", "eve@example.org", "theft"),)])
    await market.pipeline.submit([(purchase("o1"),)])
    await market.mailer(sink).send_due()
    assert sink.recipients == [[ANN]]


async def test_a_shopper_without_an_address_gets_none(market, sink):
    await market.pipeline.submit([(order("o1"), purchase("o1", email=None))])
    await market.mailer(sink).send_due()
    assert sink.taken == []


async def test_who_was_erased_gets_none(market, sink):
    await market.buys("o1")
    await market.journal.erase("ann", 9)
    await market.mailer(sink).send_due()
    assert (sink.taken, await market.owed()) == ([], {})


async def test_who_is_erased_while_another_e_mail_is_sent_gets_none(market, sink):
    await market.pipeline.submit([(order("o1", "bob"), purchase("o1", "bob", "bob@example.org"))])
    await market.buys("o2")

    async def erase() -> None:
        await market.journal.erase("ann", 9)

    sink.before_ok = erase
    await market.mailer(sink).send_due()
    assert sink.recipients == [["bob@example.org"]]


async def test_who_is_erased_while_the_e_mail_is_sent_stays_erased(market, sink):
    async def erase() -> None:
        await market.journal.erase("ann", 9)

    sink.before_ok = erase
    await market.buys("o1")
    await market.mailer(sink).send_due()
    assert await market.owed() == {}


class Erasing(MemoryJournal):
    """A journal in which a shopper is erased right after the letter was asked for."""

    async def find(self, key):
        await self.erase("ann", 9)
        return await super().find(key)


async def test_who_is_erased_at_the_last_moment_gets_none(sink):
    async with market_in(Erasing()) as market:
        await market.buys("o1")
        mailer = market.mailer(sink)
        await mailer.send_due()
    assert (sink.taken, mailer.sent) == ([], 0)


async def test_a_product_that_left_the_catalogue_is_listed_by_its_id(market, sink):
    await market.pipeline.submit([(order("o1", product_id="never listed"), purchase("o1"))])
    await market.mailer(sink).send_due()
    assert "2 × never listed" in sink.taken[0].get_body(("plain",)).get_content()


# ------------------------------------------------------------------------------------------------ what fails


@pytest.mark.parametrize("where", ["to_recipient", "to_data"])
async def test_what_cannot_be_taken_now_is_sent_later(market, sink, where):
    getattr(sink, where).append("451 try again later")
    await market.buys("o1")
    mailer = market.mailer(sink)
    await mailer.send_due()
    market.now += FIRST_WAIT - 1
    await mailer.send_due()
    assert (sink.taken, await market.owed()) == ([], {"o1": 1})
    market.now += 2
    await mailer.send_due()
    assert (len(sink.taken), await market.owed()) == (1, {})
    assert (mailer.sent, mailer.failed) == (1, 0)


@pytest.mark.parametrize("where", ["to_recipient", "to_data"])
async def test_what_is_refused_for_good_is_given_up_and_delays_nobody(market, sink, where, caplog):
    getattr(sink, where).append("550 no such user")
    await market.buys("o1", "o2")
    mailer = market.mailer(sink)
    await mailer.send_due()
    assert [message["Message-ID"] for message in sink.taken] == [message_id(market.journal.identity, "o2")]
    assert await market.owed() == {}
    assert (mailer.sent, mailer.failed) == (1, 1)
    assert [record.getMessage() for record in caplog.records if record.name == "punnet.mail"] == [
        "the e-mail for order o1 is given up: the relay answered 550"
    ]


async def test_while_nobody_answers_everything_waits(market, caplog):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    await market.buys("o1", "o2")
    mailer = market.mailer(port)
    await mailer.send_due()
    assert await market.owed() == {"o1": 1, "o2": 1}
    assert "2 e-mails wait" in caplog.text
    market.now += 1.5 * FIRST_WAIT
    async with opened(port) as sink:
        await mailer.send_due()
    assert len(sink.taken) == 2
    assert mailer.sent == 2


async def test_who_does_not_answer_in_time_is_tried_again(market, sink):
    silence = asyncio.Event()
    sink.before_ok = silence.wait
    await market.buys("o1")
    await market.mailer(sink, patience=0.05).send_due()
    assert await market.owed() == {"o1": 1}
    silence.set()
    sink.before_ok = None
    market.now += 1.5 * FIRST_WAIT
    await market.mailer(sink).send_due()
    first, second = (message["Message-ID"] for message in sink.taken)
    assert first == second


async def test_a_relay_that_does_not_take_our_sender_is_no_fault_of_the_letter(market, sink):
    async def refuse(server, session, envelope, address, options) -> str:
        return "550 who are you"

    sink.handle_MAIL = refuse
    await market.buys("o1")
    await market.mailer(sink).send_due()
    assert await market.owed() == {"o1": 1}


async def test_after_three_days_it_is_given_up(market, sink, caplog):
    await market.buys("o1")
    mailer = market.mailer(sink)
    sink.to_recipient.extend(["450 not now"] * 1_000)
    began = market.now
    while await market.owed():
        await mailer.send_due()
        market.now += 60
    assert 2.9 * DAY < market.now - began < 3.2 * DAY
    assert (len(sink.to_recipient), mailer.failed) == (1_000 - ATTEMPTS, 1)
    assert "the e-mail for order o1 is given up: three days went by" in caplog.text


def test_waits_double_up_to_an_hour_and_are_spread():
    assert [wait_after(attempts, 0.5) for attempts in (1, 2, 3)] == [30, 60, 120]
    assert [wait_after(ATTEMPTS, chance) for chance in (0, 0.5, 1)] == [2_700, LONGEST_WAIT, 4_500]
    assert sum(wait_after(attempts, 0.5) for attempts in range(1, ATTEMPTS + 1)) == pytest.approx(
        3 * DAY, rel=0.02
    )


class Deaf(MemoryJournal):
    """A journal that is not told what became of letters, as if its process had ended before."""

    deaf = True

    async def sent(self, letter_id):
        if self.deaf:
            raise JournalUnavailable("nobody listens")
        await super().sent(letter_id)


async def test_a_crash_before_it_is_noted_has_it_sent_again_with_the_same_message_id(sink):
    async with market_in(Deaf()) as market:
        await market.buys("o1")
        with pytest.raises(JournalUnavailable):
            await market.mailer(sink).send_due()
        market.journal.deaf = False
        market.now += 5
        after = market.mailer(sink)
        await after.send_due()
        await after.send_due()
    first, second = sink.taken
    assert first["Message-ID"] == second["Message-ID"]


async def test_while_the_journal_takes_no_notes_nothing_is_sent_twice(sink):
    async with market_in(Deaf()) as market:
        await market.buys("o1", "o2")
        mailer = market.mailer(sink)
        for _ in range(3):
            with pytest.raises(JournalUnavailable):
                await mailer.send_due()
        assert len(sink.taken) == 1
        market.journal.deaf = False
        await mailer.send_due()
        assert await market.owed() == {}
    assert len({message["Message-ID"] for message in sink.taken}) == len(sink.taken) == 2


class Spoilt(MemoryJournal):
    """A journal in which one order cannot be read."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    async def find(self, key):
        if key == "o:o1":
            raise self.error
        return await super().find(key)


@pytest.mark.parametrize("error", [BadFile("it is spoilt"), ZeroDivisionError()])
async def test_an_order_that_cannot_be_read_does_not_keep_the_others_waiting(sink, error, caplog):
    async with market_in(Spoilt(error)) as market:
        await market.buys("o1", "o2")
        mailer = market.mailer(sink)
        mailer.start()
        await until(lambda: "failed" in caplog.text)
        market.pipeline.letters_came.set()
        await until(lambda: mailer.sent == 1)
        await mailer.stop()
        assert await market.owed() == {"o1": 1}


# -------------------------------------------------------------------------------------------------- the task


async def test_it_sends_what_is_owed_at_its_start_and_what_comes_later(tmp_path: Path, sink):
    async with market_in(await SqliteJournal.open(tmp_path / "market.db")) as market:
        await market.buys("o1")
        market.pipeline.letters_came.clear()
        mailer = market.mailer(sink)
        mailer.start()
        await until(lambda: mailer.sent == 1)
        await market.buys("o2")
        await until(lambda: mailer.sent == 2)
        await mailer.stop()
        await market.buys("o3")
        assert await market.owed() == {"o3": 0}


async def test_it_survives_a_journal_that_is_gone_for_a_while(sink, caplog):
    async with market_in(Deaf()) as market:
        mailer = market.mailer(sink)
        mailer.start()
        await market.buys("o1")
        await until(lambda: "nobody listens" in caplog.text)
        market.journal.deaf = False
        await market.buys("o2")
        await until(lambda: mailer.sent == 2)
        await mailer.stop()
        assert await market.owed() == {}


async def test_when_it_stops_it_finishes_the_letter_in_hand_and_leaves_the_rest(market, sink):
    go_on = asyncio.Event()
    sink.before_ok = go_on.wait
    await market.buys("o1", "o2")
    mailer = market.mailer(sink)
    mailer.start()
    await until(lambda: bool(sink.taken))
    stopping = asyncio.create_task(mailer.stop())
    await asyncio.sleep(0)
    go_on.set()
    await stopping
    assert (mailer.sent, await market.owed()) == (1, {"o2": 0})


async def test_a_relay_that_never_answers_does_not_keep_it_from_stopping(market, sink, monkeypatch):
    monkeypatch.setattr("punnet.mail.SECONDS_TO_FINISH", 0.01)
    sink.before_ok = asyncio.Event().wait
    await market.buys("o1")
    mailer = market.mailer(sink)
    mailer.start()
    await until(lambda: bool(sink.taken))
    await mailer.stop()
    assert await market.owed() == {"o1": 0}


async def test_one_that_never_started_stops(market, sink):
    await market.mailer(sink).stop()


async def test_the_writer_does_not_wait_for_the_relay(market, sink):
    sink.before_ok = asyncio.Event().wait
    await market.buys("o1")
    mailer = market.mailer(sink)
    mailer.start()
    await until(lambda: bool(sink.taken))
    await market.buys("o2", "o3")
    assert set(await market.owed()) == {"o1", "o2", "o3"}
    mailer._task.cancel()
    await asyncio.gather(mailer._task, return_exceptions=True)


# -------------------------------------------------------------------------------------------------- the relay


@pytest.mark.parametrize(
    ("url", "relay"),
    [
        ("smtp://mail.example.org", Relay("mail.example.org", 587, start_tls=None)),
        ("smtp://u:p@mail.example.org:2525/", Relay("mail.example.org", 2525, "u", "p", start_tls=True)),
        ("smtps://a%40b:p%2Fw%3A@mail.example.org", Relay("mail.example.org", 465, "a@b", "p/w:", tls=True)),
        ("smtp+plain://[::1]:2525", Relay("::1", 2525)),
        ("smtp+plain://u:p@localhost", Relay("localhost", 25, "u", "p")),
    ],
)
def test_a_url_names_a_relay_and_how_to_speak_to_it(url, relay):
    expected = relay if url.startswith("smtp://") else Relay(**known_of(relay) | {"start_tls": False})
    assert Relay.of(url) == expected


def known_of(relay: Relay) -> dict[str, object]:
    return {name: getattr(relay, name) for name in Relay.__dataclass_fields__}


@pytest.mark.parametrize("url", ["smtp://host:65536", "smtp://[::1", "smtp://[zz]:25"])
def test_a_url_that_names_none_is_refused(url):
    with pytest.raises(BadSetting, match="SMTP_URL has a host or a port that cannot be"):
        Relay.of(url)


def test_a_password_is_not_shown():
    assert "secret" not in repr(Relay.of("smtp://ann:secret@example.org"))


async def test_a_password_is_not_told_to_a_relay_without_tls(market, caplog):
    async with opened(auth_require_tls=False, authenticator=lambda *_: pytest.fail("told")) as sink:
        relay = Relay.of(f"smtp://ann:secret@127.0.0.1:{sink.port}")
        await market.buys("o1")
        await sends(market, relay)
    assert await market.owed() == {"o1": 1}
    assert [record.levelno for record in caplog.records if record.name == "punnet.mail"] == [logging.WARNING]
    assert "secret" not in caplog.text


async def test_it_logs_in_where_it_is_told_to(market):
    told: list[tuple[bytes, bytes]] = []

    def authenticate(server, session, envelope, mechanism, data: LoginPassword) -> AuthResult:
        told.append((data.login, data.password))
        return AuthResult(success=True)

    async with opened(auth_require_tls=False, authenticator=authenticate) as sink:
        relay = Relay.of(f"smtp+plain://ann:se%40cret@127.0.0.1:{sink.port}")
        await market.buys("o1")
        await sends(market, relay)
    assert told == [(b"ann", b"se@cret")]
    assert len(sink.taken) == 1


async def test_what_a_relay_says_of_a_password_is_not_logged(market, caplog):
    async with listening(relay) as port:
        await market.buys("o1")
        await sends(market, Relay.of(f"smtp+plain://ann:open-sesame@127.0.0.1:{port}"))
    assert await market.owed() == {"o1": 1}
    [warning] = [record.getMessage() for record in caplog.records if record.name == "punnet.mail"]
    assert warning == "1 e-mails wait: the relay refuses the name or the password (535)"


async def test_a_relay_that_should_speak_tls_and_does_not_gets_nothing(market, sink):
    await market.buys("o1")
    await sends(market, dataclasses.replace(Relay.of(f"smtps://127.0.0.1:{sink.port}"), patience=5))
    assert (sink.taken, await market.owed()) == ([], {"o1": 1})


async def sends(market: Market, relay: Relay) -> None:
    """Send what is due through another relay."""
    came = asyncio.Event()
    await Mailer(market.engine, market.journal, relay, SENDER, came, market.clock).send_due()
