"""The tiles of a raster are captured as by `rsgpt batch`; empty ones are left out of a search."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rsgpt_backend.batch.tile_pictures import TilingOptions, make_plan
from rsgpt_backend.commands.searching.tile_sources import RasterTiles
from rsgpt_backend.errors import RsgptError
from tests.backend.batch.rasters import OddGeoTiff, numbered, write


def failed(name: str, error: RsgptError) -> None:
    pytest.fail(f"{name}: {error}")


@pytest.mark.parametrize("reads_gsd", [True, False])
def test_tiles_of_several_rasters(tmp_path: Path, reads_gsd: bool) -> None:
    paths = [str(write(tmp_path / name, numbered(64, 32, 32))) for name in ("a.tif", "b.tif")]
    with RasterTiles(32, reads_gsd) as tiles:
        sources = tiles.sources([*paths, paths[0]], failed)
        assert [source.name for source in sources] == [f"{path}#xywh={x},0,32,32" for path in paths for x in (0, 32)]
        pictures = [source.read() for source in (sources[0], sources[2], sources[1])]
    assert all(one is not None and one.image.size == (32, 32) for one in pictures)
    keys = [one.image_key for one in pictures if one is not None]
    assert keys[0] == keys[1] != keys[2]
    assert all(one is not None and (one.gsd_m is not None) == reads_gsd for one in pictures)


def test_a_raster_at_an_address_has_no_version_and_shows_no_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = make_plan(str(write(tmp_path / "a.tif", numbered(64, 32, 32))), TilingOptions(32))

    def remote(source: str, tiling: TilingOptions) -> Any:
        return replace(local, source=source, version="")

    monkeypatch.setattr("rsgpt_backend.commands.searching.tile_sources.make_plan", remote)
    addresses = [f"https://example.org/a.tif?token={token}" for token in ("SECRET1", "SECRET2")]
    with RasterTiles(32, reads_gsd=False) as tiles:
        sources = tiles.sources(addresses, failed)  # one raster, signed twice
    assert [source.name for source in sources] == [f"https://example.org/a.tif#xywh={x},0,32,32" for x in (0, 32)]
    assert [source.place for source in sources] == [source.name for source in sources]
    assert [source.version for source in sources] == ["", ""]


def test_an_empty_tile_has_no_picture(tmp_path: Path) -> None:
    values = np.full((3, 32, 64), 7, np.uint8)
    values[:, :, :40] += np.arange(40, dtype=np.uint8)
    values[:, :, 32:] = 0
    raster = write(tmp_path / "a.tif", values, OddGeoTiff(nodata=0))
    with RasterTiles(32, reads_gsd=False) as tiles:
        full, empty = tiles.sources([str(raster)], failed)
        assert full.read() is not None
        assert empty.read() is None


def test_the_version_changes_with_the_raster_and_a_missing_one_is_reported(tmp_path: Path) -> None:
    raster, problems = write(tmp_path / "a.tif", numbered(32, 32, 32)), list[str]()
    with RasterTiles(32, reads_gsd=False) as tiles:
        (before,) = tiles.sources([str(raster)], failed)
        write(raster, numbered(32, 32, 16))
        (after,) = tiles.sources([str(tmp_path / "no.tif"), str(raster)], lambda name, _: problems.append(name))
    assert before.place == after.place
    assert before.version != after.version
    assert problems == [str(tmp_path / "no.tif")]
