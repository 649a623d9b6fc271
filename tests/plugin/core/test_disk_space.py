"""Disk space of a run and the message about a full disk."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rsgpt_plugin.core.disk_space import missing_space, run_bytes


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
