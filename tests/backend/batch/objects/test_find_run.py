"""Runs that find objects: each once, wherever the raster begins; resumed; and another object without a search."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely

from rsgpt_backend.batch.batch_run import Executor
from rsgpt_backend.batch.journal import BatchJournal, TileResult
from rsgpt_backend.batch.local_executor import BatchJob, answered
from rsgpt_backend.batch.objects.find_run import FindRun
from rsgpt_backend.batch.objects.object_rows import FoundObjectCounts, ObjectSearch
from rsgpt_backend.batch.objects.search_plan import SearchOptions, make_search
from rsgpt_backend.errors import EngineError, UsageError
from rsgpt_plugin.shared.results.descriptions import SearchedExtent, searched_extents
from tests.backend.batch.objects.dots import OPTIONS, DotFinder, dotted, write_part
from tests.backend.batch.objects.test_search_plan import mask_of
from tests.backend.batch.rasters import NORTH_UP, OddGeoTiff, write

PLANES = ObjectSearch("dots", "f" * 64, ("airplane",))


def local(engine: Any) -> Executor:
    return lambda work, journal: answered(work, lambda: engine, journal)


def find(
    out: Path,
    rasters: list[Path],
    engine: Any,
    asking: ObjectSearch = PLANES,
    executor: Executor | None = None,
    options: SearchOptions = OPTIONS,
) -> FoundObjectCounts:
    searches = [make_search(str(path), options) for path in rasters]
    with FindRun(searches, asking, out) as run:
        with suppress(KeyboardInterrupt):
            run.ask(executor or local(engine))
        return run.write()


def places(path: Path) -> list[tuple[float, float]]:
    """Return the objects of a GeoPackage as pixels of the whole raster."""
    geometries = shapely.from_wkb(pyogrio.read_arrow(path, layer="objects")[1]["geom"].to_pylist())
    positions = (shapely.get_coordinates(shapely.centroid(geometries)) - [NORTH_UP[0], NORTH_UP[3]]) / [0.5, -0.5]
    return sorted((round(float(x), 3), round(float(y), 3)) for x, y in positions)


def dots(values: np.ndarray, left: int = 0, top: int = 0) -> list[tuple[float, float]]:
    found = np.argwhere(values[0] == 255).tolist()
    return sorted((column + 0.5, row + 0.5) for row, column in found if column >= left and row >= top)


@pytest.mark.parametrize(("left", "top"), [(0, 0), (1, 1), (100, 37), (383, 200), (64, 128)])
def test_each_object_is_found_once_wherever_the_raster_begins(tmp_path: Path, left: int, top: int) -> None:
    values = dotted()
    counts = find(tmp_path / "a.gpkg", [write_part(tmp_path / "a.tif", values, left, top)], DotFinder())
    expected = dots(values, left, top)
    assert places(tmp_path / "a.gpkg") == expected
    assert counts.objects == {"airplane": len(expected)}
    assert (counts.windows, counts.failed) == (counts.searched, 0)


def test_a_second_run_searches_nothing_and_another_object_needs_no_search(tmp_path: Path) -> None:
    values, out = dotted(), tmp_path / "a.gpkg"
    values[:, 30, 30] = 200
    raster = write(tmp_path / "a.tif", values)
    find(out, [raster], DotFinder())
    before, engine = places(out), DotFinder()
    counts = find(out, [raster], engine)
    assert (engine.windows, counts.cached, places(out)) == (0, counts.windows, before)
    counts = find(out, [raster], engine, ObjectSearch("dots", "f" * 64, ("airplane", "car")))
    assert (engine.windows, counts.objects) == (0, {"airplane": len(before), "car": 1})
    assert (30.5, 30.5) in places(out)


def test_a_stopped_run_writes_its_objects_and_is_resumed(tmp_path: Path) -> None:
    values, out = dotted(2000, 1500), tmp_path / "a.gpkg"
    raster = write(tmp_path / "a.tif", values)

    def stopping(work: BatchJob, journal: BatchJournal) -> Generator[list[TileResult]]:
        yield next(answered(work, DotFinder, journal))
        raise KeyboardInterrupt

    counts = find(out, [raster], None, executor=stopping)
    assert (counts.searched, 0 < counts.objects["airplane"] < len(dots(values))) == (8, True)
    assert set(places(out)) < set(dots(values))
    engine = DotFinder()
    counts = find(out, [raster], engine)
    assert engine.windows == counts.windows - 8
    assert places(out) == dots(values)


def test_objects_outside_of_the_mask_are_left_out(tmp_path: Path) -> None:
    values = dotted()
    options = replace(OPTIONS, mask=mask_of(tmp_path, 100, 100, 500, 400))
    find(tmp_path / "a.gpkg", [write(tmp_path / "a.tif", values)], DotFinder(), options=options)
    assert places(tmp_path / "a.gpkg") == [(x, y) for x, y in dots(values) if 100 <= x <= 500 and 100 <= y <= 400]


def test_boxes_replace_points(tmp_path: Path) -> None:
    values, out = dotted(300, 200), tmp_path / "a.parquet"
    find(out, [write(tmp_path / "a.tif", values)], DotFinder(), ObjectSearch("dots", "", ("airplane",), is_boxed=True))
    import pyarrow.parquet as pq

    boxes = shapely.from_wkb(pq.read_table(out)["geometry"].to_pylist())
    assert len(boxes) == len(dots(values))
    assert shapely.area(boxes).max() == 20 * 20 * 0.25


def test_several_rasters_share_an_output_in_the_crs_of_the_first(tmp_path: Path) -> None:
    degrees = OddGeoTiff((-117.0, 5e-6, 0.0, 36.14, 0.0, -5e-6), "EPSG:4326")
    first, second = write(tmp_path / "a.tif", dotted(300, 200)), write(tmp_path / "b.tif", dotted(300, 200), degrees)
    counts = find(tmp_path / "a.gpkg", [first, second], DotFinder())
    assert counts.objects == {"airplane": 2 * len(dots(dotted(300, 200)))}
    table = pyogrio.read_arrow(tmp_path / "a.gpkg")[1]
    assert [table["raster"].to_pylist().count(str(path)) for path in (first, second)] == [40, 40]


def extents(path: Path) -> tuple[SearchedExtent, ...]:
    with closing(sqlite3.connect(path)) as database:
        ((description,),) = database.execute("SELECT description FROM gpkg_contents WHERE table_name = 'objects'")
    return searched_extents(description)


def test_the_description_states_what_was_searched(tmp_path: Path) -> None:
    values, out, (left, _, _, top, *_) = dotted(300, 200), tmp_path / "a.gpkg", NORTH_UP
    rasters = [write_part(tmp_path / "a.tif", values), write_part(tmp_path / "b.tif", values, 100)]
    find(out, rasters[:1], DotFinder(), ObjectSearch("dots", "", ("ship",)))
    sides = (left, left + 150, top - 100, top)
    assert extents(out) == (SearchedExtent(sides, "EPSG:32611"),)
    find(out, rasters, DotFinder())
    assert [extent.sides for extent in extents(out)] == [sides, (left + 50, *sides[1:])]
    find(out, rasters[:1], DotFinder(), options=replace(OPTIONS, mask=mask_of(tmp_path, 100, 50, 500, 150)))
    assert [extent.sides for extent in extents(out)] == [(left + 50, left + 150, top - 75, top - 25)]


@pytest.mark.parametrize(("start", "overlapping"), [(200, 2), (300, 0)])
def test_rasters_that_overlap_are_reported(tmp_path: Path, start: int, overlapping: int) -> None:
    values, out = dotted(600, 200), tmp_path / "a.gpkg"
    rasters = [write_part(tmp_path / "a.tif", values[:, :, :300]), write_part(tmp_path / "b.tif", values, start)]
    counts = find(out, rasters, DotFinder())
    twice = len(dots(values)) - len(dots(values, 300)) - len(dots(values[:, :, :200]))
    assert counts.objects["airplane"] == len(dots(values)) + (twice if overlapping else 0)
    assert (counts.overlapping_rasters, "gdalbuildvrt" in counts.text()) == (overlapping, bool(overlapping))
    assert len(extents(out)) == 2


def test_windows_without_data_are_skipped_and_windows_that_fail_are_counted(tmp_path: Path) -> None:
    class Failing(DotFinder):
        """Fails for pictures with a certain pixel."""

        def _found(self, ask: Any) -> str:
            if np.asarray(ask.image)[..., 0].max() == 254:
                raise EngineError("The scripted search failed.")
            return super()._found(ask)

    values = dotted(2500, 400)
    values[:, :, 1000:] = 0
    values[:, 5, 700] = 254
    values[values == 255] = 60
    raster = write(tmp_path / "a.tif", values, OddGeoTiff(nodata=0))
    counts = find(tmp_path / "a.gpkg", [raster], Failing())
    assert counts.skipped > 0
    assert counts.failed > 0
    assert counts.windows == counts.searched + counts.skipped + counts.failed


@pytest.mark.parametrize("objects_first", [True, False])
def test_tiles_and_objects_do_not_replace_each_other_in_a_parquet_file(tmp_path: Path, objects_first: bool) -> None:
    from tests.backend.batch.test_batch_run import run, watched

    raster, out = write(tmp_path / "a.tif", dotted(64, 64)), tmp_path / "a.parquet"
    kinds = (lambda: find(out, [raster], DotFinder()), lambda: run(out, [raster], watched()))
    first, second = kinds if objects_first else kinds[::-1]
    first()
    before = out.read_bytes()
    with pytest.raises(UsageError, match=f"holds {'objects' if objects_first else 'tiles'}"):
        second()
    assert out.read_bytes() == before
    first()  # a result of its own kind is replaced


def test_tiles_and_objects_share_a_geopackage(tmp_path: Path) -> None:
    from tests.backend.batch.test_batch_run import run, watched

    raster, out = write(tmp_path / "a.tif", dotted(64, 64)), tmp_path / "a.gpkg"
    run(out, [raster], watched())
    find(out, [raster], DotFinder())
    assert sorted(pyogrio.list_layers(out)[:, 0]) == ["objects", "tiles"]
