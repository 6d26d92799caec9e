"""What a fuzzer found, and what it reached: thrown again in every run."""

import pytest

from punnet.errors import Refused
from punnet.protocol.frames import draft
from punnet.protocol.messages import ActionAck, ServerType, Topic
from punnet.protocol.session import Send, Session
from punnet.protocol.subscription import Subscription
from punnet.web.streams import StreamQuery
from tests.protocol.fuzzed.dialogue import NOW, Dialogue
from tests.protocol.fuzzed.targets import CORPUS, TARGETS, kept
from tests.protocol.fuzzed.telling import LONGEST_SENTENCE, check_refusal, check_sent

KEPT = [pytest.param(name, path, id=f"{name}: {path.name}") for name in TARGETS for path in kept(name)]
MOST_KEPT = 100_000
"""Bytes of all inputs that are kept."""


@pytest.mark.parametrize(("name", "path"), KEPT)
def test_an_input_that_was_kept_is_taken_as_it_should_be(name, path):
    TARGETS[name].throw(path.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
def test_what_the_fuzzing_begins_with_is_taken_as_it_should_be(name):
    seeds = list(TARGETS[name].seeds())
    assert len(seeds) > 50
    for seed in seeds:
        TARGETS[name].throw(seed)


@pytest.mark.parametrize("name", TARGETS)
def test_findings_are_kept_beside_what_was_reached(name):
    assert {path.parent.relative_to(CORPUS / name).as_posix() for path in kept(name)} == {"found", "reached"}


def test_what_is_kept_is_small():
    assert sum(path.stat().st_size for name in TARGETS for path in kept(name)) < MOST_KEPT


# ----------------------------------------------------------------------------- what is wrong would be noticed


@pytest.mark.parametrize(
    "refused",
    [
        Refused("id is \x1b[2J: it must be an id.", field="id", allowed="an id"),
        Refused("id is wrong.", field="\x7f", allowed="an id"),
        Refused("id is wrong.", field="", allowed="an id"),
        Refused("id is wrong.", field="id" * 100, allowed="an id"),
        Refused("x" * (LONGEST_SENTENCE + 1), field="id", allowed="an id"),
        Refused("", field="id", allowed="an id"),
    ],
)
def test_a_refusal_that_should_not_be_told_is_noticed(refused):
    with pytest.raises(AssertionError):
        check_refusal(refused)


def test_a_refusal_that_utf_8_cannot_carry_is_noticed():
    with pytest.raises(UnicodeEncodeError):
        check_refusal(Refused("id is \ud800.", field="id", allowed="an id"))


def test_a_message_that_is_not_what_it_says_is_noticed():
    ack = ActionAck(event_id="e", duplicate=False)
    assert check_sent(Send(draft(ServerType.ACTION_ACK, ack, NOW))).type is ServerType.ACTION_ACK
    with pytest.raises(Refused):
        check_sent(Send(draft(ServerType.HEARTBEAT, ack, NOW)))


class Silent(Session):
    def tick(self, *_):
        return []


class Busy(Session):
    def tick(self, now):
        return [*super().tick(now), self.beat(now)][:1]

    @property
    def due(self):
        return 0.0


class Hoarder(Session):
    def receive(self, frame, *rest):
        self.frames = [*getattr(self, "frames", []), frame]
        return super().receive(frame, *rest)


class Indifferent(Session):
    def _subscribe(self, _, held):
        self.subscriptions[Topic.TRENDING] = Subscription(held.last + 1)


class Forgetful(Session):
    def receive(self, frame, now, event_id, held):
        return super().receive(frame.replace("requestId", "messageId"), now, event_id, held)


SUBSCRIBED = b'{"type": "SUBSCRIBE", "payload": {"topics": ["trending"]}, "requestId": "r"}'


@pytest.mark.parametrize("kind", [Session, Silent, Busy, Hoarder, Indifferent, Forgetful])
def test_a_session_that_does_something_else_is_noticed(kind):
    def hold():
        dialogue = Dialogue(StreamQuery(user_id="ann"), kind=kind)
        dialogue.open()
        for event in (SUBSCRIBED, b"+31", b"=", b">20"):
            dialogue.happen(event)
        dialogue.weigh()

    if kind is Session:
        hold()
    else:
        with pytest.raises(AssertionError):
            hold()
