"""Polygons choose tiles: overlap, an edge that is only shared, another CRS, and files that are no mask."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pyproj import CRS, Transformer

from rsgpt_backend.batch.grid import Frame, TileGrid
from rsgpt_backend.batch.mask import chosen_tiles, read_mask
from rsgpt_backend.errors import DataError

UTM = CRS("EPSG:32611")
FRAME = Frame((500000.0, 1.0, 0.0, 4000000.0, 0.0, -1.0), 300, 200)
GRID = TileGrid(FRAME.whole, 100)


def box(left: float, top: float, right: float, bottom: float) -> list[list[float]]:
    """A ring over pixels of FRAME, in degrees."""
    to_degrees = Transformer.from_crs(UTM, "EPSG:4326", always_xy=True)
    corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
    return [list(to_degrees.transform(*FRAME.point(x, y))) for x, y in corners]


def mask(path: Path, *geometries: dict[str, Any]) -> str:
    """A GeoJSON of these geometries, which is in degrees."""
    features = [{"type": "Feature", "properties": {}, "geometry": geometry} for geometry in geometries]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return str(path)


def polygon(*corners: float) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [box(*corners)]}


def test_tiles_that_overlap_are_chosen(tmp_path: Path) -> None:
    path = mask(tmp_path / "a.geojson", polygon(110, 10, 120, 20), polygon(190, 150, 210, 160))
    assert chosen_tiles(read_mask(path, UTM, FRAME, 100), FRAME, GRID).tolist() == [1, 4, 5]


def test_an_edge_in_common_is_not_enough(tmp_path: Path) -> None:
    path = mask(tmp_path / "a.geojson", polygon(100, 0, 200, 100))
    assert chosen_tiles(read_mask(path, UTM, FRAME, 100), FRAME, GRID).tolist() == [1]


def test_a_crossed_polygon_still_chooses(tmp_path: Path) -> None:
    ring = box(10, 10, 90, 90)
    ring[1], ring[2] = ring[2], ring[1]
    path = mask(tmp_path / "a.geojson", {"type": "Polygon", "coordinates": [ring]})
    assert chosen_tiles(read_mask(path, UTM, FRAME, 100), FRAME, GRID).tolist() == [0]


def test_far_away_nothing_is_chosen(tmp_path: Path) -> None:
    path = mask(tmp_path / "a.geojson", polygon(5000, 5000, 5100, 5100))
    assert chosen_tiles(read_mask(path, UTM, FRAME, 100), FRAME, GRID).tolist() == []


def test_lines_and_points_are_no_mask(tmp_path: Path) -> None:
    path = mask(tmp_path / "a.geojson", {"type": "Point", "coordinates": [0, 0]})
    with pytest.raises(DataError, match="no polygon"):
        read_mask(path, UTM, FRAME, 100)


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.gpkg").write_text("no")
    with pytest.raises(DataError, match="cannot be read"):
        read_mask(str(tmp_path / "a.gpkg"), UTM, FRAME, 100)
