"""The market of 12 products and 8 shoppers that docs/reference/algorithms.md works out by hand, over REST."""

import itertools
import json
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import httpx
import msgspec
import pytest

from punnet.market import Action, Fact, Farm, Order, Product, Query, Record
from tests.naive import NaiveMarket
from tests.web.stall import opened

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "algorithms.md"
EXAMPLE = json.loads(Path(__file__).with_name("worked_example.json").read_text())
NOW = datetime.fromisoformat(EXAMPLE["now"]).timestamp()
QUESTIONS = pytest.mark.parametrize("question", EXAMPLE["questions"], ids=lambda question: question["name"])
SIX_DECIMALS = 5.1e-7
"""The page shows figures to six decimals."""


@pytest.fixture
async def server() -> AsyncIterator[httpx.AsyncClient]:
    """The server, at noon of that day, with the example sent to it."""
    async with opened(opening=(), cached=0, clock=lambda: NOW) as stall:
        await post_all(stall.client)
        yield stall.client


async def post_all(client: httpx.AsyncClient) -> None:
    await post_lines(client, "/api/catalog", [*EXAMPLE["farms"], *EXAMPLE["products"]])
    for order in EXAMPLE["orders"]:
        assert (await client.post("/api/orders", json=order)).status_code == 201
    await post_lines(client, "/api/events", EXAMPLE["actions"])


async def post_lines(client: httpx.AsyncClient, path: str, lines: list[dict[str, object]]) -> None:
    report = (await client.post(path, json=lines)).json()["data"]
    assert (report["accepted"], report["refused"]) == (len(lines), 0), report


async def got(client: httpx.AsyncClient, path: str, query: dict[str, object]) -> list[dict[str, object]]:
    parameters = {
        name: ",".join(value) if isinstance(value, list) else str(value) for name, value in query.items()
    }
    answer = await client.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]["recommendations"]


@QUESTIONS
async def test_the_server_answers_what_was_worked_out_by_hand(server, question):
    answer = await got(server, "/api/recommendations", question["query"])
    assert [one["product"]["id"] for one in answer] == [one["productId"] for one in question["answer"]]
    for one, expected in zip(answer, question["answer"], strict=True):
        metadata = one["metadata"]
        scores = {name: part["score"] for name, part in metadata["contributions"].items()}
        known = {name: metadata[name] for name in expected.get("metadata", {})}
        assert one["score"] == pytest.approx(expected["score"], abs=SIX_DECIMALS)
        assert one["confidence"] == pytest.approx(expected["confidence"], abs=SIX_DECIMALS)
        assert one["reason"] == expected["reasons"][0]
        assert one["reasons"] == expected["reasons"]
        assert scores == pytest.approx(expected["contributions"], abs=SIX_DECIMALS)
        assert known == pytest.approx(expected.get("metadata", {}), abs=SIX_DECIMALS)


async def test_the_server_answers_what_is_bought_together_as_worked_out_by_hand(server):
    expected = EXAMPLE["together"]
    query = {"productId": expected["productId"], "limit": expected["limit"]}
    answer = await got(server, "/api/recommendations/frequently-bought-together", query)
    assert [one["product"]["id"] for one in answer] == [one["productId"] for one in expected["answer"]]
    for one, companion in zip(answer, expected["answer"], strict=True):
        known = {name: one["metadata"][name] for name in companion["metadata"]}
        assert one["score"] == pytest.approx(companion["score"], abs=SIX_DECIMALS)
        assert one["confidence"] == pytest.approx(companion["confidence"], abs=SIX_DECIMALS)
        assert one["reason"] == "FREQUENTLY_BOUGHT_TOGETHER"
        assert known == pytest.approx(companion["metadata"], abs=SIX_DECIMALS)


@QUESTIONS
def test_plain_python_finds_what_was_worked_out_by_hand(question):
    naive = NaiveMarket()
    naive.apply(Record(at=NOW, fact=fact) for fact in facts())
    answer = naive.answer(msgspec.convert(question["query"], Query), NOW)
    assert [one.product_id for one in answer] == [one["productId"] for one in question["answer"]]
    for one, expected in zip(answer, question["answer"], strict=True):
        figures = (one.score, one.confidence)
        assert figures == pytest.approx((expected["score"], expected["confidence"]), abs=SIX_DECIMALS)
        assert list(one.reasons) == expected["reasons"]


def facts() -> list[Fact]:
    kinds: dict[str, type[Fact]] = {"farms": Farm, "products": Product, "orders": Order, "actions": Action}
    return [msgspec.convert(noun, kind) for name, kind in kinds.items() for noun in EXAMPLE[name]]


def table(first_cell: str) -> list[list[str]]:
    """The rows of the page's table with this first heading."""
    lines = PAGE.read_text().splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith(f"| {first_cell} | score |"))
    rows = itertools.takewhile(lambda line: line.startswith("|"), lines[start + 2 :])
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


@QUESTIONS
def test_the_page_shows_what_the_test_expects(question):
    expected = [
        [one["productId"], one["score"], one["confidence"], ", ".join(one["reasons"])]
        for one in question["answer"]
    ]
    rows = table(question["name"])
    assert [[name, float(score), float(sure), why] for name, score, sure, why in rows] == expected


def test_the_page_shows_what_is_bought_together():
    expected = [[one["productId"], one["score"], one["confidence"]] for one in EXAMPLE["together"]["answer"]]
    rows = table("together with carrots")
    assert [[name, float(score), float(sure)] for name, score, sure in rows] == expected


def test_every_algorithm_has_a_part_in_the_example():
    parts = {name for q in EXAMPLE["questions"] for one in q["answer"] for name in one["contributions"]}
    assert len(parts) == 7
