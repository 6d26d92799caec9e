"""Answers, and the actions that change them."""

import pytest

from punnet.market import UserAction

ANSWERS = "/api/recommendations"


async def get(stall, path, **params):
    response = await stall.client.get(path, params=params)
    assert response.status_code == 200, response.text
    return response.json(), response.headers


async def act(stall, status=200, **body):
    response = await stall.client.post(ANSWERS, json={"userId": "cleo"} | body)
    assert response.status_code == status, response.text
    return response.json().get("data")


def ids(answer):
    return [one["product"]["id"] for one in answer["recommendations"]]


async def test_an_answer_has_products_with_their_farm_scores_and_reasons(stall):
    answer, headers = await get(stall, ANSWERS, userId="ann", limit=3)

    assert headers["Cache-Control"] == "private, max-age=60"
    data, meta = answer["data"], answer["meta"]
    assert (data["userId"], meta["count"]) == ("ann", len(data["recommendations"]))
    assert data["timestamp"] == "2025-10-09T08:53:20Z"
    assert data["algorithms"][:2] == ["collaborative_filtering", "content_based"]
    first = data["recommendations"][0]
    assert first["product"]["farm"]["id"] == first["product"]["farmId"]
    assert 0 <= first["score"] <= 1
    assert first["reason"] in first["reasons"]
    assert "contributions" in first["metadata"]


async def test_every_parameter_counts(stall):
    answer, _ = await get(stall, ANSWERS, userId="ann", category="Herbs", excludeIds="tomatoes,honey")
    beside, _ = await get(stall, ANSWERS, userId="ann", productId="basil", limit=1, context="PRODUCT_DETAIL")
    placed, _ = await get(stall, ANSWERS, userId="ann", latitude=39.1, longitude=-84.5, searchQuery="honey")

    assert ids(answer["data"]) == ["basil"]
    assert len(beside["data"]["recommendations"]) == 1
    assert "basil" not in ids(beside["data"])
    assert placed["data"]["recommendations"]


async def test_what_is_bought_together_says_how_often(stall):
    answer, headers = await get(stall, f"{ANSWERS}/frequently-bought-together", productId="tomatoes")

    assert headers["Cache-Control"] == "public, max-age=300"
    assert (answer["data"]["productId"], answer["data"]["count"]) == ("tomatoes", 1)
    [basil] = answer["data"]["recommendations"]
    assert (basil["product"]["id"], basil["reason"]) == ("basil", "FREQUENTLY_BOUGHT_TOGETHER")
    assert (basil["metadata"]["coOccurrences"], basil["metadata"]["totalOrders"]) == (2, 2)
    assert answer["meta"]["algorithms"] == ["co_occurrence"]
    assert answer["meta"]["timestamp"] == "2025-10-09T08:53:20Z"


async def test_an_action_is_processed_under_the_id_it_brought_or_got(stall):
    assigned = await act(stall, action="VIEW_PRODUCT", entityId="honey")
    brought = await act(stall, action="VIEW_PRODUCT", entityId="honey", eventId="mine")

    assert assigned["eventProcessed"] is True
    assert assigned["eventId"].startswith("made-")
    assert brought == {"eventProcessed": True, "eventId": "mine", "duplicate": False}


async def test_the_same_event_twice_changes_nothing(stall):
    await act(stall, action="VIEW_PRODUCT", entityId="honey", eventId="mine")
    before = await stall.state()
    again = await act(stall, action="VIEW_PRODUCT", entityId="honey", eventId="mine")

    assert again["duplicate"] is True
    assert await stall.state() == before


async def test_the_id_of_another_event_is_a_conflict(stall):
    await act(stall, action="VIEW_PRODUCT", entityId="honey", eventId="mine")
    before = await stall.state()
    await act(stall, 409, action="VIEW_PRODUCT", entityId="basil", eventId="mine")

    assert await stall.state() == before


async def test_an_answer_reflects_the_action_it_comes_with(stall):
    data = await act(stall, action="ADD_TO_CART", entityId="tomatoes", getRecommendations=True, limit=2)

    assert ids(data["recommendations"])[0] == "basil"
    assert "tomatoes" not in ids(data["recommendations"])
    assert data["recommendations"]["userId"] == "cleo"


@pytest.mark.parametrize(
    "context", ["SEARCH", {"pageType": "SEARCH", "category": "Preserved"}, {"category": "Preserved"}]
)
async def test_an_answer_is_for_the_page_that_the_context_names(stall, context):
    data = await act(
        stall, action="VIEW_PRODUCT", entityId="basil", getRecommendations=True, context=context, limit=1
    )

    named = isinstance(context, dict)
    assert (ids(data["recommendations"]) == ["honey"]) or not named
    assert ("co_occurrence" in data["recommendations"]["algorithms"]) is (
        context == {"category": "Preserved"}
    )


async def test_every_action_is_taken(stall):
    entities = {"SEARCH": "honey", "FILTER_CATEGORY": "Preserved", "COMPLETE_PURCHASE": "o1"}
    for kind in UserAction:
        entity = entities.get(kind, "hill" if kind.endswith("FARM") else "honey")
        await act(stall, userId="ann", action=kind, entityId=entity, metadata={"rating": 4})

    assert stall.shop.engine.tally.total == len(UserAction)


async def test_a_purchase_with_items_is_an_order_once(stall):
    items = [{"productId": "honey", "quantity": 2, "unitPrice": 8}]
    purchase = {"action": "COMPLETE_PURCHASE", "eventId": "mine", "metadata": {"items": items}}
    first = await act(stall, **purchase)
    before = await stall.state()
    second = await act(stall, **purchase)

    assert (first["duplicate"], second["duplicate"]) == (False, True)
    assert await stall.state() == before
    order = (await stall.client.get("/api/orders/order-of-mine")).json()["data"]
    assert (order["userId"], order["lines"]) == ("cleo", items)
    assert order["placedAt"] == "2025-10-09T08:53:20Z"


async def test_a_purchase_may_repeat_the_items_of_the_order_it_names(stall):
    posted = await stall.journal.find("o:o1")
    items = [{"productId": line.product_id, "quantity": 1, "unitPrice": 4} for line in posted.lines]
    data = await act(
        stall, userId="ann", action="COMPLETE_PURCHASE", entityId="o1", metadata={"items": items}
    )

    assert data["duplicate"] is False
    assert await stall.journal.find("o:o1") == posted


async def test_an_own_purchase_counts_in_the_next_answer(stall):
    items = [{"productId": "tomatoes", "quantity": 1, "unitPrice": 5}]
    data = await act(
        stall, action="COMPLETE_PURCHASE", metadata={"items": items}, getRecommendations=True, limit=3
    )

    basil = next(one for one in data["recommendations"]["recommendations"] if one["product"]["id"] == "basil")
    assert "SIMILAR_USERS" in basil["reasons"]
