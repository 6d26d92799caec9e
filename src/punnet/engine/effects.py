"""What follows from records that were applied."""

from dataclasses import dataclass, field

from punnet.market import Action


@dataclass(slots=True)
class Effects:
    """Actions to react to, who bought something, and which products were put, patched or removed.

    Alerts are not here: the engine holds and numbers them itself.
    """

    actions: list[Action] = field(default_factory=list)
    buyers: list[str] = field(default_factory=list)
    products: list[str] = field(default_factory=list)

    def add(self, later: "Effects") -> None:
        """Add what follows from later records."""
        self.actions += later.actions
        self.buyers += later.buyers
        self.products += later.products
