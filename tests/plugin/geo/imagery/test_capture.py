"""The options and the layer decide on native or rendered capture, its bands, and the area that can be captured."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal
from qgis.core import (
    QgsCoordinateTransformContext,
    QgsFeedback,
    QgsGeometry,
    QgsMultiBandColorRenderer,
    QgsRasterLayer,
    QgsRectangle,
)

from rsgpt_plugin.errors import ImageryError
from rsgpt_plugin.geo.imagery.capture import Capture, CaptureMode, CaptureOptions, area_on_layer, open_capture
from rsgpt_plugin.geo.imagery.layer_snapshot import LayerSnapshot, take_snapshot
from rsgpt_plugin.geo.imagery.native_capture import NativeCapture
from rsgpt_plugin.geo.imagery.rendered_capture import RenderedCapture
from rsgpt_plugin.shared.rasters.tiles import Window
from tests.plugin.rasters import OddRaster, pattern, write

Make = Callable[..., LayerSnapshot]

AUTO, NATIVE, RENDERED = CaptureMode.AUTO, CaptureMode.NATIVE, CaptureMode.RENDERED
WHOLE = Window(0, 0, 96, 64)


def opened(snapshot: LayerSnapshot, options: CaptureOptions | None = None) -> Capture:
    return open_capture(snapshot, options or CaptureOptions(), snapshot.extent, QgsFeedback())


def online(tmp_path: Path) -> LayerSnapshot:
    layer = QgsRasterLayer(f"type=xyz&url={(tmp_path / 'tile.png').as_uri()}&zmax=19&zmin=0", "online", "wms")
    assert layer.isValid()
    return take_snapshot(layer, QgsCoordinateTransformContext())


def styled(tmp_path: Path, *bands: int) -> LayerSnapshot:
    """Return a layer of five bands whose style shows these as red, green, and blue."""
    layer = QgsRasterLayer(str(write(tmp_path / "a.tif", pattern(5, 64, 96))), "a")
    layer.setRenderer(QgsMultiBandColorRenderer(layer.dataProvider(), *bands))
    return take_snapshot(layer, QgsCoordinateTransformContext())


@pytest.mark.parametrize(
    ("options", "is_native"),
    [
        (CaptureOptions(), True),
        (CaptureOptions(NATIVE), True),
        (CaptureOptions(RENDERED), False),
        (CaptureOptions(AUTO, (1, 2, 3)), True),
        (CaptureOptions(AUTO, (), 1.0), False),
        (CaptureOptions(AUTO, (1, 2, 3), 1.0), True),  # the user chose bands, which a drawing does not have
        (CaptureOptions(NATIVE, (), 1.0), True),
    ],
)
def test_a_raster_is_captured_by_the_options(make_snapshot: Make, options: CaptureOptions, is_native: bool) -> None:
    capture = opened(make_snapshot(pattern(3, 64, 96)), options)
    assert isinstance(capture, NativeCapture if is_native else RenderedCapture)


@pytest.mark.parametrize("mode", [AUTO, RENDERED])
def test_a_palette_and_an_online_layer_are_drawn(make_snapshot: Make, tmp_path: Path, mode: CaptureMode) -> None:
    palette = make_snapshot(pattern(1, 64, 96), OddRaster(palette=True))
    assert isinstance(opened(palette, CaptureOptions(mode)), RenderedCapture)
    web = open_capture(online(tmp_path), CaptureOptions(mode), QgsRectangle(0, 0, 100, 100), QgsFeedback())
    assert isinstance(web, RenderedCapture)


def test_native_capture_of_a_palette_is_refused(make_snapshot: Make) -> None:
    with pytest.raises(ImageryError, match="layer 'raster' are not colors.*Choose rendered capture"):
        opened(make_snapshot(pattern(1, 64, 96), OddRaster(palette=True)), CaptureOptions(NATIVE))


def test_native_capture_of_an_online_layer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageryError, match="layer 'online' are not colors.*Choose rendered capture"):
        opened(online(tmp_path), CaptureOptions(NATIVE))


@pytest.mark.parametrize(("options", "shown"), [(CaptureOptions(), "5,3,1"), (CaptureOptions(bands=(2,)), "2")])
def test_requested_bands_come_before_those_of_the_style(tmp_path: Path, options: CaptureOptions, shown: str) -> None:
    assert opened(styled(tmp_path, 5, 3, 1), options).picture(WHOLE).bands == shown


def test_a_style_that_hides_a_color_does_not_choose_bands(tmp_path: Path) -> None:
    assert opened(styled(tmp_path, 5, -1, 1)).picture(WHOLE).bands == "1,2,3"


def test_declared_colors_come_before_the_style(make_snapshot: Make) -> None:
    colors = (gdal.GCI_Undefined, gdal.GCI_BlueBand, gdal.GCI_GreenBand, gdal.GCI_RedBand)
    values = pattern(4, 64, 96)
    shot = opened(make_snapshot(values, OddRaster(meanings=colors))).picture(WHOLE)
    assert shot.bands == "4,3,2"
    assert np.array_equal(shot.rgb, values[[3, 2, 1]].transpose(1, 2, 0))


@pytest.mark.parametrize(
    ("bands", "message"),
    [((1, 2), "one band .gray. or three"), ((4,), "no band 4; choose from 1 to 3"), ((0, 1, 2), "no band 0")],
)
def test_bands_that_cannot_be_shown_are_refused(make_snapshot: Make, bands: tuple[int, ...], message: str) -> None:
    with pytest.raises(ImageryError, match=message):
        opened(make_snapshot(pattern(3, 64, 96)), CaptureOptions(bands=bands))


def test_a_native_picture_has_the_crs_of_the_layer(make_snapshot: Make) -> None:
    snapshot = make_snapshot(pattern(3, 64, 96))
    shot = opened(snapshot).picture(WHOLE)
    assert shot.crs_wkt == snapshot.crs.toWkt()
    assert shot.extent == (500000.0, 3999968.0, 500048.0, 4000000.0)


def test_without_an_area_the_layer_is_captured(make_snapshot: Make) -> None:
    snapshot = make_snapshot(pattern(1, 64, 96))
    assert area_on_layer(snapshot, None).boundingBox() == snapshot.extent


@pytest.mark.parametrize(
    ("area", "sentence"),
    [
        (QgsGeometry.fromRect(QgsRectangle(0, 0, 10, 10)), "outside the layer 'raster'.*coordinate system"),
        (QgsGeometry.fromWkt("Point (500010 3999990)"), "outside the layer 'raster'"),
        (QgsGeometry.fromRect(QgsRectangle(500048, 3999968, 500060, 4000000)), "outside the layer 'raster'"),
        (QgsGeometry(), "unbounded"),
        (QgsGeometry.fromWkt("Polygon EMPTY"), "unbounded"),
        (QgsGeometry.fromWkt("Polygon ((0 0, 1 0, 1 inf, 0 0))"), "unbounded"),
    ],
)
def test_an_area_outside_or_unbounded_is_refused(make_snapshot: Make, area: QgsGeometry, sentence: str) -> None:
    with pytest.raises(ImageryError, match=sentence):
        area_on_layer(make_snapshot(pattern(1, 64, 96)), area)


def test_an_area_partly_outside_is_clipped(make_snapshot: Make) -> None:
    area = QgsGeometry.fromRect(QgsRectangle(499000, 3999990, 500010, 4001000))
    part = area_on_layer(make_snapshot(pattern(1, 64, 96)), area)
    assert part.boundingBox() == QgsRectangle(500000, 3999990, 500010, 4000000)


def test_an_area_of_any_shape_keeps_its_shape(make_snapshot: Make) -> None:
    triangle = QgsGeometry.fromWkt("Polygon ((500000 3999970, 500020 3999970, 500000 3999990, 500000 3999970))")
    assert area_on_layer(make_snapshot(pattern(1, 64, 96)), triangle).area() == pytest.approx(200.0)
