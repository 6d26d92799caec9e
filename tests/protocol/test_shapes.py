"""Types in English, and paths into them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec
import pytest
from msgspec import UNSET, Meta, UnsetType

from punnet.protocol import shapes


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


class Seed(msgspec.Struct, rename="camel"):
    sow_depth: Annotated[float, Meta(gt=0, le=10, examples=[1])]
    name: str = ""


class Bed(msgspec.Struct, rename="camel"):
    seeds: Annotated[tuple[Seed, ...], Meta(min_length=1, max_length=3)]
    notes: dict[str, int] = {}
    chosen: Seed | Colour | None = None
    anything: object = None
    limit: Annotated[int, Meta(ge=1, le=100, examples=[5])] | None | UnsetType = UNSET


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (Annotated[int, Meta(ge=1, le=100)], "a whole number from 1 to 100"),
        (Annotated[float, Meta(gt=0, le=1e6)], "a number greater than 0 and at most 1000000"),
        (Annotated[float, Meta(lt=2.5)], "a number less than 2.5"),
        (Annotated[int, Meta(ge=3)], "a whole number at least 3"),
        (float, "a number"),
        (Annotated[str, Meta(min_length=1, max_length=9)], "a text of 1 to 9 characters"),
        (Annotated[str, Meta(pattern="^a")], "a text, none of them a control character"),
        (Annotated[str, Meta(max_length=9)], "a text of at most 9 characters"),
        (Annotated[str, Meta(min_length=2)], "a text of at least 2 characters"),
        (Annotated[str, Meta(max_length=9, extra={"allowed": "a short name"})], "a short name"),
        (Annotated[str, Meta(max_length=9, extra={"shown": "small"})], "a text of at most 9 characters"),
        (str, "a text"),
        (list[int], "a list"),
        (Annotated[tuple[int, ...], Meta(min_length=1, max_length=3)], "a list of 1 to 3 elements"),
        (Colour, "one of red, green"),
        (Annotated[datetime, Meta(tz=True)], "a time with its offset, such as 2025-01-15T10:30:00Z"),
        (bool, "true or false"),
        (dict[str, int], "an object"),
        (object, "any value"),
        (Seed, "an object with sowDepth, [name]"),
        (Colour | None, "one of red, green"),
        (Seed | Colour | None, "an object with sowDepth, [name], or one of red, green"),
        (Annotated[int, Meta(ge=1, le=2, examples=[1])], "a whole number from 1 to 2"),
    ],
)
def test_a_type_says_what_it_allows(kind, said):
    assert shapes.allowed(shapes.shape(kind)) == said


@pytest.mark.parametrize(
    ("path", "steps", "written"),
    [
        ("", (), ""),
        (".seeds[0].sowDepth`", ("seeds", 0, "sowDepth"), "seeds[0].sowDepth"),
        (".notes[...]", ("notes", "..."), "notes...."),
        ("[2]", (2,), "[2]"),
    ],
)
def test_a_path_has_steps_and_a_written_form(path, steps, written):
    assert shapes.steps(path) == steps
    assert shapes.written(steps) == written


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ((), "an object with seeds, [notes], [chosen], [anything], [limit]"),
        (("seeds",), "a list of 1 to 3 elements"),
        (("seeds", 1), "an object with sowDepth, [name]"),
        (("seeds", 1, "sowDepth"), "a number greater than 0 and at most 10"),
        (("notes", "..."), "a whole number"),
        (("chosen", "name"), "a text"),
        (("limit",), "a whole number from 1 to 100"),
        (("anything", "at", "all"), "any value"),
        (("nowhere",), "any value"),
    ],
)
def test_a_path_leads_to_the_type_of_its_place(path, said):
    assert shapes.allowed(shapes.part(shapes.shape(Bed), path)) == said


def test_only_an_object_has_fields():
    assert [field.encode_name for field in shapes.fields(shapes.shape(Seed))] == ["sowDepth", "name"]
    assert shapes.fields(shapes.shape(int)) == ()


def test_a_type_without_notes_and_null_is_plain():
    assert isinstance(shapes.plain(shapes.shape(Colour | None)), msgspec.inspect.EnumType)
    assert isinstance(shapes.plain(shapes.shape(Annotated[int, Meta(examples=[1])])), msgspec.inspect.IntType)
