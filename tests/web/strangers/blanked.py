"""The market as it would be if nobody else had done anything in private."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from punnet.engine.engine import Engine
from punnet.engine.reactions import reaction
from punnet.market import Action, Context, Fact, Order, Query, Record, UserAction
from punnet.protocol import codec

AGE = 60
"""Seconds for which an answer may be given again."""


class Blanked:
    """An engine of its own for one of the two names, which knows of others only what anybody may feel.

    That they are there, and which products they bought together, when and where. It does not know what they
    looked at, searched, rated, wished for or had in the cart, how much they bought, nor what they paid.
    """

    def __init__(self, name: str) -> None:
        self.engine = Engine()
        self._name = name

    def apply(self, records: Sequence[Record]) -> None:
        """Take in what happened."""
        self.engine.apply([Record(at=record.at, fact=self._seen(record.fact)) for record in records])

    def answer(self, query: Query, now: float) -> bytes:
        """Return the answer as it is written, but for the last bracket: an update of a list says more."""
        return codec.write(self.engine.answer(query, now))[:-1]

    def reaction(self, action: Action, now: float) -> bytes | None:
        """Return what is pushed because of an action, written like an answer."""
        asked = reaction(action)
        found = asked and self.engine.respond(asked, now)
        return codec.write(found)[:-1] if found else None

    def own_list(self, user_id: str, place: tuple[float, float] | None, now: float) -> bytes:
        """Return the list that somebody watches who is subscribed to it, written like an answer."""
        latitude, longitude = place or (None, None)
        home = Query(user_id=user_id, context=Context.HOME, latitude=latitude, longitude=longitude)
        return self.answer(home, now)

    def price_seen(self, user_id: str, product_id: str) -> float | None:
        """Return at which price a shopper last saw a product."""
        return self.engine.price_last_seen(user_id, self.engine.catalogue.products.find(product_id))

    def likes(self, user_id: str, farm_id: str) -> bool:
        """Return whether a farm is one of a shopper's favourites."""
        farms = self.engine.catalogue.farms
        return farms.find(farm_id) in self.engine.favourite_farms(user_id)

    def _seen(self, fact: Fact) -> Fact:
        match fact:
            case Action(event_id=event_id, user_id=user_id) if not user_id.startswith(self._name):
                return Action(event_id=event_id, user_id=user_id, action=UserAction.VIEW_RECOMMENDATIONS)
            case Order(user_id=user_id, lines=lines) if not user_id.startswith(self._name):
                plain = (msgspec.structs.replace(line, quantity=1, unit_price=1) for line in lines)
                return msgspec.structs.replace(fact, lines=tuple(plain))
            case _:
                return fact


class Made(NamedTuple):
    """An answer that was made at a time."""

    written: bytes
    at: float


class Given:
    """The answers that may be given again: to the same shopper, or to others of whom nothing is known."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, Query], list[Made]] = {}

    def note(self, owner: str, query: Query, written: bytes, now: float) -> None:
        """Note an answer; `owner` is empty where nothing is known of who asks."""
        self._made.setdefault((owner, _of_nobody(query)), []).append(Made(_without_name(written), now))

    def again(self, owner: str, query: Query, now: float) -> list[bytes]:
        """Return the answers to a question that are not too old, with the name of who asks."""
        name = codec.write(query.user_id)
        made = self._made.get((owner, _of_nobody(query)), ())
        return [each.written + name for each in made if now - each.at < AGE]

    def drop(self, facts: Sequence[Fact]) -> None:
        """Let go of what is another answer now: at once all that one's own deeds or the catalogue change."""
        owners = {fact.user_id if isinstance(fact, Action | Order) else None for fact in facts}
        self._made = {
            key: made for key, made in self._made.items() if None not in owners and key[0] not in owners
        }


def _of_nobody(query: Query) -> Query:
    return msgspec.structs.replace(query, user_id="")


def _without_name(written: bytes) -> bytes:
    """Return an answer without the name at its end."""
    return written[: written.rindex(b'"userId":') + len(b'"userId":')]
