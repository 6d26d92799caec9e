"""What `punnet evaluate` and `punnet tune` print of a market whose shoppers buy pairs of things."""

import asyncio
import re
from contextlib import contextmanager

import pytest

from punnet.commands.evaluating import advised
from punnet.evaluation.metrics import Estimate
from punnet.evaluation.tuning import Half, Tuned
from punnet.journal import Entry
from punnet.journal.sqlite import SqliteJournal
from tests.engine.facts import NOW, farm, order, product
from tests.test_cli import punnet, said, screen

WAYS = ["punnet", "bought before, then popular", "popular", "popular, never bought before"]


def history(times):
    yield farm()
    for number in range(6):
        yield product(f"p{number}")
    for days in range(60, 0, -1):
        for time in range(times):
            yield order(f"shopper-{(days + time) % 7}", f"p{days % 6}", f"p{(days + 1) % 6}", days=days)


@contextmanager
def kept(path, times=1):
    """Open a journal with so many orders a day meanwhile."""

    async def fill():
        journal = await SqliteJournal.open(path)
        await journal.append([Entry(NOW, (fact,)) for fact in history(times)])
        return journal

    with asyncio.Runner() as runner:
        opened = runner.run(fill())
        yield
        runner.run(opened.close())


@pytest.fixture
def journal(tmp_path):
    """Return the path of a journal that is open meanwhile."""
    path = tmp_path / "market.db"
    with kept(path):
        yield path


def test_evaluate_prints_how_well_each_list_foretold(journal):
    result = punnet("evaluate", "--database", journal, "--days", 14, "--orders", 5, "--limit", 2)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0] == "5 of 14 orders from 2026-06-01 to 2026-06-14, each foretold by 2 products"
    assert lines[2].split() == ["all", "that", "was", "bought", "hit", "rate", "recall", "NDCG"]
    assert re.match(r"what was bought for the first time, in \d orders  +hit rate  +recall  +NDCG$", lines[8])
    for title in (2, 8):
        rows = [
            re.fullmatch(r"  (\w.*\w)  +" + r" +(\d\.\d{3}) ± \d\.\d{3}" * 3, line)
            for line in lines[title + 1 : title + 5]
        ]
        assert [row.group(1).strip() for row in rows] == WAYS
    assert re.fullmatch(r"  popular: \d+% of 6 products were in a list, which took \d\.\d\d ms", lines[-2])


def test_evaluate_tells_a_program_the_same(journal):
    told = said(punnet("evaluate", "--database", journal, "--days", 14, "--json"))
    assert (told["orders"], told["asked"], told["limit"], told["products"]) == (14, 14, 10, 6)
    assert [each["name"] for each in told["lists"]] == WAYS
    # Ten products are more than there are.
    for each in told["lists"][1:3]:
        assert each["bought"]["recall"] == {"mean": 1.0, "margin": 0.0}


def test_tune_prints_what_it_found(journal):
    arguments = ("tune", "--database", journal, "--days", 14, "--orders", 4)
    result = punnet(*arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    chosen, judged, _, verdict, *_ = result.stdout.splitlines()
    number = r"-?\d\.\d{3} ± \d\.\d{3}"
    figures = rf"\d orders: NDCG of what is new in them {number}, then {number}; gain {number}"
    assert re.fullmatch(f"chosen on {figures}", chosen)
    assert re.fullmatch(f"judged on {figures}", judged)
    assert verdict.startswith("That may be chance: ")
    assert said(punnet(*arguments, "--json"))["judged"]["orders"] == int(judged.split()[2])


def test_weights_that_are_better_are_printed_as_they_are_set():
    half = Half(9, Estimate(0.1, 0.05), Estimate(0.3, 0.05), Estimate(0.2, 0.1))
    tuned = Tuned({"weight_content": 0.25, "weight_trending": 1.0}, 10, half, half)
    assert list(advised(tuned))[3:] == [
        "\x1b[1mThese weights are better:\x1b[0m",
        "WEIGHT_CONTENT=0.25",
        "WEIGHT_TRENDING=1",
    ]


@pytest.mark.parametrize("command", ["evaluate", "tune"])
def test_without_a_history_they_say_so(command, journal, tmp_path):
    result = punnet(command, "--database", journal, "--days", 90)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "Error: the journal has no order before its last 90 days to learn from.\n"
    assert "has no history; name a file or a server" in punnet(command, "--database", "memory:").stderr
    nowhere = punnet(command, "--database", tmp_path / "nowhere.db")
    assert (nowhere.exit_code, nowhere.stdout) == (2, "")
    assert nowhere.stderr.startswith("Error: ")
    assert not (tmp_path / "nowhere.db").exists()


@pytest.mark.service
def test_the_keyboard_ends_them_at_once(tmp_path):
    path = tmp_path / "market.db"
    with (
        kept(path, times=60),
        screen(tmp_path, "tune", "--database", path, "--orders", 1_000) as terminal,
    ):
        terminal.wait_for("/100")
        terminal.press(b"\x03")
        assert terminal.end() == 130
    assert "100/100" not in terminal.said
