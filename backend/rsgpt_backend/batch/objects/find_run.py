"""A run that finds objects: search the missing windows, then write each object once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from rsgpt_plugin.shared.answers.questions import Question
from rsgpt_plugin.shared.results.columns import OBJECT

from ..batch_run import Identify, JournaledRun
from ..journal import TileResult
from ..tile_polygons import reprojected
from ..vector_output import OutputLayer, batch
from .object_rows import FoundObjectCounts, ObjectSearch, RasterObjects
from .search_plan import SearchedRaster


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
        self.counts = FoundObjectCounts(windows=self._total, objects=dict.fromkeys(self._asking.labels, 0))
        self._write(self._batches())
        self.counts.cached = max(0, self.counts.searched - self._asked_count)
        self.counts.seconds = self._seconds()
        return self.counts

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
