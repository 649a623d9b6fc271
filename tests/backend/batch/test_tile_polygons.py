"""Tiles are polygons in the CRS of their raster or of the output, or the raster is refused by name."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from pyproj import CRS

from rsgpt_backend.batch.tile_polygons import ShapelyGrid, TileGrid, Window, check_output_crs, reprojected
from rsgpt_backend.errors import ImageError
from tests.backend.batch.rasters import NORTH_UP, ROTATED

UTM, DEGREES = CRS("EPSG:32611").to_wkt(), CRS("EPSG:4326").to_wkt()
SITE = CRS('LOCAL_CS["site",UNIT["metre",1]]').to_wkt()
FRAME = ShapelyGrid(NORTH_UP, 100, 60)


def test_windows_are_polygons_in_order() -> None:
    polygons = FRAME.polygons([Window(0, 0, 100, 60), Window(10, 20, 4, 2)])
    assert [tuple(polygon.bounds) for polygon in polygons] == [
        (500000.0, 3999970.0, 500050.0, 4000000.0),
        (500005.0, 3999989.0, 500007.0, 3999990.0),
    ]
    assert all(shapely.is_valid(polygons))


def test_a_window_beyond_the_frame_is_not_cut() -> None:
    (polygon,) = FRAME.polygons([Window(-10, -10, 200, 100)])
    assert tuple(polygon.bounds) == (499995.0, 3999955.0, 500095.0, 4000005.0)


def test_polygons_are_rotated_with_the_raster() -> None:
    (polygon,) = ShapelyGrid(ROTATED, 100, 60).polygons([Window(0, 0, 20, 10)])
    assert polygon.area == pytest.approx(20 * 10 * 0.25, rel=1e-6)
    assert polygon.area < shapely.box(*polygon.bounds).area / 2
    assert polygon.exterior.coords[0] == (500000.0, 4000000.0)


def test_tiles_of_a_grid_cover_the_raster_without_overlap() -> None:
    polygons = FRAME.polygons(list(TileGrid(FRAME.whole, 20).windows()))
    whole = FRAME.polygons([FRAME.whole])[0]
    assert len(polygons) == 15
    assert shapely.area(polygons).sum() == pytest.approx(whole.area)
    assert shapely.equals(shapely.union_all(polygons), whole)


def test_polygons_in_the_crs_of_the_output_are_returned_as_they_are() -> None:
    polygons = FRAME.polygons([FRAME.whole])
    assert reprojected(polygons, "a.tif", UTM, UTM) is polygons


def test_polygons_are_transformed_with_east_first() -> None:
    polygons = FRAME.polygons([FRAME.whole])
    (west, south, east, north) = shapely.total_bounds(reprojected(polygons, "a.tif", UTM, DEGREES))
    assert (west, north) == (pytest.approx(-117.0, abs=1e-6), pytest.approx(36.14472, abs=1e-4))  # the central meridian
    assert 0 < east - west < 0.001
    assert 0 < north - south < 0.001


def test_a_transformation_there_and_back_returns_the_polygons() -> None:
    polygons = FRAME.polygons([FRAME.whole, Window(3, 4, 5, 6)])
    there = reprojected(polygons, "a.tif", UTM, DEGREES)
    back = reprojected(there, "a.tif", DEGREES, UTM)
    assert np.abs(shapely.get_coordinates(back) - shapely.get_coordinates(polygons)).max() < 1e-3


@pytest.mark.parametrize(("source_wkt", "output_wkt"), [(SITE, DEGREES), (UTM, SITE), ("nonsense", UTM)])
def test_a_raster_without_a_way_to_the_output_is_refused(source_wkt: str, output_wkt: str) -> None:
    sentence = r"^a\{0\}\.tif cannot be transformed to the first raster's coordinate system \(.+\)\. Describe it in a"
    with pytest.raises(ImageError, match=sentence):
        reprojected(FRAME.polygons([FRAME.whole]), "a{0}.tif", source_wkt, output_wkt)
    with pytest.raises(ImageError, match=sentence):
        check_output_crs("a{0}.tif", FRAME, source_wkt, output_wkt)


@pytest.mark.parametrize(("source_wkt", "output_wkt"), [(UTM, UTM), (UTM, DEGREES), (SITE, SITE)])
def test_a_raster_with_a_position_in_the_output_is_accepted(source_wkt: str, output_wkt: str) -> None:
    check_output_crs("a.tif", FRAME, source_wkt, output_wkt)


def test_a_raster_that_is_partly_outside_the_output_is_refused() -> None:
    beyond = ShapelyGrid((0.0, 0.01, 0.0, 90.2, 0.0, -0.01), 64, 64)
    with pytest.raises(ImageError, match=r"a\.tif cannot be transformed to the first raster's coordinate system \("):
        check_output_crs("a.tif", beyond, DEGREES, UTM)
