"""Orders over HTTP."""

import asyncio

ORDER = {
    "id": "new",
    "userId": "ann",
    "placedAt": "2025-01-15T10:30:00+02:00",
    "lines": [{"productId": "basil", "quantity": 2, "unitPrice": 3.5}],
}


async def post(stall, status, **known):
    response = await stall.client.post("/api/orders", json=ORDER | known)
    assert response.status_code == status, response.text
    return response.json().get("data")


async def test_an_order_is_recorded_with_its_time_in_utc(stall):
    order = await post(stall, 201)

    assert (order["id"], order["duplicate"]) == ("new", False)
    assert order["placedAt"] == "2025-01-15T08:30:00Z"
    kept = (await stall.client.get("/api/orders/new")).json()["data"]
    assert kept == {name: value for name, value in order.items() if name != "duplicate"}


async def test_the_same_order_twice_changes_nothing(stall):
    await post(stall, 201)
    before = await stall.state()
    again = await post(stall, 200, placedAt="2025-01-15T08:30:00Z")

    assert again["duplicate"] is True
    assert await stall.state() == before


async def test_the_same_order_is_a_duplicate_even_when_its_product_is_gone(stall):
    await post(stall, 201)
    await stall.client.delete("/api/products/basil")

    assert (await post(stall, 200))["duplicate"] is True


async def test_another_order_with_the_same_id_is_a_conflict(stall):
    await post(stall, 201)
    before = await stall.state()
    await post(stall, 409, userId="bob")

    assert await stall.state() == before


async def test_two_orders_of_one_id_at_once_are_one_order(stall):
    answers = await asyncio.gather(*(stall.client.post("/api/orders", json=ORDER) for _ in range(5)))
    others = await asyncio.gather(
        *(stall.client.post("/api/orders", json=ORDER | {"id": "two", "userId": user}) for user in "abc")
    )

    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 200, 201]
    assert sorted(answer.status_code for answer in others) == [201, 409, 409]
    assert stall.shop.engine.order_count == 4
