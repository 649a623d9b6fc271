"""The measurement finds every tile exactly once after kills, and detects lost and swapped tiles."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.large import count_errors, describe, measure
from rsgpt_backend.batch.tile_pictures import TilingOptions, make_plan
from tests.backend.batch.rasters import numbered, write
from tests.layout.source import ROOT

SIDE = 10 * 256


@pytest.fixture
def raster(tmp_path: Path) -> str:
    return str(write(tmp_path / "a.tif", numbered(SIDE, 512, 256)))


@pytest.mark.slow
def test_kills_lose_nothing(raster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{ROOT / 'backend'}")
    found = measure(raster, tmp_path / "out.gpkg", 2)
    assert (found["tiles"], found["kills"]) == (20, 2)
    assert (found["lost"], found["doubled"], found["swapped"]) == (0, 0, 0)
    assert 50 < found["peak_mb"] < 1500


def test_lost_and_swapped_tiles_are_found(raster: str, tmp_path: Path) -> None:
    describe(raster, tmp_path / "out.gpkg")
    assert count_errors(raster, tmp_path / "out.gpkg") == {"lost": 0, "doubled": 0, "swapped": 0}
    longer = numbered(SIDE + 512, 512, 256)
    write(Path(raster), longer)
    found = count_errors(raster, tmp_path / "out.gpkg")
    assert found["lost"] == 4
    assert found["swapped"] >= 4
    assert len(make_plan(raster, TilingOptions()).tiles) == 24
