"""What is told of a full disk: how much is needed, how much there is, and where."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rsgpt_plugin.core.disk_space import missing_space, taken


def test_a_run_takes_rows_and_pictures_up_to_their_limit() -> None:
    assert taken(0, 1_000) == 0
    assert taken(10, 10**9) > 10 * 100_000
    assert taken(1_000_000, 10**9) - taken(1_000_000, 0) == 10**9


def test_the_first_disk_that_is_too_small_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full, empty = tmp_path / "full", tmp_path / "empty"
    for folder in (full, empty):
        folder.mkdir()
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1_500_000 if path == full else 10**10))
    told = missing_space([empty / "a.gpkg", full / "new" / "b.gpkg"], 2_000_000_000)
    assert told == f"The run needs up to 2,000.0 MB; 1.5 MB are free in {full}."
    assert missing_space([empty, full], 1_400_000) == ""
