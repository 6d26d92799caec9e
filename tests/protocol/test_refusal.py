"""What was wrong, in a sentence."""

import tracemalloc
from typing import Annotated

import msgspec
import pytest
from msgspec import Meta

from punnet.protocol import refusal


class Seed(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    sow_depth: Annotated[float, Meta(ge=0, le=10)]
    sown_at: str = ""
    row: tuple[int, ...] = ()

    def __post_init__(self):
        if self.sown_at == "never":
            raise ValueError("sown_at is no day")
        if self.sown_at == "!":
            raise ValueError("nothing grows from that")


class Empty(msgspec.Struct, forbid_unknown_fields=True):
    pass


FIELDS = "the fields are sowDepth, sownAt, row"
NONE = "the fields are none"
TEXT = "Unicode text without lone surrogates"
LONG = b"1" + b"0" * 5_000


def refused(content, kind=Seed, place=""):
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(content, kind)
    return refusal.translated(caught.value, content, kind, place)


@pytest.mark.parametrize(
    ("content", "field", "value", "message"),
    [
        ({"sowDepth": 11}, "sowDepth", 11, "sowDepth is 11: it must be a number from 0 to 10."),
        ({"sowDepth": "deep"}, "sowDepth", "deep", 'sowDepth is "deep": it must be a number from 0 to 10.'),
        ({"sowDepth": None}, "sowDepth", None, "sowDepth is null: it must be a number from 0 to 10."),
        ({"sowDepth": True}, "sowDepth", True, "sowDepth is true: it must be a number from 0 to 10."),
        ({"row": 1, "sowDepth": 1}, "row", 1, "row is 1: it must be a list."),
        ({"sowDepth": 1, "row": {}}, "row", "an object", "row is an object: it must be a list."),
        (
            {"sowDepth": 1, "sownAt": [1]},
            "sownAt",
            "a list of 1",
            "sownAt is a list of 1: it must be a text.",
        ),
        ({}, "sowDepth", None, "sowDepth is missing: it must be a number from 0 to 10."),
        ({"sowDepth": 1, "row": [1, "x"]}, "row[1]", "x", 'row[1] is "x": it must be a whole number.'),
        ({"sowDepth": 1, "sownAt": "never"}, "sownAt", "never", "sownAt is no day."),
        ({"sowDepth": 1, "sownAt": "!"}, "body", "an object", "nothing grows from that."),
        ({"sowDepth": 1, "hue": "red"}, "hue", "red", f"hue is not known here: {FIELDS}."),
        ({"sowDepth": 1, "x` - at `$.row": 1}, "row.x", None, f"row.x is not known here: {NONE}."),
        ({"sowDepth": 1, "\x1b[2J": 1}, "\ufffd[2J", 1, f"\ufffd[2J is not known here: {FIELDS}."),
        (7, "body", 7, "body is 7: it must be an object with sowDepth, [sownAt], [row]."),
    ],
)
def test_a_refusal_names_the_field_its_value_and_what_is_allowed(content, field, value, message):
    error = refused(content)

    assert (error.field, error.value, error.message) == (field, value, message)


def test_the_place_stands_before_the_names_of_fields():
    assert refused({}, place="payload.").field == "payload.sowDepth"
    assert refused(7, place="payload.").field == "payload"


def test_a_place_that_the_client_named_is_shown_like_a_value():
    error = refusal.refuse("\x1b" + "x" * 200, 7, "a text")

    assert error.field == "\ufffd" + "x" * 98 + "…"
    assert error.message == f"{error.field} is 7: it must be a text."


def test_an_object_without_fields_has_none_to_offer():
    assert refused({"a": 1}, Empty).message == "a is not known here: the fields are none."


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ("x" * 100, "x" * 100),
        ("x" * 101, "x" * 99 + "…"),
        ("a\ud800b", "a\ufffdb"),
        ("\x1b[2J\x07\x7f\x9b", "\ufffd[2J\ufffd\ufffd\ufffd"),
        (2**53 - 1, 2**53 - 1),
        (10**200, "1" + "0" * 98 + "…"),
        (1.5, 1.5),
        (float("nan"), "nan"),
        ((1, 2), "a list of 2"),
    ],
)
def test_a_value_is_shown_short_and_such_that_json_carries_it(value, seen):
    assert refusal.shown(value) == seen
    assert msgspec.json.encode(refusal.shown(value))


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        (b"", "body", "The body is not JSON: Expecting value at line 1, column 1."),
        (b'{"sowDepth": 1', "body", "The body is not JSON: Expecting ',' delimiter at line 1, column 15."),
        (
            b'{"sowDepth": "1',
            "body",
            "The body is not JSON: Unterminated string starting at line 1, column 14.",
        ),
        (b'{"sowDepth": "\xff"}', "body", "The body is not JSON: byte 14 is not UTF-8."),
        (b"[" * 100_000, "body", "The body is not JSON: it is nested too deeply."),
        (b'{"sowDepth": 1}', "body", "The body is not JSON: it is nested too deeply."),
        (b'{"sowDepth": NaN}', "sowDepth", "sowDepth is NaN: it must be a number from 0 to 10."),
        (b'{"sowDepth": -1e999}', "sowDepth", "sowDepth is -1e999: it must be a number from 0 to 10."),
        (b'{"row": [0, 0.5, %s]}' % LONG, "row[2]", f"row[2] is 1{'0' * 98}…: it must be a whole number."),
        (b'{"sownAt": "\\ud800"}', "sownAt", f'sownAt is "\ufffd": it must be {TEXT}.'),
        (b'{"a": {"\\ud800": 1}}', "a", f'a is "\ufffd": it must be {TEXT}.'),
    ],
)
def test_what_is_not_json_is_refused_by_the_place_that_is_to_blame(body, field, message):
    error = refusal.broken(body, Seed)

    assert (error.field, error.message) == (field, message)


def test_a_deep_and_wide_body_is_searched_in_little_memory():
    body = b"[" * 500 + b"0," * 100_000 + b"1e999" + b"]" * 500

    tracemalloc.start()
    error = refusal.broken(body, list)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert error.field == "[0]" * 33 + "…"
    assert most < 20e6


def test_the_place_is_found_after_other_places_were_left():
    body = b'{"a": [[1], {"b": 2}], "c": {"d": [3, {"e": NaN}]}}'

    assert refusal.broken(body, dict).field == "c.d[1].e"


def test_the_name_of_a_field_is_shown_short_too():
    assert refused({"sowDepth": 1, "x" * 10_000: 1}).field == "x" * 99 + "…"
