"""All that is known of a market, changed only by records."""

from collections.abc import Sequence

from punnet.core.ledger import Ledger
from punnet.core.vocab import Vocabulary
from punnet.engine.actions import remember
from punnet.engine.basket import Baskets
from punnet.engine.catalogue import Catalogue
from punnet.engine.profile import NOBODY, Profile
from punnet.engine.tally import Tally
from punnet.market import (
    Action,
    EntityType,
    Farm,
    FarmChange,
    Order,
    Product,
    ProductChange,
    Record,
    Removal,
)


class Index:
    """The catalogue, the purchases and the profiles: the same for the same records, in whatever batches."""

    def __init__(self) -> None:
        self.catalogue = Catalogue()
        self.ledger = Ledger()
        self.shoppers = Vocabulary()
        self.orders: dict[str, Order] = {}
        self.tally = Tally()
        self._profiles: dict[int, Profile] = {}

    def profile(self, shopper: int) -> Profile:
        """Return the profile of the shopper at a position, or that of nobody; for reading."""
        return self._profiles.get(shopper, NOBODY)

    def apply(self, records: Sequence[Record]) -> None:
        """Take in `records`, in order. An order whose id is known changes nothing."""
        baskets = Baskets()
        for record in records:
            match record.fact:
                case Order() as order:
                    self._place(order, baskets)
                case Action() as action:
                    self._act(action, record.at)
                case _:
                    self._stock(record)
        self.ledger.reserve(len(self.shoppers), len(self.catalogue.products))
        self.ledger.add(baskets.collected())

    def _place(self, order: Order, baskets: Baskets) -> None:
        if order.id in self.orders:
            return
        self.orders[order.id] = order
        shopper = self.shoppers.add(order.user_id)
        bought = baskets.add(order, shopper, self.catalogue.products)
        profile = self._profiles.get(shopper)
        if profile is not None:
            for product in bought:
                profile.cart.pop(product, None)

    def _act(self, action: Action, at: float) -> None:
        shopper = self.shoppers.add(action.user_id)
        profile = self._profiles.setdefault(shopper, Profile())
        time = at if action.timestamp is None else action.timestamp.timestamp()
        remember(profile, action, time, self.catalogue)
        self.tally.count(action.action, at)

    def _stock(self, record: Record) -> None:
        catalogue = self.catalogue
        match record.fact:
            case Product() as product:
                catalogue.put_product(product, record.at)
            case ProductChange(id=product_id, patch=product_patch):
                catalogue.patch_product(product_id, product_patch, record.at)
            case Farm() as farm:
                catalogue.put_farm(farm)
            case FarmChange(id=farm_id, patch=farm_patch):
                catalogue.patch_farm(farm_id, farm_patch)
            case Removal(entity_type=EntityType.FARM, id=farm_id):
                catalogue.remove_farm(farm_id)
            case Removal(id=product_id):
                catalogue.remove_product(product_id)
            case _:
                raise AssertionError("orders and actions are taken in elsewhere")
