"""Tiles and rows as pictures to search."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeedback,
    QgsGeometry,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
)

from rsgpt_plugin.core.paths import picture_file
from rsgpt_plugin.core.picture_store import PictureStore
from rsgpt_plugin.errors import ImageryError
from rsgpt_plugin.geo.imagery.capture import CaptureMode, CaptureOptions
from rsgpt_plugin.geo.imagery.layer_snapshot import take_snapshot
from rsgpt_plugin.geo.results.column_roles import result_columns
from rsgpt_plugin.processing.searching.picture_set import LayerTiles, OnePicture, ResultRows
from tests.plugin.processing.conftest import numbered
from tests.plugin.results import keep_pictures, results_layer, sha256_of

MakeRaster = Callable[..., QgsRasterLayer]


@contextmanager
def opened(layer: QgsRasterLayer, size: int = 32, mode: CaptureMode = CaptureMode.NATIVE) -> Iterator[LayerTiles]:
    snapshot = take_snapshot(layer, QgsProject.instance().transformContext())
    tiles = LayerTiles(snapshot, CaptureOptions(mode), size, None, QgsFeedback())
    try:
        yield tiles
    finally:
        tiles.close()


def test_tiles_have_places_outlines_and_pixels(raster: MakeRaster) -> None:
    layer = raster(numbered(2, 3))
    with opened(layer) as tiles:
        places = [tiles.source(number).place for number in range(len(tiles))]
        pictures = [tiles.picture(number) for number in range(len(tiles))]
    assert len(set(places)) == 6
    assert places[1].endswith("raster.tif#xywh=32,0,32,32")
    assert len({picture.sha256 for picture in pictures if picture}) == 6
    assert tiles.geometry(0).boundingBox().xMinimum() == layer.extent().xMinimum()
    assert pictures[0] is not None
    assert pictures[0].gsd_m == pytest.approx(0.5, rel=0.01)


def test_the_version_follows_the_file(raster: MakeRaster) -> None:
    layer = raster(numbered(1, 2))
    with opened(layer) as tiles:
        before = tiles.source(0).version
    with opened(layer) as tiles:
        assert tiles.source(0).version == before != ""
    os.utime(layer.source(), (1, 1))
    with opened(layer) as tiles:
        assert tiles.source(0).version != before
    with opened(layer, mode=CaptureMode.RENDERED) as tiles:
        assert tiles.source(0).version == ""


def test_the_version_follows_the_crs_on_which_the_ground_resolution_depends(raster: MakeRaster) -> None:
    layer = raster(numbered(1, 2))
    with opened(layer) as tiles:
        before = tiles.source(0).version
    layer.setCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    with opened(layer) as tiles:
        assert tiles.source(0).version != before


def test_a_tile_without_pixels_and_an_area(raster: MakeRaster) -> None:
    from tests.plugin.rasters import OddRaster

    values = numbered(1, 2)
    values[:, :, :32] = 7
    layer = raster(values, OddRaster(nodata=7))
    with opened(layer) as tiles:
        assert tiles.picture(0) is None
        whole = tiles.picture(1)
        assert whole is not None
        area = tiles.picture_of(tiles.geometry(1))
        assert area is not None
        assert area.sha256 == whole.sha256
        outside = QgsGeometry.fromRect(QgsRectangle(0, 0, 10, 10))
        assert tiles.picture_of(outside) is None


def test_tiles_keep_their_stretch_when_they_are_opened_again(raster: MakeRaster) -> None:
    layer = raster((np.random.default_rng(1).random((3, 32, 64)) * 4000).astype(np.uint16))
    with opened(layer) as tiles:
        first = tiles.picture(0)
    snapshot = take_snapshot(layer, QgsProject.instance().transformContext())
    reopened = tiles.reopened(snapshot, QgsFeedback())
    again = reopened.picture(0)
    with pytest.raises(ImageryError, match="was closed"):
        tiles.picture(0)
    reopened.close()
    assert first is not None
    assert again is not None
    assert (again.sha256, again.stretch) == (first.sha256, first.stretch)


def test_rows_have_the_pictures_that_are_stored() -> None:
    layer = results_layer(["a", "b"])
    keep_pictures([0])
    with PictureStore(picture_file(), 10**8) as store:
        rows = ResultRows(list(layer.getFeatures()), result_columns(layer), layer.crs(), store)
        assert [rows.source(number).sha256 for number in range(len(rows))] == [sha256_of(0), sha256_of(1)]
        picture = rows.picture(0)
        assert picture is not None
        assert picture.png().startswith(b"\x89PNG")
        with pytest.raises(ImageryError, match="no longer stored"):
            rows.picture(1)
        assert rows.sentences(0) == ("a",)
        assert rows.geometry(1).equals(rows.features[1].geometry())


def test_one_picture_without_pixels() -> None:
    layer = results_layer(["a"])
    area = QgsGeometry.fromRect(QgsRectangle(0, 0, 1, 1))
    one = OnePicture(None, area, layer.crs())
    assert (len(one), one.picture(0), one.source(0).sha256) == (1, None, "")
