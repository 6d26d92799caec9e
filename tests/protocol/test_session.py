"""A connection without a socket: frames and the clock in, commands out."""

import json
import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.errors import JournalUnavailable, UnknownId
from punnet.market import Answer, Context, Query, UserAction
from punnet.protocol.frames import Seen
from punnet.protocol.messages import (
    LARGEST_FRAME,
    LONGEST_TOKEN,
    ClientType,
    Filter,
    Relevance,
    SubscribePayload,
    Topic,
)
from punnet.protocol.session import (
    GONE_QUIET,
    TOKEN_EXPIRED,
    TOO_BIG,
    Ask,
    Authenticate,
    Beat,
    Close,
    Listen,
    Resume,
    Send,
    Session,
    Track,
)
from punnet.protocol.subscription import Held, Subscription

NOW = 1_736_937_000.0
HELD = Held(40, 50)
"""The alerts 41 to 50 can be had again."""

HELD_LATER = Held(45, 60)
"""Ten alerts more came, and the five earliest went."""

AWAY_SINCE_44 = Seen(44, 7)
TRENDS = SubscribePayload(topics=(Topic.TRENDING,))


@pytest.fixture
def session():
    opened = Session("ann", "7c1d-1")
    opened.open(NOW, HELD)
    return opened


def said(command):
    """Return the message of a command that sends one; its number comes later."""
    assert isinstance(command, Send)
    message = json.loads(command.draft)
    assert "messageId" not in message
    return message


def obey(session, message, now=NOW, held=HELD):
    """Return all that follows from a message."""
    return session.receive(json.dumps(message), now, "made", held)


def receive(session, message, now=NOW):
    """Return the one command that follows from a message."""
    [command] = obey(session, message, now)
    return command


def subscribe(session, *topics, held=HELD, kind="SUBSCRIBE", **wanted):
    """Return the payload of the answer, and the subscriptions from then on."""
    answer, listen = obey(session, {"type": kind, "payload": {"topics": topics, **wanted}}, held=held)
    assert isinstance(listen, Listen)
    assert said(answer)["type"] == f"{kind}D"
    return said(answer)["payload"], dict(listen.subscriptions)


# ------------------------------------------------------------------------------------------------ the welcome


def test_a_connection_opens_with_a_welcome():
    [welcome] = Session("ann", "7c1d-1", heartbeat=1.5).open(NOW, HELD)

    assert said(welcome)["type"] == "CONNECTION_ACK"
    assert said(welcome)["payload"] == {
        "serverTime": "2025-01-15T10:30:00Z",
        "userId": "ann",
        "topics": [],
        "epoch": "7c1d-1",
        "heartbeatInterval": 1500,
    }


def test_what_is_wanted_from_the_beginning_is_told_in_the_welcome_and_listened_to_after_it():
    wanted = SubscribePayload(
        topics=(Topic.TRENDING, Topic.PRICE_DROPS, Topic.TRENDING),
        filter=Filter(
            product_ids=("kale",), farm_ids=("hill",), categories=("Greens",), relevance=Relevance.MINE
        ),
        latitude=39.1,
        longitude=-84.5,
    )
    welcome, listen = Session("ann", "7c1d-1", wanted=wanted).open(NOW, HELD)

    assert said(welcome)["payload"]["topics"] == ["price_drops", "trending"]
    assert "resumed" not in said(welcome)["payload"]
    narrowed = Subscription(
        50, (39.1, -84.5), None, frozenset({"kale"}), frozenset({"hill"}), frozenset({"Greens"}), mine=True
    )
    assert listen == Listen({Topic.PRICE_DROPS: narrowed, Topic.TRENDING: narrowed})


# ----------------------------------------------------------------------------------------------------- topics


def test_topics_add_up_and_are_told_in_one_order(session):
    subscribe(session, "trending")
    told, subscriptions = subscribe(session, "price_drops", "trending")

    assert told == {"topics": ["price_drops", "trending"]}
    assert subscriptions == {Topic.TRENDING: Subscription(50), Topic.PRICE_DROPS: Subscription(50)}
    assert session.subscriptions == subscriptions


def test_unsubscribing_leaves_the_others(session):
    subscribe(session, "price_drops", "trending")
    told, subscriptions = subscribe(session, "trending", "personalized", kind="UNSUBSCRIBE")

    assert told == {"topics": ["price_drops"]}
    assert subscriptions == {Topic.PRICE_DROPS: Subscription(50)}


def test_answers_about_topics_bear_the_request_id(session):
    for kind in ("SUBSCRIBE", "UNSUBSCRIBE"):
        answer, _ = obey(session, {"type": kind, "payload": {"topics": ["trending"]}, "requestId": "r"})
        assert said(answer)["requestId"] == "r"


@pytest.mark.parametrize("kind", ["SUBSCRIBE", "UNSUBSCRIBE"])
@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({}, "payload.topics"),
        ({"topics": []}, "payload.topics"),
        ({"topics": ["price_drops", "gossip"]}, "payload.topics[1]"),
        ({"topics": "trending"}, "payload.topics"),
        ({"topics": ["trending"] * 21}, "payload.topics"),
    ],
)
def test_a_refused_list_of_topics_changes_none(session, kind, payload, field):
    subscribe(session, "trending")
    before = dict(session.subscriptions)
    answer = said(receive(session, {"type": kind, "payload": payload}))

    assert (answer["type"], answer["payload"]["field"]) == ("ERROR", field)
    assert session.subscriptions == before


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"filter": {"productIds": []}}, "payload.filter.productIds"),
        ({"filter": {"farmIds": [7]}}, "payload.filter.farmIds[0]"),
        ({"filter": {"categories": [""]}}, "payload.filter.categories[0]"),
        ({"filter": {"relevance": "yours"}}, "payload.filter.relevance"),
        ({"filter": {"price": 3}}, "payload.filter.price"),
        ({"latitude": 39.1}, "payload.latitude"),
        ({"latitude": 91, "longitude": 0}, "payload.latitude"),
    ],
)
def test_a_refused_filter_or_place_changes_no_topic(session, wanted, field):
    answer = said(receive(session, {"type": "SUBSCRIBE", "payload": {"topics": ["trending"], **wanted}}))

    assert (answer["type"], answer["payload"]["field"]) == ("ERROR", field)
    assert session.subscriptions == {}


def test_the_same_topic_again_takes_the_filter_and_the_place_anew(session):
    subscribe(session, "price_drops", filter={"productIds": ["kale"]}, latitude=1, longitude=2)
    _, subscriptions = subscribe(session, "price_drops", filter={"farmIds": ["hill"]})

    assert subscriptions == {Topic.PRICE_DROPS: Subscription(50, farms=frozenset({"hill"}))}


def test_the_same_topic_again_goes_on_from_where_it_was_and_a_new_one_begins_now(session):
    subscribe(session, "price_drops")
    _, subscriptions = subscribe(session, "price_drops", "stock_alerts", held=HELD_LATER)

    assert {topic: each.after for topic, each in subscriptions.items()} == {
        Topic.PRICE_DROPS: 50,
        Topic.STOCK_ALERTS: 60,
    }


def test_a_topic_left_and_taken_again_begins_anew(session):
    subscribe(session, "price_drops")
    subscribe(session, "price_drops", kind="UNSUBSCRIBE")
    _, subscriptions = subscribe(session, "price_drops", held=HELD_LATER)

    assert subscriptions == {Topic.PRICE_DROPS: Subscription(60)}


# ------------------------------------------------------------------------------------------------ coming back


def opened(seen, wanted=None, held=HELD):
    """Return the session of a client that comes back, and what it is opened with."""
    session = Session("ann", "7c1d-1", seen=seen, wanted=wanted)
    return session, session.open(NOW, held)


def test_who_comes_back_with_topics_goes_on_where_they_left():
    _, (resume, welcome, listen) = opened(AWAY_SINCE_44, TRENDS)

    assert resume == Resume(44)
    assert said(welcome)["payload"]["resumed"] is True
    assert listen == Listen({Topic.TRENDING: Subscription(44, seen=AWAY_SINCE_44)})


def test_who_comes_back_without_topics_goes_on_at_their_first_subscribe():
    session, (resume, welcome) = opened(AWAY_SINCE_44)
    told, subscriptions = subscribe(session, "price_drops")

    assert resume == Resume(44)
    assert said(welcome)["payload"]["resumed"] is True
    assert told == {"topics": ["price_drops"], "resumed": True}
    assert subscriptions == {Topic.PRICE_DROPS: Subscription(44, seen=AWAY_SINCE_44)}


@pytest.mark.parametrize(("alert", "resumed"), [(39, False), (40, True), (50, True), (51, False)])
def test_it_can_be_resumed_after_any_alert_of_which_all_later_ones_are_held(alert, resumed):
    _, begun = opened(Seen(alert, None), TRENDS)
    *before, welcome, listen = begun

    assert said(welcome)["payload"]["resumed"] is resumed
    assert before == ([Resume(alert)] if resumed else [])
    expected = Subscription(alert, seen=Seen(alert, None)) if resumed else Subscription(50)
    assert listen == Listen({Topic.TRENDING: expected})


def test_what_cannot_be_told_is_not_resumed_and_begins_now():
    session, [welcome] = opened(False)
    told, subscriptions = subscribe(session, "trending")

    assert said(welcome)["payload"]["resumed"] is False
    assert told == {"topics": ["trending"], "resumed": False}
    assert subscriptions == {Topic.TRENDING: Subscription(50)}


def test_who_waits_with_the_first_subscribe_until_it_is_not_held_any_more_is_told():
    session, (_, welcome) = opened(AWAY_SINCE_44)
    told, subscriptions = subscribe(session, "trending", held=HELD_LATER)

    assert said(welcome)["payload"]["resumed"] is True
    assert told["resumed"] is False
    assert subscriptions == {Topic.TRENDING: Subscription(60)}


def test_what_was_not_held_at_the_beginning_is_not_resumed_later():
    session, [welcome] = opened(Seen(55, None))
    told, subscriptions = subscribe(session, "trending", held=HELD_LATER)

    assert said(welcome)["payload"]["resumed"] is False
    assert told["resumed"] is False
    assert subscriptions == {Topic.TRENDING: Subscription(60)}


@pytest.mark.parametrize("wanted", [None, TRENDS])
def test_after_the_first_topics_nothing_is_resumed_any_more(wanted):
    session, _ = opened(AWAY_SINCE_44, wanted)
    if wanted is None:
        subscribe(session, "trending")
    told, subscriptions = subscribe(session, "price_drops", "trending", held=HELD_LATER)

    assert told == {"topics": ["price_drops", "trending"]}
    assert subscriptions == {Topic.TRENDING: Subscription(44), Topic.PRICE_DROPS: Subscription(60)}


def test_a_refused_subscribe_does_not_use_up_where_a_client_left():
    session, _ = opened(AWAY_SINCE_44)
    receive(session, {"type": "SUBSCRIBE", "payload": {"topics": ["gossip"]}})
    told, subscriptions = subscribe(session, "trending")

    assert told["resumed"] is True
    assert subscriptions == {Topic.TRENDING: Subscription(44, seen=AWAY_SINCE_44)}


def test_unsubscribing_does_not_use_up_where_a_client_left():
    session, _ = opened(AWAY_SINCE_44)
    told, _ = subscribe(session, "trending", kind="UNSUBSCRIBE")

    assert "resumed" not in told
    assert subscribe(session, "trending")[0]["resumed"] is True


# -------------------------------------------------------------------------------------- actions and questions


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
    assert answer["timestamp"] == "2025-01-15T10:30:01Z"


# -------------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("kind", "payload", "field"),
    [
        ("USER_ACTION", {"type": "EAT"}, "payload.type"),
        ("USER_ACTION", {"type": "VIEW_PRODUCT", "entityId": 7}, "payload.entityId"),
        ("USER_ACTION", None, "payload.type"),
        ("REQUEST_RECOMMENDATIONS", {"limit": 0}, "payload.limit"),
        ("HEARTBEAT", "alive", "payload"),
        ("HELLO", {}, "type"),
        (None, {}, "type"),
    ],
)
def test_what_is_not_accepted_is_answered_with_an_error_and_the_connection_lives(
    session, kind, payload, field
):
    answer = said(receive(session, {"type": kind, "payload": payload, "requestId": "r"}))

    assert (answer["type"], answer["requestId"]) == ("ERROR", "r")
    assert (answer["payload"]["field"], answer["payload"]["code"]) == (field, "BAD_INPUT")
    assert said(receive(session, {"type": "HEARTBEAT"}))["type"] == "HEARTBEAT"


def test_a_refusal_says_what_was_wrong(session):
    answer = said(receive(session, {"type": "USER_ACTION", "payload": {"type": "EAT"}}))

    assert answer["payload"]["value"] == "EAT"
    assert answer["payload"]["allowed"]


@pytest.mark.parametrize("request_id", ["", "x" * 129, 7, None, ["r"]])
def test_a_request_id_that_is_none_does_not_come_back(session, request_id):
    assert "requestId" not in said(receive(session, {"type": "HELLO", "requestId": request_id}))


def test_a_request_id_may_have_128_characters(session):
    assert said(receive(session, {"type": "HELLO", "requestId": "x" * 128}))["requestId"] == "x" * 128


@pytest.mark.parametrize("frame", ["", "{", "[]", "7", '["HEARTBEAT"]'])
def test_what_is_no_message_is_refused(session, frame):
    [answer] = session.receive(frame, NOW, "made", HELD)

    assert (said(answer)["type"], "requestId" in said(answer)) == ("ERROR", False)


def test_a_binary_frame_is_refused(session):
    [answer] = session.receive(b'{"type": "HEARTBEAT"}', NOW, "made", HELD)

    assert said(answer)["payload"]["field"] == "frame"


def test_a_frame_with_a_lone_surrogate_is_refused(session):
    [answer] = session.receive('{"type": "\ud800"}', NOW, "made", HELD)

    assert said(answer)["type"] == "ERROR"


@pytest.mark.parametrize("character", ["x", "é"])
def test_a_frame_that_is_too_large_ends_the_connection(session, character):
    size = len(character.encode())
    [fits] = session.receive(character * (LARGEST_FRAME // size), NOW, "made", HELD)
    [large] = session.receive(character * (LARGEST_FRAME // size + 1), NOW, "made", HELD)

    assert said(fits)["type"] == "ERROR"
    assert isinstance(large, Close)
    assert large.code == TOO_BIG


@given(st.text(max_size=300))
def test_any_text_is_answered(text):
    session = Session("ann", "7c1d-1")
    session.open(NOW, HELD)

    assert len(session.receive(text, NOW, "made", HELD)) == 1


payloads = st.fixed_dictionaries(
    {},
    optional={
        "topics": st.lists(st.sampled_from([*Topic, "gossip"]), max_size=3),
        "filter": st.none() | st.fixed_dictionaries({}, optional={"productIds": st.just(["kale"])}),
        "type": st.sampled_from(["VIEW_PRODUCT", "EAT"]),
        "limit": st.integers(0, 3),
    },
)


@given(st.lists(st.tuples(st.sampled_from(ClientType), payloads), max_size=12))
def test_whatever_is_said_the_last_that_is_to_be_listened_to_are_the_sessions_subscriptions(spoken):
    session = Session("ann", "7c1d-1")
    session.open(NOW, HELD)
    listening = {}
    for kind, payload in spoken:
        commands = obey(session, {"type": kind, "payload": payload})
        answered = [said(each) for each in commands if isinstance(each, Send)]
        assert len(answered) + sum(isinstance(each, Track | Ask) for each in commands) == 1
        for command in commands:
            if isinstance(command, Listen):
                listening = command.subscriptions
                assert answered[0]["payload"]["topics"] == [topic for topic in Topic if topic in listening]
        assert listening == session.subscriptions


# -------------------------------------------------------------------------------------------------- the clock


def test_a_sign_of_life_is_due_every_thirty_seconds(session):
    assert session.due == NOW + 30
    assert session.tick(NOW + 29.9) == []
    assert session.tick(NOW + 30) == [Beat()]
    receive(session, {"type": "HEARTBEAT"}, NOW + 31)
    assert session.due == NOW + 60
    assert session.tick(NOW + 59) == []


def test_a_sign_of_life_says_the_time(session):
    beat = said(session.beat(NOW + 30))

    assert (beat["type"], beat["payload"]) == ("HEARTBEAT", {"serverTime": "2025-01-15T10:30:30Z"})
    assert "requestId" not in beat


def test_a_session_ends_when_its_token_does_unless_another_one_is_shown():
    session = Session("ann", "7c1d-1", expires_at=NOW + 20)
    session.open(NOW, HELD)
    assert session.due == NOW + 20
    assert session.tick(NOW + 19.9) == []
    shown = {"type": "AUTHENTICATE", "payload": {"token": "a.b.c"}, "requestId": "r"}
    assert receive(session, shown) == Authenticate("a.b.c", "r")
    answer = said(session.authenticated(NOW + 25, NOW + 19.9, "r"))
    assert (answer["type"], answer["requestId"]) == ("HEARTBEAT", "r")
    assert session.tick(NOW + 24) == []
    assert session.tick(NOW + 25) == [Close(TOKEN_EXPIRED, "The token has expired.")]


@pytest.mark.parametrize("token", ["", "x" * (LONGEST_TOKEN + 1), 7_777, None])
def test_a_token_that_is_refused_is_not_repeated(session, token):
    refused = receive(session, {"type": "AUTHENTICATE", "payload": {"token": token}})
    told = said(refused)
    assert (told["type"], told["payload"]["field"]) == ("ERROR", "payload.token")
    assert "value" not in told["payload"]
    assert not token or str(token) not in json.dumps(told)


@pytest.mark.parametrize(
    "beside",
    [
        {"payload": "open sesame"},
        {"Token": "open sesame"},
        {"requestId": ["open sesame"]},
        {"payload": {"x": "open sesame"}},
    ],
)
def test_nor_is_what_stands_beside_it(session, beside):
    told = said(receive(session, {"type": "AUTHENTICATE", **beside}))
    assert told["type"] == "ERROR"
    assert "value" not in told["payload"]
    assert "open sesame" not in json.dumps(told)


def test_sixty_seconds_of_silence_end_the_connection(session):
    session.tick(NOW + 30)
    receive(session, {"type": "HELLO"}, NOW + 31)
    session.tick(NOW + 60)
    session.tick(NOW + 90)

    assert session.due == NOW + 91
    [end] = session.tick(NOW + 91)
    assert end == Close(GONE_QUIET, "Nothing was heard for 60 seconds.")


def test_any_sign_of_life_ends_a_silence(session):
    session.tick(NOW + 30)
    session.heard(NOW + 59)

    assert session.tick(NOW + 60) == [Beat()]
    session.tick(NOW + 90)
    assert session.due == NOW + 119
    assert isinstance(session.tick(NOW + 119)[0], Close)


def test_a_connection_on_which_the_client_says_nothing_may_be_silent_forever():
    session = Session("ann", "7c1d-1", silence=math.inf)
    session.open(NOW, HELD)

    for beats in range(1, 1_000):
        assert session.due == NOW + beats * 30
        assert session.tick(session.due) == [Beat()]


# ------------------------------------------------------------------------------------ what comes of a command


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
