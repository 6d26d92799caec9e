"""Sequences of what two shoppers and their shop do, each from a number that gives it again."""

import json
from datetime import UTC, datetime
from random import Random

from tests.web.stall import NOW
from tests.web.strangers.calls import Requests
from tests.web.strangers.deeds import CATEGORIES, Deeds
from tests.web.strangers.shoppers import pair
from tests.web.strangers.steps import Leave, Step, Trade, Wait
from tests.web.strangers.talk import Talk

FEWEST, MOST = 5, 25
"""How many steps a sequence has."""


class Plot:
    """The sequence of a number: two shoppers, and what they do one after another."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._chance = Random(number)
        self.pair = pair(self._chance)
        self._deeds = Deeds(self._chance, self.pair)
        self._requests = Requests(self._chance, self.pair, self._deeds)
        self._talk = Talk(self._chance, self.pair, self._deeds)
        self.steps = tuple(self._step() for _ in range(self._chance.randint(FEWEST, MOST)))

    def _step(self) -> Step:
        talk = self._talk
        make = self._chance.choices(
            (
                self._requests.calls,
                talk.say,
                talk.open,
                talk.open_another,
                self._trade,
                self._leave,
                self._wait,
            ),
            (10, 7, 4, 1, 6, 1.5, 0.5),
        )[0]
        return make()

    def _leave(self) -> Leave:
        return Leave(self._chance.randrange(2), self._chance.randrange(3), self._chance.random() < 0.5)

    def _wait(self) -> Wait:
        # An answer is given again for a minute.
        return Wait(self._chance.choice((5, 30, 59, 61, 600)))

    def _trade(self) -> Trade:
        chance, product = self._chance, self._deeds.product
        roll = chance.random()
        if roll < 0.4:
            return Trade(
                "PATCH", f"/api/products/{product}", json.dumps({"price": chance.randint(100, 999) / 100})
            )
        if roll < 0.6:
            return Trade(
                "PATCH", f"/api/products/{product}", json.dumps({"stock": chance.choice((0, 5, None))})
            )
        if roll < 0.75:
            added = {
                "name": "Something new",
                "farmId": self._deeds.farm,
                "category": chance.choice(CATEGORIES),
                "price": 3,
            }
            return Trade("PUT", f"/api/products/new-{self.number}-{chance.randrange(100)}", json.dumps(added))
        return Trade("POST", "/api/orders", json.dumps(self._bought(chance.randrange(2))))

    def _bought(self, who: int) -> dict[str, object]:
        latitude, longitude = self.pair[who].place
        return {
            "id": self._deeds.new_order(who),
            "userId": self.pair[who].user_id,
            "placedAt": datetime.fromtimestamp(NOW, UTC).isoformat(),
            "lines": self._deeds.items(who),
            "latitude": latitude,
            "longitude": longitude,
        }
