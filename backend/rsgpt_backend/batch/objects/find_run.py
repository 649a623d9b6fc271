"""A run that finds objects: search the missing windows, then write each object once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import shapely
from pyproj import CRS

from rsgpt_plugin.shared.answers.questions import Question
from rsgpt_plugin.shared.results.columns import OBJECT
from rsgpt_plugin.shared.results.descriptions import SearchedExtent

from ..batch_run import Identify, JournaledRun
from ..journal import TileResult
from ..tile_polygons import reprojected
from ..vector_output import OutputLayer, batch
from .object_rows import MOSAIC_HINT, FoundObjectCounts, ObjectSearch, RasterObjects
from .search_plan import SearchedRaster

_LEAST_OVERLAP = 1e-6  # of the smaller raster: less is a rounding error at a common edge


def layer_of(is_boxed: bool) -> OutputLayer:
    """Return the layer of objects, as boxes or points."""
    return OutputLayer("objects", "Polygon" if is_boxed else "Point")


class FindRun(JournaledRun):
    """A run that finds objects. If `ask` was stopped, `write` writes the objects so far.

    A window is searched for all objects that the model knows, so that another object needs no second search.
    """

    _batch_size = 8  # windows, which is what a killed run loses
    _progress = ("searching", "window")

    def __init__(
        self,
        rasters: Sequence[SearchedRaster],
        asking: ObjectSearch,
        out: Path,
        started_at: float | None = None,
        identify: Identify | None = None,
    ) -> None:
        """identify: replaces the fingerprint of `asking`. Raises as JournaledRun."""

        def prepare() -> None:
            self._prepare(rasters, replace(asking, fingerprint=identify(self._journal)) if identify else asking)

        super().__init__(out, layer_of(asking.is_boxed), prepare, False, started_at)

    def _prepare(self, rasters: Sequence[SearchedRaster], asking: ObjectSearch) -> None:
        self._asking, self._described = asking, (asking.model, asking.describe())
        self._rasters = {self._journal.raster(raster.plan.key): raster for raster in rasters}
        prompt = self._journal.prompt(json.dumps([asking.model, asking.fingerprint, "find objects in windows"]))
        frame = rasters[0].plan.frame
        example = (frame.boxes([(0, 0, 1, 1)]) if asking.is_boxed else frame.points([(0, 0)]))[0]
        plans = [raster.plan for raster in rasters]
        self._start(plans, {prompt: Question(OBJECT, OBJECT)}, asking.schema, example)

    def write(self) -> FoundObjectCounts:
        """Write the objects of all searched windows and return the counts."""
        objects = dict.fromkeys(self._asking.labels, 0)
        self.counts = FoundObjectCounts(self._total, objects=objects, overlapping_rasters=_overlapping(self._areas))
        self._write(self._batches())
        self.counts.cached = max(0, self.counts.searched - self._asked_count)
        self.counts.seconds = self._seconds()
        return self.counts

    def _description(self) -> str:
        lines = [super()._description(), *([MOSAIC_HINT] if self.counts.overlapping_rasters else [])]
        authority = CRS(self._crs_wkt).to_authority()
        for left, bottom, right, top in shapely.bounds(self._areas):
            extent = SearchedExtent((left, right, bottom, top), ":".join(authority or ()))
            lines.append(extent.describe())
        return "\n".join(lines)

    @cached_property
    def _areas(self) -> np.ndarray:
        """The searched part of each raster, in the CRS of the output."""
        plans = [(raster.area, raster.plan) for raster in self._rasters.values()]
        moved = [reprojected(np.array([area]), plan.source, plan.crs_wkt, self._crs_wkt) for area, plan in plans]
        return np.concatenate(moved)

    def _batches(self) -> Iterator[pa.RecordBatch]:
        for number, raster in self._rasters.items():
            objects = RasterObjects(raster, self._asking)
            for page in self._results(number):
                for result in page:
                    self._add(objects, result)
            for geometries, rows in objects.batches():
                self.counts.objects[rows[0][OBJECT]] += len(rows)
                placed = reprojected(geometries, raster.plan.source, raster.plan.crs_wkt, self._crs_wkt)
                yield batch(self._schema, placed, rows)

    def _add(self, objects: RasterObjects, result: TileResult) -> None:
        raws = list(result.answers.values())
        if result.failed or any(raw.problem for raw in raws):
            self.counts.failed += 1
        elif result.skipped:
            self.counts.skipped += 1
        elif raws:
            self.counts.searched += 1
            objects.add(result, raws[0].text, raws[0].asked_at)


def _overlapping(areas: np.ndarray) -> int:
    """Return the number of areas that share more than an edge with another one."""
    one, other = shapely.STRtree(areas).query(areas, predicate="intersects")
    pairs = one != other
    one, other = one[pairs], other[pairs]
    sizes = shapely.area(areas)
    shared = shapely.area(shapely.intersection(areas[one], areas[other]))
    return len(set(one[shared > _LEAST_OVERLAP * np.minimum(sizes[one], sizes[other])].tolist()))
