"""Names and their positions."""

from hypothesis import given
from hypothesis import strategies as st

from punnet.core.vocab import Vocabulary


@given(st.lists(st.text(max_size=2)))
def test_every_name_has_the_position_of_its_first_time_among_the_different_names(names):
    vocabulary, at_once = Vocabulary(), Vocabulary()
    given_out = [vocabulary.add(name) for name in names]
    different = list(dict.fromkeys(names))
    assert given_out == at_once.add_all(names) == [different.index(name) for name in names]
    assert list(at_once) == different
    assert [vocabulary[position] for position in range(len(vocabulary))] == different
    assert [vocabulary.find(name) for name in different] == list(range(len(different)))


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("abcd")), max_size=20))
def test_a_name_that_was_removed_leaves_its_position_empty_and_gets_a_new_one(steps):
    vocabulary, expected = Vocabulary(), []
    for adds, name in steps:
        at = expected.index(name) if name in expected else -1
        if adds:
            assert vocabulary.add(name) == (len(expected) if at < 0 else at)
            expected += [name] if at < 0 else []
        else:
            assert vocabulary.remove(name) == at
            expected = [None if known == name else known for known in expected]
        for vocab in (vocabulary, Vocabulary.of(expected)):
            assert (list(vocab), len(vocab)) == (expected, len(expected))
            assert vocab.count == len(expected) - expected.count(None)
            assert (
                vocab.find_all("abcd")
                == [vocab.find(known) for known in "abcd"]
                == [expected.index(known) if known in expected else -1 for known in "abcd"]
            )
            assert all(vocab[at] == known for at, known in enumerate(expected) if known is not None)


@given(st.lists(st.text(max_size=2), unique=True))
def test_a_vocabulary_made_of_names_goes_on_like_one_to_which_they_were_added(names):
    made, filled = Vocabulary.of(names), Vocabulary()
    for name in names:
        filled.add(name)
    for name in ("kale", *names):
        assert made.find(name) == filled.find(name)
        assert made.add(name) == filled.add(name)
    assert list(made) == list(filled) == [filled[position] for position in range(len(filled))]


def test_an_empty_vocabulary_has_no_names():
    assert len(Vocabulary()) == 0


def test_a_name_that_was_never_added_is_at_minus_1():
    vocabulary = Vocabulary()
    vocabulary.add("kale")
    assert vocabulary.find("leek") == -1


def test_looking_for_a_name_does_not_add_it():
    vocabulary = Vocabulary()
    vocabulary.find("kale")
    assert len(vocabulary) == 0
    assert vocabulary.add("leek") == 0


def test_only_a_name_that_is_new_adds_to_a_vocabulary():
    vocabulary = Vocabulary()
    assert [vocabulary.adds(name) for name in ("kale", "kale", "leek", "leek", "kale")] == [
        True,
        False,
        True,
        False,
        False,
    ]
    assert list(vocabulary) == ["kale", "leek"]


def test_names_differ_by_case():
    vocabulary = Vocabulary()
    assert [vocabulary.add("kale"), vocabulary.add("Kale"), vocabulary.add("kale")] == [0, 1, 0]


def test_a_position_tells_its_name_or_that_it_is_empty():
    vocabulary = Vocabulary.of(["ann", None, "bob"])
    assert [vocabulary.name(position) for position in range(3)] == ["ann", None, "bob"]
