"""Actions in bulk."""

import json

from punnet.errors import JournalUnavailable
from punnet.journal.memory import MemoryJournal
from punnet.web.shop import Limits
from tests.web.stall import OPENING, SlowJournal, opened

LINES = {"Content-Type": "application/x-ndjson"}


def view(product, **known):
    return {"userId": "cleo", "action": "VIEW_PRODUCT", "entityId": product} | known


async def post(stall, events, status=200):
    content = "\n".join(json.dumps(event) for event in events).encode()
    response = await stall.client.post("/api/events", content=content, headers=LINES)
    assert response.status_code == status, response.text
    return response.json().get("data")


def outcomes(report):
    return [line["outcome"] for line in report["lines"]]


def counts(report):
    return report["accepted"], report["duplicate"], report["refused"]


async def test_each_line_is_accepted_known_already_or_refused(stall):
    report = await post(
        stall,
        [
            view("basil", eventId="e1"),
            view("basil", eventId="e1"),
            view("honey", eventId="e1"),
            view("nothing"),
            view("basil", action="EAT"),
            view("honey"),
        ],
    )

    assert counts(report) == (2, 1, 3)
    assert outcomes(report) == ["accepted", "duplicate", "refused", "refused", "refused", "accepted"]
    assert [line.get("id", "")[:4] for line in report["lines"]] == ["e1", "e1", "", "", "", "made"]
    refused = [line["error"] for line in report["lines"] if "error" in line]
    assert [error["code"] for error in refused] == ["CONFLICT", "UNKNOWN_ID", "BAD_INPUT"]
    assert [error["details"]["field"] for error in refused] == ["eventId", "entityId", "action"]
    assert stall.shop.engine.tally.total == 2


async def test_the_same_call_twice_changes_nothing(stall):
    events = [view("basil", eventId=f"e{number}") for number in range(1_100)]
    first = await post(stall, events)
    before = await stall.state()
    second = await post(stall, events)

    assert (counts(first), counts(second)) == ((1_100, 0, 0), (0, 1_100, 0))
    assert await stall.state() == before


async def test_purchases_bring_their_orders_and_later_lines_know_them(stall):
    items = [{"productId": "honey", "quantity": 1, "unitPrice": 8}]
    purchase = {"userId": "cleo", "action": "COMPLETE_PURCHASE"}
    report = await post(
        stall,
        [
            purchase | {"entityId": "new", "metadata": {"items": items}, "eventId": "e1"},
            purchase | {"entityId": "new", "metadata": {"items": items * 2}, "eventId": "e2"},
            purchase | {"entityId": "new", "metadata": {"items": items}, "eventId": "e3"},
            purchase | {"entityId": "new", "eventId": "e4"},
        ],
    )

    assert outcomes(report) == ["accepted", "refused", "accepted", "accepted"]
    assert report["lines"][1]["error"]["details"]["field"] == "entityId"
    assert stall.shop.engine.order_count == 3


async def test_more_lines_than_allowed_are_refused_before_any_is_kept():
    async with opened(limits=Limits(bulk_lines=3)) as stall:
        before = await stall.state()
        await post(stall, [view("basil")] * 4, 413)
        assert await stall.state() == before
        assert counts(await post(stall, [view("basil")] * 3)) == (3, 0, 0)


class FillingJournal(MemoryJournal):
    """A journal with room for some more calls."""

    room = 10

    async def append(self, entries):
        self.room -= 1
        if self.room < 0:
            raise JournalUnavailable("the disk is full")
        return await super().append(entries)


async def test_when_the_journal_fills_up_half_way_the_rest_is_refused_by_line():
    journal = FillingJournal()
    async with opened(journal=journal) as stall:
        journal.room = 1
        report = await post(stall, [view("basil")] * 1_500)
        before = await stall.state()
        await post(stall, [view("basil")] * 2, 503)
        assert await stall.state() == before

    assert counts(report) == (1_000, 0, 500)
    assert report["lines"][1_000]["error"] == {"code": "UNAVAILABLE", "message": "the disk is full"}


async def test_once_the_journal_took_too_long_the_rest_of_the_call_does_not_wait_for_it_again():
    journal = SlowJournal()
    async with opened(journal=journal, limits=Limits(journal_seconds=0.5), capacity=10_000) as stall:
        journal.quick = 1
        report = await post(stall, [view("basil")] * 3_000)
        journal.let.set()
        await stall.shop.pipeline.submit([(OPENING[0],)])
        kept = stall.shop.engine.tally.total

    assert counts(report) == (1_000, 0, 2_000)
    assert {line["error"]["code"] for line in report["lines"][1_000:]} == {"UNAVAILABLE"}
    assert kept == 2_000


async def test_a_line_that_the_journal_cannot_be_asked_about_is_refused_without_the_others():
    journal = SlowJournal()
    async with opened(journal=journal, limits=Limits(journal_seconds=0.5)) as stall:
        journal.quick = 1
        report = await post(stall, [view("basil"), view("no such thing", eventId="e1")])
        await post(stall, [view("no such thing", eventId="e1")], 503)

    assert counts(report) == (1, 0, 1)
    assert report["lines"][1]["error"]["code"] == "UNAVAILABLE"
