"""What the OpenAPI document says is true: no request made from it breaks the server, or meets a surprise."""

import re

import pytest

from tests.service.fuzzing import fuzz


@pytest.mark.timeout(600)
async def test_no_generated_request_breaks_the_server_or_its_document():
    code, report = await fuzz(examples=4, seed=1, phases="coverage,fuzzing")

    assert code == 0, report
    found = re.search(r"(\d+) generated", report)
    assert found is not None
    assert int(found[1]) > 500
