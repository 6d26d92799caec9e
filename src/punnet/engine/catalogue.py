"""Farms and products: their ids, their nouns, and the columns the algorithms read."""

from collections.abc import Iterator, Set
from datetime import UTC, datetime

import numpy as np
from msgspec import UNSET, structs

from punnet.core.shelf import UNTRACKED, Row, Shelf
from punnet.core.vocab import Vocabulary
from punnet.engine.lexicon import Lexicon
from punnet.engine.words import words
from punnet.market import Farm, FarmPatch, ListedProduct, Product, ProductPatch
from punnet.types import Mask


class Catalogue:
    """What the market sells. Positions of farms, products and categories stay for good; nouns come and go."""

    _products: list[ListedProduct | None]
    _farms: list[Farm | None]

    def __init__(self) -> None:
        self.products = Vocabulary()
        self.farms = Vocabulary()
        self.categories = Vocabulary()
        self.shelf = Shelf()
        self._products = []
        self._farms = []
        self.lexicon = Lexicon()

    def farm(self, farm_id: str) -> Farm | None:
        """Return the farm, if the market has it."""
        position = self.farms.find(farm_id)
        return self._farms[position] if position >= 0 else None

    def product(self, product_id: str) -> ListedProduct | None:
        """Return the product with its farm inside, if the market has it."""
        position = self.products.find(product_id)
        return self._products[position] if position >= 0 else None

    def at(self, position: int) -> ListedProduct:
        """Return the product at a position that is on sale."""
        product = self._products[position]
        assert product is not None, "only products on sale are asked for by position"
        return product

    def listed(self) -> list[ListedProduct]:
        """Return every product of the market, the one added first first."""
        return list(self.listed_after(-1))

    def listed_after(self, position: int) -> Iterator[ListedProduct]:
        """Yield the products of the market that have a place behind `position`, in that order."""
        later = (self._products[at] for at in range(position + 1, len(self._products)))
        return (product for product in later if product is not None)

    def farm_has_products(self, farm_id: str) -> bool:
        """Return whether any product of the market is this farm's."""
        return len(self.shelf.of_farm.row(self.farms.find(farm_id))) > 0

    def on_sale(self, now: float) -> Mask:
        """Return for each product whether a shopper could buy it at `now` (seconds)."""
        return self.shelf.on_sale(now)

    def is_on_sale(self, position: int, now: float) -> bool:
        """Return whether a shopper could buy the product at a position at `now` (seconds)."""
        return self.shelf.is_on_sale(position, now)

    def put_farm(self, farm: Farm) -> None:
        """Make `farm` what is known of it, in its products too."""
        position = self.farms.add(farm.id)
        if position == len(self._farms):
            self._farms.append(farm)
        self._farms[position] = farm
        self.shelf.put_farm(position)
        for product in self.shelf.of_farm.row(position).tolist():
            self._products[product] = structs.replace(self.at(product), farm=farm)

    def put_product(self, product: Product, at: float) -> None:
        """Make `product` what is known of it; `at` (seconds) is when it was added, if nothing says better.

        A product of a farm that is not there is not put.
        """
        farm = self.farm(product.farm_id)
        if farm is None:
            return
        position = self.products.add(product.id)
        if position == len(self._products):
            self._products.append(None)
        before = self._products[position]
        added = product.created_at or (before and before.created_at) or datetime.fromtimestamp(at, UTC)
        fields = {name: getattr(product, name) for name in Product.__struct_fields__} | {"created_at": added}
        listed = self._products[position] = ListedProduct(**fields, farm=farm)
        self.lexicon.put(position, _words_of(before), _words_of(listed))
        self.shelf.put(position, self._row(product, added))

    def patch_farm(self, farm_id: str, patch: FarmPatch) -> None:
        """Change the fields that `patch` has; a farm that is not there stays away."""
        farm = self.farm(farm_id)
        if farm is not None:
            self.put_farm(structs.replace(farm, **_given(patch)))

    def patch_product(self, product_id: str, patch: ProductPatch, at: float) -> None:
        """Change the fields that `patch` has; a product that is not there stays away."""
        product = self.product(product_id)
        if product is not None:
            self.put_product(structs.replace(product, **_given(patch)), at)

    def remove_farm(self, farm_id: str) -> None:
        """Take a farm out of the market; what it still sells is not on sale without it."""
        position = self.farms.find(farm_id)
        if position >= 0:
            self._farms[position] = None
            self.shelf.remove_farm(position)

    def remove_product(self, product_id: str) -> None:
        """Take a product out of the market."""
        position = self.products.find(product_id)
        if position >= 0:
            self.lexicon.put(position, _words_of(self._products[position]), frozenset())
            self._products[position] = None
            self.shelf.remove(position)

    def categories_of(self, search_query: str) -> list[int]:
        """Return the categories that share a word with the query, in any case."""
        sought = words(search_query)
        return [at for at in range(len(self.categories)) if sought & words(self.categories[at])]

    def _row(self, product: Product, added: datetime) -> Row:
        since, until = product.available_from, product.available_until
        return Row(
            category=self.categories.add(product.category),
            farm=self.farms.find(product.farm_id),
            price=product.price,
            organic=product.organic,
            added=added.timestamp(),
            stock=UNTRACKED if product.stock is None else product.stock,
            available=product.available,
            since=since.timestamp() if since else -np.inf,
            until=until.timestamp() if until else np.inf,
        )


def _words_of(product: ListedProduct | None) -> Set[str]:
    """Return the words that a search finds a product by."""
    return frozenset() if product is None else words(f"{product.name}\n{product.category}")


def _given(patch: FarmPatch | ProductPatch) -> dict[str, object]:
    fields = ((name, getattr(patch, name)) for name in patch.__struct_fields__)
    return {name: value for name, value in fields if value is not UNSET}
