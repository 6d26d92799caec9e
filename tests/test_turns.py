"""One at a time has the turn in a folder."""

from concurrent.futures import ThreadPoolExecutor

from punnet.turns import take_turn, wait_for_turn


def test_one_at_a_time_has_it(tmp_path):
    with take_turn(tmp_path):
        assert take_turn(tmp_path) is None
    with take_turn(tmp_path):
        assert take_turn(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_who_waits_has_it_as_soon_as_the_other_lets_go(tmp_path):
    with ThreadPoolExecutor(1) as thread:
        held = take_turn(tmp_path)
        waiting = thread.submit(wait_for_turn, tmp_path)
        assert not waiting.done()
        held.close()
        with waiting.result(10):
            assert take_turn(tmp_path) is None


def test_a_folder_that_cannot_be_locked_keeps_nobody(tmp_path):
    nowhere = tmp_path / "nowhere"
    with take_turn(nowhere), wait_for_turn(nowhere):
        assert take_turn(nowhere) is not None
