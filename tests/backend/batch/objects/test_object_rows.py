"""Rows of found objects: confidence, provenance, and only the objects that were asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import shapely

from rsgpt_backend.batch.journal import TileResult
from rsgpt_backend.batch.objects.object_rows import FoundObjectCounts, ObjectSearch, RasterObjects
from rsgpt_backend.batch.objects.search_plan import make_search
from rsgpt_plugin.shared.objects.found_points import FoundPoint
from rsgpt_plugin.shared.objects.found_text import FoundInPicture, found_text
from tests.backend.batch.objects.dots import OPTIONS, dotted
from tests.backend.batch.rasters import write

ASKED_AT = "2026-11-30T12:00:00.000+00:00"


def collected(tmp_path: Path, asking: ObjectSearch) -> RasterObjects:
    """Return the objects of a raster with two airplanes and a car in one window."""
    path = write(tmp_path / "a.tif", dotted(300, 200))
    search = make_search(str(path), OPTIONS)
    window, core = search.grid.window(0), search.grid.core(0)
    x, y = (max(core.x, 0) - window.x, max(core.y, 0) - window.y)
    points = [
        FoundPoint(x + 10, y + 10, 0.8, (x + 5, y + 8, 10, 4)),
        FoundPoint(x + 50, y + 10, 0.4, (x + 45, y + 8, 10, 4)),
    ]
    objects = RasterObjects(search, asking)
    found = FoundInPicture(window.width, window.height, {"airplane": points, "car": points[:1]})
    objects.add(TileResult(1, 0, "sha", 0.5), found_text(found), ASKED_AT)
    return objects


def test_each_object_has_a_row_with_its_provenance(tmp_path: Path) -> None:
    asking = ObjectSearch("toy", "w" * 64, ("airplane",), fingerprint="f" * 16)
    ((geometries, rows),) = collected(tmp_path, asking).batches()
    assert [row["confidence"] for row in rows] == [0.8, 0.4]
    assert {row["object"] for row in rows} == {"airplane"}
    assert set(rows[0]) == set(asking.schema.names)
    assert (rows[0]["image_sha256"], rows[0]["gsd_m"], rows[0]["search_window"]) == ("sha", 0.5, 0)
    assert rows[0]["asked_at"] == datetime(2026, 11, 30, 12, tzinfo=UTC)
    assert (rows[0]["model"], rows[0]["model_fingerprint"], rows[0]["prompt"]) == ("toy", "f" * 16, "airplane")
    assert rows[0]["raster"].endswith("a.tif")
    across = shapely.get_x(geometries)
    assert across[1] - across[0] == 20.0  # 40 pixels of 0.5 m


def test_boxes_are_polygons(tmp_path: Path) -> None:
    ((geometries, _),) = collected(tmp_path, ObjectSearch("toy", "", ("car",), is_boxed=True)).batches()
    assert shapely.area(geometries).tolist() == [10 * 4 * 0.25]


def test_less_certain_objects_are_left_out(tmp_path: Path) -> None:
    ((_, rows),) = collected(tmp_path, ObjectSearch("toy", "", ("airplane",), least_confidence=0.5)).batches()
    assert [row["confidence"] for row in rows] == [0.8]
    assert list(collected(tmp_path, ObjectSearch("toy", "", ("ship",))).batches()) == []


def test_counts_as_a_sentence() -> None:
    counts = FoundObjectCounts(9, 7, 1, 1, 3, {"airplane": 2, "car": 0})
    assert counts.text() == (
        "Found: airplane 2, car 0. 9 windows: 7 searched, 1 skipped, 1 failed; 3 were already searched."
    )
    assert counts.as_dict()["objects"] == {"airplane": 2, "car": 0}
