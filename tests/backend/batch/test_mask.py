"""Selection of tiles by polygons: overlap, shared edges, another CRS, unusable files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio.raw
import pytest
import shapely
from pyproj import CRS, Transformer

from rsgpt_backend.batch.mask import chosen_tiles, read_mask
from rsgpt_backend.batch.tile_polygons import ShapelyGrid, TileGrid
from rsgpt_backend.errors import DataError
from rsgpt_plugin.shared.rasters.tiles import Geotransform

UTM = CRS("EPSG:32611")
FRAME = ShapelyGrid((500000.0, 1.0, 0.0, 4000000.0, 0.0, -1.0), 300, 200)
GRID = TileGrid(FRAME.whole, 100)


def box(left: float, top: float, right: float, bottom: float) -> list[list[float]]:
    """Return a ring over pixels of FRAME, in degrees."""
    to_degrees = Transformer.from_crs(UTM, "EPSG:4326", always_xy=True)
    corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
    return [list(to_degrees.transform(*FRAME.point(x, y))) for x, y in corners]


def mask(path: Path, *geometries: dict[str, Any]) -> str:
    """Write geometries in degrees as GeoJSON and return the path."""
    features = [{"type": "Feature", "properties": {}, "geometry": geometry} for geometry in geometries]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return str(path)


def polygon(*corners: float) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [box(*corners)]}


def test_tiles_that_overlap_are_chosen(tmp_path: Path) -> None:
    path = mask(tmp_path / "a.geojson", polygon(110, 10, 120, 20), polygon(190, 150, 210, 160))
    assert chosen_tiles(read_mask(path, UTM, FRAME, 100), FRAME, GRID).tolist() == [1, 4, 5]


def test_tiles_that_only_share_an_edge_are_not_chosen(tmp_path: Path) -> None:
    path = mask(tmp_path / "a.geojson", polygon(100, 0, 200, 100))
    assert chosen_tiles(read_mask(path, UTM, FRAME, 100), FRAME, GRID).tolist() == [1]


def test_a_self_intersecting_polygon_is_repaired(tmp_path: Path) -> None:
    ring = box(10, 10, 90, 90)
    ring[1], ring[2] = ring[2], ring[1]
    path = mask(tmp_path / "a.geojson", {"type": "Polygon", "coordinates": [ring]})
    assert chosen_tiles(read_mask(path, UTM, FRAME, 100), FRAME, GRID).tolist() == [0]


def test_a_distant_mask_chooses_no_tile(tmp_path: Path) -> None:
    path = mask(tmp_path / "a.geojson", polygon(5000, 5000, 5100, 5100))
    assert chosen_tiles(read_mask(path, UTM, FRAME, 100), FRAME, GRID).tolist() == []


def test_a_mask_without_polygons_is_refused(tmp_path: Path) -> None:
    path = mask(tmp_path / "a.geojson", {"type": "Point", "coordinates": [0, 0]})
    with pytest.raises(DataError, match="no polygon"):
        read_mask(path, UTM, FRAME, 100)


def test_an_unreadable_mask_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.gpkg").write_text("no")
    with pytest.raises(DataError, match="cannot be read"):
        read_mask(str(tmp_path / "a.gpkg"), UTM, FRAME, 100)


# A state with four corners. Its southern edge follows the parallel 37° N, 4 km south of the straight line in UTM.
STATE = shapely.box(-109.05, 37.0, -102.05, 41.0)
WORLD = shapely.box(-180.0, -90.0, 180.0, 90.0)
NORTH_WEST = shapely.box(-180.0, 0.0, 0.0, 90.0)
AROUND_THE_POLE = shapely.box(-180.0, -90.0, 180.0, -89.9995)
EAST_AND_WEST = [shapely.box(179.999, -17.1, 180.0, -17.0), shapely.box(-180.0, -17.1, -179.999, -17.0)]
BOTH_SIDES = shapely.multipolygons(EAST_AND_WEST)


def layer(path: Path, name: str, *geometries: shapely.Geometry, crs: str = "EPSG:4326") -> str:
    """Add a layer to a GeoPackage and return its path."""
    kind = geometries[0].geom_type
    append = {"append": True} if path.exists() else {}
    pyogrio.raw.write(
        path, shapely.to_wkb(np.array(geometries, object)), [], [], layer=name, driver="GPKG", geometry_type=kind,
        crs=crs, **append,
    )  # fmt: skip
    return str(path)


def number_chosen(path: str, geotransform: Geotransform, crs: str) -> int:
    frame = ShapelyGrid(geotransform, 64, 64)
    grid = TileGrid(frame.whole, 32)
    return len(chosen_tiles(read_mask(path, CRS(crs), frame, 32), frame, grid))


@pytest.mark.parametrize(
    ("geotransform", "crs", "polygon", "expected"),
    [
        ((455523.0, 0.5, 0.0, 4097208.0, 0.0, -0.5), "EPSG:32613", STATE, 4),  # 37.02 N: inside
        ((457970.0, 0.5, 0.0, 4542105.0, 0.0, -0.5), "EPSG:32613", STATE, 0),  # 41.03 N: outside
        ((500000.0, 0.5, 0.0, 4000000.0, 0.0, -0.5), "EPSG:32611", WORLD, 4),
        ((500000.0, 0.5, 0.0, 4000000.0, 0.0, -0.5), "EPSG:32611", NORTH_WEST, 4),
        ((-16.0, 0.5, 0.0, 16.0, 0.0, -0.5), "EPSG:3031", WORLD, 4),
        ((-16.0, 0.5, 0.0, 16.0, 0.0, -0.5), "EPSG:3031", NORTH_WEST, 0),
        ((-16.0, 0.5, 0.0, 16.0, 0.0, -0.5), "EPSG:3031", AROUND_THE_POLE, 4),
        ((179.9998, 1e-5, 0.0, -17.01, 0.0, -1e-5), "EPSG:4326", BOTH_SIDES, 4),
        ((200.0, 1e-5, 0.0, -17.0, 0.0, -1e-5), "EPSG:4326", WORLD, 4),
        ((819000.0, 8.0, 0.0, 8118000.0, 0.0, -8.0), "EPSG:32760", BOTH_SIDES, 2),
    ],
)
def test_masks_keep_their_edges_in_another_crs(
    tmp_path: Path, geotransform: Geotransform, crs: str, polygon: shapely.Geometry, expected: int
) -> None:
    assert number_chosen(layer(tmp_path / "a.gpkg", "a", polygon), geotransform, crs) == expected


def test_the_only_layer_with_polygons_is_used(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    layer(path, "points", shapely.Point(0, 0))
    layer(path, "district", shapely.box(500000, 3999999, 500010, 4000000), crs="EPSG:32611")
    geotransform = (500000.0, 0.5, 0.0, 4000000.0, 0.0, -0.5)
    assert number_chosen(str(path), geotransform, "EPSG:32611") == 1


def test_several_layers_require_the_name_of_one(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    for name, right in (("one", 500010), ("two", 500020)):
        layer(path, name, shapely.box(500000, 3999999, right, 4000000), crs="EPSG:32611")
    geotransform = (500000.0, 0.5, 0.0, 4000000.0, 0.0, -0.5)
    with pytest.raises(DataError, match=r"several layers \(one, two\).*a\.gpkg\|layername=one"):
        number_chosen(str(path), geotransform, "EPSG:32611")
    counts = [number_chosen(f"{path}|layername={name}", geotransform, "EPSG:32611") for name in ("one", "two")]
    assert counts == [1, 2]
    with pytest.raises(DataError, match="cannot be read"):
        number_chosen(f"{path}|layername=three", geotransform, "EPSG:32611")


def test_a_mask_without_a_transformation_to_the_raster_is_refused(tmp_path: Path) -> None:
    path = layer(tmp_path / "a.gpkg", "a", WORLD)
    with pytest.raises(DataError, match="cannot be transformed to the raster's coordinate system"):
        number_chosen(path, (0.0, 0.5, 0.0, 256.0, 0.0, -0.5), 'LOCAL_CS["site",UNIT["metre",1]]')
