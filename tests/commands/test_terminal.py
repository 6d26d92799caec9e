"""What people look at while a command works."""

import io

import pytest

from punnet.commands.terminal import BELOW, ERASED, bar, coloured, columns, line_that_changes, meanwhile

ROWS = [
    ("HOST", "127.0.0.1", "default", "address to listen on"),
    ("DATABASE_URL", "-", "environment", "where the journal is kept, with a password in it or without"),
]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, None),
        ({"NO_COLOR": ""}, None),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "0"}, None),
        ({"CLICOLOR_FORCE": "1"}, True),
        ({"CLICOLOR": "1"}, None),
        ({"CLICOLOR": "0"}, False),
        ({"TERM": "dumb"}, False),
    ],
)
def test_colours_are_as_the_environment_has_them(environment, wanted):
    assert coloured(environment) is wanted


def test_without_a_width_each_row_is_one_line():
    assert ["\n".join(lines) for lines in columns(ROWS, None)] == [
        "HOST          127.0.0.1  default      address to listen on",
        "DATABASE_URL  -          environment  where the journal is kept, with a password in it or without",
    ]


def test_the_last_cell_is_broken_where_the_line_ends():
    first, second = columns(ROWS, 70)
    assert first == ["HOST          127.0.0.1  default      address to listen on"]
    assert second == [
        "DATABASE_URL  -          environment  where the journal is kept, with",
        "                                      a password in it or without",
    ]


def test_on_a_narrow_terminal_it_goes_below_the_others():
    assert list(columns(ROWS, 50)) == [
        ["HOST          127.0.0.1  default", f"{BELOW}address to listen on"],
        [
            "DATABASE_URL  -          environment",
            f"{BELOW}where the journal is kept, with a password in",
            f"{BELOW}it or without",
        ],
    ]


@pytest.mark.parametrize("width", [10, 20, 33, 34, 40, 61, 62, 100])
def test_no_line_is_wider_than_the_terminal_where_words_are_not(width):
    lines = [line for row in columns(ROWS, width) for line in row]
    assert max(map(len, lines)) <= max(width, len(BELOW) + len("environment"))
    words = " ".join(lines).split()
    assert words == [word for row in ROWS for cell in row for word in cell.split()]


def test_nothing_has_no_lines():
    assert list(columns([], 80)) == []


def test_a_line_changes_on_a_terminal_and_is_gone_at_the_end(monkeypatch):
    monkeypatch.setenv("COLUMNS", "10")
    terminal = Terminal()
    with line_that_changes(terminal) as show:
        show("one")
        show("two and more of it")
    assert terminal.getvalue() == f"{ERASED}one{ERASED}two and m{ERASED}"


def test_elsewhere_nothing_is_shown(capsys):
    with line_that_changes() as show, meanwhile("Reading"), bar("file", 10) as advance:
        show("one")
        advance(10)
    assert capsys.readouterr() == ("", "")


def test_a_program_that_a_server_starts_shows_nothing_on_its_terminal(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setattr("sys.stdout", io.StringIO())
    with meanwhile("Reading"):
        pass
    assert terminal.getvalue() == ""
    monkeypatch.setattr("sys.stdout", Terminal())
    with meanwhile("Reading"):
        assert "Reading" in terminal.getvalue()
