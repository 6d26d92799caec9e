"""The page of calls, from the table of `src/punnet/web/routes.py` and the OpenAPI document made of it."""

import json
from collections.abc import Iterable, Iterator

from msgspec import inspect

from punnet.protocol.envelope import Failure, Meta
from punnet.web import events, openapi
from punnet.web.routes import ROUTES, Route
from punnet.web.schemas import PARAMETERS
from punnet.web.streams import StreamQuery
from tools.reference import kinds, markdown
from tools.reference.kinds import Homes, Nouns
from tools.reference.markdown import bullets, code, link, table

INTRODUCTION = """\
Every call of REST. A running server has the same at `/openapi.json`, and at `/docs` as pages on which to try
it. What types cannot say (when an answer may be a minute old, what each action needs) is in
[what comes in and goes out](messages.md)."""

ENVELOPE = """\
An answer stands in an envelope, `{"success": true, "data", "meta"}`; *gives* names what its `data` is, and
[Meta](#meta) what is said beside it. An error stands in `{"success": false, "error", "meta"}`
([errors](errors.md)). A header `X-Request-Id` comes back as it was sent. *An id*, *a time* and the like are
[kinds of values](#kinds-of-values)."""

TAKEN = "What calls take. A field that nobody knows is refused."

TAGS = {
    "recommendations": "Recommendations and actions",
    "events": "Actions in bulk",
    "catalogue": "The catalogue",
    "orders": "Orders",
    "people": "A person's data",
    "server": "The server",
}
"""What the table of routes calls its parts, with the headings of the page, in its order."""

HOMES = Homes(Error="errors.md", Details="errors.md")
Operations = dict[str, dict[str, dict[str, dict[str, object]]]]


def page() -> str:
    """Return the page."""
    paths: Operations = json.loads(openapi.document(ROUTES))["paths"]
    calls = (part for tag, title in TAGS.items() for part in (f"## {title}", *_calls(tag, paths)))
    taken, given = objects()
    return markdown.page(
        "Calls",
        "src/punnet/web/routes.py",
        INTRODUCTION,
        _overview(),
        ENVELOPE,
        *calls,
        "## Statuses",
        table(("status", "means"), [(str(status), meaning) for status, meaning in openapi.MEANING.items()]),
        "## What is taken",
        TAKEN,
        *_objects(taken, taken=True),
        "## What is given",
        *_objects(given, taken=False),
        "## Kinds of values",
        kinds.named_kinds(),
        *_enumerations(),
    )


def objects() -> tuple[Nouns, Nouns]:
    """Return the objects that calls take, and those that they only give, by name, from A to Z."""
    taken = kinds.nouns(kind for route in ROUTES for kind in route.body)
    given = kinds.nouns([Meta, *(route.data for route in ROUTES)])
    elsewhere = kinds.nouns([Failure]).keys() | taken.keys()
    return _sorted(taken, taken.keys()), _sorted(given, given.keys() - elsewhere)


def enumerations() -> dict[str, inspect.EnumType]:
    """Return the enumerations of what calls take and give, by name."""
    return kinds.enumerations([Meta, *(kind for route in ROUTES for kind in (*route.body, route.data))])


def _sorted(found: Nouns, names: Iterable[str]) -> Nouns:
    return {name: found[name] for name in sorted(names)}


def _overview() -> str:
    rows = [
        (link(code(heading), heading), what)
        for tag in TAGS
        for heading, what in (
            *((f"{route.method} {route.path}", route.summary) for route in ROUTES if route.tag == tag),
            *([(f"GET {events.PATH}", "Messages as they come")] if tag == "recommendations" else []),
        )
    ]
    return table(("call", "what it does"), rows)


def _calls(tag: str, paths: Operations) -> Iterator[str]:
    for route in ROUTES:
        if route.tag == tag:
            yield f"### `{route.method} {route.path}`"
            yield from _call(route, paths[route.path][route.method.lower()]["responses"])
    if tag == "recommendations":
        yield f"### `GET {events.PATH}`"
        yield "[Messages](stream-messages.md) as server-sent events, for clients that only listen."
        yield _parameters(StreamQuery)
        said = "the header `Last-Event-ID`, which browsers send by themselves, goes before `lastMessageId`"
        yield bullets([said, _statuses(paths[events.PATH]["get"]["responses"])])


def _call(route: Route, statuses: Iterable[str]) -> Iterator[str]:
    needs = " Needs the admin key, in the header `X-Admin-Key` or as `adminKey`." if route.admin else ""
    yield f"{route.summary}.{needs}"
    if route.query is not None:
        yield _parameters(route.query)
    takes = [f"takes {_body(route)}"] if route.body else []
    meta = f", and {' and '.join(map(code, route.meta))} in `meta`" if route.meta else ""
    yield bullets([*takes, f"gives {HOMES.link(route.data.__name__)}{meta}", _statuses(statuses)])


def _parameters(query: type) -> str:
    (noun, *_) = kinds.nouns([query]).values()
    rows = [
        (code(field.encode_name), PARAMETERS[field.encode_name], _in_a_query(field.type), _default(field))
        for field in sorted(noun.fields, key=lambda field: not field.required)
    ]
    return table(("parameter", "what it says", "value", "when left out"), rows)


def _in_a_query(kind: inspect.Type) -> str:
    """Return what a parameter may be: a query string knows no null, and parts a list by commas."""
    return kinds.words(kind, HOMES).removesuffix(" or null").removesuffix(",").removeprefix("a list of ")


def _default(field: inspect.Field) -> str:
    if field.required:
        return "*must be there*"
    said = kinds.default(field)
    return "" if said in ("null", "[]") else code(said)


def _body(route: Route) -> str:
    names = " and ".join(HOMES.link(kind.__name__) for kind in route.body)
    if route.lines:
        return f"{names}, one a line (`application/x-ndjson`) or in a JSON array"
    return f"{names}; its `id` may be left to the path" if route.method == "PUT" else names


def _statuses(statuses: Iterable[str]) -> str:
    return f"[answers](#statuses) {', '.join(sorted(statuses))}"


def _objects(nouns: Nouns, *, taken: bool) -> Iterator[str]:
    for name, noun in nouns.items():
        yield f"### {name}"
        yield from kinds.described(
            noun, HOMES, taken=taken, known=kinds.nouns(r.body[0] for r in ROUTES if r.body)
        )


def _enumerations() -> Iterator[str]:
    for name, kind in enumerations().items():
        yield f"### {name}"
        yield from kinds.values(kind)
