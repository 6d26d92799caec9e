"""The program `punnet`."""

import asyncio
import logging
import os
import sys
from collections.abc import Coroutine, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import click
import msgspec
import uvloop

from punnet import __version__
from punnet.bootstrap import bind, bind_streams, build, greeting, running, serve, snap
from punnet.demo import market as demo_market
from punnet.demo.farmers import Farmers
from punnet.demo.opening import open_market
from punnet.demo.shoppers import Shoppers
from punnet.errors import BadFile, PunnetError
from punnet.handlers.registry import load
from punnet.importing.importer import Importer
from punnet.importing.rows import rows
from punnet.importing.units import units
from punnet.settings import SQLITE, Settings, read
from punnet.web.shop import Shop

T = TypeVar("T")


class Unable(click.ClickException):
    """Why a command could not do its work."""

    exit_code = 2


class Sentences(click.Group):
    """Commands that say in one sentence what keeps them from their work."""

    def invoke(self, context: click.Context) -> object:
        """Run the command."""
        try:
            return super().invoke(context)
        except PunnetError as error:
            raise Unable(f"{error}.") from error


@click.group(cls=Sentences, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="punnet")
def main() -> None:
    """Recommendations for a farmers' market, live.

    Settings come from the environment; `punnet config` shows them all.
    """
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")


host_option = click.option("--host", help="Address to listen on, instead of HOST.")
port_option = click.option("--port", help="Port to listen on, instead of PORT.")
handlers_option = click.option("--handlers", metavar="MODULE|FILE", help="Own handlers, instead of HANDLERS.")
database_option = click.option("--database", metavar="FILE|URL", help="Journal, instead of DATABASE_URL.")


@main.command("serve")
@host_option
@port_option
@database_option
@handlers_option
def serve_command(host: str | None, port: str | None, database: str | None, handlers: str | None) -> None:
    """Serve a market."""
    settings = _settings(HOST=host, PORT=port, DATABASE_URL=_url(database), HANDLERS=handlers)
    _run(_serve(settings))


@main.command()
@host_option
@port_option
@click.option(
    "--shoppers", default=50, show_default=True, type=click.IntRange(0), help="How many go shopping."
)
@click.option(
    "--database", metavar="FILE|URL", default="punnet-demo.db", show_default=True, help="The journal."
)
def demo(host: str | None, port: str | None, shoppers: int, database: str) -> None:
    """Serve the demo market, with shoppers in it.

    Farms, products and a year of real baskets come with the program; the journal keeps what happens to them.
    """
    settings = _settings(HOST=host, PORT=port, DATABASE_URL=_url(database))
    _run(_demo(settings, shoppers))


@main.command("import")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@database_option
@click.pass_context
def import_command(context: click.Context, files: tuple[Path, ...], database: str | None) -> None:
    """Bring farms, products, orders and actions into a market.

    FILES are CSV, NDJSON or Parquet, in the order in which one needs the other: farms, products, orders,
    actions. What the market has already is left alone, so that an import can be run again.
    """
    sizes = {path: path.stat().st_size for path in files}
    if not _run(_import(_settings(DATABASE_URL=_url(database)), sizes)):
        context.exit(1)


@main.command("snapshot")
@database_option
@click.option(
    "--nice", default=0, type=click.IntRange(0, 19), help="How far to stand back for other programs."
)
def snapshot_command(database: str | None, nice: int) -> None:
    """Make a snapshot, so that the next start is quick.

    A server does so by itself, every SNAPSHOT_RECORDS records; it may be running meanwhile.
    """
    os.nice(nice)
    made = _run(snap(_settings(DATABASE_URL=_url(database))))
    click.echo(f"Snapshot of record {made.last:,}: {made.size:,} bytes in {made.seconds:.1f} s.")


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def config(as_json: bool) -> None:
    """Print every setting, its value, where it came from and what it is for."""
    _, listing = read(os.environ, {})
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(listing)))
        return
    names, values = (max(len(str(getattr(line, part))) for line in listing) for part in ("name", "value"))
    for line in listing:
        value = str(line.value).lower() if isinstance(line.value, bool) else str(line.value)
        click.echo(f"{line.name:{names}}  {value:{values}}  {line.source:11}  {line.purpose}")


async def _serve(settings: Settings) -> None:
    with bind(settings) as listener, bind_streams(settings) as streams:
        server = await build(settings, handlers=load(settings.handlers))
        async with running(server):
            click.echo(greeting(server, listener))
            await serve(server, listener, streams)


async def _demo(settings: Settings, count: int) -> None:
    with bind(settings) as listener, bind_streams(settings) as streams:
        server = await build(settings, handlers=load(settings.handlers))
        async with running(server) as shop:
            market, today = demo_market.load(), datetime.fromtimestamp(shop.clock(), UTC)
            new = await open_market(market, shop.engine, shop.pipeline, today)
            coming = demo_market.coming(market, today, demo_market.shoppers(market)[:count])
            shoppers = Shoppers(shop.engine, shop.pipeline, shop.clock, coming)
            changes = [change for _, change in demo_market.price_changes(market, today)] if count else []
            farmers = Farmers(shop.engine, shop.pipeline, changes)
            click.echo(f"The demo market has {shop.engine.order_count:,} orders, {new:,} of them new.")
            click.echo(greeting(server, listener))
            async with asyncio.TaskGroup() as beside:
                bustle = [beside.create_task(shoppers.run()), beside.create_task(farmers.run())]
                await serve(server, listener, streams)
                for task in bustle:
                    task.cancel()


async def _import(settings: Settings, sizes: Mapping[Path, int]) -> bool:
    """Return whether everything could be brought in. Nobody is thanked for the purchases of the past."""
    async with running(await build(msgspec.structs.replace(settings, smtp_url=""))) as shop:
        return all([await _import_file(shop, path, size) for path, size in sizes.items()])


async def _import_file(shop: Shop, path: Path, size: int) -> bool:
    def refuse(line: int, why: str) -> None:
        click.echo(f"{path}:{line}: {why}", err=True)

    seen = sys.stderr.isatty()
    with click.progressbar(length=size, label=path.name, file=sys.stderr, hidden=not seen) as bar:
        importer = Importer(shop.engine, shop.pipeline, refuse, lambda read: bar.update(read - bar.pos))
        try:
            await importer.run(units(rows(path), shop.clock()))
        except BadFile as error:
            click.echo(f"{path}: {error}.", err=True)
            return False
        finally:
            new, known, refused = importer.new, importer.known, importer.refused
            click.echo(f"{path}: {new:,} new, {known:,} known already, {refused:,} refused")
    return not importer.refused


def _settings(**options: str | None) -> Settings:
    given = {name: text for name, text in options.items() if text is not None}
    return read(os.environ, given)[0]


def _url(database: str | None) -> str | None:
    """Return a DATABASE_URL for the name of a file, or the URL that it is already."""
    if database is None or ":" in database:
        return database
    return f"{SQLITE}{database}"


def _run(work: Coroutine[None, None, T]) -> T:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)
