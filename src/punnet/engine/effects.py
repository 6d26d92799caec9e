"""What follows from records that were applied."""

from dataclasses import dataclass, field
from typing import NamedTuple

from punnet.market import Action, EntityType, Fact, Farm, FarmChange, Product, ProductChange, Removal


class Deed(NamedTuple):
    """An action, when the server took it in (seconds), and whether it came too quickly after the same one."""

    action: Action
    at: float
    debounced: bool


@dataclass(slots=True)
class Effects:
    """All actions, those to react to, who did or bought something, and which products and farms are others.

    `shoppers` did anything at all, that which is not reacted to among it; products and farms were put,
    patched or removed. Of who is `forgotten` nothing else stands here; there may be `erasures` of people of
    whom nothing was known, too. Alerts do not stand here: the engine holds and numbers them itself.
    """

    deeds: list[Deed] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    buyers: list[str] = field(default_factory=list)
    shoppers: list[str] = field(default_factory=list)
    products: list[str] = field(default_factory=list)
    farms: list[str] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    erasures: int = 0

    def note(self, fact: Fact) -> None:
        """Add what a fact changes in the catalogue; any other is passed over."""
        match fact:
            case Product(id=product_id) | ProductChange(id=product_id):
                self.products.append(product_id)
            case Removal(entity_type=EntityType.PRODUCT, id=product_id):
                self.products.append(product_id)
            case Farm(id=farm_id) | FarmChange(id=farm_id):
                self.farms.append(farm_id)
            case Removal(entity_type=EntityType.FARM, id=farm_id):
                self.farms.append(farm_id)
            case _:
                return

    def add(self, later: "Effects") -> None:
        """Add what follows from later records."""
        for user_id in later.forgotten:
            self.forget(user_id)
        self.erasures += later.erasures
        self.deeds += later.deeds
        self.actions += later.actions
        self.buyers += later.buyers
        self.shoppers += later.shoppers
        self.products += later.products
        self.farms += later.farms

    def forget(self, user_id: str) -> None:
        """Drop what follows from what a shopper did, who is erased."""
        self.deeds = [deed for deed in self.deeds if deed.action.user_id != user_id]
        self.actions = [action for action in self.actions if action.user_id != user_id]
        self.buyers = [buyer for buyer in self.buyers if buyer != user_id]
        self.shoppers = [shopper for shopper in self.shoppers if shopper != user_id]
        self.forgotten.append(user_id)
