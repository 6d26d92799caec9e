"""What was found, as a table in Markdown, as ratios, and as figures with names."""

import math
from collections.abc import Iterator, Mapping
from itertools import product
from typing import NamedTuple

from bench.foretelling.level import Found
from bench.foretelling.tifu import PUBLISHED
from punnet.evaluation.judging import Judged, Quality
from punnet.evaluation.metrics import Estimate

TITLES = {
    "punnet": "punnet, front page",
    "popular": "most popular",
    "personal": "personal frequency",
    "personal_popular": "personal, then popular",
    "popular_new": "popular, never bought before",
    "tifu": "TIFU-KNN",
    "tifu_new": "TIFU-KNN, never bought before",
}
PLAIN = ("popular", "personal", "personal_popular", "popular_new")
PEERS = ("tifu", "tifu_new")
HEADS = (
    "list of 10",
    "recall",
    "NDCG",
    "independent code",
    "first purchases: recall",
    "NDCG",
    "in a list",
    "ms a list",
)
TASKS = {"bought": "all that was bought", "first": "first purchases"}
METRICS = {"recall": "recall", "ndcg": "NDCG"}


class Ratio(NamedTuple):
    """A mean of Punnet over that of another list."""

    task: str
    metric: str
    over: str
    value: float


def task_of(judged: Judged, task: str) -> Quality:
    """Return how well a list does in one of the TASKS."""
    return judged.bought if task == "bought" else judged.bought_first


def mean_of(judged: Judged, task: str, metric: str) -> float:
    """Return the mean of one of the METRICS in a task."""
    quality = task_of(judged, task)
    return (quality.recall if metric == "recall" else quality.ndcg).mean


def ratios(lists: Mapping[str, Judged]) -> Iterator[Ratio]:
    """Yield Punnet over the best plain list and over the better TIFU-KNN, in each task, by each metric."""
    for task, metric, others in product(TASKS, METRICS, (PLAIN, PEERS)):
        means = {name: mean_of(lists[name], task, metric) for name in others}
        best = max(means, key=lambda name: means[name])
        ours = mean_of(lists["punnet"], task, metric)
        yield Ratio(task, metric, best, ours / means[best] if means[best] else math.inf)


def rows(found: Found) -> Iterator[str]:
    """Yield what was found of a level, line by line."""
    level, lists = found.level, found.lists
    first = lists["punnet"].bought_first.orders
    yield f"### {level.title}"
    yield ""
    yield f"{found.lines:,} lines, {found.products:,} products. One basket is foretold of each of"
    yield f"{found.households:,} households (independent code: {level.reference.households:,});"
    yield f"there is something new in {first:,} of them."
    yield ""
    yield f"| {' | '.join(HEADS)} |"
    yield f"|---{'|---' * 5}|---:|---:|"
    for name, judged in lists.items():
        theirs = level.reference.lists.get(name)
        independent = "" if theirs is None else "{:.3f} / {:.3f}".format(*theirs)
        recall, ndcg, *first_time = (str(each) for task in TASKS for each in _two(task_of(judged, task)))
        cells = (TITLES[name], recall, ndcg, independent, *first_time, f"{judged.coverage:.1%}")
        yield f"| {' | '.join(cells)} | {judged.milliseconds:.2f} |"
    yield ""
    for ratio in ratios(lists):
        what = f"{TASKS[ratio.task]}, {METRICS[ratio.metric]}"
        yield f"- {what}: punnet ÷ {TITLES[ratio.over]} = {ratio.value:.2f}"
    for name, source in found.parameters.items():
        yield f"- {TITLES[name]}: as the paper for {source}, {_parameters(source)}"
    yield ""


def figures(found: Found) -> dict[str, float]:
    """Return every figure by its name."""
    named = {f"quality.{found.level.name}.households": float(found.households)}
    for name, judged in found.lists.items():
        for task in TASKS:
            quality = task_of(judged, task)
            for metric in ("hit_rate", "recall", "ndcg"):
                estimate: Estimate = getattr(quality, metric)
                key = f"quality.{found.level.name}.{name}.{task}.{metric}"
                named |= {key: estimate.mean, f"{key}.margin": estimate.margin}
        named[f"quality.{found.level.name}.{name}.mean_ms"] = judged.milliseconds
    for ratio in ratios(found.lists):
        over = "tifu" if ratio.over in PEERS else "plain"
        named[f"quality.{found.level.name}.{ratio.task}.{ratio.metric}.vs_{over}"] = ratio.value
    return named


def _two(quality: Quality) -> tuple[Estimate, Estimate]:
    return quality.recall, quality.ndcg


def _parameters(source: str) -> str:
    neighbours, within, between, own, size = PUBLISHED[source]
    return f"k={neighbours}, r_b={within:g}, r_g={between:g}, α={own:g}, m={size}"
