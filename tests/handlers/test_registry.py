"""Which own functions are called after which actions, and what is said where they cannot be had."""

import sys
from pathlib import Path

import pytest

import punnet
from punnet.errors import BadSetting
from punnet.handlers.registry import load
from punnet.market import UserAction

SHOP = """
import punnet
from helpers_of_mine import name

@punnet.on("ADD_TO_CART")
async def offer(event: punnet.Event) -> None: ...

@punnet.on("RATE_FARM", "RATE_PRODUCT")
def note(event): ...
"""
CLASS = """
from __future__ import annotations
from dataclasses import dataclass
import punnet

@dataclass
class Note:
    text: str

@punnet.on("SEARCH")
def note(event): ...
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory; what is found in it is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "modules", {**sys.modules})
    return tmp_path


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def test_without_a_name_there_are_none():
    assert load("") == ()


def test_a_module_is_found_in_the_working_directory(folder):
    written(folder / "helpers_of_mine.py", "name = 'ann'")
    written(folder / "my_shop" / "handlers.py", SHOP)
    offer, note = load("my_shop.handlers")
    assert (offer.name, offer.actions) == ("my_shop.handlers.offer", {UserAction.ADD_TO_CART})
    assert (note.name, note.actions) == (
        "my_shop.handlers.note",
        {UserAction.RATE_FARM, UserAction.RATE_PRODUCT},
    )


def test_a_file_finds_what_lies_beside_it(folder):
    written(folder / "shop" / "helpers_of_mine.py", "name = 'ann'")
    path = written(folder / "shop" / "handlers.py", SHOP)
    assert [handler.name for handler in load(str(path))] == ["own.handlers.offer", "own.handlers.note"]
    assert [handler.name for handler in load("shop/handlers.py")] == [
        "own.handlers.offer",
        "own.handlers.note",
    ]


def test_a_file_may_be_called_like_a_module_and_make_classes(folder):
    json = sys.modules["json"]
    classes = "from __future__ import annotations\nfrom dataclasses import dataclass\n"
    text = (
        f"{classes}import punnet\n@dataclass\nclass Note:\n    text: str\n@punnet.on('SEARCH')\ndef f(_): ..."
    )
    assert len(load(str(written(folder / "json.py", text)))) == 1
    assert sys.modules["json"] is json


def test_a_function_stays_what_it_is():
    def note(_event): ...

    assert punnet.on("SEARCH")(note) is note
    assert punnet.on(UserAction.SEARCH)(note) is note


@pytest.mark.parametrize(
    ("names", "said"), [(("EAT",), '"EAT"'), (("SEARCH", "eat"), '"eat"'), ((), "nothing")]
)
def test_an_action_that_there_is_not_is_refused_with_all_there_are(names, said):
    with pytest.raises(ValueError, match=f"^{said} is no action: use VIEW_PRODUCT, ") as refused:
        punnet.on(*names)
    assert all(name in str(refused.value) for name in UserAction)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("import punnet\n@punnet.on('EAT')\ndef f(_): ...", r'\(ValueError: "EAT" is no action: use .*\)'),
        ("def", r"\(SyntaxError: .*line 1\)\)"),
        ("x", r"\(NameError: name 'x' is not defined\)"),
    ],
)
def test_a_file_that_fails_is_one_sentence(folder, text, why):
    path = written(folder / "handlers.py", text)
    with pytest.raises(BadSetting, match=rf'^HANDLERS is "{path}", which cannot be imported {why}$'):
        load(str(path))


@pytest.mark.parametrize("name", ["nowhere.py", "nowhere", "nowhere.at_all", "..", "my shop"])
def test_what_is_not_there_is_one_sentence(name):
    with pytest.raises(BadSetting, match=rf'^HANDLERS is "{name}", which cannot be imported \('):
        load(name)


def test_what_registers_nothing_is_one_sentence(folder):
    path = written(folder / "handlers.py", "import punnet")
    with pytest.raises(BadSetting, match=r'registers no handler: write @punnet\.on\("ADD_TO_CART"\) above'):
        load(str(path))
