"""The pure engine: records go in, answers come out."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np

from punnet.algorithms import arrivals, seasonal, together, trending
from punnet.algorithms.offer import Offer
from punnet.algorithms.trending import Place
from punnet.engine import admission, concern, offers
from punnet.engine.alerts import Alert, Alerts
from punnet.engine.answering import describe, recommend
from punnet.engine.catalogue import Catalogue
from punnet.engine.debounce import Debounce
from punnet.engine.diversity import Shares
from punnet.engine.effects import Effects
from punnet.engine.funnel import Steps
from punnet.engine.fusion import fuse
from punnet.engine.index import Index
from punnet.engine.liking import taste_of
from punnet.engine.portrait import portrait
from punnet.engine.question import ask, position_of
from punnet.engine.reactions import Reaction
from punnet.engine.tally import Tally
from punnet.engine.thanked import Thanked, thanked
from punnet.engine.tuning import Tuning
from punnet.market import (
    Action,
    Algorithm,
    Answer,
    EntityType,
    Fact,
    ListedProduct,
    Order,
    Product,
    ProductChange,
    Query,
    Recommendation,
    Record,
    Removal,
    Reset,
    ShopperProfile,
)


class Trends(NamedTuple):
    """Products that trend, best first, and how far around a place counts.

    Not `local` are those of the whole market.
    """

    products: tuple[ListedProduct, ...]
    radius_km: float
    local: bool


class Engine:
    """A market in memory. Only `apply` and `forget` change it, and the same records give the same engine."""

    def __init__(self, tuning: Tuning | None = None) -> None:
        self._tuning = tuning or Tuning()
        self._index = Index()
        self._debounce = Debounce()

    @property
    def catalogue(self) -> Catalogue:
        """The farms and products; for reading."""
        return self._index.catalogue

    @property
    def shopper_count(self) -> int:
        """How many shoppers ever did something, without those who were forgotten."""
        return self._index.shoppers.count

    @property
    def tally(self) -> Tally:
        """Counts of all actions applied; for reading."""
        return self._index.tally

    @property
    def funnel(self) -> Steps:
        """How many recommendations were shown, clicked and bought; for reading."""
        return self._index.funnel.total

    @property
    def debounced(self) -> int:
        """How many actions came too quickly after the same one to be reacted to."""
        return self._debounce.skipped

    def has_order(self, order_id: str) -> bool:
        """Return whether there is such an order; what is in it, the journal knows."""
        return self._index.orders.find(order_id) >= 0

    @property
    def order_count(self) -> int:
        """How many orders there are."""
        return self._index.orders.count

    def profile(self, user_id: str) -> ShopperProfile | None:
        """Return what is known of a shopper, None where nobody of that name did anything."""
        return portrait(self._index, user_id)

    @property
    def alerts(self) -> Alerts:
        """What changed on the shelf that somebody may want to know; for reading."""
        return self._index.alerts

    def stands(self, alert: Alert, now: float) -> bool:
        """Return whether what `alert` says is still so at `now` (seconds), and the product can be bought."""
        return concern.stands(self._index, alert, now, self._tuning)

    def price_last_seen(self, user_id: str, product: int) -> float | None:
        """Return the price at which a shopper last viewed, carted, wished for or bought a product.

        None where they never did.
        """
        return concern.price_last_seen(self._index, user_id, product)

    def prices_last_seen(self, user_ids: Sequence[str], product: int) -> dict[str, float]:
        """Return `price_last_seen` of those shoppers who saw the product; for many of them at once."""
        return concern.prices_last_seen(self._index, user_ids, product)

    def favourite_farms(self, user_id: str) -> frozenset[int]:
        """Return the positions of the farms that a shopper likes best."""
        return concern.favourite_farms(self._index, user_id)

    def kinship(self, user_ids: Sequence[str], buyer_id: str) -> list[float]:
        """Return of each shopper which share of what they bought another one bought, too; 0..1."""
        return concern.kinship(self._index, user_ids, buyer_id)

    def check(self, fact: Fact) -> None:
        """Raise UnknownId or Conflict, naming the field, where `fact` does not fit what is known."""
        admission.check(self._index, fact)

    def thanked(self, facts: tuple[Fact, ...], now: float) -> Thanked | None:
        """Return who is to be thanked by e-mail for what an entry says at `now` (seconds), if anyone is."""
        return thanked(self._index, facts, now)

    def apply(self, records: Sequence[Record]) -> Effects:
        """Take in records, in order, and return what follows from them. Never fails.

        An action repeated within half a second is taken in like any other, and is not reacted to.
        """
        effects = Effects()
        self._index.apply(records)
        for record in records:
            self._note(record, effects)
        self._index.alerts.keep(self._tuning.alerts_kept)
        return effects

    def _note(self, record: Record, effects: Effects) -> None:
        match record.fact:
            case Action() as action:
                if not self._debounce.skips(action, record.at):
                    effects.actions.append(action)
            case Order(user_id=user_id):
                effects.buyers.append(user_id)
            case Reset():
                self._debounce.begin_anew()
            case Product(id=product_id) | ProductChange(id=product_id):
                effects.products.append(product_id)
            case Removal(entity_type=EntityType.PRODUCT, id=product_id):
                effects.products.append(product_id)
            case _:
                # What became of a farm alone, or of someone who was erased, changes no list.
                return

    def forget(self, user_id: str) -> None:
        """Drop all that is known of a shopper, as if their records had been Erased from the beginning."""
        self._index.forget(user_id)
        self._debounce.forget(user_id)

    def offers(self, query: Query, now: float) -> Mapping[Algorithm, Offer]:
        """Return what each algorithm of the query's context offers at `now` (seconds)."""
        return offers.offers(self._index, ask(self._index, query, now, self._tuning), self._tuning)

    def answer(self, query: Query, now: float) -> Answer:
        """Return the recommendations for `query` at `now` (seconds), best first.

        UnknownId when the query's product is not in the catalogue; an unknown shopper is a visitor.
        """
        tuning = self._tuning
        question = ask(self._index, query, now, tuning)
        weights = offers.weights(question.context, tuning)
        given = offers.offers(self._index, question, tuning)
        shares = Shares(tuning.farm_share, tuning.category_share, tuning.price_share)
        found = recommend(self._index, question, given, weights, shares)
        return _answer(query.user_id, found, tuple(weights), now)

    def respond(self, reaction: Reaction, now: float) -> Answer | None:
        """Return the answer to push for a reaction at `now` (seconds), None where there is nothing to push.

        UnknownId when the product it is about has left the catalogue.
        """
        if not reaction.arrivals_only:
            return self.answer(reaction.query, now)
        query, days = reaction.query, self._tuning.arrivals_days
        liking = taste_of(self._index, self._index.shoppers.find(query.user_id)).farms
        on_sale = self.catalogue.on_sale(now)
        offer = arrivals.offer(self.catalogue.shelf, liking, now, on_sale, query.limit, days=days)
        found = self._alone(Algorithm.ARRIVALS, offer)
        return _answer(query.user_id, found, (Algorithm.ARRIVALS,), now) if found else None

    def trending(self, place: tuple[float, float] | None, limit: int, now: float) -> Trends:
        """Return what trends at `now` (seconds), near a place in degrees if enough does there, best first."""
        radius, window = self._tuning.trending_radius_km, self._tuning.trending_window
        near = None if place is None else Place(*place, radius)
        on_sale = self.catalogue.on_sale(now)
        offer = trending.offer(self._index.ledger, now, near, on_sale, limit, window=window)
        products = tuple(map(self.catalogue.at, offer.products.tolist()))
        return Trends(products, radius, local=bool(offer.notes["local"].any()))

    def calendar(self, now: float) -> object:
        """Return something that differs where time alone changed what is in season or can be bought."""
        seasons = (seasonal.season(now, latitude) for latitude in (45, -45))
        return *seasons, self.catalogue.on_sale(now).tobytes()

    def together(self, product_id: str, limit: int, now: float) -> tuple[Recommendation, ...]:
        """Return the products most often bought with one product, best first; UnknownId without it."""
        product = position_of(self._index, product_id)
        on_sale = self.catalogue.on_sale(now)
        offer = together.offer(self._index.ledger, np.array([product]), on_sale, limit)
        return self._alone(Algorithm.TOGETHER, offer)

    def _alone(self, algorithm: Algorithm, offer: Offer) -> tuple[Recommendation, ...]:
        """Return the offer of one algorithm as it stands."""
        given = {algorithm: offer}
        candidates = fuse(given, {algorithm: 1.0})
        return tuple(describe(self.catalogue, candidate, given) for candidate in candidates)


def _answer(
    user_id: str, found: tuple[Recommendation, ...], algorithms: tuple[Algorithm, ...], now: float
) -> Answer:
    moment = datetime.fromtimestamp(now, UTC)
    return Answer(recommendations=found, algorithms=algorithms, timestamp=moment, user_id=user_id)
