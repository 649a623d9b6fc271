"""Native capture: exact, masked, stretched, and padded pixels of unusual rasters."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal
from qgis.core import QgsCoordinateTransformContext, QgsFeedback, QgsRasterLayer, QgsRasterRange, QgsRectangle

from rsgpt_plugin.errors import Cancelled, ImageryError
from rsgpt_plugin.geo.imagery.capture import CaptureMode, CaptureOptions, open_capture
from rsgpt_plugin.geo.imagery.layer_snapshot import LayerSnapshot, take_snapshot
from rsgpt_plugin.geo.imagery.native_capture import NativeCapture
from rsgpt_plugin.shared.rasters.pixels import MAX_SIDE
from rsgpt_plugin.shared.rasters.tiles import TileGrid, Window
from tests.plugin.rasters import DEGREES, LOCAL_CRS, ROTATED, OddRaster, pattern, truncate, write

WHOLE = Window(0, 0, 96, 64)


def native(snapshot: LayerSnapshot, bands: tuple[int, ...] = ()) -> NativeCapture:
    capture = open_capture(snapshot, CaptureOptions(CaptureMode.NATIVE, bands), QgsRectangle(), QgsFeedback())
    assert isinstance(capture, NativeCapture)
    return capture


@pytest.mark.parametrize(
    "odd",
    [OddRaster(), OddRaster(ROTATED), OddRaster(DEGREES, 4326), OddRaster(crs=LOCAL_CRS)],
    ids=["utm", "rotated", "degrees", "local"],
)
def test_every_tile_is_pixel_exact(make_snapshot: Callable[..., LayerSnapshot], odd: OddRaster) -> None:
    values = np.random.default_rng(1).integers(0, 256, (3, 64, 96), dtype=np.uint8)
    capture = native(make_snapshot(values, odd))
    for window in TileGrid(Window(0, 0, 96, 64), 17, 20).windows():
        part = values[:, window.y : window.y + window.height, window.x : window.x + window.width]
        assert np.array_equal(capture.picture(window).rgb, part.transpose(1, 2, 0))


@pytest.mark.parametrize("kind", ["uint8", "uint16", "int16", "float32", "float64"])
@pytest.mark.parametrize("bands", [1, 2, 3, 4])
def test_every_type_and_number_of_bands_shows_the_pattern(
    make_snapshot: Callable[..., LayerSnapshot], kind: str, bands: int
) -> None:
    capture = native(make_snapshot(pattern(bands, 64, 96, kind))).settled([WHOLE], QgsFeedback())
    shown = capture.picture(WHOLE).rgb
    assert shown.shape == (64, 96, 3)
    assert shown[20:30, 28:40].min() > shown[:, 60:].max()
    assert bool(capture.note) == (bands == 2)
    if bands < 3:
        assert np.array_equal(shown[..., 0], shown[..., 2])


def test_a_rotated_tile_has_its_extent_and_resolution(make_snapshot: Callable[..., LayerSnapshot]) -> None:
    capture = native(make_snapshot(pattern(1, 64, 96), OddRaster(ROTATED)))
    shot = capture.picture(Window(0, 0, 64, 64))
    assert shot.gsd_m == pytest.approx(0.5, rel=1e-3)
    assert shot.extent == pytest.approx((499984.0, 3999956.29, 500027.71, 4000000.0), abs=0.01)


def test_no_data_is_masked_and_excluded_from_the_stretch(make_snapshot: Callable[..., LayerSnapshot]) -> None:
    values = pattern(1, 64, 96, "int16")
    values[0, :, :50] = -9999
    capture = native(make_snapshot(values, OddRaster(nodata=-9999))).settled([WHOLE], QgsFeedback())
    shot = capture.picture(WHOLE)
    assert not shot.valid[:, :50].any()
    assert shot.valid[:, 50:].all()
    assert capture.stretch.limits[0][0] > 0


def test_nan_and_infinity_are_masked(make_snapshot: Callable[..., LayerSnapshot]) -> None:
    values = pattern(3, 64, 96, "float32")
    values[1, 5, 5], values[2, 6, 6], values[0, 7, 7] = np.nan, np.inf, -np.inf
    capture = native(make_snapshot(values)).settled([WHOLE], QgsFeedback())
    assert np.argwhere(~capture.picture(WHOLE).valid).tolist() == [[5, 5], [6, 6], [7, 7]]


def test_a_byte_pixel_is_no_data_only_if_all_bands_are(make_snapshot: Callable[..., LayerSnapshot]) -> None:
    values = pattern(3, 64, 96)
    values[0, 3, 3] = 255
    values[:, 4, 4] = 255
    shot = native(make_snapshot(values, OddRaster(nodata=255))).picture(WHOLE)
    assert np.argwhere(~shot.valid).tolist() == [[4, 4]]


def test_no_data_values_of_the_layer_are_masked(tmp_path: Path) -> None:
    values = pattern(1, 64, 96, "uint16")
    values[0, 10, 10] = 1
    layer = QgsRasterLayer(str(write(tmp_path / "a.tif", values)), "a")
    layer.dataProvider().setUserNoDataValue(1, [QgsRasterRange(0, 2)])
    capture = native(take_snapshot(layer, QgsCoordinateTransformContext()))
    assert np.argwhere(~capture.picture(WHOLE).valid).tolist() == [[10, 10]]


def test_transparent_pixels_are_not_valid(make_snapshot: Callable[..., LayerSnapshot]) -> None:
    values = pattern(4, 64, 96)
    values[3] = 255
    values[3, :, :10] = 0
    colors = (gdal.GCI_RedBand, gdal.GCI_GreenBand, gdal.GCI_BlueBand, gdal.GCI_AlphaBand)
    capture = native(make_snapshot(values, OddRaster(meanings=colors)))
    assert capture.bands.describe() == "1,2,3"
    assert np.array_equal(capture.picture(WHOLE).valid, values[3] > 0)


def test_an_area_of_no_data_is_refused(make_snapshot: Callable[..., LayerSnapshot]) -> None:
    capture = native(make_snapshot(np.zeros((1, 64, 96), np.uint16), OddRaster(nodata=0)))
    with pytest.raises(ImageryError, match="no valid pixel.*Choose another extent"):
        capture.settled([WHOLE], QgsFeedback())


def test_measuring_stops_on_cancel(make_snapshot: Callable[..., LayerSnapshot]) -> None:
    feedback = QgsFeedback()
    feedback.cancel()
    with pytest.raises(Cancelled):
        native(make_snapshot(pattern(1, 64, 96))).settled([WHOLE], feedback)


def test_pixels_outside_the_raster_are_padded(make_snapshot: Callable[..., LayerSnapshot]) -> None:
    values = pattern(3, 64, 96)
    capture = native(make_snapshot(values))
    shot = capture.picture(Window(-10, 50, 40, 40))
    assert shot.rgb.shape == (40, 40, 3)
    assert np.array_equal(np.argwhere(shot.valid).min(axis=0), [0, 10])
    assert shot.valid.sum() == 14 * 30
    assert np.array_equal(shot.rgb[:14, 10:], values[:, 50:, :30].transpose(1, 2, 0))
    assert capture.picture(Window(500, 500, 10, 10)).empty


@pytest.mark.parametrize("odd", [OddRaster(), OddRaster(ROTATED)], ids=["provider", "file"])
def test_a_large_window_is_shrunk_by_averaging(make_snapshot: Callable[..., LayerSnapshot], odd: OddRaster) -> None:
    side = 4 * MAX_SIDE
    values = np.zeros((1, side, side), np.uint8)
    values[0, ::2, ::2] = 200
    shot = native(make_snapshot(values, odd)).picture(Window(0, 0, side, side))
    assert shot.rgb.shape == (MAX_SIDE, MAX_SIDE, 3)
    assert np.abs(shot.rgb.astype(int) - 50).max() <= 1
    assert shot.gsd_m == pytest.approx(2.0, rel=1e-3)


def test_missing_pixels_of_a_truncated_file_raise_an_error(tmp_path: Path) -> None:
    path = truncate(write(tmp_path / "a.tif", pattern(1, 300, 300, "uint16")), 0.5)
    layer = QgsRasterLayer(str(path), "a")
    if not layer.isValid():
        pytest.fail("the layer should open: only its pixels are missing")
    capture = native(take_snapshot(layer, QgsCoordinateTransformContext()))
    with pytest.raises(ImageryError, match="cannot be read"):
        capture.picture(Window(0, 200, 100, 100))
    assert capture.picture(Window(0, 0, 100, 100)).valid.all()


def test_a_layer_without_crs_is_refused(tmp_path: Path) -> None:
    layer = QgsRasterLayer(str(write(tmp_path / "a.tif", pattern(1, 64, 96), OddRaster(crs=None))), "nowhere")
    with pytest.raises(ImageryError, match="'nowhere' has no coordinate system.*Set one"):
        take_snapshot(layer, QgsCoordinateTransformContext())


@pytest.mark.parametrize(
    ("name", "bands"),
    [
        ("las_vegas_pan16_degrees.tif", "1"),
        ("rotterdam_ms_float64.tif", "1,2,3"),
        ("neon_forest_10cm.tif", "1,2,3"),
        ("naip_prairie_2020.tif", "1,2,3"),
    ],
)
def test_real_rasters_are_pixel_exact(shared: Path, tmp_path: Path, name: str, bands: str) -> None:
    # A copy, as QGIS writes statistics next to the file.
    path = Path(shutil.copy(shared / "data" / "rasters" / name, tmp_path))
    layer = QgsRasterLayer(str(path), name)
    capture = native(take_snapshot(layer, QgsCoordinateTransformContext()))
    assert capture.bands.describe() == bands
    window = Window(37, 91, 128, 128)
    values, _ = capture.source.read(capture.bands, window, (128, 128))
    expected = gdal.Open(str(path)).ReadAsArray(37, 91, 128, 128)
    assert np.array_equal(values, np.atleast_3d(expected)[: len(values)] if expected.ndim == 3 else expected[None])
    shown = capture.settled([window], QgsFeedback()).picture(window).rgb
    assert shown.std() > 10
