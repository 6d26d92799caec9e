"""The catalogue: farms and products, their changes, and when a shopper can buy what."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from punnet.engine.catalogue import Catalogue
from punnet.market import Farm, FarmPatch, ListedProduct, Product, ProductPatch
from tests.engine.facts import NOON, NOW, ago, farm, product

SECOND = timedelta(seconds=1)


def catalogue_of(*nouns, at=NOW):
    """Return a catalogue with these farms and products."""
    catalogue = Catalogue()
    for noun in nouns:
        if isinstance(noun, Farm):
            catalogue.put_farm(noun)
        else:
            catalogue.put_product(noun, at)
    return catalogue


def on_sale(catalogue, now=NOW):
    """Return the ids of what a shopper could buy."""
    return [catalogue.products[at] for at, is_on_sale in enumerate(catalogue.on_sale(now)) if is_on_sale]


def words_of(catalogue):
    """Return the products that each word finds, as far as it finds any."""
    lexicon = catalogue.lexicon
    found = {word: lexicon.having.row(at).tolist() for at, word in enumerate(lexicon.words)}
    return {word: products for word, products in found.items() if products}


farm_ids = st.sampled_from(["hill", "dale"])
product_ids = st.sampled_from(["leeks", "pears", "plums"])
prices = st.sampled_from([1.0, 2.0])
stocks = st.sampled_from([None, 0, 3])
moments = st.sampled_from([None, ago(2), NOON, ago(-1)])
names = st.sampled_from(["Old", "New"])

products = st.builds(
    product,
    product_ids,
    farm_id=farm_ids,
    price=prices,
    stock=stocks,
    available=st.sampled_from([True, True, False]),
    organic=st.booleans(),
    available_from=moments,
    available_until=moments,
    created_at=moments,
)
puts = st.tuples(st.just("put_product"), products)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("put_farm"), st.builds(farm, farm_ids, name=names, region=names)),
        st.tuples(st.just("remove_farm"), farm_ids),
        st.tuples(st.just("patch_farm"), farm_ids, st.builds(FarmPatch, region=st.one_of(st.none(), names))),
        puts,
        st.tuples(st.just("remove_product"), product_ids),
        st.tuples(
            st.just("patch_product"),
            product_ids,
            st.builds(
                ProductPatch,
                stock=st.one_of(st.just(UNSET), stocks),
                farm_id=st.one_of(st.just(UNSET), farm_ids),
                created_at=st.one_of(st.just(UNSET), moments),
            ),
        ),
    ),
    max_size=25,
)


class Written:
    """The same catalogue as plain dicts."""

    def __init__(self):
        self.farms, self.products = {}, {}

    def put_farm(self, farm):
        self.farms[farm.id] = farm

    def remove_farm(self, farm_id):
        self.farms.pop(farm_id, None)

    def patch_farm(self, farm_id, patch):
        if farm_id in self.farms:
            self.farms[farm_id] = Farm(**fields(self.farms[farm_id], Farm) | given_by(patch))

    def put_product(self, product, at):
        if product.farm_id in self.farms:
            before = self.products.get(product.id)
            kept = datetime.fromtimestamp(at, UTC) if before is None else before.created_at
            created = product.created_at or kept
            self.products[product.id] = Product(**fields(product, Product) | {"created_at": created})

    def remove_product(self, product_id):
        self.products.pop(product_id, None)

    def patch_product(self, product_id, patch, at):
        if product_id in self.products:
            self.put_product(Product(**fields(self.products[product_id], Product) | given_by(patch)), at)

    def on_sale(self):
        return {
            it.id
            for it in self.products.values()
            if it.farm_id in self.farms
            and it.available
            and it.stock != 0
            and (it.available_from is None or it.available_from <= NOON)
            and (it.available_until is None or it.available_until > NOON)
        }


def fields(noun, kind):
    """Return the fields of a noun by name."""
    return {name: getattr(noun, name) for name in kind.__struct_fields__}


def given_by(patch):
    """Return the fields that a patch has."""
    return {name: value for name, value in fields(patch, type(patch)).items() if value is not UNSET}


@given(st.lists(puts, min_size=1, max_size=4), steps)
def test_the_catalogue_is_what_was_put_patched_and_not_removed(start, steps):
    catalogue, written = Catalogue(), Written()
    farms = [("put_farm", farm("hill")), ("put_farm", farm("dale"))]
    for number, (name, *arguments) in enumerate([*farms, *start, *steps]):
        time = [NOW - 1000.0 + number] if name in ("put_product", "patch_product") else []
        getattr(catalogue, name)(*arguments, *time)
        getattr(written, name)(*arguments, *time)
    for farm_id in ("hill", "dale"):
        assert catalogue.farm(farm_id) == written.farms.get(farm_id)
        its = {it.id for it in written.products.values() if it.farm_id == farm_id}
        assert catalogue.farm_has_products(farm_id) == bool(its)
    listed = {it.id: it for it in catalogue.listed()}
    assert {name: fields(it, Product) for name, it in listed.items()} == {
        name: fields(it, Product) for name, it in written.products.items()
    }
    assert all(it.farm == written.farms.get(it.farm_id, it.farm) for it in listed.values())
    assert all(catalogue.product(name) == listed.get(name) for name in ("leeks", "pears", "plums"))
    assert set(on_sale(catalogue)) == written.on_sale()
    one_by_one = [catalogue.is_on_sale(at, NOW) for at in range(len(catalogue.products))]
    assert one_by_one == catalogue.on_sale(NOW).tolist()
    for name, it in listed.items():
        at = catalogue.products.find(name)
        shelf = catalogue.shelf
        assert catalogue.farms[shelf.farm[at]] == it.farm_id
        assert catalogue.categories[shelf.category[at]] == it.category
        assert (shelf.price[at], shelf.organic[at]) == (it.price, it.organic)
        assert shelf.added[at] == it.created_at.timestamp()


def test_an_empty_catalogue_has_nothing():
    catalogue = Catalogue()
    assert (catalogue.farm("hill"), catalogue.product("leeks"), catalogue.listed()) == (None, None, [])
    assert catalogue.on_sale(NOW).tolist() == []
    assert words_of(catalogue) == {}
    assert catalogue.categories_of("leeks") == []
    assert not catalogue.farm_has_products("hill")


def test_a_product_is_listed_with_its_farm_inside():
    catalogue = catalogue_of(farm(region="East"), product("leeks", unit="bunch", organic=True))
    expected = ListedProduct(
        **fields(product("leeks", unit="bunch", organic=True), Product) | {"created_at": NOON},
        farm=farm(region="East"),
    )
    assert catalogue.product("leeks") == catalogue.at(0) == expected
    assert catalogue.listed() == [expected]


def test_the_products_are_listed_in_the_order_they_were_added_first():
    catalogue = catalogue_of(farm(), product("pears"), product("leeks"), product("plums"), product("pears"))
    catalogue.remove_product("leeks")
    assert [it.id for it in catalogue.listed()] == ["pears", "plums"]
    catalogue.put_product(product("leeks"), NOW)
    assert [it.id for it in catalogue.listed()] == ["pears", "leeks", "plums"]


def test_a_listing_can_begin_behind_a_product_even_one_that_left():
    catalogue = catalogue_of(farm(), product("pears"), product("leeks"), product("plums"))
    catalogue.remove_product("leeks")
    behind = {name: catalogue.listed_after(catalogue.products.find(name)) for name in catalogue.products}
    assert {name: [it.id for it in later] for name, later in behind.items()} == {
        "pears": ["plums"],
        "leeks": ["plums"],
        "plums": [],
    }


def test_a_farms_new_name_appears_in_its_products_only():
    catalogue = catalogue_of(farm(), farm("dale"), product("leeks"), product("pears", farm_id="dale"))
    catalogue.put_farm(farm(name="Hilltop"))
    assert catalogue.product("leeks").farm == catalogue.farm("hill") == farm(name="Hilltop")
    catalogue.patch_farm("hill", FarmPatch(region="East"))
    assert catalogue.product("leeks").farm == farm(name="Hilltop", region="East")
    assert catalogue.product("pears").farm == farm("dale")


def test_a_farms_new_name_does_not_bring_back_what_left():
    catalogue = catalogue_of(farm(), product("leeks"))
    catalogue.remove_product("leeks")
    catalogue.put_farm(farm(name="Hilltop"))
    assert catalogue.product("leeks") is None
    assert on_sale(catalogue) == []


def test_a_product_that_moves_has_its_new_farm_inside():
    catalogue = catalogue_of(farm(), farm("dale"), product("leeks"))
    catalogue.patch_product("leeks", ProductPatch(farm_id="dale"), NOW)
    assert catalogue.product("leeks").farm == farm("dale")
    assert (catalogue.farm_has_products("hill"), catalogue.farm_has_products("dale")) == (False, True)
    catalogue.put_farm(farm(name="Hilltop"))
    catalogue.put_farm(farm("dale", name="Dalefoot"))
    assert catalogue.product("leeks").farm.name == "Dalefoot"


def test_a_product_is_as_old_as_it_says_or_else_as_its_first_call():
    catalogue = catalogue_of(farm(), product("leeks", created_at=ago(3)), product("pears"), at=NOW - 60)
    assert catalogue.product("leeks").created_at == ago(3)
    assert catalogue.product("pears").created_at == NOON - timedelta(minutes=1)
    assert catalogue.shelf.added.tolist() == [ago(3).timestamp(), NOW - 60]


@pytest.mark.parametrize("known", [{}, {"created_at": ago(3)}])
def test_what_is_put_or_patched_again_keeps_its_age(known):
    catalogue = catalogue_of(farm(), product("leeks", **known), at=NOW - 60)
    before = catalogue.product("leeks").created_at
    catalogue.put_product(product("leeks", price=9.0), NOW)
    catalogue.patch_product("leeks", ProductPatch(price=3.0), NOW)
    catalogue.patch_product("leeks", ProductPatch(created_at=None), NOW)
    assert catalogue.product("leeks").created_at == before
    assert catalogue.shelf.added.tolist() == [before.timestamp()]


def test_an_age_that_is_given_anew_counts():
    catalogue = catalogue_of(farm(), product("leeks"), at=NOW)
    catalogue.patch_product("leeks", ProductPatch(created_at=ago(9)), NOW)
    assert catalogue.product("leeks").created_at == ago(9)
    catalogue.put_product(product("leeks", created_at=ago(5)), NOW)
    assert catalogue.shelf.added.tolist() == [ago(5).timestamp()]


def test_what_was_removed_and_comes_back_is_new_at_its_old_place():
    catalogue = catalogue_of(farm(), product("leeks", created_at=ago(9)), product("pears"))
    catalogue.remove_product("leeks")
    assert catalogue.product("leeks") is None
    assert on_sale(catalogue) == ["pears"]
    catalogue.put_product(product("leeks"), NOW)
    assert catalogue.product("leeks").created_at == NOON
    assert on_sale(catalogue) == ["leeks", "pears"]


def test_a_patch_changes_only_what_it_has_and_null_is_a_value():
    whole = product("leeks", stock=3, unit="bunch", image_url="leeks.svg", harvested_at=ago(1))
    catalogue = catalogue_of(farm(latitude=1.0, longitude=2.0, region="East"), whole)
    catalogue.patch_product("leeks", ProductPatch(stock=None, organic=True), NOW)
    patched = catalogue.product("leeks")
    assert (patched.stock, patched.organic, patched.unit, patched.harvested_at) == (
        None,
        True,
        "bunch",
        ago(1),
    )
    catalogue.patch_farm("hill", FarmPatch(latitude=None, longitude=None))
    assert catalogue.farm("hill") == farm(region="East")


def test_what_is_not_there_stays_away():
    catalogue = catalogue_of(farm())
    catalogue.patch_farm("dale", FarmPatch(name="New"))
    catalogue.patch_product("leeks", ProductPatch(price=1.0), NOW)
    catalogue.remove_farm("dale")
    catalogue.remove_product("leeks")
    catalogue.put_product(product("pears", farm_id="dale"), NOW)
    assert (catalogue.farm("dale"), catalogue.listed(), len(catalogue.products)) == (None, [], 0)


def test_a_move_to_a_farm_that_is_not_there_changes_nothing():
    catalogue = catalogue_of(farm(), product("leeks"))
    catalogue.patch_product("leeks", ProductPatch(farm_id="dale", price=9.0), NOW)
    catalogue.put_product(product("leeks", farm_id="dale", price=9.0), NOW)
    assert (catalogue.product("leeks").farm, catalogue.product("leeks").price) == (farm(), 2.0)


def test_without_its_farm_nothing_is_on_sale_until_it_comes_back():
    catalogue = catalogue_of(farm(), farm("dale"), product("leeks"), product("pears", farm_id="dale"))
    catalogue.remove_farm("hill")
    assert catalogue.farm("hill") is None
    assert on_sale(catalogue) == ["pears"]
    assert [catalogue.is_on_sale(at, NOW) for at in range(2)] == [False, True]
    catalogue.patch_product("leeks", ProductPatch(price=9.0), NOW)
    catalogue.put_farm(farm(name="Again"))
    assert on_sale(catalogue) == ["leeks", "pears"]
    assert (catalogue.product("leeks").farm.name, catalogue.product("leeks").price) == ("Again", 2.0)


@pytest.mark.parametrize(
    ("known", "is_on_sale"),
    [
        ({}, True),
        ({"available": False}, False),
        ({"stock": 0}, False),
        ({"stock": 1}, True),
        ({"stock": None}, True),
        ({"available_from": NOON}, True),
        ({"available_from": NOON + SECOND}, False),
        ({"available_until": NOON + SECOND}, True),
        ({"available_until": NOON}, False),
        ({"available_from": NOON, "available_until": NOON}, False),
        ({"available_from": datetime(1, 1, 1, tzinfo=UTC)}, True),
        ({"available_until": datetime(9999, 12, 31, tzinfo=UTC)}, True),
        ({"available_from": datetime(9999, 12, 31, tzinfo=UTC)}, False),
        ({"available_until": datetime(1970, 1, 1, tzinfo=UTC)}, False),
        ({"created_at": datetime(9999, 12, 31, tzinfo=UTC)}, True),
    ],
)
def test_a_product_is_on_sale_while_it_is_available_in_stock_and_in_its_window(known, is_on_sale):
    assert on_sale(catalogue_of(farm(), product("leeks", **known))) == (["leeks"] if is_on_sale else [])


def test_a_sold_out_product_is_on_sale_again_when_it_is_restocked():
    catalogue = catalogue_of(farm(), product("leeks", stock=0))
    catalogue.patch_product("leeks", ProductPatch(stock=5), NOW)
    assert on_sale(catalogue) == ["leeks"]


def test_a_product_is_found_by_the_words_of_its_name_and_its_category():
    catalogue = catalogue_of(
        farm(), product("leeks", name="Fine LEEKS, fine"), product("plums", category="Stone Fruits")
    )
    assert words_of(catalogue) == {
        "fine": [0], "leeks": [0], "vegetables": [0], "plums": [1], "stone": [1], "fruits": [1],
    }  # fmt: skip
    catalogue.patch_product("leeks", ProductPatch(category="Stone Fruits"), NOW)
    assert words_of(catalogue) == {
        "fine": [0], "leeks": [0], "plums": [1], "stone": [0, 1], "fruits": [0, 1],
    }  # fmt: skip


def test_a_word_does_not_run_from_the_name_into_the_category():
    assert words_of(catalogue_of(farm(), product("leeks", name="Le", category="Eks"))) == {
        "le": [0],
        "eks": [0],
    }


def test_what_left_is_not_found_until_it_comes_back():
    catalogue = catalogue_of(farm(), product("leeks", name="Leeks"))
    catalogue.remove_product("leeks")
    catalogue.remove_product("leeks")
    assert words_of(catalogue) == {}
    catalogue.put_product(product("leeks", name="Leeks"), NOW)
    assert words_of(catalogue) == {"leeks": [0], "vegetables": [0]}


def test_only_a_change_of_words_changes_what_is_found():
    catalogue = catalogue_of(farm(), product("leeks"))
    before = catalogue.lexicon.changes
    catalogue.patch_product("leeks", ProductPatch(price=9.0, stock=0), NOW)
    assert catalogue.lexicon.changes == before
    catalogue.patch_product("leeks", ProductPatch(name="Chives"), NOW)
    assert catalogue.lexicon.changes == before + 1


def test_a_search_names_the_categories_that_share_a_whole_word():
    catalogue = catalogue_of(
        farm(),
        product("leeks"),
        product("pears", category="Fruits"),
        product("plums", category="Stone-Fruits"),
    )
    assert catalogue.categories_of("FRUITS!") == [1, 2]
    assert catalogue.categories_of("stone vegetables") == [0, 2]
    assert catalogue.categories_of("fruit") == []
    assert catalogue.categories_of("") == []


def test_a_category_is_known_from_the_first_product_on():
    catalogue = catalogue_of(farm(), product("leeks"))
    catalogue.remove_product("leeks")
    catalogue.put_product(product("pears", category="Fruits"), NOW)
    catalogue.patch_product("pears", ProductPatch(category="Vegetables"), NOW)
    assert [catalogue.categories[at] for at in range(len(catalogue.categories))] == ["Vegetables", "Fruits"]
    assert catalogue.shelf.category.tolist() == [0, 0]


def test_the_mask_belongs_to_who_asked():
    catalogue = catalogue_of(farm(), product("leeks"))
    catalogue.on_sale(NOW)[:] = False
    assert on_sale(catalogue) == ["leeks"]
    catalogue.listed().clear()
    assert len(catalogue.listed()) == 1


def test_by_position_only_what_is_there_can_be_asked_for():
    catalogue = catalogue_of(farm(), product("leeks"))
    catalogue.remove_product("leeks")
    with pytest.raises(AssertionError, match="only products on sale"):
        catalogue.at(0)
