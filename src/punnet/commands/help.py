"""How the program explains itself: help with headings and examples, and one sentence where it cannot work."""

import inspect
import os
import sys
from collections.abc import Iterable, Mapping

import click
from click.formatting import iter_rows

from punnet.commands.terminal import coloured
from punnet.errors import PunnetError

INTERRUPTED = 130
"""The exit code of a program that the keyboard ended, as shells count it."""

SECTIONS: Mapping[str, tuple[str, ...]] = {
    "Where it listens": ("host", "port"),
    "What it works on": ("database", "handlers", "url"),
    "Shoppers": ("shoppers", "rate", "seed"),
    "How long": ("seconds", "actions"),
    "What it goes by": ("days", "orders", "limit"),
    "The key": ("role", "note"),
    "What it prints": ("as_json", "changed"),
}
"""What options are about, by their names; the others stand at the end."""


class Unable(click.ClickException):
    """Why a command could not do its work."""

    exit_code = 2


class Formatter(click.HelpFormatter):
    """Help in colours, where there are any."""

    def write_heading(self, heading: str) -> None:
        """Write a heading."""
        self.write(f"{'':>{self.current_indent}}{click.style(f'{heading}:', bold=True)}\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write names and what they mean."""
        named = [(click.style(first, fg="cyan"), second) for first, second in iter_rows(rows, 2)]
        super().write_dl(named, col_max, col_spacing)


class Context(click.Context):
    """One call of a command."""

    formatter_class = Formatter


class Command(click.Command):
    """A command whose options stand in sections, and whose epilog are examples, as they are typed."""

    context_class = Context

    def format_options(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, section by section."""
        records = {str(param.name): param.get_help_record(context) for param in self.get_params(context)}
        options = {str(param.name) for param in self.get_params(context) if isinstance(param, click.Option)}
        placed = {name for names in SECTIONS.values() for name in names}
        rest = tuple(name for name in records if name not in placed)
        for heading, names in {**SECTIONS, "Other": rest}.items():
            rows = [row for name in names if name in options and (row := records.get(name))]
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows)

    def format_epilog(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        _write_examples(self, formatter)


class Program(click.Group):
    """Commands that say in one sentence what keeps them from their work, and end quietly when told to."""

    context_class = Context
    command_class = Command

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: object
    ) -> click.Context:
        """Return the context that the whole call shares, with or without colours."""
        return super().make_context(info_name, args, parent, **{"color": coloured(os.environ), **extra})

    def format_epilog(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        _write_examples(self, formatter)

    def list_commands(self, _context: click.Context) -> list[str]:
        """Return the names of the commands, in the order in which one comes to need them."""
        return list(self.commands)

    def invoke(self, context: click.Context) -> object:
        """Run the command."""
        try:
            return super().invoke(context)
        except PunnetError as error:
            raise Unable(f"{str(error).rstrip('.')}.") from error
        except KeyboardInterrupt:
            # The terminal shows ^C there, and the shell goes on behind it.
            click.echo(nl=sys.stderr.isatty(), err=True)
            context.exit(INTERRUPTED)


def _write_examples(command: click.Command, formatter: click.HelpFormatter) -> None:
    if command.epilog:
        with formatter.section("Examples"):
            for line in inspect.cleandoc(command.epilog).splitlines():
                formatter.write(f"{'':>{formatter.current_indent}}{line}\n")
