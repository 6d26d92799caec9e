"""Broken frames are answered or end their connection; a longer run is bench/frames.py."""

import pytest

from tests.service.framing import Framing, Size

pytestmark = pytest.mark.service


async def test_random_and_broken_frames_are_answered_or_end_their_connection_and_the_server_lives(tmp_path):
    report = await Framing(tmp_path, 1, Size(warming=2_000, frames=8_000)).run()
    assert not report.wrong, report.wrong[:5]
    assert not report.log, report.log[:40]
    assert report.answers["ERROR"] > 1_000
    assert set(report.closed) == {1000, 1002, 1007, 1009}
    assert report.health > 0
    assert report.alerts > 0
