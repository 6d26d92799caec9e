"""A check for schemathesis, which loads it itself: who may make a call is answered, and nobody else.

It imports nothing of the server: each run of schemathesis would wait for that.
"""

import json
import os
from typing import NamedTuple, Self

import schemathesis

VARIABLE = "PUNNET_FUZZING"


class Expected(NamedTuple):
    """Who calls, what they show as Authorization, and what they may.

    `rows` are the calls, by method and path, that are answered to them; of these, `own` only under their
    `name`, where they have one. What anybody may is in `public`.
    """

    shown: str
    rows: list[str]
    public: list[str]
    own: list[str]
    name: str = ""
    trusted: bool = False

    @classmethod
    def of_the_environment(cls) -> Self:
        """Return what the process that started this one expects."""
        return cls(**json.loads(os.environ[VARIABLE]))

    @property
    def environment(self) -> dict[str, str]:
        """The environment that tells it to another process."""
        return os.environ | {VARIABLE: json.dumps(self._asdict())}


@schemathesis.check
def nobody_else_is_answered(
    ctx: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case
) -> None:
    """Fail where an answer is for somebody else, or is refused to who may have it."""
    expected, row = Expected.of_the_environment(), case.operation.label
    if row not in _rows(expected, response):
        assert response.status_code >= 400, "an answer for somebody else"
        assert b"UNKNOWN_ID" not in response.content, "somebody else may know that it is not there"
    elif expected.name and row in expected.own:
        _check_name(expected.name, response, case)
    else:
        assert response.status_code not in (401, 403), "no answer for who may have it"


def _rows(expected: Expected, response: schemathesis.Response) -> list[str]:
    """Return what may be answered: schemathesis also makes up what to show, or leaves it out."""
    shown = (response.request.headers.get("Authorization") or "").strip()
    if expected.trusted or shown == expected.shown:
        return expected.rows
    if shown in ("", "Bearer"):
        return expected.public if expected.shown else expected.rows
    return []


def _check_name(ours: str, response: schemathesis.Response, case: schemathesis.Case) -> None:
    """Assert that a shopper is answered under their own name, and under no other one."""
    assert response.status_code != 401, "the token was not known"
    named = case.query if case.method == "GET" else case.body
    name = named.get("userId") if isinstance(named, dict) else None
    if response.status_code < 300:
        assert name == ours, f"answered as {name}"
    if response.status_code == 403:
        assert name != ours, "refused to who it is"
