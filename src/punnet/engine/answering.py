"""From offers to the recommendations of an answer."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

import numpy as np

from punnet.algorithms import behaviour
from punnet.algorithms.offer import Offer, asked_at
from punnet.algorithms.taste import Taste
from punnet.algorithms.trending import trend_at
from punnet.core.best import rounded
from punnet.core.companions import pairs_at
from punnet.core.compiled import Packed, compiled, entry
from punnet.core.desk import Desk, desk_at
from punnet.core.ledger import book_at
from punnet.core.shelf import goods_at
from punnet.engine.catalogue import Catalogue
from punnet.engine.diversity import Shares, diversify
from punnet.engine.filling import fill
from punnet.engine.fusion import ALGORITHMS, COUNT, Mix, fuse, mix_at
from punnet.engine.kept import Kept, Whereabouts
from punnet.engine.offers import Market, Terms, offer, terms_at, weights
from punnet.engine.question import Question, blank
from punnet.engine.telling import (
    COMMON,
    IN_RANGE,
    LIFT,
    LOCAL,
    NOTES,
    RECENT,
    TOTAL,
    Account,
    account_at,
    fillings,
    recommendations,
)
from punnet.engine.tuning import Tuning
from punnet.market import LARGEST_LIMIT, Algorithm, Context, Recommendation
from punnet.types import Floats, Positions


@entry
def offer_alone(
    at: Whereabouts, fresh: Positions, asked: int, mix: int, terms: int, asks: Positions, k: int
) -> None:
    """Have each of the algorithms asked shortlist its best `k` products."""
    market = _market(at, fresh)
    offer(market, asked_at(asked), desk_at(at.desk), mix_at(mix), terms_at(terms), asks, k)


@entry
def choose(
    at: Whereabouts,
    fresh: Positions,
    asked_is_at: int,
    mix_is_at: int,
    account_is_at: int,
    terms_are_at: int,
    asks: Positions,
    weights: Floats,
    k: int,
    limit: int,
    caps: tuple[int, int, int],
    fills: bool,
) -> None:
    """Choose the products of an answer: offers of `k` each, fused, spread out, and filled up to the limit."""
    market, asked, desk = _market(at, fresh), asked_at(asked_is_at), desk_at(at.desk)
    mix, account, terms = mix_at(mix_is_at), account_at(account_is_at), terms_at(terms_are_at)
    liked = offer(market, asked, desk, mix, terms, asks, k)
    fuse(mix, desk, asks, weights)
    diversify(mix, market.goods, desk, limit, caps)
    tell(market, desk, mix, account, weights, liked, terms)
    mix.counts[2] = 0
    if fills:
        fill(mix, market.book, market.goods, asked, desk, limit)


@compiled
def _market(at: Whereabouts, fresh: Positions) -> Market:
    return Market(
        book_at(at.book),
        goods_at(at.goods),
        pairs_at(at.pairs),
        fresh,
        trend_at(at.everywhere),
        trend_at(at.near),
    )


@compiled
def tell(
    market: Market, desk: Desk, mix: Mix, account: Account, weights: Floats, liked: Taste, terms: Terms
) -> None:
    """Account for what was chosen."""
    for at in range(mix.counts[1]):
        candidate = mix.chosen[at]
        account.products[at] = mix.candidates[candidate]
        account.scores[at] = mix.fused[candidate]
        account.confidences[at] = mix.sure[candidate]
        _tell_parts(mix, account, weights, at, candidate)
        _note(market, desk, account, at, liked, terms)


@compiled
def _tell_parts(mix: Mix, account: Account, weights: Floats, at: int, candidate: int) -> None:
    """Order the algorithms that offered a candidate by their share of its score."""
    count, begin = 0, at * COUNT
    for algorithm in range(COUNT):
        row = mix.rows[candidate * COUNT + algorithm]
        if row < 0:
            continue
        score = mix.scores[algorithm * mix.reach + row]
        place = begin + count
        while place > begin and rounded(
            account.given[place - 1] * weights[account.parts[place - 1]]
        ) < rounded(score * weights[algorithm]):
            account.parts[place], account.given[place] = account.parts[place - 1], account.given[place - 1]
            place -= 1
        account.parts[place], account.given[place] = algorithm, score
        count += 1
    account.parts[begin + count : begin + COUNT] = -1


@compiled
def _note(market: Market, desk: Desk, account: Account, at: int, liked: Taste, terms: Terms) -> None:
    """Note what the algorithms have to say of a product, whether they offered it or not."""
    product, notes = account.products[at], account.notes
    local = market.near.size[0] >= terms.window.min_products and not np.isinf(market.near.place.radius_km)
    begin = at * NOTES
    notes[begin + LOCAL] = local
    notes[begin + RECENT] = (market.near if local else market.everywhere).counts[product]
    notes[begin + IN_RANGE] = behaviour.is_in_range(market.goods, liked, product)
    companion, holding = desk.companion[product], market.book.holding.heads
    orders = holding[2 * companion + 1]
    notes[begin + COMMON], notes[begin + TOTAL] = desk.common[product], orders
    expected = max(orders * holding[2 * product + 1], 1)
    notes[begin + LIFT] = desk.common[product] * market.book.kept / expected


class Panel(NamedTuple):
    """The algorithms that are asked, with their weights."""

    algorithms: tuple[Algorithm, ...]
    asks: Positions
    """Their numbers."""
    weights: Floats
    """The weight of every algorithm, by its number."""

    @classmethod
    def of(cls, weights: Mapping[Algorithm, float]) -> "Panel":
        """Return the panel of the algorithms that have a weight."""
        weighed = [weights.get(algorithm, 0.0) for algorithm in ALGORITHMS]
        asks = [number for number, algorithm in enumerate(ALGORITHMS) if algorithm in weights]
        return cls(tuple(weights), np.array(asks, np.int32), np.array(weighed, np.float64))


class Answering:
    """Has the compiled loops choose, and gives names back to positions."""

    def __init__(self, catalogue: Catalogue, kept: Kept, tuning: Tuning) -> None:
        self._catalogue = catalogue
        self._kept = kept
        self._panels = {context: Panel.of(weights(context, tuning)) for context in Context}
        self._alone = {algorithm: Panel.of({algorithm: 1.0}) for algorithm in Algorithm}
        self._shares = Shares(tuning.farm_share, tuning.category_share, tuning.price_share)
        self._mix = Mix.of(LARGEST_LIMIT)
        self._account = Account.of(LARGEST_LIMIT)
        self._asked = Packed(blank(kept, -1))
        self._room = mix, account, terms = Packed(self._mix), Packed(self._account), Packed(kept.terms)
        self._addresses = self._asked.address, mix.address, account.address, terms.address

    def forget(self) -> None:
        """Have nothing of the last question left."""
        self._asked.hold(blank(self._kept, -1))

    def algorithms(self, context: Context) -> tuple[Algorithm, ...]:
        """Return the algorithms that a context asks."""
        return self._panels[context].algorithms

    def offers(
        self, question: Question, k: int, only: Collection[Algorithm] | None = None
    ) -> dict[Algorithm, Offer]:
        """Return the best `k` products of each algorithm that the context asks, and `only` names."""
        mix, asks = self._mix, self._panels[question.context].asks
        if only is not None:
            asks = np.array([number for number in asks.tolist() if ALGORITHMS[number] in only], np.int32)
        self._asked.hold(question.asked)
        asked, to, _, terms = self._addresses
        at = self._kept.whereabouts(question.asked.now, question.place)
        offer_alone(at, self._kept.fresh, asked, to, terms, asks, k)
        offered: dict[Algorithm, Offer] = {}
        for number in asks.tolist():
            begin = number * mix.reach
            end = begin + int(mix.sizes[number])
            offered[ALGORITHMS[number]] = Offer(
                mix.products[begin:end].copy(),
                mix.scores[begin:end].copy(),
                mix.confidences[begin:end].copy(),
            )
        return offered

    def recommend(self, question: Question, limit: int) -> tuple[Recommendation, ...]:
        """Return the answer to a question: the offers fused, spread out, and filled up to the limit."""
        panel = self._panels[question.context]
        self._choose(question, panel, 2 * limit, limit, self._shares.caps(limit), fills=True)
        weights = panel.weights.tolist()
        offered = recommendations(self._catalogue, self._account, int(self._mix.counts[1]), weights)
        if self._mix.counts[2]:
            filling = self._mix.filling[: self._mix.counts[2]].tolist()
            offered += fillings(self._catalogue, filling)
        return tuple(offered)

    def alone(self, algorithm: Algorithm, question: Question, limit: int) -> tuple[Recommendation, ...]:
        """Return the offer of one algorithm as it stands."""
        panel = self._alone[algorithm]
        self._choose(question, panel, limit, limit, (limit, limit, limit), fills=False)
        weights = panel.weights.tolist()
        return tuple(recommendations(self._catalogue, self._account, int(self._mix.counts[1]), weights))

    def _choose(
        self,
        question: Question,
        panel: Panel,
        k: int,
        limit: int,
        caps: tuple[int, int, int],
        *,
        fills: bool,
    ) -> None:
        self._asked.hold(question.asked)
        while True:
            at = self._kept.whereabouts(question.asked.now, question.place)
            choose(at, self._kept.fresh, *self._addresses, panel.asks, panel.weights, k, limit, caps, fills)
            if self._kept.had_room():
                return
