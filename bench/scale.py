"""A large market in one engine: answers, growth, orders beside answers, memory, start, and the truth.

    ./dev bench scale
    python bench/scale.py [--quick] [--queries 1000] [--runs 3] [--naive 4] [--only PART ...] [--json FILE]

A made market (bench/made) of 100,000 products, 1,000,000 shoppers and 10,000,000 lines of orders is applied
to an `Engine` as records, and that is started anew from its snapshot; `--quick` takes a tenth of each, and
asks half as much. Times are milliseconds of one call, without HTTP, and medians of the runs, each of which
asks questions of its own. Shoppers ask as often as they buy, about products as often as these are bought; one
visitor in ten is unknown.

For the shares each algorithm is asked alone, beside none of them and all of them, on the same questions: what
it takes beyond none, in µs, and that in the sum of all.

Growth is the p50 of the large market over that of a small one, the mean over the pages, asked in turn: one
with a tenth of the products and equally many lines, one with a tenth of the shoppers, each of whom buys as
much. `apply` takes in new orders, a slice of the pipeline at a time, as fast as it goes while 500 questions
a second fall due in the same thread; an answer's time runs from when it was due. Memory is that of a process
that started from a snapshot, and by part that of the engine's arrays, their room included, and objects. For
the truth, tests/naive.py, plain Python, is told the same records and asked some of the same questions:
products, scores and confidences must be equal, to 1e-9.
"""

import argparse
import gc
import json
import sys
import tempfile
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import geometric_mean, median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from bench.measuring import pages
from bench.measuring.agreement import differing, same
from bench.measuring.live import coming, live
from bench.measuring.memory import parts
from bench.measuring.shares import costs, rows
from bench.measuring.sizes import SEED, Size, filled, freeze, say
from bench.measuring.starting import started
from bench.measuring.times import in_turn, ratio, spread, timed, typical
from punnet.engine import snapshot
from punnet.pipeline import SLICE
from tests.naive import NaiveMarket

ORDERS = 200_000
"""Orders that come in while questions are asked, as many at once as the pipeline applies."""

AWAKE = 500
"""Batches and questions before the clock runs."""

A_SECOND = 500
"""Questions that fall due in the meantime."""

NEVER_ASKED = 1_000_000
"""The number of a run that no other part has."""

WHOLE, QUICK = {"queries": 1_000, "naive": 4}, {"queries": 500, "naive": 2}
"""How much is asked where the command line does not say."""


class Scale:
    """One engine with a large market, and what was seen of it."""

    def __init__(self, size: Size, options: argparse.Namespace) -> None:
        say(f"filling an engine with {size}")
        self.size, self.options = size, options
        self.market = size.made()
        self.engine, seconds = filled(self.market)
        self.figures = {"load.lines_per_s": size.lines / seconds}

    def answers(self) -> None:
        """Ask for each kind of page, and what is bought together."""
        options = self.options
        shown = pages.answers({"all": (self.market, self.engine)}, options.queries, options.runs)
        self.figures |= pages.figures(shown["all"])
        now = self.market.seconds

        def together(run: int) -> list[float]:
            return timed(
                partial(self.engine.together, it, 5, now) for it in self._bought(options.queries, run)
            )

        runs = in_turn({"together": together}, options.runs + 1)["together"][1:]
        self.figures |= typical(runs).named("together")
        for page in pages.NAMES:
            self._row(f"answer.{page}")
        self._row("together")

    def shares(self) -> None:
        """Show what each algorithm costs an answer for each kind of page."""
        options, now = self.options, self.market.seconds
        shown = {
            page: costs(
                self.engine, pages.asked(self.market, page, options.queries, NEVER_ASKED), now, options.runs
            )
            for page in pages.NAMES
        }
        print()
        for row in rows(shown):
            print(row)

    def memory(self) -> None:
        """Weigh the engine by its parts."""
        sizes = parts(self.engine)
        self.figures["memory.counted_bytes"] = sizes.total()
        print(f"\n{'memory counted, in MiB':36}{sizes.total() / 2**20:10.0f}")
        for path, size in sizes.most_common(12):
            print(f"  {path:34}{size / 2**20:10.1f}")

    def start(self) -> None:
        """Start a process from a snapshot of the engine."""
        with tempfile.TemporaryDirectory(prefix="punnet-scale-") as folder:
            path = Path(folder) / "snapshot"
            path.write_bytes(snapshot.dump(self.engine))
            starts = [started(path) for _ in range(self.options.runs)]
            self.figures["snapshot.bytes"] = path.stat().st_size
        self.figures["start.s"] = median(start.seconds for start in starts)
        self.figures["start.load_s"] = median(start.loading for start in starts)
        self.figures["memory.bytes"] = median(start.memory for start in starts)
        print(f"\n{'start from a snapshot until an answer':36}{self.figures['start.s']:10.2f} s")
        print(f"{'memory of that process, in MiB':36}{self.figures['memory.bytes'] / 2**20:10.0f}")

    def growth(self) -> None:
        """Compare with markets that have a tenth of the products, or of the shoppers."""
        small = {
            "products": self.size._replace(products=self.size.products // 10),
            "shoppers": self.size._replace(shoppers=self.size.shoppers // 10, lines=self.size.lines // 10),
        }
        for name, size in small.items():
            say(f"filling another with {size}")
            market = size.made()
            engines = {"large": (self.market, self.engine), "small": (market, filled(market)[0])}
            shown = pages.answers(engines, self.options.queries, self.options.runs)
            ratios = {page: ratio(shown["large"][page], shown["small"][page]) for page in pages.NAMES}
            self.figures[f"growth.{name}"] = geometric_mean(ratios.values())
            several = " · ".join(f"{page} {ratio:.2f}" for page, ratio in ratios.items())
            print(f"\n{f'growth.{name}':36}{self.figures[f'growth.{name}']:10.2f}× ({several})")
            del engines, market
            gc.unfreeze()
            freeze()

    def truth(self) -> None:
        """Ask plain Python the same, and end where it differs.

        That is done by a child, whose millions of objects leave no gaps in the memory of this process.
        """
        count = self.options.naive
        asking = get_context("fork").Process(target=self._compare, args=(count,))
        asking.start()
        asking.join()
        if asking.exitcode:
            sys.exit(1)
        self.figures["truth.compared"] = count * (len(pages.NAMES) + 1)
        print(f"\n{'answers equal to plain Python':36}{self.figures['truth.compared']:10}")

    def _compare(self, count: int) -> None:
        say("telling plain Python the same")
        naive, now = NaiveMarket(), self.market.seconds
        gc.disable()
        naive.apply(self.market.records())
        for page in pages.NAMES:
            asked = pages.asked(self.market, page, count, NEVER_ASKED)
            for query in differing(self.engine, naive, asked, now):
                sys.exit(f"engine and plain Python differ on {query}")
        for name in self._bought(count, NEVER_ASKED):
            if not same(self.engine.together(name, 5, now), naive.together(name, 5, now)):
                sys.exit(f"engine and plain Python differ on what goes with {name}")

    def apply(self) -> None:
        """Take in new orders while questions are asked."""
        orders = coming(self.market, ORDERS, SLICE)
        each = [pages.asked(self.market, page, 2_000, NEVER_ASKED + 1) for page in pages.NAMES]
        mixed = [query for several in zip(*each, strict=True) for query in several]
        freeze()
        for batch, query in zip(orders[:AWAKE], mixed[:AWAKE], strict=True):
            self.engine.apply(batch.records)
            self.engine.answer(query, batch.at)
        seen = live(self.engine, orders[AWAKE:], mixed[AWAKE:], A_SECOND)
        p50, p99 = spread(seen.waits)
        self.figures |= {
            "apply.lines_per_s": seen.lines_per_s,
            "apply.answers_per_s": seen.answers_per_s,
            "apply.core": seen.core,
            "apply.answer_p50_ms": p50,
            "apply.answer_p99_ms": p99,
            "apply.answer_max_ms": max(seen.waits),
        }
        print(f"\n{'lines of orders taken in a second':36}{seen.lines_per_s:10,.0f}")
        print(f"{f'beside {seen.answers_per_s:.0f} answers a second':36}{p50:10.3f}{p99:10.3f}")
        print(f"{'share of a core that it was given':36}{seen.core:10.0%}")

    def _bought(self, count: int, run: int) -> list[str]:
        """Return so many products, as often as they are bought; others in each run."""
        bought = self.market.baskets.products
        drawn = bought[np.random.default_rng([SEED, run]).integers(0, len(bought), count)]
        return [f"product-{product}" for product in drawn.tolist()]

    def _row(self, name: str) -> None:
        figures = self.figures
        print(f"{name:36}{figures[f'{name}.p50_ms']:10.3f}{figures[f'{name}.p99_ms']:10.3f}", flush=True)


PARTS = (Scale.answers, Scale.shares, Scale.memory, Scale.start, Scale.growth, Scale.truth, Scale.apply)
"""What is done, one after the other; the last changes the engine."""


def scale(size: Size, options: argparse.Namespace) -> None:
    """Do the parts that are wanted, and print and write their figures."""
    scaled = Scale(size, options)
    print(f"{size}, taken in at {scaled.figures['load.lines_per_s']:,.0f} lines a second\n")
    print(f"{f'in ms, medians of {options.runs} runs':36}{'p50':>10}{'p99':>10}", flush=True)
    for part in PARTS:
        if part.__name__ in options.only:
            part(scaled)
            if options.json:
                # What follows takes long: what is known is there, whatever happens.
                options.json.write_text(json.dumps(scaled.figures, indent=2))


def main() -> None:
    """Print all figures."""
    names = [part.__name__ for part in PARTS]
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the market, half the questions")
    parser.add_argument("--queries", type=int, help="for each kind of page in each run")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--naive", type=int, help="for each kind of page also asked in plain Python")
    parser.add_argument(
        "--only", nargs="+", choices=names, default=names, metavar="PART", help=", ".join(names)
    )
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.set_defaults(**(QUICK if parser.parse_args().quick else WHOLE))
    options = parser.parse_args()
    scale(Size().tenth() if options.quick else Size(), options)


if __name__ == "__main__":
    main()
