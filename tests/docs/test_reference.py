"""The pages that follow from the code say what it says now."""

import json
import re

import click
import pytest

from punnet.cli import main
from punnet.errors import Refused
from punnet.protocol.messages import PAYLOADS, ClientType, ServerType
from punnet.settings import Settings
from punnet.web import openapi
from punnet.web.exchange import STATUS
from punnet.web.routes import ROUTES
from tools.reference import FOLDER, PAGES, settings
from tools.reference.markdown import slug, table

LINK = re.compile(r"\]\(([^)#]*)#([^)]+)\)")


def written(name):
    return (FOLDER / name).read_text(encoding="utf-8")


def headings(text):
    return re.findall(r"^#+ `?([^`\n]+)`?$", text, re.MULTILINE)


def rows(text):
    return [line.split(" | ") for line in re.sub(r"^\| | \|$", "", text, flags=re.MULTILINE).split("\n")]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_would_be_written_now(name):
    assert written(name) == PAGES[name](), "run ./dev docs, and commit what it wrote"


@pytest.mark.parametrize("name", PAGES)
def test_every_link_of_a_page_leads_to_a_heading(name):
    for file, place in LINK.findall(written(name)):
        if file in ("", *PAGES):
            assert place in map(slug, headings(written(file or name))), f"{file}#{place}"


@pytest.mark.parametrize("name", PAGES)
def test_no_two_headings_of_a_page_have_one_name(name):
    slugs = [slug(heading) for heading in headings(written(name))]
    assert len(slugs) == len(set(slugs))


def test_every_setting_is_told_with_its_default():
    told = {row[0]: row for row in rows(written("settings.md"))}
    assert {f"`{name.upper()}`" for name in Settings.__struct_fields__} <= told.keys()
    assert told["`PORT`"][1:] == [
        "Port to listen on; 0 takes a free one.<br>*a whole number from 0 to 65535*",
        "`3000`",
    ]
    assert told["`HANDLERS`"][2] == "empty"
    assert "Never shown." in told["`ADMIN_SECRET_KEY`"][1]


def test_a_setting_without_a_place_is_named(monkeypatch):
    monkeypatch.setitem(settings.GROUPS, "Where it listens", ("host",))
    with pytest.raises(settings.Ungrouped, match=r"\bport\b.*say in tools/reference/settings\.py where"):
        settings.page()


def test_every_call_is_told_with_its_statuses():
    page = written("rest.md")
    for path, methods in json.loads(openapi.document(ROUTES))["paths"].items():
        for method, operation in methods.items():
            heading = f"### `{method.upper()} {path}`\n"
            part = page.partition(heading)[2].partition("\n## ")[0].partition("\n### ")[0]
            assert ", ".join(sorted(operation["responses"])) in part, heading


def test_every_message_is_told_with_its_payload():
    page = written("stream-messages.md")
    told = headings(page)
    assert {*ClientType, *(kind for kind in ServerType if kind != "HEARTBEAT")} <= set(told)
    for kind, payloads in PAYLOADS.items():
        part = re.split(rf"### {kind}(?: of the server)?\n", page)[-1].partition("\n### ")[0]
        for field in payloads[0].__struct_encode_fields__:
            assert f"`{field}`" in part or "[Answer](rest.md#answer)" in part


def test_every_command_is_told_with_its_options():
    page = written("commands.md")
    for name, command in main.commands.items():
        part = page.partition(f"## punnet {name}\n")[2].partition("\n## ")[0]
        assert part
        for option in command.params:
            assert not isinstance(option, click.Option) or option.hidden or f"`{option.opts[0]}`" in part


def test_every_error_is_told_with_its_status():
    told = {row[0]: row for row in rows(written("errors.md"))}
    codes = {kind.code for kind in (Refused, *Refused.__subclasses__())} | STATUS.keys()
    for code in codes:
        assert told[f"`{code}`"][1] == str(STATUS[code])


def test_a_table_keeps_its_cells_apart():
    assert table(("a", "b"), [("x|y", "two\nlines")]) == "| a | b |\n|---|---|\n| x\\|y | two lines |"
    assert not table(("a",), [])
