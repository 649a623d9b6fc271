"""Plans of rasters, and pictures of tiles: exact pixels, one stretch, size limit, errors."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import rasterio.shutil

from rsgpt_backend.batch import tile_pictures
from rsgpt_backend.batch.tile_pictures import TileReader, TilingOptions, make_plan
from rsgpt_backend.errors import ImageError
from rsgpt_plugin.shared.rasters.pixels import pixels_sha256
from tests.backend.batch.rasters import ROTATED, OddGeoTiff, write
from tests.backend.batch.test_mask import mask, polygon


def noise(bands: int, height: int, width: int, kind: str = "uint8") -> np.ndarray:
    return np.random.default_rng(2).integers(0, 250, (bands, height, width)).astype(kind)


@pytest.mark.parametrize("transform", [None, ROTATED])
def test_every_tile_is_pixel_exact(tmp_path: Path, transform: tuple[float, ...] | None) -> None:
    values = noise(3, 64, 96)
    plan = make_plan(
        str(write(tmp_path / "a.tif", values, OddGeoTiff(transform) if transform else None)), TilingOptions(17, 20)
    )
    with TileReader(plan) as reader:
        for tile in plan.tiles:
            window, picture = plan.grid.window(tile), reader.picture(tile)
            part = values[:, window.y : window.y + window.height, window.x : window.x + window.width]
            assert np.array_equal(picture.rgb, part.transpose(1, 2, 0))
            assert picture.gsd_m == pytest.approx(0.5, rel=1e-3)


def test_the_hash_of_a_picture_is_that_of_the_plugin(tmp_path: Path) -> None:
    values = noise(3, 16, 24)
    plan = make_plan(str(write(tmp_path / "a.tif", values)), TilingOptions(32))
    with TileReader(plan) as reader:
        assert reader.picture(0).sha256 == pixels_sha256((16, 24, 3), values.transpose(1, 2, 0).tobytes())


def test_all_tiles_have_the_same_stretch(tmp_path: Path) -> None:
    values = np.broadcast_to(np.arange(0, 2000, 20, dtype=np.uint16), (1, 20, 100))
    plan = make_plan(str(write(tmp_path / "a.tif", values)), TilingOptions(20))
    with TileReader(plan) as reader:
        means = [reader.picture(tile).rgb.mean() for tile in plan.tiles]
    assert means == sorted(means)
    assert means[0] < 40
    assert means[-1] > 215


def test_a_large_tile_is_reduced(tmp_path: Path) -> None:
    plan = make_plan(str(write(tmp_path / "a.tif", noise(1, 2048, 2048))), TilingOptions(2048))
    with TileReader(plan) as reader:
        picture = reader.picture(0)
    assert picture.rgb.shape == (1024, 1024, 3)
    assert picture.gsd_m == pytest.approx(1.0, rel=1e-3)


def test_a_tile_without_a_valid_pixel_is_empty(tmp_path: Path) -> None:
    values = noise(3, 32, 64) + np.uint8(1)
    values[:, :, :32] = 0
    plan = make_plan(str(write(tmp_path / "a.tif", values, OddGeoTiff(nodata=0))), TilingOptions(32))
    with TileReader(plan) as reader:
        assert [reader.picture(tile).empty for tile in plan.tiles] == [True, False]


def test_a_raster_without_a_valid_pixel_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", np.zeros((1, 32, 32), np.uint8), OddGeoTiff(nodata=0))
    with pytest.raises(ImageError, match="no valid pixel"):
        make_plan(str(path), TilingOptions(32))


def test_a_mask_selects_tiles_without_moving_them(tmp_path: Path) -> None:
    odd = OddGeoTiff((500000.0, 1.0, 0.0, 4000000.0, 0.0, -1.0))
    path = str(write(tmp_path / "a.tif", noise(3, 200, 300), odd))
    near = mask(tmp_path / "near.geojson", polygon(110, 10, 120, 20))
    assert make_plan(path, TilingOptions(100, mask=near)).tiles == [1]
    far = mask(tmp_path / "far.geojson", polygon(5000, 5000, 5100, 5100))
    with pytest.raises(ImageError, match="does not overlap"):
        make_plan(path, TilingOptions(100, mask=far))


def test_the_key_of_a_plan_changes_with_its_pictures(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", noise(3, 64, 64))
    plan = make_plan(str(path), TilingOptions(32))
    assert make_plan(str(path), TilingOptions(32)).key == plan.key
    assert pickle.loads(pickle.dumps(plan)).key == plan.key
    others = [
        make_plan(str(path), tiling).key
        for tiling in (TilingOptions(16), TilingOptions(32, 10), TilingOptions(32, bands=(1,)))
    ]
    write(path, noise(3, 64, 64)[:, ::-1])
    others.append(make_plan(str(path), TilingOptions(32)).key)
    assert len({plan.key, *others}) == 5


def test_a_plan_has_the_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.tif", noise(3, 64, 64))
    monkeypatch.chdir(tmp_path)
    assert make_plan("a.tif", TilingOptions(32)).source == str(path.resolve())


def test_the_sources_of_a_virtual_raster_change_its_key(tmp_path: Path) -> None:
    write(tmp_path / "a.tif", noise(3, 64, 64))
    mosaic = tmp_path / "a.vrt"
    rasterio.shutil.copy(tmp_path / "a.tif", mosaic, driver="VRT")
    before = make_plan(str(mosaic), TilingOptions(32)).key
    assert make_plan(str(mosaic), TilingOptions(32)).key == before
    write(tmp_path / "a.tif", noise(3, 64, 64)[:, ::-1])
    assert make_plan(str(mosaic), TilingOptions(32)).key != before


def test_the_position_of_a_raster_changes_its_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a version, as for a URL."""
    monkeypatch.setattr(tile_pictures, "_version", lambda _: "")
    path = write(tmp_path / "a.tif", noise(3, 64, 64))
    before = make_plan(str(path), TilingOptions(32)).key
    write(path, noise(3, 64, 64), OddGeoTiff((500001.0, 0.5, 0.0, 4000000.0, 0.0, -0.5)))
    assert make_plan(str(path), TilingOptions(32)).key != before
