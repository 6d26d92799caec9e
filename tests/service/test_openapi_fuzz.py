"""What the OpenAPI document says is true: no request made from it breaks the server, or meets a surprise."""

import re

import pytest

from tests.service.fuzzing import Caller, fuzz

BRIEF = (Caller.BACK_END, Caller.ADMIN)
"""Callers who can do what others do as well: for them the border cases are left out."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("caller", Caller)
async def test_no_generated_request_breaks_the_server_or_its_document(caller):
    phases, examples = ("fuzzing", 4) if caller in BRIEF else ("coverage,fuzzing", 4)

    code, report = await fuzz(caller, examples, seed=1, phases=phases)

    assert code == 0, report
    found = re.search(r"(\d+) generated", report)
    assert found is not None
    assert int(found[1]) > (50 if caller in BRIEF else 500)
