"""How many recommendations were shown, how many of them clicked, and how many of those bought."""

from collections.abc import Iterable

import msgspec

from punnet.core.vocab import Vocabulary
from punnet.engine.actions import shown
from punnet.market import Action, UserAction
from punnet.types import DAY

WINDOW = 7 * DAY
"""Seconds after a click in which an order of its product is a conversion."""


class Steps(msgspec.Struct, gc=False):
    """Impressions, clicks and conversions, of a shopper or of all."""

    impressions: int = 0
    clicks: int = 0
    conversions: int = 0


class Funnel:
    """Counts recommendations from the first sight to the purchase; shoppers and products are positions.

    Of the clicks of one shopper on one product the latest waits for an order, and counts for the first.
    """

    total: Steps
    _parts: dict[int, Steps]
    _clicked: dict[int, dict[int, float]]

    def __init__(self) -> None:
        self.total = Steps()
        self._parts = {}
        self._clicked = {}

    def act(self, shopper: int, action: Action, time: float, products: Vocabulary) -> None:
        """Count what `action`, done at `time` (seconds), did with recommendations, if anything."""
        match action.action:
            case UserAction.VIEW_RECOMMENDATIONS:
                self._add(shopper, Steps(impressions=shown(action)))
            case UserAction.CLICK_RECOMMENDATION:
                self._add(shopper, Steps(clicks=1))
                self._click(shopper, products.find(action.entity_id or ""), time)
            case _:
                return

    def buy(self, shopper: int, products: Iterable[int], time: float) -> None:
        """Count the conversions that an order of `products`, placed at `time` (seconds), makes."""
        clicked = self._clicked.get(shopper)
        if clicked is None:
            return
        for product in products:
            if product in clicked and 0 <= time - clicked[product] <= WINDOW:
                del clicked[product]
                self._add(shopper, Steps(conversions=1))

    def forget(self, shopper: int) -> None:
        """Take out all that a shopper counted for."""
        part = self._parts.pop(shopper, Steps())
        self._clicked.pop(shopper, None)
        self.total = Steps(
            self.total.impressions - part.impressions,
            self.total.clicks - part.clicks,
            self.total.conversions - part.conversions,
        )

    def _click(self, shopper: int, product: int, time: float) -> None:
        clicked = self._clicked.setdefault(shopper, {})
        clicked[product] = max(time, clicked.get(product, time))

    def _add(self, shopper: int, more: Steps) -> None:
        for steps in (self.total, self._parts.setdefault(shopper, Steps())):
            steps.impressions += more.impressions
            steps.clicks += more.clicks
            steps.conversions += more.conversions
