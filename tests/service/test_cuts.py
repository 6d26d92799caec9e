"""Who loses a connection comes back and lacks nothing; a longer run is bench/cuts.py."""

import pytest

from tests.service.cutting import Cut, Cutting, Size

pytestmark = pytest.mark.service


async def test_connections_cut_at_random_and_a_server_killed_lose_nobody_a_message_and_repeat_none(tmp_path):
    size = Size(sockets=450, events=50, seconds=5, drops=15, refills=5, kills=(2.5,), stops=())
    report = await Cutting(tmp_path, 1, size).run()
    assert report.clean, report
    assert report.alerts > report.clients
    assert report.counts["resumed"] > 100
    assert report.counts["resumed in another run"] > 10
    assert report.cuts[Cut.TORN] > 0
