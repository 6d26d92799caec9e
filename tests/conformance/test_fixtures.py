"""The golden messages of protocol/fixtures: what is accepted, and what is refused by which name."""

import json
from pathlib import Path

import msgspec
import pytest

from punnet.errors import Refused
from punnet.market import Farm, FarmPatch, Order, Product, ProductPatch, Query
from punnet.protocol import actions, codec
from punnet.protocol.messages import PAYLOADS, ClientType, ServerMessage
from punnet.protocol.session import Ask, Authenticate, Listen, Send, Session, Track
from punnet.protocol.subscription import Held
from punnet.web.catalogue import ListingQuery
from punnet.web.recommendations import TogetherQuery
from punnet.web.statistics import StatisticsQuery

FIXTURES = Path(__file__).parents[2] / "protocol" / "fixtures"
NOW = 1_736_937_000.0

NOUNS = {
    kind.__name__: kind for kind in (Farm, Product, Order, FarmPatch, ProductPatch, actions.PostedAction)
}
QUERIES = {kind.__name__: kind for kind in (Query, TogetherQuery, StatisticsQuery, ListingQuery)}


def cases(name):
    found = json.loads((FIXTURES / f"{name}.json").read_text())["cases"]
    return [pytest.param(case, id=f"{case['kind']}: {case['name']}") for case in found]


def sent(case):
    """Return the bytes of a case."""
    if "text" in case:
        return case["text"].encode()
    return json.dumps(case.get("body", case.get("message"))).encode()


def refused(error):
    return {"code": error.code, "field": error.field}


def check(case, read):
    """Assert that `read` accepts the case, or refuses it by the name and with the sentence it should."""
    if "refused" not in case:
        return read()
    with pytest.raises(Refused) as caught:
        read()
    assert refused(caught.value) == case["refused"]
    assert caught.value.message.endswith(".")
    assert caught.value.allowed
    assert case["refused"]["field"] in caught.value.message or case["refused"]["field"] == "body"
    return None


@pytest.mark.parametrize("case", cases("nouns"))
def test_a_body_is_accepted_or_refused_by_name(case):
    def read():
        noun = codec.read(sent(case), NOUNS[case["kind"]])
        if isinstance(noun, actions.PostedAction):
            actions.tracked(noun.by(noun.user_id, noun.action, "e"), NOW)
        return noun

    accepted = check(case, read)
    if accepted is not None:
        assert codec.read(codec.write(accepted), NOUNS[case["kind"]]) == accepted


@pytest.mark.parametrize("case", cases("queries"))
def test_a_query_string_is_accepted_or_refused_by_name(case):
    check(case, lambda: codec.read_query(case["query"].encode(), QUERIES[case["kind"]]))


@pytest.mark.parametrize("case", cases("client"))
def test_a_frame_of_a_client_is_obeyed_or_answered_with_an_error(case):
    session = Session("ann", "7c1d-01")
    session.open(NOW, Held(0, 0))

    command, *more = session.receive(sent(case).decode(), NOW, "made", Held(0, 0))

    turns_topics = case["kind"] in (ClientType.SUBSCRIBE, ClientType.UNSUBSCRIBE)
    assert more == ([Listen(session.subscriptions)] if turns_topics and "answered" in case else [])

    if "does" in case:
        assert isinstance(command, {"track": Track, "ask": Ask, "authenticate": Authenticate}[case["does"]])
        assert command.request_id == case["message"].get("requestId")
        return
    assert isinstance(command, Send)
    answer = json.loads(command.draft)
    if "refused" in case:
        assert answer["type"] == "ERROR"
        assert {name: answer["payload"][name] for name in ("code", "field")} == case["refused"]
    else:
        assert answer["type"] == case["answered"]
        assert answer.get("requestId") == case["message"].get("requestId")


@pytest.mark.parametrize("case", cases("server"))
def test_a_frame_of_the_server_reads_as_what_it_says_it_is(case):
    def read():
        message = codec.read(sent(case), ServerMessage)
        *_, kind = PAYLOADS[message.type] if "topic" in message.payload else PAYLOADS[message.type][:1]
        payload = codec.convert(message.payload, kind, place="payload.")
        return msgspec.structs.replace(message, payload=payload)

    accepted = check(case, read)
    if accepted is not None:
        assert json.loads(codec.write(accepted)) == case["message"]


def test_every_type_and_noun_has_accepted_and_refused_cases():
    for name, kinds in {
        "nouns": set(NOUNS),
        "queries": set(QUERIES),
        "client": set(ClientType),
        "server": set(PAYLOADS),
    }.items():
        found = [case.values[0] for case in cases(name)]
        for kind in kinds:
            ours = [case for case in found if case["kind"] == kind]
            assert any("refused" in case for case in ours), kind
            assert any("refused" not in case for case in ours), kind
