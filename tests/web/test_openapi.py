"""The document, and the table it is made from."""

import json
import re

import pytest

from punnet.web.callers import Access
from punnet.web.events import PATH
from punnet.web.openapi import document
from punnet.web.routes import ROUTES
from punnet.web.schemas import anything
from tests.web.references import references

DOCUMENT = json.loads(document(ROUTES))


def test_every_route_is_described_once_under_its_own_name():
    operations = [
        operation["operationId"] for methods in DOCUMENT["paths"].values() for operation in methods.values()
    ]

    assert len(operations) == len(set(operations)) == len([*ROUTES, PATH])


def test_every_reference_leads_somewhere():
    for reference in references(DOCUMENT):
        assert reference.removeprefix("#/components/schemas/") in DOCUMENT["components"]["schemas"]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_an_operation_says_what_can_happen(route):
    operation = DOCUMENT["paths"][route.path][route.method.lower()]
    answers = set(operation["responses"])

    assert {str(status) for status in route.statuses} <= answers
    assert "500" in answers
    assert ("requestBody" in operation) is bool(route.body) is ("413" in answers)
    assert ("404" in answers) or "{id}" not in route.path
    assert {"401", "429", "503"} <= answers
    for status in ("429", "503"):
        assert "Retry-After" in operation["responses"][status]["headers"]
    assert "WWW-Authenticate" in operation["responses"]["401"]["headers"]
    for answer in operation["responses"].values():
        assert answer["content"]["application/json"]["schema"]
        assert answer["description"]


def test_parameters_have_their_bounds():
    operation = DOCUMENT["paths"]["/api/recommendations"]["get"]
    parameters = {parameter["name"]: parameter for parameter in operation["parameters"]}

    places, pages = {"latitude", "longitude"}, {"context", "searchQuery", "category"}
    assert set(parameters) == {"userId", "productId", "limit", "excludeIds"} | places | pages
    assert parameters["userId"]["required"] is True
    assert parameters["limit"]["required"] is False
    limit = parameters["limit"]["schema"]
    assert (limit["minimum"], limit["maximum"], limit["default"]) == (1, 100, 10)
    assert parameters["latitude"]["schema"]["maximum"] == 90


def test_the_stream_of_events_is_described_beside_the_routes():
    operation = DOCUMENT["paths"][PATH]["get"]
    places = {parameter["name"]: parameter["in"] for parameter in operation["parameters"]}

    assert {"userId", "topics", "relevance", "latitude", "lastMessageId"} < set(places)
    assert [name for name, place in places.items() if place != "query"] == ["Last-Event-ID"]
    assert list(operation["responses"]["200"]["content"]) == ["text/event-stream"]
    assert {"400", "401", "403", "429", "500", "503"} < set(operation["responses"])
    assert "Retry-After" in operation["responses"]["503"]["headers"]
    assert operation["security"] == [{}, {"bearer": []}]
    assert "StreamQuery" not in DOCUMENT["components"]["schemas"]


def test_the_body_of_a_put_may_leave_its_id_out():
    body = DOCUMENT["paths"]["/api/products/{id}"]["put"]["requestBody"]["content"]["application/json"][
        "schema"
    ]

    assert "id" not in body["properties"]
    assert body["required"] == ["name", "farmId", "category", "price"]


def test_times_and_places_are_described():
    farm = DOCUMENT["components"]["schemas"]["Farm"]

    assert {"latitude", "longitude"} <= set(farm["properties"])
    assert len(farm["anyOf"]) == 2
    order = DOCUMENT["components"]["schemas"]["Order"]
    assert order["properties"]["placedAt"]["format"] == "date-time"


def test_nothing_in_it_is_a_name_of_python():
    for schema in DOCUMENT["components"]["schemas"].values():
        for name in schema.get("properties", {}):
            assert re.fullmatch(r"[a-z][A-Za-z0-9]*", name), name


def test_metadata_may_be_anything_and_nothing_else_may():
    answer = DOCUMENT["components"]["schemas"]["Recommendation"]["properties"]["metadata"]

    assert answer["additionalProperties"] == {"description": "Any JSON value"}
    with pytest.raises(NotImplementedError):
        anything(complex)


def test_an_operation_says_what_opens_it():
    """What every caller may do where everybody is trusted can be opened with nothing as well."""
    by_route = {(route.method.lower(), route.path): route for route in ROUTES}
    schemes = DOCUMENT["components"]["securitySchemes"]
    assert {(scheme["in"], scheme["name"]) for scheme in schemes.values() if "in" in scheme} == {
        ("header", "X-Admin-Key"),
        ("query", "adminKey"),
    }
    assert schemes["bearer"]["scheme"] == "bearer"
    for (method, path), route in by_route.items():
        operation = DOCUMENT["paths"][path][method]
        choices = [name for choice in operation.get("security", ()) for name in choice or ["nothing"]]
        expected = ["nothing", "bearer"]
        if route.access is Access.ADMIN:
            expected = ["adminKey", "adminKeyInQuery", "bearer"]
        assert choices == ([] if route.access is Access.ANYONE else expected)
        assert ("403" in operation["responses"]) == (route.access is not Access.ANYONE)
        assert "401" in operation["responses"]
