"""Whoever follows a page notices what does not happen."""

import pytest

from tests.docs.blocks import Block, Command, commands
from tests.docs.reader import Reader, Unknown, matches

pytestmark = pytest.mark.service


@pytest.fixture
def reader(tmp_path, environment):
    folder = tmp_path / "here"
    folder.mkdir()
    reader = Reader(folder, environment, lambda: pytest.fail("no page is needed"))
    yield reader
    reader.close()


def block(language, text, *words):
    return Block(language, words, text, 1)


@pytest.mark.parametrize(
    ("language", "words"), [("ruby", ()), ("", ()), ("text", ("shows",)), ("js", ("later",))]
)
def test_a_block_that_nobody_knows_how_to_run_is_not_passed_over(reader, language, words):
    with pytest.raises(Unknown):
        reader.follow(block(language, "1", *words))


def test_a_command_that_fails_is_noticed(reader):
    with pytest.raises(AssertionError, match="ended with 1"):
        reader.follow(block("console", "$ true\n$ false\n"))


def test_a_command_that_says_something_else_is_noticed(reader):
    reader.follow(block("console", "$ echo one two\none …\n"))
    with pytest.raises(AssertionError, match="and not"):
        reader.follow(block("console", "$ echo one\ntwo\n"))


def test_a_program_that_prints_something_else_is_noticed(reader, monkeypatch):
    monkeypatch.setattr("tests.docs.reader.SOON", 0.5)
    reader.follow(block("python", "print('one')"))
    reader.follow(block("text", "one", "prints"))
    with pytest.raises(AssertionError, match="it printed"):
        reader.follow(block("text", "two", "prints"))


def test_a_program_that_fails_is_noticed(reader):
    reader.follow(block("js", "setTimeout(() => nothing(), 10);"))
    with pytest.raises(AssertionError, match="nothing is not defined"):
        reader.follow(block("text", "something", "prints"))


def test_what_is_exported_is_there_for_the_next_command(reader):
    reader.follow(
        block(
            "console",
            "$ export NAME=ann\n$ mkdir -p below && cd below\n$ echo $NAME $(basename $PWD)\nann below\n",
        )
    )


def test_a_file_is_written_with_the_ports_of_the_test(reader):
    reader.follow(block("html", "see http://localhost:3000/", "file=index.html"))
    port = reader.terminal.ports["3000"]
    assert (reader.folder / "index.html").read_text() == f"see http://localhost:{port}/"
    reader.follow(block("console", "$ cat index.html\nsee http://localhost:3000/\n"))


def test_what_goes_on_is_ended_with_the_page(reader):
    reader.follow(block("console", "$ python3 -m http.server 8000\n"))
    (window,) = reader.terminal.windows
    assert window.is_open
    reader.close()
    assert not window.is_open


def test_commands_end_with_their_quotes_and_lines():
    text = "$ curl there -d '{\n  \"a\": 1}' \\\n  -H x\n{…}\n$ echo it # it's said\nit\n"
    assert commands(text) == [
        Command("curl there -d '{\n  \"a\": 1}' \\\n  -H x", "{…}"),
        Command("echo it # it's said", "it"),
    ]
    assert commands(text)[1].alone == "echo it"


@pytest.mark.parametrize(
    ("expected", "said", "does"),
    [
        ("one two", " one\n  two ", True),
        ("one two", "one two three", False),
        ("one …", "one two three", True),
        ("one … three", "one two three", True),
        ("…three", "one two three", True),
        ("one … two", "one three", False),
        ("1.5 (a)", "1x5 (a)", False),
        ('{"id":…}', '{"id":"x","more":1}', True),
    ],
)
def test_dots_stand_for_anything(expected, said, does):
    assert matches(expected, said) is does
