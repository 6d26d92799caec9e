"""A connection without a socket: frames and the clock in, commands out."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.errors import JournalUnavailable, UnknownId
from punnet.market import Answer, Context, Query, UserAction
from punnet.protocol.messages import LARGEST_FRAME, Frames, Topic
from punnet.protocol.session import GONE_QUIET, TOO_BIG, Ask, Close, Send, Session, Track

NOW = 1_736_937_000.0


@pytest.fixture
def session():
    opened = Session("ann", Frames("7c1d"))
    opened.open(NOW)
    return opened


def said(command):
    assert isinstance(command, Send)
    return json.loads(command.frame)


def receive(session, message, now=NOW):
    [command] = session.receive(json.dumps(message), now, "made")
    return command


def test_a_connection_opens_with_a_welcome():
    [welcome] = Session("ann", Frames("7c1d"), heartbeat=1.5).open(NOW)

    assert said(welcome)["type"] == "CONNECTION_ACK"
    assert said(welcome)["payload"] == {
        "serverTime": "2025-01-15T10:30:00Z",
        "userId": "ann",
        "topics": [],
        "epoch": "7c1d",
        "heartbeatInterval": 1500,
    }


def test_topics_add_up_and_are_told_in_one_order(session):
    receive(session, {"type": "SUBSCRIBE", "payload": {"topics": ["trending"]}})
    answer = receive(session, {"type": "SUBSCRIBE", "payload": {"topics": ["price_drops", "trending"]}})

    assert said(answer)["type"] == "SUBSCRIBED"
    assert said(answer)["payload"]["topics"] == ["price_drops", "trending"]
    assert session.topics == {Topic.PRICE_DROPS, Topic.TRENDING}


def test_unsubscribing_leaves_the_others(session):
    receive(session, {"type": "SUBSCRIBE", "payload": {"topics": ["price_drops", "trending"]}})
    answer = receive(session, {"type": "UNSUBSCRIBE", "payload": {"topics": ["trending", "personalized"]}})

    assert said(answer)["type"] == "UNSUBSCRIBED"
    assert said(answer)["payload"]["topics"] == ["price_drops"]


def test_a_refused_subscription_changes_no_topic(session):
    receive(session, {"type": "SUBSCRIBE", "payload": {"topics": ["trending", "gossip"]}})

    assert session.topics == frozenset()


def test_an_action_is_to_be_tracked_as_the_connections_own_user(session):
    message = {
        "type": "USER_ACTION",
        "payload": {"type": "VIEW_PRODUCT", "entityId": "basil"},
        "requestId": "r",
    }
    command = receive(session, message)

    assert isinstance(command, Track)
    action = command.tracked.action
    assert (action.user_id, action.action, action.event_id) == ("ann", UserAction.VIEW_PRODUCT, "made")
    assert command.request_id == "r"


def test_a_purchase_without_a_time_is_placed_now(session):
    items = [{"productId": "basil", "quantity": 1, "unitPrice": 4}]
    payload = {"type": "COMPLETE_PURCHASE", "metadata": {"items": items}, "eventId": "mine"}
    command = receive(session, {"type": "USER_ACTION", "payload": payload}, NOW + 7)

    assert isinstance(command, Track)
    assert command.tracked.order is not None
    assert command.tracked.order.placed_at.timestamp() == NOW + 7
    assert command.tracked.order.id == "order-of-mine"


def test_a_request_is_to_be_asked(session):
    payload = {"productId": "basil", "limit": 3, "context": {"pageType": "CART"}}
    command = receive(session, {"type": "REQUEST_RECOMMENDATIONS", "payload": payload})

    assert command == Ask(Query(user_id="ann", product_id="basil", limit=3, context=Context.CART), None)


def test_a_heartbeat_is_answered(session):
    answer = said(receive(session, {"type": "HEARTBEAT", "requestId": "r"}, NOW + 1))

    assert (answer["type"], answer["requestId"]) == ("HEARTBEAT", "r")
    assert answer["payload"] == {"serverTime": "2025-01-15T10:30:01Z"}


def test_a_refusal_is_answered_under_the_request_id_and_the_connection_lives(session):
    answer = said(receive(session, {"type": "USER_ACTION", "payload": {"type": "EAT"}, "requestId": "r"}))

    assert answer["type"] == "ERROR"
    assert answer["requestId"] == "r"
    assert answer["payload"]["field"] == "payload.type"
    assert answer["payload"]["value"] == "EAT"
    assert said(receive(session, {"type": "HEARTBEAT"}))["type"] == "HEARTBEAT"


@pytest.mark.parametrize("request_id", ["", "x" * 129, 7, None, ["r"]])
def test_a_request_id_that_is_none_does_not_come_back(session, request_id):
    assert "requestId" not in said(receive(session, {"type": "HELLO", "requestId": request_id}))


def test_a_binary_frame_is_refused(session):
    [answer] = session.receive(b'{"type": "HEARTBEAT"}', NOW, "made")

    assert said(answer)["payload"]["field"] == "frame"


def test_a_frame_with_a_lone_surrogate_is_refused(session):
    [answer] = session.receive('{"type": "\ud800"}', NOW, "made")

    assert said(answer)["type"] == "ERROR"


@pytest.mark.parametrize("character", ["x", "é"])
def test_a_frame_that_is_too_large_ends_the_connection(session, character):
    size = len(character.encode())
    [fits] = session.receive(character * (LARGEST_FRAME // size), NOW, "made")
    [large] = session.receive(character * (LARGEST_FRAME // size + 1), NOW, "made")

    assert said(fits)["type"] == "ERROR"
    assert isinstance(large, Close)
    assert large.code == TOO_BIG


@given(st.text(max_size=300))
def test_any_text_is_answered(text):
    session = Session("ann", Frames("7c1d"))
    session.open(NOW)

    assert len(session.receive(text, NOW, "made")) == 1


def test_a_heartbeat_goes_out_every_thirty_seconds(session):
    assert session.due == NOW + 30
    assert session.tick(NOW + 29.9) == []
    [beat] = session.tick(NOW + 30)
    assert said(beat)["type"] == "HEARTBEAT"
    receive(session, {"type": "HEARTBEAT"}, NOW + 31)
    assert session.due == NOW + 60
    assert session.tick(NOW + 59) == []


def test_sixty_seconds_of_silence_end_the_connection(session):
    session.tick(NOW + 30)
    receive(session, {"type": "HELLO"}, NOW + 31)
    session.tick(NOW + 60)
    session.tick(NOW + 90)

    assert session.due == NOW + 91
    [end] = session.tick(NOW + 91)
    assert end == Close(GONE_QUIET, "Nothing was heard for 60 seconds.")


def test_a_durable_action_is_acknowledged(session):
    ack = said(session.acknowledged("e1", NOW, "r", duplicate=True))

    assert (ack["type"], ack["requestId"]) == ("ACTION_ACK", "r")
    assert ack["payload"] == {"eventId": "e1", "duplicate": True}


def test_an_answer_is_a_recommendation_update(session):
    then = datetime.fromtimestamp(NOW, UTC)
    answer = Answer(recommendations=(), algorithms=(), timestamp=then, user_id="ann")
    update = said(session.answered(answer, NOW, None))

    assert update["type"] == "RECOMMENDATION_UPDATE"
    assert update["payload"]["userId"] == "ann"
    assert "requestId" not in update


def test_what_could_not_be_done_is_told_by_its_place_in_the_payload(session):
    unknown = said(session.refused(UnknownId("no such thing", field="entityId", value="x"), NOW, "r"))
    journal = said(session.refused(JournalUnavailable("the journal is full"), NOW, None))

    assert (unknown["payload"]["field"], unknown["requestId"]) == ("payload.entityId", "r")
    assert journal["payload"] == {"error": "the journal is full", "code": "UNAVAILABLE"}
