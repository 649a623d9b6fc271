"""Samples of rasters: choice of bands, valid pixels, and unusable rasters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rasterio.enums import ColorInterp

from rsgpt_backend.data.raster_reader import RasterReader
from rsgpt_backend.errors import ImageError
from rsgpt_plugin.shared.rasters.bands import BandChoice
from rsgpt_plugin.shared.rasters.pixels import Pixels
from rsgpt_plugin.shared.rasters.tiles import Window
from tests.backend.batch.rasters import OddGeoTiff, write

GREY: dict[str, Any] = {"photometric": "MINISBLACK", "alpha": "NO"}
RED, GREEN, BLUE, ALPHA = ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.alpha


def noise(bands: int, kind: str = "uint8") -> np.ndarray:
    return np.random.default_rng(1).integers(1, 250, (bands, 40, 60)).astype(kind)


def read(path: Path, size: tuple[int, int] = (60, 40)) -> Pixels:
    with RasterReader(str(path)) as raster:
        return raster.read(raster.choose_bands(()), Window(0, 0, 60, 40), size)


@pytest.mark.parametrize(
    ("count", "meanings", "expected"),
    [
        (1, (), BandChoice((1,))),
        (2, (), BandChoice((1,))),
        (3, (), BandChoice((1, 2, 3))),
        (4, (), BandChoice((1, 2, 3))),
        (4, (BLUE, GREEN, RED, ColorInterp.undefined), BandChoice((3, 2, 1))),
        (4, (RED, GREEN, BLUE, ALPHA), BandChoice((1, 2, 3), 4)),
        (2, (ColorInterp.gray, ALPHA), BandChoice((1,), 2)),
    ],
)
def test_bands_are_chosen_by_their_meaning(
    tmp_path: Path, count: int, meanings: tuple[ColorInterp, ...], expected: BandChoice
) -> None:
    with RasterReader(str(write(tmp_path / "a.tif", noise(count), OddGeoTiff(meanings=meanings), **GREY))) as raster:
        assert raster.choose_bands(()) == expected


def test_given_bands_are_read_in_their_order(tmp_path: Path) -> None:
    values = noise(4)
    with RasterReader(str(write(tmp_path / "a.tif", values, **GREY))) as raster:
        samples, _ = raster.read(raster.choose_bands((4, 2, 1)), Window(5, 7, 20, 10), (20, 10))
        assert np.array_equal(samples, values[[3, 1, 0], 7:17, 5:25])
        for wrong in ((5,), (1, 2), (0, 1, 2)):
            with pytest.raises(ImageError, match="Choose|choose from 1 to 4"):
                raster.choose_bands(wrong)


def test_transparent_pixels_are_not_valid(tmp_path: Path) -> None:
    values = noise(4)
    values[3, :10] = 0
    _, valid = read(write(tmp_path / "a.tif", values, OddGeoTiff(meanings=(RED, GREEN, BLUE, ALPHA)), **GREY))
    assert not valid[:10].any()
    assert valid[10:].all()


def test_a_pixel_of_bytes_is_no_data_if_all_bands_are(tmp_path: Path) -> None:
    values = noise(3)
    values[0, :5], values[:, 20:25] = 0, 0
    _, valid = read(write(tmp_path / "a.tif", values, OddGeoTiff(nodata=0), **GREY))
    assert np.flatnonzero(~valid.all(axis=1)).tolist() == [20, 21, 22, 23, 24]


def test_a_pixel_of_other_types_is_no_data_if_one_band_is(tmp_path: Path) -> None:
    values = noise(3, "int16")
    values[1, :5] = -9999
    _, valid = read(write(tmp_path / "a.tif", values, OddGeoTiff(nodata=-9999)))
    assert np.flatnonzero(~valid.all(axis=1)).tolist() == [0, 1, 2, 3, 4]


def test_nan_and_infinity_are_not_valid(tmp_path: Path) -> None:
    values = noise(3, "float32")
    values[1, 5, 5], values[2, 6, 6], values[0, 7, 7] = np.nan, np.inf, -np.inf
    _, valid = read(write(tmp_path / "a.tif", values))
    assert np.argwhere(~valid).tolist() == [[5, 5], [6, 6], [7, 7]]


def test_a_smaller_size_is_averaged(tmp_path: Path) -> None:
    values = np.zeros((1, 40, 60), np.uint8)
    values[:, :, ::2] = 200
    samples, valid = read(write(tmp_path / "a.tif", values), (30, 20))
    assert set(samples.ravel()) == {100}
    assert valid.shape == (20, 30)


def test_a_palette_is_refused_with_advice(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", noise(1) % 2, OddGeoTiff(palette=True))
    with RasterReader(str(path)) as raster, pytest.raises(ImageError, match="-expand rgb"):
        raster.choose_bands(())


def test_a_missing_coordinate_system_is_refused(tmp_path: Path) -> None:
    path = str(write(tmp_path / "a.tif", noise(1), OddGeoTiff(crs=None)))
    with RasterReader(path) as raster, pytest.raises(ImageError, match="no coordinate system"):
        _ = raster.crs_wkt


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="cannot be opened"):
        RasterReader(str(tmp_path / "none.tif"))


def test_the_end_of_a_truncated_file_cannot_be_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", noise(3))
    path.write_bytes(path.read_bytes()[:3000])
    with RasterReader(str(path)) as raster, pytest.raises(ImageError, match="cannot be read"):
        raster.read(BandChoice((1,)), Window(0, 30, 60, 10), (60, 10))


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_a_raster_without_a_position_is_not_turned(tmp_path: Path) -> None:
    values = np.arange(24, dtype=np.uint8).reshape(1, 4, 6)
    path = write(tmp_path / "a.tif", values, OddGeoTiff((0.0, 1.0, 0.0, 0.0, 0.0, 1.0), None))
    with RasterReader(str(path)) as raster:
        assert not raster.has_grid
        assert np.array_equal(raster.read(BandChoice((1,)), raster.frame.whole, (6, 4))[0], values)
