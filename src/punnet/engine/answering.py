"""From offers to the recommendations of an answer."""

from collections.abc import Mapping

from punnet.algorithms.offer import Offer
from punnet.engine.catalogue import Catalogue
from punnet.engine.diversity import Shares, diversify
from punnet.engine.filling import MOST_BOUGHT, fill
from punnet.engine.fusion import Candidate, fuse
from punnet.engine.index import Index
from punnet.engine.question import Question
from punnet.market import Algorithm, Contribution, Reason, Recommendation

REASONS = {
    Algorithm.COLLABORATIVE: Reason.SIMILAR_USERS,
    Algorithm.CONTENT: Reason.SIMILAR_PRODUCTS,
    Algorithm.TRENDING: Reason.TRENDING_LOCAL,
    Algorithm.SEASONAL: Reason.SEASONAL,
    Algorithm.BEHAVIOUR: Reason.USER_BEHAVIOR,
    Algorithm.TOGETHER: Reason.FREQUENTLY_BOUGHT_TOGETHER,
    Algorithm.ARRIVALS: Reason.NEW_ARRIVAL,
}


def recommend(
    index: Index,
    question: Question,
    offers: Mapping[Algorithm, Offer],
    weights: Mapping[Algorithm, float],
    shares: Shares,
) -> tuple[Recommendation, ...]:
    """Return the answer to `question`: the offers fused, spread out, and filled up to the limit."""
    shelf = index.catalogue.shelf
    chosen = diversify(fuse(offers, weights), question.limit, shelf, shares)
    offered = [describe(index.catalogue, candidate, offers) for candidate in chosen]
    return (*offered, *_filling(index, question, chosen))


def describe(catalogue: Catalogue, candidate: Candidate, offers: Mapping[Algorithm, Offer]) -> Recommendation:
    """Return a candidate as it stands in an answer, with what each algorithm gave to it."""
    metadata: dict[str, object] = {
        "contributions": {
            part.algorithm.value: Contribution(score=part.score, weight=part.weight)
            for part in candidate.parts
        }
    }
    for part in candidate.parts:
        for name, values in offers[part.algorithm].notes.items():
            key, value = _note(catalogue, name, values[part.row].item())
            metadata[key] = value
    reasons = tuple(REASONS[part.algorithm] for part in candidate.parts)
    return Recommendation(
        product=catalogue.at(candidate.product),
        score=candidate.score,
        reason=reasons[0],
        reasons=reasons,
        confidence=candidate.confidence,
        metadata=metadata,
    )


def _note(catalogue: Catalogue, name: str, value: object) -> tuple[str, object]:
    match name, value:
        case "local", bool(local):
            return "area", "local" if local else "market"
        case "categoryMatch", int(category):
            return name, catalogue.categories[category]
        case _:
            return name, value


def _filling(index: Index, question: Question, chosen: list[Candidate]) -> list[Recommendation]:
    free = question.eligible.copy()
    free[[candidate.product for candidate in chosen]] = False
    missing = question.limit - len(chosen)
    filling: list[Recommendation] = []
    for mask in (free & question.wanted, free & ~question.wanted):
        found = fill(mask, index.ledger.holding.lengths, index.catalogue.shelf.added, missing)
        filling += [_filler(index.catalogue, product, why) for product, why in found]
        missing -= len(found)
    return filling


def _filler(catalogue: Catalogue, product: int, why: str) -> Recommendation:
    reason = Reason.TRENDING_LOCAL if why == MOST_BOUGHT else Reason.NEW_ARRIVAL
    return Recommendation(
        product=catalogue.at(product),
        score=0.0,
        reason=reason,
        reasons=(reason,),
        confidence=0.0,
        metadata={"contributions": {}, "filling": why},
    )
