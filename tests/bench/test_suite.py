"""The suites run one after the other, and what they told is gathered and shown."""

import json
import sys
from datetime import UTC, datetime

import pytest

from bench import suite
from bench.report.goals import GOALS, at_least, at_most, written
from bench.report.machine import load_average, machine, versions
from bench.report.page import BY_NAME, Surroundings, Told, gathered, page

AROUND = Surroundings(
    datetime(2026, 11, 26, 23, tzinfo=UTC),
    False,
    "a machine",
    "0.10 0.20 0.30",
    "1.10 1.20 1.30",
    {"Node": "24"},
)
GOOD = {name: goal.bound for name, goal in GOALS.items()}
TELLS = """
import json, sys
from pathlib import Path
Path(sys.argv[-1]).write_text(json.dumps({figures!r} | {{"quick": float("--quick" in sys.argv)}}))
sys.exit({code})
"""


@pytest.fixture
def made(tmp_path):
    """Make a suite that tells figures, and then ends with a code."""

    def make(name, code=0, **figures):
        path = tmp_path / f"{name}.py"
        path.write_text(TELLS.format(figures=figures, code=code))
        return path

    return make


def cells(text):
    """Return the rows of a table by their first cell."""
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line[:1] == "|"]
    return {name: rest for name, *rest in rows}


def test_a_bound_is_kept_by_itself_and_on_its_better_side():
    assert [at_most(2).is_met(value) for value in (1.9, 2, 2.1)] == [True, True, False]
    assert [at_least(2).is_met(value) for value in (1.9, 2, 2.1)] == [False, True, True]


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("answer.home.p50_ms", 0.15234, "0.152 ms"),
        ("rest.p99_ms_at_1000", 12.345, "12.3 ms"),
        ("apply.lines_per_s", 205_123.4, "205,123 a second"),
        ("start.s", 2.718, "2.72 s"),
        ("answer.implicit.training_s", 1234.5, "1,234 s"),
        ("memory.bytes", 1_234_567_890, "1,235 MB"),
        ("growth.products", 1.1849, "1.18×"),
        ("together.vs_sql", 1000.6, "1,001×"),
        ("answer.vs_implicit.bare", 0.0461, "0.0461×"),
        ("apply.core", 0.99, "0.99"),
        ("truth.compared", 24, "24"),
    ],
)
def test_a_figure_is_written_with_the_unit_of_its_name(name, value, shown):
    assert written(name, value) == shown


def test_goals_are_written_with_their_side():
    shown = {name: goal.written(name) for name, goal in GOALS.items()}
    assert shown["answer.search.p99_ms"] == "≤ 1 ms"
    assert shown["rest_cached.vs_fastify"] == "≥ 1.3×"
    assert shown["memory.bytes"] == "≤ 2,000 MB"
    assert shown["apply.lines_per_s"] == "≥ 200,000 a second"


def test_the_page_says_where_when_and_how():
    text = page([Told("scale", 0, 61.4, GOOD), Told("sql", 0, 9.6, {})], AROUND)
    for part in (
        "2026-11-26, in full",
        "a machine",
        "before: 0.10 0.20 0.30; after: 1.10",
        "Node 24",
        "scale 61 s · sql 10 s",
    ):
        assert part in text
    assert "a tenth" not in text
    assert "a tenth of the market" in page([], AROUND._replace(is_quick=True))


def test_each_goal_is_met_missed_or_not_measured():
    figures = GOOD | {"start.s": 10.1, "together.p50_ms": 0.05}
    del figures["rest.vs_canned"]
    shown = cells(page([Told("scale", 0, 1, figures)], AROUND))
    assert shown["start.s"] == ["10.1 s", "≤ 10 s", "**no**"]
    assert shown["rest.vs_canned"] == ["not measured", "≥ 0.35×", "**no**"]
    assert shown["together.p50_ms"] == ["0.05 ms", "", ""]
    assert {name for name in GOALS if shown[name][2] == "yes"} == GOALS.keys() - {"start.s", "rest.vs_canned"}


def test_of_two_figures_of_a_name_the_earlier_stands():
    assert gathered([Told("a", 0, 1, {"x": 1.0}), Told("b", 0, 1, {"x": 2.0, "y": 3.0})]) == {"x": 1, "y": 3}


def test_a_suite_that_fails_is_said_and_the_others_still_run(made, tmp_path, capfd):
    suites = [made("first", x=1.0), made("second", code=3, y=2.0), made("third", z=3.0)]
    options = suite.chosen(["--json", f"{tmp_path}/all.json", "--results", f"{tmp_path}/table.md"])
    assert suite.run_all(suites, options) == 1
    assert json.loads((tmp_path / "all.json").read_text()) == {"x": 1, "quick": 0, "y": 2, "z": 3}
    text = (tmp_path / "table.md").read_text()
    assert cells(text)["second"] == ["**failed**, exit code 3", "", "**no**"]
    assert not cells(text).keys() & {"first", "third"}
    assert text in capfd.readouterr().out


def test_a_quick_run_is_quick_and_writes_no_table_unless_told(made, tmp_path, capfd):
    options = suite.chosen(["--quick", "--json", f"{tmp_path}/all.json"])
    assert options.results is None
    assert suite.run_all([made("only", x=1.0)], options) == 0
    assert json.loads((tmp_path / "all.json").read_text()) == {"x": 1, "quick": 1}
    assert "with `--quick`" in capfd.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all.json", "only.py"]


def test_a_suite_that_is_left_out_tells_nothing(tmp_path):
    path = tmp_path / "absent.py"
    path.write_text("")
    assert suite.ran(path, quick=False).figures == {}


def test_results_of_a_benchmark_run_by_name_outlive_a_run_of_the_suites(made, tmp_path):
    options = suite.chosen(["--results", f"{tmp_path}/table.md"])
    older = f"| gone | 1 |\n\n## Gone as well\n{BY_NAME}\n| stays | 2 |\n"
    options.results.write_text(older)
    for _ in range(2):
        suite.run_all([made("only", x=1.0)], options)
        text = options.results.read_text()
        assert text.count(BY_NAME) == 1
        assert text.endswith(f"|\n{BY_NAME}\n| stays | 2 |\n")
        assert "gone" not in text.lower()


def test_the_results_have_what_is_run_by_name():
    assert BY_NAME in suite.RESULTS.read_text()


def test_a_run_in_full_replaces_the_results():
    assert suite.chosen([]).results == suite.RESULTS
    assert suite.RESULTS.name == "RESULTS.md"


def test_the_suites_are_benchmarks_of_their_own():
    assert [path.stem for path in suite.SUITES] == ["scale", "sql", "cosine", "rest"]
    assert {path.parent for path in suite.SUITES} == {suite.BENCH}


def test_the_machine_and_the_versions_are_told():
    assert f"{sys.platform}" in machine().lower()
    assert "cores" in machine()
    assert len(load_average().split()) == 3
    told = versions()
    assert list(told)[:2] == ["Python", "Punnet"]
    assert told.keys() >= {"numba", "numpy", "uvicorn", "PostgreSQL", "Node", "Fastify", "implicit"}
    assert all(told.values())
