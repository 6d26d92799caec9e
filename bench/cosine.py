"""Ten products for a shopper: our whole answer, beside the bare list of a model that was trained beforehand.

    ./dev bench cosine
    python bench/cosine.py [--quick] [--shoppers 1000] [--neighbours 20] [--runs 3] [--json FILE]

The other side is CosineRecommender of the PyPI package `implicit`: the products most like each product,
worked out in advance in C++ from the same matrix of shoppers and products; a shopper's list adds up those of
what was bought. It knows nothing of stock, places, seasons, carts or reasons, and of no order until it is
trained again. Two calls of it are measured: as its documentation has it, and with the shopper's row of the
matrix cut out before the clock starts, which is the least that it can take. Ours is `Engine.answer` for HOME:
six algorithms, fusion, diversity, the products with their farms. In turn, on the same shoppers, drawn as
often as they buy; milliseconds of one call, medians of the runs.
"""

import argparse
import json
import sys
import time
import warnings
from functools import partial
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

try:
    from implicit.nearest_neighbours import CosineRecommender
    from scipy.sparse import csr_matrix
except ImportError:
    sys.exit("implicit and scipy are not installed: `./dev bench cosine` installs them (group bench)")

from bench.made import MadeMarket
from bench.measuring.sizes import SEED, Size, filled, say
from bench.measuring.times import in_turn, ratio, timed, typical
from punnet.engine.engine import Engine
from punnet.market import Context, Query

LIMIT = 10


class Model(NamedTuple):
    """What was trained, the matrix it was trained on, and the seconds that it took."""

    recommender: CosineRecommender
    bought: csr_matrix
    seconds: float


def trained(market: MadeMarket, neighbours: int) -> Model:
    """Return a model of all that was bought, with so many neighbours of each product."""
    baskets = market.baskets
    shoppers = np.repeat(baskets.shoppers, baskets.sizes)
    shape = len(market.people.weights), len(market.shelf.farms)
    bought = csr_matrix((np.ones(len(shoppers)), (shoppers, baskets.products)), shape=shape)
    recommender = CosineRecommender(K=neighbours)
    began = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it converts a matrix of its own, and says that it did
        recommender.fit(bought, show_progress=False)
    return Model(recommender, bought, time.perf_counter() - began)


def measure(market: MadeMarket, engine: Engine, model: Model, count: int, runs: int) -> dict[str, float]:
    """Return medians and 99th percentiles in milliseconds, and the ratios of theirs to ours."""
    buyers, now = market.baskets.shoppers, market.seconds
    recommend, bought = model.recommender.recommend, model.bought
    # The first round only wakes everything up, and each asks about shoppers of its own.
    rounds = buyers[np.random.default_rng(SEED).integers(0, len(buyers), (runs + 1, count))].tolist()

    def documented(number: int) -> list[float]:
        return timed(lambda it=it: recommend(it, bought[it], N=LIMIT) for it in rounds[number])

    def bare(number: int) -> list[float]:
        rows = [(shopper, bought[shopper]) for shopper in rounds[number]]
        return timed(partial(recommend, shopper, row, N=LIMIT) for shopper, row in rows)

    def ours(number: int) -> list[float]:
        asked = (Query(user_id=f"shopper-{it}", context=Context.HOME, limit=LIMIT) for it in rounds[number])
        return timed(partial(engine.answer, query, now) for query in asked)

    shown = in_turn({"implicit": documented, "implicit.bare": bare, "ours": ours}, runs + 1)
    theirs, least, own = (spreads[1:] for spreads in shown.values())
    return {
        **typical(theirs).named("answer.implicit"),
        **typical(least).named("answer.implicit.bare"),
        **typical(own).named("answer.known"),
        "answer.vs_implicit": ratio(theirs, own),
        "answer.vs_implicit.bare": ratio(least, own),
        "answer.implicit.training_s": model.seconds,
    }


def main() -> None:
    """Print a row for each way."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the market")
    parser.add_argument("--shoppers", type=int, default=1_000, help="asked about in each run")
    parser.add_argument("--neighbours", type=int, default=20, help="of each product, in implicit's model")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    size = Size().tenth() if options.quick else Size()
    say(f"making {size}")
    market = size.made()
    engine, _ = filled(market)
    say("training implicit's model")
    model = trained(market, options.neighbours)
    figures = measure(market, engine, model, options.shoppers, options.runs)
    print(f"{size}; medians of {options.runs} runs of {options.shoppers} shoppers\n")
    print(f"{'ten products for a shopper, in ms':48}{'p50':>10}{'p99':>10}")
    titles = {
        "answer.implicit": f"implicit, {options.neighbours} neighbours, trained in {model.seconds:.1f} s",
        "answer.implicit.bare": "  the shopper's row at hand",
        "answer.known": "Engine.answer, HOME",
    }
    for name, title in titles.items():
        print(f"{title:48}{figures[f'{name}.p50_ms']:10.3f}{figures[f'{name}.p99_ms']:10.3f}")
    ratios = figures["answer.vs_implicit"], figures["answer.vs_implicit.bare"]
    print("implicit over ours, p50: {:.3f}×; with the row at hand {:.3f}×".format(*ratios))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
