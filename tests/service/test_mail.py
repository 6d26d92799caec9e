"""An e-mail that is owed arrives, whenever the server is killed; a longer run is bench/mail.py."""

import pytest

from tests.service.mailing import Mailing

pytestmark = pytest.mark.service


async def test_killed_around_its_e_mails_it_loses_none_and_repeats_them_under_their_own_ids(tmp_path):
    report = await Mailing(tmp_path, seed=1).run(runs=3)
    assert report.owed == report.arrived == 3
    assert report.clean, report
