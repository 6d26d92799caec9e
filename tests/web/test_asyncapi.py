"""The document of the streams, held against every golden message of protocol/fixtures."""

import json
from pathlib import Path

import jsonschema_rs
import pytest

from punnet.protocol.messages import ClientType, ServerType
from punnet.web.app import WS_PATH
from punnet.web.asyncapi import document
from punnet.web.events import PATH
from tests import npm
from tests.web.references import references

FIXTURES = Path(__file__).parents[2] / "protocol" / "fixtures"
DOCUMENT = json.loads(document("/ws/of/a/shop"))
SIDES = {"client": ClientType, "server": ServerType}

DONE = {"track": "ACTION_ACK", "ask": "RECOMMENDATION_UPDATE", "authenticate": "HEARTBEAT"}
"""What tells a client that the server has done what it was to do."""

UNSAYABLE = {
    ("USER_ACTION", "a view of nothing"): "what an action must bring depends on the action",
    ("USER_ACTION", "a rating of 0"): "what stands in metadata depends on the action",
}
"""What is refused by a rule that JSON Schema cannot say, or not so that a reader still understands it."""


def at(reference):
    """Return what a reference leads to."""
    found = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


def named(part):
    """Return the names of the messages of an operation or a reply."""
    return [reference["$ref"].rpartition("/")[2] for reference in part["messages"]]


def messages(side):
    return {kind: f"#/components/messages/{side}.{kind}" for kind in SIDES[side]}


def validator(*schemas):
    """Return what checks a message against any of these schemas, times and all."""
    whole = {"anyOf": [{"$ref": schema} for schema in schemas], "components": DOCUMENT["components"]}
    return jsonschema_rs.Draft7Validator(whole, validate_formats=True)


def cases(side, *, refused):
    """Return the golden messages of one side; what is not even JSON has no schema to break."""
    found = json.loads((FIXTURES / f"{side}.json").read_text())["cases"]
    return [
        pytest.param(side, case, id=f"{case['kind']}: {case['name']}")
        for case in found
        if ("refused" in case) is refused and "message" in case
    ]


@pytest.mark.parametrize(("side", "case"), [*cases("client", refused=False), *cases("server", refused=False)])
def test_an_accepted_message_is_what_its_own_schema_says_and_no_other_of_its_side(side, case):
    fitting = [
        kind
        for kind, message in messages(side).items()
        if validator(f"{message}/payload").is_valid(case["message"])
    ]

    assert fitting == [case["kind"]]


@pytest.mark.parametrize(("side", "case"), [*cases("client", refused=True), *cases("server", refused=True)])
def test_a_refused_message_breaks_every_schema_of_its_side(side, case):
    schemas = validator(*(f"{message}/payload" for message in messages(side).values()))

    assert schemas.is_valid(case["message"]) is ((case["kind"], case["name"]) in UNSAYABLE)


@pytest.mark.parametrize(("_side", "case"), cases("client", refused=False))
def test_a_client_is_answered_by_what_the_document_says(_side, case):
    [operation] = [
        operation
        for operation in DOCUMENT["operations"].values()
        if named(operation) == [f"client.{case['kind']}"]
    ]

    answered = case["answered"] if "answered" in case else DONE[case["does"]]
    assert named(operation["reply"]) == [f"server.{answered}", "server.ERROR"]


def test_the_specification_says_that_it_is_a_document_of_asyncapi():
    try:
        modules = npm.packages(Path(__file__).with_name("asyncapi"))
    except npm.NoPackages as error:
        pytest.fail(str(error), pytrace=False)
    schema = json.loads((modules / "@asyncapi" / "specs" / "schemas" / "3.0.0-without-$id.json").read_bytes())
    schema["$schema"] = "http://json-schema.org/draft-07/schema#"

    assert [str(error) for error in jsonschema_rs.Draft7Validator(schema).iter_errors(DOCUMENT)] == []


def test_everything_that_can_be_said_has_a_message():
    said = {f"{side}.{kind}" for side, kinds in SIDES.items() for kind in kinds}

    assert set(DOCUMENT["components"]["messages"]) == said
    assert set(DOCUMENT["channels"]["websocket"]["messages"]) == said


def test_every_reference_leads_somewhere():
    for reference in references(DOCUMENT):
        assert at(reference)


def test_an_operation_only_has_messages_of_its_own_channel():
    for operation in DOCUMENT["operations"].values():
        for part in filter(None, (operation, operation.get("reply"))):
            assert part["messages"]
            for message in part["messages"]:
                assert message["$ref"].startswith(f"{part['channel']['$ref']}/messages/")


def test_the_server_receives_what_clients_say_and_sends_the_rest():
    received, sent = set(), set()
    for operation in DOCUMENT["operations"].values():
        (received if operation["action"] == "receive" else sent).update(named(operation))
        sent.update(named(operation.get("reply", {"messages": []})))

    assert received == {f"client.{kind}" for kind in ClientType}
    assert sent == {f"server.{kind}" for kind in ServerType}


def test_events_bring_what_comes_unasked_and_no_heartbeat():
    [operation] = [
        operation for operation in DOCUMENT["operations"].values() if "http" in operation.get("bindings", {})
    ]

    answers = {"SUBSCRIBED", "UNSUBSCRIBED", "ACTION_ACK", "ERROR"}
    assert set(named(operation)) == {f"server.{kind}" for kind in {*ServerType} - answers - {"HEARTBEAT"}}
    assert DOCUMENT["channels"]["events"]["address"] == PATH
    assert list(DOCUMENT["channels"]["events"]["messages"]) == named(operation)


def test_both_streams_are_opened_with_the_same_parameters():
    websocket = DOCUMENT["channels"]["websocket"]
    events = DOCUMENT["operations"]["sendEvents"]["bindings"]["http"]
    query = websocket["bindings"]["ws"]["query"]

    assert websocket["address"] == "/ws/of/a/shop"
    assert events["query"] == query
    assert query["required"] == ["userId"]
    place, narrowing = {"latitude", "longitude"}, {"productIds", "farmIds", "categories", "relevance"}
    assert set(query["properties"]) == {"userId", "topics", "lastMessageId", "token"} | place | narrowing
    for parameter in query["properties"].values():
        assert parameter["description"]
        assert {"type": "null"} not in parameter.get("anyOf", ())


def test_descriptions_are_not_indented_as_in_the_code():
    for schema in DOCUMENT["components"]["schemas"].values():
        assert "\n " not in schema["description"]


async def test_it_is_served(stall):
    served = await stall.client.get("/asyncapi.json")

    assert served.content == document(WS_PATH)
