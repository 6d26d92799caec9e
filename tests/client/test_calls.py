"""What calls say."""

import msgspec
import pytest

from punnet.client import calls
from punnet.market import Farm, ListedProduct, Product, Query, UserAction


def said(call: calls.Call) -> dict[str, object]:
    return msgspec.json.decode(call.body)


def test_an_answer_is_asked_for_only_where_one_is_wanted():
    done = ("ann", UserAction.VIEW_PRODUCT, "kale", None, {"page": 1}, None, None)
    assert said(calls.action(*done))["getRecommendations"] is False
    wanted = said(calls.action(*done, limit=4))
    assert (wanted["getRecommendations"], wanted["limit"], wanted["metadata"]) == (True, 4, {"page": 1})


def test_every_action_and_order_has_an_id_before_it_is_sent():
    done = ("ann", "SEARCH", "eggs", "SEARCH", None, None)
    first, second = (said(calls.action(*done, None))["eventId"] for _ in range(2))
    assert first != second
    assert said(calls.action(*done, "mine"))["eventId"] == "mine"
    assert said(calls.order("ann", [], None, None, None, None))["id"]


@pytest.mark.parametrize(
    ("name", "path"),
    [("a/b c", "a%2Fb%20c"), (".", "%2E"), ("..", "%2E%2E"), ("a..b", "a..b"), ("é?#", "%C3%A9%3F%23")],
)
def test_an_id_is_one_step_of_a_path(name, path):
    assert calls.get_farm(name).path == f"/api/farms/{path}"


def test_a_query_says_what_is_given():
    query = Query(user_id="a&b", exclude_ids=("x", "y"), latitude=0.0, longitude=-84.5, limit=3)
    path = "/api/recommendations?userId=a%26b&limit=3&excludeIds=x%2Cy&latitude=0.0&longitude=-84.5"
    assert calls.recommend(query).path == path
    assert calls.statistics(detailed=False).path == "/api/recommendations/stats"


def test_a_product_is_sent_without_the_farm_that_answers_show():
    product = Product(id="kale", name="Kale", farm_id="hill", category="Greens", price=2)
    listed = ListedProduct(**msgspec.structs.asdict(product), farm=Farm(id="hill", name="Hill"))
    assert calls.put_product(listed) == calls.put_product(product)
