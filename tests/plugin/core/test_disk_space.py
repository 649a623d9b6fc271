"""Disk space of a run and the message about a full disk."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rsgpt_plugin.core.disk_space import free_bytes, missing_space, run_bytes


def test_taken_counts_rows_and_pictures_up_to_their_limit() -> None:
    assert run_bytes(0, 1_000) == 0
    assert run_bytes(10, 10**9) > 10 * 100_000
    assert run_bytes(1_000_000, 10**9) - run_bytes(1_000_000, 0) == 10**9


def test_missing_space_names_the_first_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full, empty = tmp_path / "full", tmp_path / "empty"
    for folder in (full, empty):
        folder.mkdir()
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1_500_000 if path == full else 10**10))
    message = missing_space([empty / "a.gpkg", full / "new" / "b.gpkg"], 2_000_000_000)
    assert message == f"The run needs up to 2,000.0 MB; 1.5 MB are free in {full}."
    assert missing_space([empty, full], 1_400_000) == ""


def test_a_run_that_keeps_no_pictures_needs_space_for_rows() -> None:
    assert 0 < run_bytes(1000, 0) < 10_000_000
    assert run_bytes(2000, 0) == 2 * run_bytes(1000, 0)


def test_the_free_space_is_that_of_the_closest_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file.gpkg").touch()
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=7 if path == tmp_path else 0))
    for path in (tmp_path, tmp_path / "file.gpkg", tmp_path / "a" / "b" / "c.gpkg"):
        assert free_bytes(path) == 7


def test_a_relative_path_is_that_of_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    needed = 2 * shutil.disk_usage(tmp_path).total
    assert missing_space([Path("new") / "a.gpkg"], needed).endswith(f"free in {tmp_path}.")


def test_no_paths_miss_no_space() -> None:
    assert missing_space([], 10**18) == ""
