"""The pure engine: records go in, answers come out."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from punnet.algorithms import seasonal
from punnet.algorithms.offer import Offer
from punnet.core.digest import Digests
from punnet.core.geo import Place
from punnet.engine import admission, concern
from punnet.engine.alerts import Alert, Alerts
from punnet.engine.answering import Answering
from punnet.engine.catalogue import Catalogue
from punnet.engine.debounce import Debounce
from punnet.engine.effects import Deed, Effects
from punnet.engine.funnel import Steps
from punnet.engine.index import Index
from punnet.engine.kept import Kept
from punnet.engine.portrait import portrait
from punnet.engine.question import Question, ask, blank, position_of
from punnet.engine.reactions import Reaction
from punnet.engine.tally import Tally
from punnet.engine.thanked import Thanked, thanked
from punnet.engine.tuning import Tuning
from punnet.market import (
    Action,
    Algorithm,
    Answer,
    Context,
    Fact,
    Forgotten,
    ListedProduct,
    Order,
    Query,
    Recommendation,
    Record,
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
        self._kept = Kept(self._index, self._tuning)
        self._answering = Answering(self._index.catalogue, self._kept, self._tuning)
        self._digests = Digests()

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

    def knows(self, user_id: str) -> bool:
        """Return whether someone of that name did anything; all others are answered alike."""
        return self._index.shoppers.find(user_id) >= 0

    def profile(self, user_id: str) -> ShopperProfile | None:
        """Return what is known of a shopper, None where nobody of that name did anything."""
        return portrait(self._index, self._kept, user_id)

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
        return concern.favourite_farms(self._index, self._kept, user_id)

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
        effects, start = Effects(), 0
        for at, record in enumerate(records):
            if isinstance(record.fact, Forgotten):
                self._apply(records[start:at], effects)
                self._forget_again(record.fact, effects)
                start = at + 1
        self._apply(records[start:], effects)
        self._index.alerts.keep(self._tuning.alerts_kept)
        return effects

    def _apply(self, records: Sequence[Record], effects: Effects) -> None:
        self._index.apply(records)
        self._kept.follow()
        for record in records:
            self._note(record, effects)

    def _forget_again(self, erased: Forgotten, effects: Effects) -> None:
        """Forget who was erased elsewhere, if anything is known of them here."""
        effects.erasures += 1
        user_id = self._digests.find(self._index.shoppers, erased.shopper)
        if user_id is not None:
            self.forget(user_id)
            effects.forget(user_id)

    def _note(self, record: Record, effects: Effects) -> None:
        match record.fact:
            case Action() as action:
                self._kept.drop(self._index.shoppers.find(action.user_id))
                effects.shoppers.append(action.user_id)
                debounced = self._debounce.skips(action, record.at)
                effects.deeds.append(Deed(action, record.at, debounced))
                if not debounced:
                    effects.actions.append(action)
            case Order(user_id=user_id):
                self._kept.drop(self._index.shoppers.find(user_id))
                effects.buyers.append(user_id)
                effects.shoppers.append(user_id)
            case Reset():
                self._debounce.begin_anew()
            case fact:
                effects.note(fact)

    def forget(self, user_id: str) -> None:
        """Drop all that is known of a shopper, as if their records had been Erased from the beginning."""
        shopper = self._index.shoppers.find(user_id)
        if shopper >= 0:
            self._kept.forget(shopper)
            self._answering.forget()
        self._index.forget(user_id)
        self._debounce.forget(user_id)

    def prepare(self) -> None:
        """Work out what is kept for answers, before anyone waits for one."""
        self.answer(Query(user_id=""), 0.0)

    def offers(
        self, query: Query, now: float, only: Collection[Algorithm] | None = None
    ) -> Mapping[Algorithm, Offer]:
        """Return what each algorithm of the query's context offers at `now` (seconds).

        `only` asks no others than those, which tells what each of them costs.
        """
        question = ask(self._index, self._kept, query, now, self._tuning)
        return self._answering.offers(question, 2 * query.limit, only)

    def answer(self, query: Query, now: float) -> Answer:
        """Return the recommendations for `query` at `now` (seconds), best first.

        UnknownId when the query's product is not in the catalogue; an unknown shopper is a visitor.
        """
        question = ask(self._index, self._kept, query, now, self._tuning)
        found = self._answering.recommend(question, query.limit)
        return _answer(query.user_id, found, self._answering.algorithms(question.context), now)

    def respond(self, reaction: Reaction, now: float) -> Answer | None:
        """Return the answer to push for a reaction at `now` (seconds), None where there is nothing to push.

        UnknownId when the product it is about has left the catalogue.
        """
        if not reaction.arrivals_only:
            return self.answer(reaction.query, now)
        query = reaction.query
        asked = blank(self._kept, self._index.shoppers.find(query.user_id), now)
        found = self._answering.alone(Algorithm.ARRIVALS, Question(asked, Context.HOME, None), query.limit)
        return _answer(query.user_id, found, (Algorithm.ARRIVALS,), now) if found else None

    def trending(self, place: tuple[float, float] | None, limit: int, now: float) -> Trends:
        """Return what trends at `now` (seconds), near a place in degrees if enough does there, best first."""
        radius = self._tuning.trending_radius_km
        near = None if place is None else Place(float(place[0]), float(place[1]), float(radius))
        question = Question(blank(self._kept, -1, now), Context.HOME, near)
        found = self._answering.alone(Algorithm.TRENDING, question, limit)
        local = any(recommendation.metadata["area"] == "local" for recommendation in found)
        return Trends(tuple(recommendation.product for recommendation in found), radius, local=local)

    def calendar(self, now: float) -> object:
        """Return something that differs where time alone changed what is in season or can be bought."""
        seasons = (seasonal.season(now, latitude) for latitude in (45, -45))
        return *seasons, self.catalogue.on_sale(now).tobytes()

    def steady_until(self, now: float) -> float:
        """Return up to when time alone changes nothing in what is in season or can be bought (seconds)."""
        return min(seasonal.steady_until(now), self.catalogue.shelf.steady_until(now))

    def together(self, product_id: str, limit: int, now: float) -> tuple[Recommendation, ...]:
        """Return the products most often bought with one product, best first; UnknownId without it."""
        product = position_of(self._index, product_id)
        question = Question(blank(self._kept, -1, now, product), Context.PRODUCT_DETAIL, None)
        return self._answering.alone(Algorithm.TOGETHER, question, limit)


def _answer(
    user_id: str, found: tuple[Recommendation, ...], algorithms: tuple[Algorithm, ...], now: float
) -> Answer:
    moment = datetime.fromtimestamp(now, UTC)
    return Answer(recommendations=found, algorithms=algorithms, timestamp=moment, user_id=user_id)
