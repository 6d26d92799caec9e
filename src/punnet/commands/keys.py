"""`punnet keys`: keys for those who call a server."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
import msgspec

from punnet.commands.help import Program
from punnet.commands.options import database_option, json_option, later, print_json, run, settings_of, url_of
from punnet.commands.terminal import columns
from punnet.errors import BadSetting
from punnet.keys import Role, StoredKey, new_key
from punnet.keystore import KeyStore
from punnet.protocol.discretion import discreet
from punnet.settings import MEMORY, Settings

if TYPE_CHECKING:
    from punnet.keystore import opening
else:
    opening = later("punnet.keystore.opening")


class ListedKey(msgspec.Struct, frozen=True):
    """What anybody who runs the server may see of a key."""

    id: str
    role: Role
    note: str
    created: str


class NoSuchKey(click.ClickException):
    """An id that no key has."""

    exit_code = 1


@click.group(
    cls=Program,
    invoke_without_command=True,
    epilog="""
        punnet keys create --role back-end --note "orders, since May"
        punnet keys list
        punnet keys revoke 1f0c9a7e
    """,
)
@click.pass_context
def keys(context: click.Context) -> None:
    """Make, list and revoke keys for those who call a server.

    What is kept of a key, beside the journal, is its digest. A server may be running meanwhile, and knows
    within 5 seconds.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@keys.command(
    epilog="""
        punnet keys create --role shop
        punnet keys create --role back-end --note "orders, since May"
        punnet keys create --role admin --database market.db
    """
)
@click.option(
    "--role", required=True, type=click.Choice([role.value for role in Role]), help="Who will show it."
)
@click.option("--note", default="", metavar="TEXT", help="Where it is used, to know it again.")
@database_option
@json_option
def create(role: str, note: str, database: str | None, *, as_json: bool) -> None:
    """Make a key, and print it, once.

    Nothing but the key goes to standard output. Several may be in use at a time: to replace one, make the
    next, deploy that, and revoke the first.
    """
    shown, key = new_key(Role(role), at=time.time(), note=note)
    run(_add(_settings(database), key))
    if as_json:
        print_json({**msgspec.structs.asdict(_listed(key)), "key": shown})
        return
    click.echo(shown)
    click.echo(f"That is the key {key.id}, for the role {role}. It is not shown again.", err=True)


@keys.command(
    "list",
    epilog="""
        punnet keys list
        punnet keys list --json | jq -r '.[] | select(.role == "admin").id'
    """,
)
@database_option
@json_option
def list_command(database: str | None, *, as_json: bool) -> None:
    """Print the keys there are: id, role, when they were made, note.

    The oldest comes first. What a key is, nobody can tell any more.
    """
    listed = [_listed(key) for key in run(_all(_settings(database)))]
    if as_json:
        print_json(listed)
    elif listed:
        for line in _lines(listed):
            click.echo(line)
    else:
        click.echo("There are no keys.", err=True)


@keys.command(
    epilog="""
        punnet keys revoke 1f0c9a7e
        punnet keys revoke 1f0c9a7e --database postgresql://localhost/market
    """
)
@click.argument("key_id", metavar="ID")
@database_option
def revoke(key_id: str, database: str | None) -> None:
    """Revoke a key: within 5 seconds no server takes it any more.

    ID is the one of `punnet keys list`. It ends with 1 where no key has it.
    """
    if not run(_remove(_settings(database), key_id)):
        raise NoSuchKey(f"No key has the id {discreet(key_id)}; `punnet keys list` shows those there are.")
    click.echo(f"The key {key_id} is revoked.", err=True)


async def _add(settings: Settings, key: StoredKey) -> None:
    async with _opened(settings) as store:
        await store.add(key)


async def _all(settings: Settings) -> list[StoredKey]:
    async with _opened(settings) as store:
        return await store.all()


async def _remove(settings: Settings, key_id: str) -> bool:
    async with _opened(settings) as store:
        return await store.remove(key_id)


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[KeyStore]:
    store = await opening.open_keys(settings.database or settings.database_url)
    try:
        yield store
    finally:
        await store.close()


def _settings(database: str | None) -> Settings:
    """Return the settings; BadSetting where a key would be gone at once."""
    settings = settings_of(DATABASE_URL=url_of(database))
    if settings.database_url == MEMORY:
        raise BadSetting(
            "Keys are kept beside a journal: name a file or a database of PostgreSQL with --database"
        )
    return settings


def _listed(key: StoredKey) -> ListedKey:
    created = datetime.fromtimestamp(key.created_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return ListedKey(key.id, key.role, key.note, created)


def _lines(listed: Sequence[ListedKey]) -> list[str]:
    rows = [(key.id, key.role.value, key.created, key.note or "-") for key in listed]
    return [line for lines in columns(rows, None) for line in lines]
