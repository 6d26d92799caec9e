"""Farms and products over HTTP."""

import pytest

BASIL = {"name": "Basil", "farmId": "hill", "category": "Herbs", "price": 3.5}


async def call(stall, method, path, status=200, **sent):
    response = await stall.client.request(method, path, **sent)
    assert response.status_code == status, response.text
    return response.json().get("data")


async def test_a_new_farm_is_201_and_a_replaced_one_200(stall):
    farm = {"name": "New Farm", "latitude": 1.5, "longitude": 2.5, "region": "Ohio"}
    first = await call(stall, "PUT", "/api/farms/new", 201, json=farm)
    second = await call(stall, "PUT", "/api/farms/new", 200, json={"id": "new", "name": "Newer Farm"})

    assert first == {"id": "new"} | farm
    assert second == {"id": "new", "name": "Newer Farm", "latitude": None, "longitude": None, "region": None}
    assert await call(stall, "GET", "/api/farms/new") == second


async def test_a_patched_farm_keeps_what_the_patch_does_not_name(stall):
    patched = await call(stall, "PATCH", "/api/farms/hill", json={"name": "High Hill"})

    assert patched == {
        "id": "hill",
        "name": "High Hill",
        "latitude": 39.1,
        "longitude": -84.5,
        "region": None,
    }
    assert (await call(stall, "GET", "/api/products/basil"))["farm"] == patched


async def test_a_farm_can_go_once_nothing_of_it_is_sold(stall):
    await call(stall, "DELETE", "/api/farms/dale", 409)
    gone = await call(stall, "DELETE", "/api/products/honey")
    await call(stall, "DELETE", "/api/farms/dale")

    assert gone == {"id": "honey", "entityType": "PRODUCT"}
    await call(stall, "GET", "/api/products/honey", 404)
    await call(stall, "GET", "/api/farms/dale", 404)
    await call(stall, "DELETE", "/api/farms/dale", 404)


async def test_a_new_product_is_201_with_its_farm_inside_and_a_replaced_one_200(stall):
    first = await call(stall, "PUT", "/api/products/new", 201, json=BASIL)
    second = await call(stall, "PUT", "/api/products/new", 200, json=BASIL | {"stock": 3.0, "organic": True})

    assert (first["id"], first["farm"]["name"], first["stock"]) == ("new", "Hill Farm", None)
    assert (second["stock"], second["organic"]) == (3, True)
    assert await call(stall, "GET", "/api/products/new") == second


async def test_a_patched_product_keeps_what_the_patch_does_not_name(stall):
    patched = await call(stall, "PATCH", "/api/products/tomatoes", json={"price": 4, "stock": None})

    assert (patched["price"], patched["stock"], patched["name"]) == (4, None, "Tomatoes")
    moved = await call(stall, "PATCH", "/api/products/tomatoes", json={"farmId": "dale"})
    assert moved["farm"]["id"] == "dale"


async def test_a_product_out_of_stock_is_not_recommended(stall):
    await call(stall, "PATCH", "/api/products/honey", json={"stock": 0})

    answer = await call(stall, "GET", "/api/recommendations?userId=zoe")
    assert {one["product"]["id"] for one in answer["recommendations"]} == {"tomatoes", "basil"}


@pytest.mark.parametrize("limit", [1, 2, 3])
async def test_the_products_are_listed_page_by_page(stall, limit):
    found, after = [], ""
    while after is not None:
        page = await call(stall, "GET", f"/api/products?limit={limit}&after={after}")
        assert len(page["products"]) <= limit
        found += [product["id"] for product in page["products"]]
        after = page["next"]

    assert found == ["tomatoes", "basil", "honey"]


async def test_a_listing_may_be_of_one_category(stall):
    page = await call(stall, "GET", "/api/products?category=Herbs")

    assert [product["id"] for product in page["products"]] == ["basil"]
    assert page["next"] is None


async def test_a_catalogue_comes_in_as_lines_each_with_a_verdict(stall):
    lines = b"""{"id": "new", "name": "New Farm"}
{"id": "leek", "name": "Leek", "farmId": "new", "category": "Vegetables", "price": 2}
{"id": "leek", "name": "Leek", "farmId": "nowhere", "category": "Vegetables", "price": 2}
{"id": "late", "name": "Late", "farmId": "later", "category": "Vegetables", "price": 2}
{"id": "later", "name": "Later Farm"}

not JSON
{"id": "mint", "name": "Mint", "farmId": "hill", "category": "Herbs", "price": -1}
"""
    kind = {"Content-Type": "application/x-ndjson"}
    report = await call(stall, "POST", "/api/catalog", content=lines, headers=kind)

    assert (report["accepted"], report["duplicate"], report["refused"]) == (3, 0, 4)
    outcomes = [(line["line"], line["outcome"], line.get("id")) for line in report["lines"]]
    assert outcomes == [
        (1, "accepted", "new"),
        (2, "accepted", "leek"),
        (3, "refused", None),
        (4, "refused", None),
        (5, "accepted", "later"),
        (7, "refused", None),
        (8, "refused", None),
    ]
    refused = [line["error"] for line in report["lines"] if "error" in line]
    assert [error["code"] for error in refused] == ["UNKNOWN_ID", "UNKNOWN_ID", "BAD_INPUT", "BAD_INPUT"]
    assert [error["details"]["field"] for error in refused] == ["farmId", "farmId", "body", "price"]
    assert (await call(stall, "GET", "/api/products/leek"))["farm"]["name"] == "New Farm"


async def test_a_catalogue_may_be_a_json_array(stall):
    farms = [{"id": f"farm {number}", "name": "Farm"} for number in range(1_201)]
    report = await call(stall, "POST", "/api/catalog", json=farms)

    assert (report["accepted"], report["refused"]) == (1_201, 0)
    assert [line["line"] for line in report["lines"]] == list(range(1, 1_202))
