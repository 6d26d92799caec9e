"""Where machine code is kept."""

import subprocess
import sys
from pathlib import Path

import pytest

from punnet.core import cache


def test_the_folder_is_beside_the_sources_where_that_can_be(tmp_path):
    found = cache.folder_in([tmp_path / "one" / "inner", tmp_path / "other"])
    assert found == tmp_path / "one" / "inner" / cache.name()
    assert not found.exists()
    assert list(found.parent.iterdir()) == []
    assert not (tmp_path / "other").exists()


def test_where_a_place_cannot_be_written_to_the_next_one_serves(tmp_path):
    (tmp_path / "file").touch()
    assert cache.folder_in([tmp_path / "file", tmp_path / "other"]).parent == tmp_path / "other"


def test_where_none_can_be_written_to_the_folder_ends_with_the_process(tmp_path):
    (tmp_path / "file").touch()
    command = (
        "import pathlib; from punnet.core.cache import folder_in; print(folder_in([pathlib.Path('file')]))"
    )
    told = subprocess.run(
        [sys.executable, "-c", command], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    passing = Path(told.stdout.strip())
    assert passing.name == cache.name()
    assert not passing.parent.exists()
    here = cache.folder_in([tmp_path / "file"])
    assert here.parent.is_dir()
    assert not here.exists()


def test_the_places_are_the_package_and_the_cache_of_the_user(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    package, own = cache.places()
    assert package == cache.PACKAGE / "__pycache__"
    assert cache.folder_in([own]) == tmp_path / ".cache" / "punnet" / cache.name()


def test_who_has_no_home_keeps_nothing_there(tmp_path):
    assert cache.folder_in([Path("~nobody-of-that-name/cache"), tmp_path]).parent == tmp_path


@pytest.mark.parametrize("room", cache.ROOMS)
def test_the_name_changes_with_any_source(monkeypatch, tmp_path, room):
    for each in cache.ROOMS:
        (tmp_path / each).mkdir()
        (tmp_path / each / "loop.py").write_text("one")
    monkeypatch.setattr(cache, "PACKAGE", tmp_path)
    before = cache.name()
    assert cache.name() == before
    (tmp_path / room / "loop.py").write_text("another")
    assert cache.name() != before


def test_what_earlier_versions_kept_is_removed_and_nothing_else(tmp_path):
    for name in ("compiled-1", "compiled-2", "compiled-3", "other"):
        (tmp_path / name / "inner").mkdir(parents=True)
    cache.drop_others(tmp_path / "compiled-2")
    assert sorted(left.name for left in tmp_path.iterdir()) == ["compiled-2", "other"]
