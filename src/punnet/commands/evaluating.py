"""`punnet evaluate` and `punnet tune`: how good the answers were, and would be with other weights."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import click

from punnet.commands.options import run
from punnet.commands.running import READING
from punnet.commands.terminal import bar, meanwhile
from punnet.compiling import prepare_loops
from punnet.errors import BadSetting
from punnet.evaluation.judging import Evaluation, Quality, evaluate
from punnet.evaluation.tuning import Half, Tuned, tune
from punnet.market import Record
from punnet.opening import reading
from punnet.settings import MEMORY, Settings

HEADS = ("hit rate", "recall", "NDCG")

WIDEST = 52
"""Characters of what stands in front of the figures."""


def evaluated(settings: Settings, days: float, limit: int, most: int) -> Evaluation:
    """Return how well the lists of a market foretold its orders; the journal is only read."""
    records = run(_records(settings))
    with bar("Foretelling", most) as show:
        return evaluate(
            records, settings.tuning, days=days, limit=limit, most=most, advance=_share(show, most)
        )


def tuned(settings: Settings, days: float, limit: int, most: int) -> Tuned:
    """Return weights that would foretell what is new in its orders better."""
    records = run(_records(settings))
    with bar("Trying weights", 100) as show:
        return tune(records, settings.tuning, days=days, limit=limit, most=most, advance=_share(show, 100))


async def _records(settings: Settings) -> list[Record]:
    if settings.database_url == MEMORY:
        raise BadSetting("a journal in memory has no history; name a file or a server in DATABASE_URL")
    with meanwhile(READING):
        prepare_loops()
        async with reading(settings) as journal:
            return [record async for batch in journal.read() for record in batch.records]


def _share(show: Callable[[int], None], length: int) -> Callable[[int, int], None]:
    return lambda done, of: show(length * done // max(1, of))


def told(evaluation: Evaluation) -> Iterator[str]:
    """Yield what was found, line by line."""
    since, until = (moment.date().isoformat() for moment in (evaluation.since, evaluation.until))
    yield click.style(
        f"{evaluation.asked:,} of {evaluation.orders:,} orders from {since} to {until}, "
        f"each foretold by {evaluation.limit} products",
        bold=True,
    )
    first = evaluation.lists[0].bought_first.orders
    yield from _table("all that was bought", {each.name: each.bought for each in evaluation.lists})
    title = f"what was bought for the first time, in {first:,} orders"
    yield from _table(title, {each.name: each.bought_first for each in evaluation.lists})
    yield ""
    for judged in evaluation.lists:
        yield (
            f"  {judged.name}: {judged.coverage:.0%} of {evaluation.products:,} products were in a list, "
            f"which took {judged.milliseconds:.2f} ms"
        )


def _table(title: str, qualities: Mapping[str, Quality]) -> Iterator[str]:
    yield ""
    yield f"{title:{WIDEST}}{''.join(f'{head:>15}' for head in HEADS)}"
    for name, quality in qualities.items():
        figures = (quality.hit_rate, quality.recall, quality.ndcg)
        yield f"  {name:{WIDEST - 2}}{''.join(f'{each!s:>15}' for each in figures)}"


def advised(found: Tuned) -> Iterator[str]:
    """Yield which weights are better, line by line, as they are set."""
    halves: Sequence[tuple[str, Half]] = (("chosen on", found.chosen), ("judged on", found.judged))
    for what, half in halves:
        yield (
            f"{what} {half.orders:,} orders: NDCG of what is new in them {half.before}, "
            f"then {half.after}; gain {half.gain}"
        )
    yield ""
    if not found.better:
        yield "That may be chance: no weights were found that are surely better than those that are set."
        return
    yield click.style("These weights are better:", bold=True)
    for name, weight in found.weights.items():
        yield f"{name.upper()}={weight:g}"
