"""Words: runs of letters and digits, in any case."""

from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punnet.engine.words import words


@given(st.text(alphabet=st.one_of(st.characters(codec="utf-8"), st.sampled_from(" -_,.'aB9é"))))
def test_words_are_the_runs_of_letters_and_digits(text):
    runs = ("".join(run) for is_word, run in groupby(text.casefold(), str.isalnum) if is_word)
    assert words(text) == set(runs)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Green Tomatoes, green beans!", {"green", "tomatoes", "beans"}),
        ("sweet-milk", {"sweet", "milk"}),
        ("snake_case", {"snake", "case"}),
        ("A2 milk, 3.5 %", {"a2", "milk", "3", "5"}),
        ("SPARGEL aus Gießen", {"spargel", "aus", "giessen"}),
        ("番茄 トマト", {"番茄", "トマト"}),
        ("", set()),
        (" -_,. ", set()),
    ],
)
def test_case_and_punctuation_do_not_matter(text, expected):
    assert words(text) == expected
