"""The options that several commands share, and how a command goes about its work."""

import asyncio
import importlib.util
import os
import sys
from collections.abc import Callable, Coroutine, Iterable
from types import ModuleType
from typing import TypeVar

import click
import msgspec
import uvloop
from click.decorators import FC
from click.types import FloatParamType, IntParamType

from punnet.environment import read
from punnet.market import LARGEST_LIMIT
from punnet.settings import FIELDS, SQLITE, Settings

T = TypeVar("T")


def later(name: str) -> ModuleType:
    """Return a module that is loaded when it is first used: help and refusals need nothing of a server."""
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.loader is not None
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def setting(option: str, name: str, purpose: str, metavar: str) -> Callable[[FC], FC]:
    """Return an option that takes the place of a setting."""
    (default,) = (field.default for field in FIELDS if field.name == name)
    instead = f"{name.upper()}, else {default}" if default else name.upper()
    return click.option(option, help=f"{purpose}  [{instead}]", metavar=metavar)


database_option = setting("--database", "database_url", "The journal.", "FILE|URL")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def number(
    option: str, default: float, kind: IntParamType | FloatParamType, purpose: str
) -> Callable[[FC], FC]:
    """Return an option that is a number."""
    return click.option(option, default=default, show_default=True, type=kind, metavar="NUMBER", help=purpose)


days_option = number(
    "--days",
    28,
    click.FloatRange(0, min_open=True),
    "The last days with orders are foretold, from what was before each.",
)
limit_option = number("--limit", 10, click.IntRange(1, LARGEST_LIMIT), "How many products a list has.")


def orders_option(default: int) -> Callable[[FC], FC]:
    """Return the option of how many orders are foretold."""
    return number(
        "--orders",
        default,
        click.IntRange(1),
        "How many orders are foretold at most, spread evenly over that time.",
    )


def settings_of(**options: str | None) -> Settings:
    """Return the settings, with options of a command in place of what the environment says."""
    return read(os.environ, chosen(**options))[0]


def chosen(**options: str | None) -> dict[str, str]:
    """Return the options that were given."""
    return {name: text for name, text in options.items() if text is not None}


def url_of(database: str | None) -> str | None:
    """Return a DATABASE_URL for the name of a file, or the URL that it is already."""
    if database is None or ":" in database:
        return database
    return f"{SQLITE}{database}"


def print_json(content: object) -> None:
    """Print JSON."""
    click.echo(msgspec.json.format(msgspec.json.encode(content)))


def tell(found: T, told: Callable[[T], Iterable[str]], *, as_json: bool) -> None:
    """Print what was found: as JSON, or the lines in which it is told to people."""
    if as_json:
        print_json(found)
    else:
        click.echo("\n".join(told(found)))


def run(work: Coroutine[None, None, T]) -> T:
    """Return what `work` gives, once it is done."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)
