"""All that is known of a market, changed only by records."""

from collections.abc import Sequence
from typing import assert_never

from punnet.core.ledger import Ledger
from punnet.core.vocab import Vocabulary
from punnet.engine.actions import remember
from punnet.engine.alerts import Alerts
from punnet.engine.basket import Baskets
from punnet.engine.catalogue import Catalogue
from punnet.engine.funnel import Funnel
from punnet.engine.profile import NOBODY, Profile
from punnet.engine.tally import Tally
from punnet.market import (
    Action,
    EntityType,
    Erased,
    Fact,
    Farm,
    FarmChange,
    Forgotten,
    Order,
    Product,
    ProductChange,
    Record,
    Removal,
    Reset,
    ResetType,
    UserAction,
)


class Index:
    """The catalogue, the purchases and the profiles: the same for the same records, in whatever batches."""

    _profiles: dict[int, Profile]

    def __init__(self) -> None:
        self.catalogue = Catalogue()
        self.ledger = Ledger()
        self.shoppers = Vocabulary()
        self.orders = Vocabulary()
        """The ids of the orders, each at its position in the ledger."""
        self.alerts = Alerts()
        self.tally = Tally()
        self.funnel = Funnel()
        self._profiles = {}

    def profile(self, shopper: int) -> Profile:
        """Return the profile of the shopper at a position, or that of nobody; for reading."""
        return self._profiles.get(shopper, NOBODY)

    def apply(self, records: Sequence[Record]) -> None:
        """Take in `records`, in order. An order whose id is known changes nothing."""
        baskets, run = Baskets(), list[Order]()
        for record in records:
            fact = record.fact
            if isinstance(fact, Order):
                run.append(fact)
                continue
            if run:
                self._place(run, baskets)
                run.clear()
            self._note(fact, record.at)
        self._place(run, baskets)
        self.ledger.reserve(len(self.shoppers), len(self.catalogue.products))
        if len(baskets):
            self.ledger.add(baskets.collected())

    def _note(self, fact: Fact, at: float) -> None:
        match fact:
            case Action():
                self._act(fact, at)
            case Erased(action=UserAction() as was):
                self.tally.count(was, at)
            case Reset(reset_type=which):
                self._begin_anew(which)
            case Order() | Erased() | Forgotten():
                # Who is forgotten, is for the engine to find out.
                return
            case change:
                self._stock(change, at)

    def forget(self, user_id: str) -> None:
        """Drop a shopper with all that is known of them; their positions stay empty."""
        shopper = self.shoppers.remove(user_id)
        if shopper < 0:
            return
        for order in self.ledger.forget(shopper).tolist():
            self.orders.remove(self.orders[order])
        self._profiles.pop(shopper, None)
        self.funnel.forget(shopper)

    def _place(self, orders: Sequence[Order], baskets: Baskets) -> None:
        """Take in orders that come one after the other; those whose id is known are passed over."""
        orders = [order for order in orders if self.orders.adds(order.id)]
        shoppers = self.shoppers.add_all([order.user_id for order in orders])
        products = baskets.add(orders, shoppers, self.catalogue.products)
        end = 0
        for order, shopper in zip(orders, shoppers, strict=True):
            begin, end = end, end + len(order.lines)
            profile = self._profiles.get(shopper)
            if profile is not None:
                bought = products[begin:end]
                self.funnel.buy(shopper, bought, order.placed_at.timestamp())
                for product in bought:
                    profile.cart.pop(product, None)

    def _act(self, action: Action, at: float) -> None:
        shopper = self.shoppers.add(action.user_id)
        profile = self._profiles.get(shopper)
        if profile is None:
            profile = self._profiles[shopper] = Profile()
        time = at if action.timestamp is None else action.timestamp.timestamp()
        remember(profile, action, time, self.catalogue)
        self.funnel.act(shopper, action, time, self.catalogue.products)
        self.tally.count(action.action, at)

    def _begin_anew(self, which: ResetType) -> None:
        self.tally = Tally()
        if which is ResetType.ALL:
            self.funnel = Funnel()

    def _stock(self, change: Farm | Product | FarmChange | ProductChange | Removal, at: float) -> None:
        catalogue = self.catalogue
        match change:
            case Farm():
                catalogue.put_farm(change)
            case FarmChange():
                catalogue.patch_farm(change.id, change.patch)
            case Removal(entity_type=EntityType.FARM):
                catalogue.remove_farm(change.id)
            case _:
                before = catalogue.product(change.id)
                self._shelve(change, at)
                product = catalogue.products.find(change.id)
                self.alerts.compare(product, before, catalogue.product(change.id), at)

    def _shelve(self, change: Product | ProductChange | Removal, at: float) -> None:
        match change:
            case Product():
                self.catalogue.put_product(change, at)
            case ProductChange():
                self.catalogue.patch_product(change.id, change.patch, at)
            case Removal():
                self.catalogue.remove_product(change.id)
            case _:
                assert_never(change)
