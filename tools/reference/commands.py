"""The page of commands, from those of `src/punnet/cli.py`."""

from collections.abc import Iterator
from inspect import cleandoc

import click

from punnet.cli import main
from tools.reference import markdown
from tools.reference.markdown import code, link, table

NUMBERS = (click.IntRange, click.FloatRange, click.types.IntParamType, click.types.FloatParamType)

INTRODUCTION = """\
The program is `punnet`. Each command says the same with `--help`. What no option says comes from
[the settings](settings.md)."""


def page() -> str:
    """Return the page."""
    return markdown.page("Commands", "src/punnet/cli.py", INTRODUCTION, _overview(), *_commands())


def _overview() -> str:
    rows = [
        (link(f"punnet {name}", f"punnet {name}"), command.get_short_help_str(200))
        for name, command in _all()
    ]
    return table(("command", "what it does"), rows)


def _all(group: click.Group = main, before: str = "") -> Iterator[tuple[str, click.Command]]:
    """Yield the commands by what is typed, each group before its own."""
    for name, command in group.commands.items():
        if not command.hidden:
            yield f"{before}{name}", command
        if isinstance(command, click.Group):
            yield from _all(command, f"{before}{name} ")


def _commands() -> Iterator[str]:
    for name, command in _all():
        # A command remembers the names of its help option from the first context that it is asked in.
        context = click.Context(command, info_name=f"punnet {name}", **main.context_settings)
        yield f"## punnet {name}"
        yield f"```text\n{' '.join((f'punnet {name}', *command.collect_usage_pieces(context)))}\n```"
        yield _help(command)
        yield _options(command, context)
        if command.epilog:
            yield f"```text\n{cleandoc(command.epilog)}\n```"


def _help(command: click.Command) -> str:
    return cleandoc(command.help or "").replace("\b\n", "")


def _options(command: click.Command, context: click.Context) -> str:
    options = [each for each in command.params if isinstance(each, click.Option) and not each.hidden]
    rows = [(_names(option, context), _purpose(option)[0], _default(option)) for option in options]
    return table(("option", "what it does", "when left out"), rows)


def _names(option: click.Option, context: click.Context) -> str:
    names = ", ".join(map(code, [*option.opts, *option.secondary_opts]))
    if option.is_flag or option.count:
        return names
    metavar = "NUMBER" if isinstance(option.type, NUMBERS) else option.make_metavar(context)
    return f"{names} {code(metavar)}"


def _purpose(option: click.Option) -> tuple[str, str]:
    """Return what an option does, and what its help says behind that, in brackets, goes without it."""
    purpose, _, without = (option.help or "").partition("  [")
    return purpose, without.removesuffix("]")


def _default(option: click.Option) -> str:
    if without := _purpose(option)[1]:
        return ", else ".join(map(code, without.split(", else ")))
    shown = option.default is not None and not option.is_flag and option.show_default
    return code(option.default) if shown else ""
