"""How the program explains itself."""

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner, Result

from punnet.cli import main
from punnet.commands.help import SECTIONS

COMMANDS = list(main.commands)


def every(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    """Yield all commands by what is typed, those of commands included."""
    for name, command in group.commands.items():
        yield f"{before}{name}", command
        if isinstance(command, click.Group):
            yield from every(command, f"{before}{name} ")


EVERY = dict(every(main))


def punnet(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(main, arguments, env=environment, prog_name="punnet")


def test_without_a_command_it_says_which_there_are():
    alone = punnet()
    assert alone.exit_code == 0
    assert alone.stdout == punnet("--help").stdout
    listed = alone.stdout.partition("Commands:\n")[2].split("\n\n")[0]
    assert [line.split()[0] for line in listed.splitlines()] == COMMANDS
    assert "..." not in listed


@pytest.mark.parametrize("command", EVERY)
def test_each_command_explains_its_options_and_has_examples(command):
    said = punnet(*command.split(), "--help").stdout
    assert f"Usage: punnet {command} " in said
    examples = said.partition("\nExamples:\n")[2].splitlines()
    assert examples
    assert all(line.startswith(f"  punnet {command}") for line in examples)
    for option in EVERY[command].params:
        if isinstance(option, click.Option) and not option.hidden:
            assert option.help
            assert option.opts[0] in said.partition("\nExamples:\n")[0]


def test_a_command_of_commands_alone_says_which_there_are():
    alone = punnet("keys")
    assert alone.exit_code == 0
    assert alone.stdout == punnet("keys", "--help").stdout


def test_every_option_stands_in_a_section_that_says_what_it_is_about():
    named = {param.name for command in EVERY.values() for param in command.params}
    placed = [name for names in SECTIONS.values() for name in names]
    assert len(placed) == len(set(placed))
    assert set(placed) <= named
    said = punnet("serve", "-h").stdout
    assert said.index("Where it listens:") < said.index("--port") < said.index("What it works on:")
    assert said.index("What it works on:") < said.index("--database") < said.index("Other:")


def test_defaults_are_shown():
    assert "[PORT, else 3000]" in punnet("serve", "--help").stdout
    assert "[default: 50; x>=0]" in punnet("demo", "--help").stdout


def test_what_is_mistyped_is_answered_by_what_was_probably_meant():
    command, option = punnet("sirve"), punnet("serve", "--databse", "x.db")
    assert (command.exit_code, option.exit_code) == (2, 2)
    assert "No such command 'sirve'" in command.stderr
    assert "'serve'" in command.stderr
    assert "--database" in option.stderr


def test_headings_are_bold_where_there_are_colours():
    assert "\x1b[1mExamples:\x1b[0m" in punnet("serve", "--help", FORCE_COLOR="1").stdout
    assert "\x1b[" not in punnet("serve", "--help").stdout
    assert "\x1b[" not in punnet("serve", "--help", FORCE_COLOR="1", NO_COLOR="1").stdout
