"""Searches: the products that have a word with one of the sought inside."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.engine import searches
from punnet.engine.lexicon import Lexicon
from punnet.engine.searches import Searches
from punnet.engine.words import words

NAMES = ("leeks", "pears", "plums")
texts = st.sampled_from(
    ["", "apple", "apples red", "red", "Green pineapples", "pin", "éß 7", "STRASSE", "apple apple", "a"]
)


def searches_of(*names):
    """Return the searches of products with these names."""
    lexicon = Lexicon()
    for product, name in enumerate(names):
        lexicon.put(product, frozenset(), words(name))
    return Searches(lexicon)


def naive(names, search_query):
    """Return the products with a word of the search anywhere in a word of their name."""
    sought = words(search_query)
    return [at for at, name in enumerate(names) if any(word in name.casefold() for word in sought)]


@given(st.lists(texts, max_size=6), st.lists(texts | st.sampled_from(["app", "ss", "e", "s r", "!?"])))
def test_a_search_finds_what_has_one_of_its_words_inside(names, queries):
    found = searches_of(*names)
    for query in queries:
        products = found.matching(query)
        assert products.dtype == np.int32
        assert products.tolist() == naive(names, query)


@given(st.lists(st.tuples(st.integers(0, 3), texts), max_size=8), st.lists(texts, min_size=1, max_size=3))
def test_what_was_found_before_a_change_is_looked_for_anew(changes, queries):
    lexicon = Lexicon()
    found, known = Searches(lexicon), [""] * 4
    for product, name in changes:
        lexicon.put(product, words(known[product]), words(name))
        known[product] = name
        for query in queries:
            assert found.matching(query).tolist() == naive(known, query)
            assert found.matching(query).tolist() == naive(known, query)


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("leeks", ["leeks"]),
        ("LEEK", ["leeks"]),
        ("fruits", ["pears", "plums"]),
        ("stone, leeks", ["leeks", "plums"]),
        ("ruit", ["pears", "plums"]),
        ("leeks fruits", ["leeks", "pears", "plums"]),
        ("sfruits", []),
        ("nothing", []),
        ("", []),
        ("!?", []),
    ],
)
def test_a_search_matches_a_word_anywhere_in_name_or_category(search, expected):
    found = searches_of("Leeks\nVegetables", "Pears\nFruits", "Plums\nStone Fruits")
    assert [NAMES[product] for product in found.matching(search)] == expected


def test_a_word_that_nothing_has_any_more_finds_nothing():
    lexicon = Lexicon()
    lexicon.put(0, frozenset(), {"old", "red"})
    found = Searches(lexicon)
    assert found.matching("old").tolist() == [0]
    lexicon.put(0, {"old", "red"}, {"red"})
    assert found.matching("old").tolist() == []
    assert found.matching("red").tolist() == [0]


def test_a_search_does_not_run_from_one_word_into_the_next():
    assert searches_of("le", "eks").matching("leeks").tolist() == []


def test_a_list_that_was_found_is_kept_while_nothing_changes():
    found = searches_of("leeks", "pears")
    assert found.matching("leek") is found.matching("leek")


def test_lists_are_dropped_where_there_are_too_many(monkeypatch):
    found = searches_of(*["leeks"] * 5)
    monkeypatch.setattr(searches, "KEPT", 11)
    first = found.matching("leek")
    assert found.matching("nothing").tolist() == []
    assert found.matching("leek") is first
    second = found.matching("eek")
    assert found.matching("leek") is not first
    assert found.matching("eek").tolist() == second.tolist()


def test_a_market_without_words_finds_nothing():
    assert searches_of().matching("leeks").tolist() == []
