"""Labels: products are written once, and answers look as if each were written anew."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from punnet.market import Contribution, Farm, ListedProduct, Reason, Recommendation
from punnet.protocol import codec
from punnet.protocol.labels import Labels

HILL = Farm(id="hill", name="Hill Farm", latitude=39.1, longitude=-84.5)


def product(name, price=2.0, **known):
    return ListedProduct(
        id=name, name=f"Fresh {name}", farm_id="hill", category="Greens", price=price, farm=HILL, **known
    )


def recommended(listed, score=0.5):
    return Recommendation(
        product=listed,
        score=score,
        reason=Reason.TRENDING_LOCAL,
        reasons=(Reason.TRENDING_LOCAL, Reason.SEASONAL),
        confidence=0.25,
        metadata={"contributions": {"trending": Contribution(score=0.1, weight=0.15)}, "area": "local"},
    )


NAMES = st.sampled_from(["kale", "leek", "beet", 'quo"te', "Zoë"])
CHANGES = st.lists(st.tuples(NAMES, st.floats(0, 1e9), st.booleans()), max_size=20)


@given(CHANGES, st.integers(1, 4))
def test_whatever_changes_what_is_labelled_is_written_like_any_other(changes, most):
    labels, shelf = Labels(most), {}
    for name, price, again in changes:
        if not (again and name in shelf):
            shelf[name] = product(name, price)
        listed = [recommended(each) for each in shelf.values()]
        assert codec.write(labels.on(listed)) == codec.write(listed)
        assert len(labels._written) <= most


def test_a_product_is_written_once_for_as_long_as_it_stays_the_same():
    labels, kale = Labels(), product("kale")
    [one], [other] = labels.on([recommended(kale)]), labels.on([recommended(kale, 0.7)])
    changed = labels.on([recommended(msgspec.structs.replace(kale, price=3.0))])

    assert one.product is other.product
    assert changed[0].product is not one.product


def test_of_nothing_nothing_is_written():
    assert codec.write(Labels().on([])) == b"[]"
