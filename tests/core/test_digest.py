"""Names that can be recognised, and not be read."""

from hashlib import blake2b

from hypothesis import given
from hypothesis import strategies as st

from punnet.core.digest import Digests, digest
from punnet.core.vocab import Vocabulary


def test_a_digest_is_32_digits_that_anyone_who_knows_the_name_can_work_out():
    assert digest("ann") == blake2b(b"ann", digest_size=16).hexdigest()
    assert len(digest("éß 番 🥬")) == 32


@given(st.lists(st.tuples(st.sampled_from(["add", "remove", "find"]), st.sampled_from("abcdé")), max_size=20))
def test_a_name_is_found_by_its_digest_as_long_as_it_is_there(steps):
    names, digests, there = Vocabulary(), Digests(), set()
    for what, name in steps:
        if what == "add":
            names.add(name)
            there.add(name)
        elif what == "remove":
            names.remove(name)
            there.discard(name)
        assert what != "find" or digests.find(names, digest(name)) == (name if name in there else None)
    assert {name for name in "abcdé" if digests.find(names, digest(name))} == there


def test_names_that_begin_alike_as_digests_are_told_apart():
    names, digests = Vocabulary.of(["ann", "bob"]), Digests()
    assert digests.find(names, digest("bob")[:16] + digest("ann")[16:]) is None
    assert digests.find(names, digest("bob")) == "bob"
