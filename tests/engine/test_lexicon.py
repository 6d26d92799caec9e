"""Lexicon: which words the products have."""

from hypothesis import given
from hypothesis import strategies as st

from punnet.engine.lexicon import Lexicon

texts = st.frozensets(st.sampled_from(["red", "apple", "apples", "éß", "7"]), max_size=4)


def found(lexicon):
    """Return the products that each word finds, as far as it finds any."""
    rows = {word: lexicon.having.row(at).tolist() for at, word in enumerate(lexicon.words)}
    return {word: products for word, products in rows.items() if products}


@given(st.lists(st.tuples(st.integers(0, 3), texts), max_size=12))
def test_every_word_finds_the_products_that_have_it_now_the_one_added_first_first(steps):
    lexicon, known, changes = Lexicon(), {}, 0
    for product, after in steps:
        before = known.get(product, frozenset())
        lexicon.put(product, before, after)
        known[product] = after
        changes += before != after
        words = frozenset().union(*known.values())
        assert found(lexicon) == {
            word: sorted(at for at, having in known.items() if word in having) for word in words
        }
        assert lexicon.changes == changes


def test_a_word_that_nothing_has_any_more_keeps_its_place():
    lexicon = Lexicon()
    lexicon.put(0, frozenset(), {"old", "red"})
    lexicon.put(0, {"old", "red"}, {"red"})
    lexicon.put(1, frozenset(), {"old"})
    assert list(lexicon.words) == ["old", "red"]
    assert found(lexicon) == {"old": [1], "red": [0]}


def test_an_empty_lexicon_finds_nothing():
    assert found(Lexicon()) == {}
