"""What one shopper buys changes the list that another one looks at; how fast that is says bench/live.py."""

from random import Random

import pytest

from tests.service.forecast import of_villages
from tests.service.living import Living, Size

pytestmark = [pytest.mark.service, pytest.mark.browser]


async def test_a_purchase_changes_the_list_in_the_browsers_of_shoppers_who_buy_the_same(tmp_path):
    market = of_villages(60, Random(1))
    report = await Living(tmp_path, market, Size(connected=60, pages=2, purchases=2), seed=1).run()
    assert report.log == []
    assert report.lost == 0
    assert len(report.in_pages) == 4
    assert all(sample.is_foreseen for sample in report.samples)
