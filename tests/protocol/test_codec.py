"""Bytes to nouns and back."""

import json
from typing import Annotated
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Meta

from punnet.errors import Refused
from punnet.market import Farm, FarmPatch, Noun, Product, Query
from punnet.protocol import codec
from punnet.protocol.actions import PostedAction


class Wanted(Noun, frozen=True, kw_only=True):
    name: str = "-"
    count: Annotated[int, Meta(ge=1, le=9)] = 1
    share: float = 0.0
    really: bool = False
    names: tuple[str, ...] = ()


def refusal_of(read):
    with pytest.raises(Refused) as caught:
        read()
    return caught.value


def test_what_is_written_reads_as_the_same_noun():
    farm = Farm(id="hill", name="Hill Farm", latitude=39.1, longitude=-84.5)

    assert codec.read(codec.write(farm), Farm) == farm


def test_a_byte_order_mark_is_no_part_of_the_json():
    assert codec.read(b'\xef\xbb\xbf{"id": "hill", "name": "Hill"}', Farm).id == "hill"


def test_given_fields_may_be_left_out_repeated_but_not_contradicted():
    given_id = {"id": "hill"}

    assert codec.read(b'{"name": "Hill"}', Farm, given=given_id).id == "hill"
    assert codec.read(b'{"id": "hill", "name": "Hill"}', Farm, given=given_id).id == "hill"
    error = refusal_of(lambda: codec.read(b'{"id": "dale", "name": "Hill"}', Farm, given=given_id))
    assert error.message == 'id is "dale": it must be "hill", as in the path, or left out.'


def test_a_given_field_that_the_noun_does_not_have_is_only_compared():
    assert codec.read(b'{"id": "hill", "name": "Hill"}', FarmPatch, given={"id": "hill"}).name == "Hill"


def test_given_fields_are_not_looked_for_in_what_is_no_object():
    assert refusal_of(lambda: codec.read(b"[]", Farm, given={"id": "hill"})).field == "body"


def test_a_given_field_is_validated_like_any_other():
    assert refusal_of(lambda: codec.read(b'{"name": "Hill"}', Farm, given={"id": ""})).field == "id"


def test_a_whole_number_may_be_written_with_a_point():
    assert codec.read(b'{"count": 3.0}', Wanted).count == 3
    assert codec.loose(b"[1.0, 1.5, 1e2, 1e300]") == [1, 1.5, 100, 1e300]
    assert isinstance(codec.loose(b"2.0"), int)


@pytest.mark.parametrize("text", [b"NaN", b"Infinity", b"1e400", b"-1e400", b"[1e999]"])
def test_a_number_that_no_float_holds_is_refused(text):
    assert "must be" in refusal_of(lambda: codec.loose(b'{"a": ' + text + b"}")).message


@pytest.mark.parametrize("body", [b"", b"{", b'{"a": "\xff"}', b"[" * 100_000, b'{"a": "\\ud800"}'])
def test_what_is_not_json_is_refused(body):
    assert refusal_of(lambda: codec.loose(body)).code == "BAD_INPUT"


def refusal_or_none(body):
    """Return why the bytes are no product, unless they are one; whatever else is raised is a bug."""
    try:
        codec.read(body, Product)
    except Refused as error:
        return error
    return None


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_with_a_value_that_json_carries(body):
    error = refusal_or_none(body)

    assert error is None or json.dumps([error.message, error.value])


@given(ANY_JSON)
def test_any_json_is_read_or_refused_by_the_name_of_a_field(content):
    error = refusal_or_none(json.dumps(content).encode())

    assert error is None or (error.field and error.allowed)


TEXTS = (
    *(
        '"ann"',
        '"VIEW_PRODUCT"',
        '"PRODUCT"',
        '"\\u0061nn"',
        '"a\\u0007"',
        '"\\ud800"',
        '""',
        '"\x7f"',
        '"é"',
    ),
    *('"2026-07-01T12:00:00+02:00"', '"0001-01-01T00:00:00+14:00"', '"2026-07-01T12:00:00"', '"\xff"'),
)
NUMBERS = ("73", '"7"', "73.0", "7.3e1", "-0.0", "1e400", "12345678901234567890123", "101", "-1", "NaN", "01")
OBJECTS = (
    *('{"a": 73.0, "a": {"b": [1e2]}}', '{"a": 1e400}', '{"a": [-0.0, 0.1, 1e300]}', '{"a": "\\ud800"}'),
    *('{"pageType": "CART"}', '{"pageType": "HOME", "x": 1}', '{"pageType": "CART", "pageType": 1}', "{"),
    *('{"a": %s}' % ("[" * depth + "]" * depth) for depth in (40, 900, 9_000)),
)
VALUES = st.sampled_from([*TEXTS, *NUMBERS, *OBJECTS, "null", "true", "[]"])
FIELDS = [field.encode_name for field in msgspec.structs.fields(PostedAction)]
PAIR = st.one_of(
    st.tuples(st.just("metadata"), st.sampled_from(OBJECTS)),
    st.tuples(st.just("limit"), st.sampled_from(NUMBERS)),
    st.tuples(st.sampled_from([*FIELDS, "user\\u0049d", "more"]), VALUES),
)
FRAMES = st.sampled_from(["{%s}", "{%s}", "\ufeff{%s}", " {%s}\r", "[{%s}]", "{%s", "{%s}}"])
GOOD = [("userId", '"ann"'), ("action", '"VIEW_PRODUCT"')]


@settings(max_examples=400)
@given(FRAMES, st.lists(PAIR, max_size=3), st.booleans())
def test_what_is_read_at_once_is_what_the_look_at_every_field_gives(frame, pairs, good_first):
    fields = [*GOOD, *pairs] if good_first else [*pairs, *GOOD]
    text = frame % ", ".join(f'"{name}": {value}' for name, value in fields)
    body = text.encode("latin-1" if "\xff" in text else "utf-8", "replace")

    def looked_at():
        return codec.convert(codec.loose(body, PostedAction), PostedAction)

    assert outcome(lambda: codec.read(body, PostedAction)) == outcome(looked_at)


def outcome(read):
    """Return what is read, as it is written, or the refusal of it."""
    try:
        return codec.write(read())
    except Refused as error:
        return error.message, error.field, error.value, error.allowed


@pytest.mark.parametrize(
    "text", [b"-0.0", b"5", b"5.0", b"1e-7", b"123456789.123456789", b"99999999999999999e-8"]
)
def test_a_number_is_the_same_however_it_is_written(text):
    body = b'{"name": "x", "share": %b}' % text

    assert codec.read(body, Wanted) == codec.convert(codec.loose(body), Wanted)


def test_a_query_string_is_read_by_the_types_of_its_fields():
    read = codec.read_query(b"name=a+b%26c&count=3&share=-0.5e1&really=true&names=x,,y&other=1", Wanted)

    assert read == Wanted(name="a b&c", count=3, share=-5.0, really=True, names=("x", "y"))


def test_parameters_without_a_value_count_as_left_out():
    assert codec.read_query(b"name=&count&&share=&really=false&names=", Wanted) == Wanted()
    assert codec.read_query(b"", Wanted) == Wanted()


@pytest.mark.parametrize(
    "text", ["ten", "0x1", "1_0", "+1", " 1", "01", "1.", "NaN", "1e999", "9" * 30, "１"]
)
def test_a_parameter_that_is_no_number_as_json_writes_them_is_refused(text):
    query = b"count=" + "".join(f"%{byte:02x}" for byte in text.encode()).encode()

    error = refusal_of(lambda: codec.read_query(query, Wanted))
    assert (error.field, error.value) == ("count", text)


def slowly(query):
    """Yield what `pairs` does, decoding all of it."""
    for pair in query.replace(b"+", b" ").split(b"&"):
        if pair:
            name, _, text = pair.partition(b"=")
            name = codec.unescaped(name, "query")
            yield name, codec.unescaped(text, name or "query")


NAMED = ["userId", "limit", "context", "excludeIds", "latitude", "longitude", "productId", "x", "user%49d"]
WRITTEN = ["ann", "10", "1.0", "CART", ",", "%", "%41", "+", "%ff", "é", "-84.5", "\0", ";", "?", "="]
TEXT = st.lists(st.sampled_from(WRITTEN) | st.text(max_size=2), max_size=3).map("".join)
PARAMETER = st.tuples(st.sampled_from(NAMED), TEXT).map("=".join)


@settings(max_examples=400)
@given(st.lists(PARAMETER, max_size=4).map("&".join), st.binary(max_size=3))
def test_a_query_that_needs_no_decoding_is_read_as_if_it_did(parameters, more):
    whole = parameters.encode("utf-8", "replace")
    for query in (whole, b"userId=ann&" + whole, whole + more, more):
        read = outcome(lambda query=query: codec.read_query(query, Query))
        assert read == outcome(lambda query=query: codec.read_texts(slowly(query), Query))


@given(
    st.lists(st.sampled_from(["userId=ann", "limit=10", "context=CART", "excludeIds=a,b", "x=1"]), max_size=5)
)
def test_a_plain_query_is_read_as_if_it_were_escaped(parts):
    query = "&".join(parts).encode()
    escaped = query.replace(b"a", b"%61")

    assert outcome(lambda: codec.read_query(query, Query)) == outcome(
        lambda: codec.read_query(escaped, Query)
    )


@pytest.mark.parametrize("text", ["True", "1", "yes"])
def test_truth_is_true_or_false(text):
    error = refusal_of(lambda: codec.read_query(f"really={text}".encode(), Wanted))
    assert error.allowed == "true or false"


def test_a_parameter_that_comes_twice_is_refused_unless_nobody_knows_it():
    assert codec.read_query(b"other=1&other=2", Wanted) == Wanted()
    error = refusal_of(lambda: codec.read_query(b"count=1&count=1", Wanted))
    assert error.message == "count comes twice: send it once."


@pytest.mark.parametrize("text", [b"%", b"%4", b"%zz", b"%ff", b"\xff", b"%ED%A0%80"])
def test_what_is_not_percent_encoded_utf8_is_refused(text):
    error = refusal_of(lambda: codec.read_query(b"name=" + text, Wanted))
    assert (error.field, error.allowed) == ("name", "UTF-8 with percent-encoding")


def test_a_parameter_without_a_name_is_refused_by_that_of_the_query():
    error = refusal_of(lambda: codec.read_query(b"count=1&=%ff", Wanted))
    assert (error.field, error.message.partition(" ")[0]) == ("query", "query")


@given(st.dictionaries(st.sampled_from(["userId", "category"]), st.text(min_size=1, max_size=20), min_size=1))
def test_any_text_survives_a_query_string(given_text):
    query = urlencode(given_text).encode()

    assert dict(codec.pairs(query)) == given_text


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"", []),
        (b"\n \n", []),
        (b'{"a":1}\n\n{"b":2}\r\n', [(1, b'{"a":1}'), (3, b'{"b":2}\r')]),
        (b'\xef\xbb\xbf{"a":1}', [(1, b'{"a":1}')]),
        (b'\n [ {"a":1} , 2,"\xff"]', [(1, b'{"a":1}'), (2, b"2"), (3, b'"\xff"')]),
        (b"[]", []),
    ],
)
def test_lines_come_from_ndjson_or_from_an_array(body, found):
    assert list(codec.lines(body)) == found


@pytest.mark.parametrize("body", [b"[1,", b"[NaN]", b"[" * 100_000])
def test_an_array_that_is_not_json_is_refused_as_a_whole(body):
    assert refusal_of(lambda: list(codec.lines(body))).code == "BAD_INPUT"


@pytest.mark.parametrize("body", [b"7", b'"x"', b"nonsense\n{}", b"\x06\xff"])
def test_what_is_neither_ndjson_nor_an_array_is_refused_as_a_whole(body):
    assert refusal_of(lambda: list(codec.lines(body))).allowed == "NDJSON or a JSON array"


def test_a_line_of_a_catalogue_is_a_product_when_it_names_its_farm():
    assert isinstance(codec.read_listing(b'{"id": "hill", "name": "Hill"}'), Farm)
    product = b'{"id": "basil", "name": "Basil", "farmId": "hill", "category": "Herbs", "price": 1}'
    assert isinstance(codec.read_listing(product), Product)
    assert refusal_of(lambda: codec.read_listing(b"7")).field == "body"


def test_a_place_stands_before_the_field():
    error = refusal_of(lambda: codec.convert({}, Query, place="payload."))
    assert error.field == "payload.userId"


def test_numbers_that_are_read_can_be_written_again():
    content = codec.loose(b'{"a": [1.0, 12345678901234567890123, 0.1, -0.0]}')
    assert codec.loose(codec.write(content)) == content
    assert msgspec.json.decode(codec.write(content)) == content
