"""The program `punnet`: how its commands are called."""

import logging
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from punnet import __version__
from punnet.commands.help import Program
from punnet.commands.keys import keys
from punnet.commands.logs import Discreet, secrets_in
from punnet.commands.options import (
    chosen,
    database_option,
    days_option,
    json_option,
    later,
    limit_option,
    number,
    orders_option,
    print_json,
    run,
    setting,
    settings_of,
    tell,
    url_of,
)
from punnet.environment import read

if TYPE_CHECKING:
    from punnet.commands import evaluating, filling, listing, running, simulating
else:
    evaluating, filling, listing, running, simulating = (
        later(f"punnet.commands.{name}")
        for name in ("evaluating", "filling", "listing", "running", "simulating")
    )


@click.group(
    cls=Program,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    invoke_without_command=True,
    epilog="""
        punnet demo                      a live market, to look around in
        punnet import farms.csv …        bring in what a shop has
        punnet serve                     serve it
    """,
)
@click.version_option(__version__, prog_name="punnet")
@click.pass_context
def main(context: click.Context) -> None:
    """Recommendations for a farmers' market, live.

    Settings come from the environment; `punnet config` shows them all. Each command says more with --help.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(Discreet(secrets_in(os.environ)))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


host_option = setting("--host", "host", "Address to listen on; 0.0.0.0 is all of them.", "ADDRESS")
port_option = setting("--port", "port", "Port to listen on; 0 takes a free one.", "PORT")
handlers_option = setting("--handlers", "handlers", "Own handlers.", "MODULE|FILE")


@main.command(
    "serve",
    epilog="""
        punnet serve
        punnet serve --port 3100 --database market.db
        punnet serve --database postgresql://localhost/market
    """,
)
@host_option
@port_option
@database_option
@handlers_option
@click.option("--worker", hidden=True, metavar="DESCRIPTORS", help="Listen on sockets that were inherited.")
@click.pass_context
def serve_command(
    context: click.Context,
    host: str | None,
    port: str | None,
    database: str | None,
    handlers: str | None,
    worker: str | None,
) -> None:
    """Serve a market.

    Ctrl-C ends it: what is being answered is answered first, and all that was accepted is in the journal.
    """
    given = chosen(HOST=host, PORT=port, DATABASE_URL=url_of(database), HANDLERS=handlers)
    settings, _ = read(os.environ, given)
    if worker is not None:
        run(running.serve_as_worker(settings, [int(each) for each in worker.split(",")]))
    elif settings.workers > 1:
        context.exit(run(running.serve_with_workers(settings, os.environ | given)))
    else:
        run(running.serve_market(settings))


DEMO_INTERVAL = "10000"
"""Milliseconds after which the demo's dashboard has something to draw."""


@main.command(
    epilog="""
        punnet demo
        punnet demo --port 3100 --shoppers 400
    """
)
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
    given = chosen(HOST=host, PORT=port, DATABASE_URL=url_of(database))
    settings, _ = read({"STATS_UPDATE_INTERVAL": DEMO_INTERVAL} | dict(os.environ), given)
    run(running.serve_demo(settings, shoppers))


class Source(click.Path):
    """A file that is there, or a table behind a URL."""

    name = "source"

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> str | bytes | os.PathLike[str]:
        """Return the path of a file, or a URL as it stands."""
        is_url = isinstance(value, str) and "://" in value
        return value if is_url else super().convert(value, param, ctx)


@main.command(
    "import",
    epilog="""
        punnet import farms.csv products.csv orders.csv actions.ndjson
        punnet import orders.parquet --database market.db
        punnet import postgresql://reader@localhost/shop#public.orders
    """,
)
@click.argument(
    "sources",
    nargs=-1,
    required=True,
    type=Source(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE|URL#TABLE...",
)
@database_option
@click.option(
    "--from-start", is_flag=True, help="Go through all of a file, also where an import was broken off."
)
@json_option
@click.pass_context
def import_command(
    context: click.Context,
    sources: tuple[Path | str, ...],
    database: str | None,
    *,
    from_start: bool,
    as_json: bool,
) -> None:
    """Bring farms, products, orders and actions into a market.

    They come from CSV, NDJSON or Parquet, or from a table of a database that Ibis reaches, in the order in
    which one needs the other: farms, products, orders, actions. What the market has already is left alone, so
    that an import can be run again; one of a file that was broken off goes on where it was. It ends with 1
    where a line was refused.
    """
    settings = settings_of(DATABASE_URL=url_of(database))
    imported = run(filling.import_all(settings, sources, quiet=as_json, from_start=from_start))
    if as_json:
        print_json(imported)
    context.exit(0 if all(each.whole for each in imported) else 1)


@main.command(
    "snapshot",
    epilog="""
        punnet snapshot
        punnet snapshot --database market.db --nice 10
    """,
)
@database_option
@click.option(
    "--nice",
    default=0,
    show_default=True,
    type=click.IntRange(0, 19),
    help="How far to stand back for other programs.",
)
@json_option
def snapshot_command(database: str | None, nice: int, *, as_json: bool) -> None:
    """Make a snapshot, so that the next start is quick.

    A server does so by itself, every SNAPSHOT_RECORDS records; it may be running meanwhile.
    """
    os.nice(nice)
    made = run(filling.make_snapshot(settings_of(DATABASE_URL=url_of(database))))
    if as_json:
        print_json({"record": made.last, "bytes": made.size, "seconds": round(made.seconds, 3)})
    else:
        click.echo(f"Snapshot of record {made.last:,}: {made.size:,} bytes in {made.seconds:.1f} s.")


main.add_command(keys)


@main.command(
    epilog="""
        punnet simulate
        punnet simulate --rate 200 --seconds 60
        punnet simulate https://staging.example.org --actions 10000 --json
    """
)
@click.argument("url", required=False)
@number("--rate", 10, click.FloatRange(0, min_open=True), "Actions a second.")
@number("--shoppers", 50, click.IntRange(1), "How many go shopping.")
@number("--seed", 1, click.INT, "Who likes what, and who does something when.")
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    metavar="NUMBER",
    help="How long they shop; without it, until Ctrl-C.",
)
@click.option(
    "--actions",
    type=click.IntRange(1),
    metavar="NUMBER",
    help="How much they do in all; without it, until Ctrl-C.",
)
@json_option
def simulate(
    url: str | None,
    rate: float,
    shoppers: int,
    seed: int,
    seconds: float | None,
    actions: int | None,
    *,
    as_json: bool,
) -> None:
    """Have shoppers in a market that is served somewhere.

    They look at what it sells, search, see and follow suggestions, fill baskets and buy them, under the names
    simulated-0001 and so on. At the end it says what they did and how long the answers took.

    URL is the server's address; without it, it is the one on this machine at PORT. Their ORDERS AND ACTIONS
    ARE WRITTEN into that market and change what it recommends to everybody: do not name a market that people
    buy in. They show neither key nor token, so it must be one in AUTH_MODE=open.
    """
    url = url or f"http://127.0.0.1:{settings_of().port}"
    plan = simulating.Plan(url=url, rate=rate, shoppers=shoppers, seconds=seconds, actions=actions, seed=seed)
    simulated = run(simulating.simulate(plan))
    tell(simulated, simulating.told, as_json=as_json)


@main.command(
    "evaluate",
    epilog="""
        punnet evaluate
        punnet evaluate --days 90 --orders 10000 --json
    """,
)
@database_option
@days_option
@orders_option(2_000)
@limit_option
@json_option
def evaluate_command(database: str | None, days: float, orders: int, limit: int, *, as_json: bool) -> None:
    """Measure how well answers foretell what is bought.

    The history is gone through once more. Before an order its shopper's list is made from what was known by
    then, and compared with what was bought; after it the engine learns the order, as a server does. Plain
    lists are judged beside it. The journal is only read, and a server may be running meanwhile.
    """
    settings = settings_of(DATABASE_URL=url_of(database))
    evaluation = evaluating.evaluated(settings, days, limit, orders)
    tell(evaluation, evaluating.told, as_json=as_json)


@main.command(
    "tune",
    epilog="""
        punnet tune
        punnet tune --days 90 --orders 2000
    """,
)
@database_option
@days_option
@orders_option(500)
@limit_option
@json_option
def tune_command(database: str | None, days: float, orders: int, limit: int, *, as_json: bool) -> None:
    """Look for weights that foretell better.

    What shoppers buy for the first time is foretold by lists with other weights. They are chosen on the first
    half of the orders and judged on the second, which nobody looked at before. It prints them as they are
    set, where they are better beyond chance, and changes nothing itself.
    """
    settings = settings_of(DATABASE_URL=url_of(database))
    found = evaluating.tuned(settings, days, limit, orders)
    tell(found, evaluating.advised, as_json=as_json)


@main.command(
    epilog="""
        punnet config
        punnet config --changed
        punnet config --json | jq '.[] | select(.name == "PORT").value'
    """
)
@click.option("--changed", is_flag=True, help="Leave out what has its default.")
@json_option
def config(*, changed: bool, as_json: bool) -> None:
    """Print every setting, its value and where it came from.

    What it is for stands behind it. What has not its default stands out.
    """
    _, all_of_them = read(os.environ, {})
    shown = [line for line in all_of_them if not changed or line.source != "default"]
    if as_json:
        print_json(shown)
        return
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in listing.listed(shown, width):
        click.echo(line)
