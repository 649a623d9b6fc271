"""A batch run over rasters: ask the missing questions, then write the rows."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import shapely
from tqdm import tqdm

from rsgpt_plugin.shared.answers.questions import Question
from rsgpt_plugin.shared.files.addresses import without_secrets
from rsgpt_plugin.shared.files.file_lock import FileLock
from rsgpt_plugin.shared.results import rows
from rsgpt_plugin.shared.results.descriptions import describe_run
from rsgpt_plugin.shared.results.rows import Status

from .. import __version__
from ..errors import UsageError
from .journal import BatchJournal, TileResult
from .local_executor import BatchJob
from .tile_pictures import RasterPlan
from .tile_polygons import reprojected
from .tile_rows import BatchQuestions, RowBuilder
from .vector_output import TILES, OutputLayer, batch, check_output, try_output, with_geometry, write

_NAMED_RASTERS = 5  # in the description of the output

# Answers the part of a job that the journal lacks. The journal belongs to the calling thread.
Executor = Callable[[BatchJob, BatchJournal], Generator[list[TileResult]]]
# Returns the fingerprint under which answers are stored.
Identify = Callable[[BatchJournal], str]


@dataclass
class BatchCounts(rows.RowCounts):
    """The counts of a run. seconds: since its start."""

    seconds: float = 0.0

    def text(self) -> str:
        """Return the counts as a sentence."""
        return (
            f"{self.tiles} tiles: {self.answered} answered, {self.skipped} skipped, {self.failed} failed; "
            f"{self.cached} answers were already saved."
        )


class JournaledRun:
    """A run over windows of rasters whose answers are saved in a journal: call `ask`, then `write` of the subclass."""

    _batch_size = 0  # tiles; 0 for the usual number
    _progress = ("answering", "tile")  # what the progress bar says, and of what
    _described = ("", "")  # the model, and what it is asked

    def __init__(
        self, out: Path, layer: OutputLayer, prepare: Callable[[], None], reads_gsd: bool, started_at: float | None
    ) -> None:
        """Lock and check the output. Raises UsageError or DataError if it cannot be written.

        prepare: calls `_start`, with the journal open. started_at: start by time.monotonic(), by default now.
        """
        check_output(out, layer=layer)
        self._out, self._layer, self._reads_gsd = out, layer, reads_gsd
        self._started_at = time.monotonic() if started_at is None else started_at
        with ExitStack() as stack:
            stack.callback(_locked(out).release)
            self._journal = BatchJournal(journal_path(out), reads_gsd)
            stack.callback(self._journal.close)  # the file remains for the next run
            prepare()
            self._open = stack.pop_all()

    def _start(
        self,
        plans: Sequence[RasterPlan],
        questions: Mapping[int, Question],
        schema: pa.Schema,
        geometry: shapely.Geometry,
    ) -> None:
        """Set what is asked and written. questions: by the journal's numbers of prompts. geometry: an example."""
        self._plans = {self._journal.raster(plan.key): plan for plan in plans}
        self._batch_job = BatchJob(journal_path(self._out), self._plans, questions, self._reads_gsd, self._batch_size)
        self._total = sum(len(plan.tiles) for plan in self._plans.values())
        self._asked_count = 0
        self._crs_wkt = plans[0].crs_wkt
        self._schema = with_geometry(self._out, schema)
        try_output(self._out, self._schema, self._crs_wkt, geometry, self._layer)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def ask(self, executor: Executor) -> None:
        """Ask the missing questions. Results that `executor` has yielded are kept, even if it is stopped."""
        missing = sum(1 for _ in self._missing())
        if not missing:
            return
        (doing, unit), done = self._progress, self._total - missing
        bar = tqdm(total=self._total, initial=done, unit=unit, desc=doing, mininterval=1.0)
        with bar, closing(executor(self._batch_job, self._journal)) as batches:
            for results in batches:
                self._journal.add(results)
                self._asked_count += sum(not tile.answers[prompt].problem for tile in results for prompt in tile.asked)
                bar.update(len(results))

    def _missing(self) -> Iterator[object]:
        for number, plan in self._plans.items():
            yield from self._journal.missing(number, plan.tiles, list(self._batch_job.questions))

    def _results(self, number: int) -> Iterator[list[TileResult]]:
        """Yield pages of results of a raster, given by its number in the journal."""
        return self._journal.results(number, self._plans[number].tiles, list(self._batch_job.questions))

    def _write(self, batches: Iterator[pa.RecordBatch]) -> None:
        check_output(self._out, layer=self._layer)  # it may have changed since the start of the run
        layer = replace(self._layer, description=self._description())
        write(self._out, self._schema, batches, self._crs_wkt, layer)

    def _description(self) -> str:
        names = [Path(without_secrets(plan.source)).name for plan in self._plans.values()]
        more = f" … ({len(names)})" if len(names) > _NAMED_RASTERS else ""
        return describe_run(__version__, ", ".join(names[:_NAMED_RASTERS]) + more, *self._described)

    def _seconds(self) -> float:
        return round(time.monotonic() - self._started_at, 3)


class BatchRun(JournaledRun):
    """A run that describes tiles. If `ask` was stopped, `write` writes the rows so far."""

    def __init__(
        self,
        plans: Sequence[RasterPlan],
        asking: BatchQuestions,
        out: Path,
        started_at: float | None = None,
        identify: Identify | None = None,
    ) -> None:
        """identify: replaces the fingerprint of `asking`. Raises as JournaledRun."""

        def prepare() -> None:
            self._prepare(plans, replace(asking, fingerprint=identify(self._journal)) if identify else asking)

        super().__init__(out, TILES, prepare, asking.reads_gsd, started_at)

    def _prepare(self, plans: Sequence[RasterPlan], asking: BatchQuestions) -> None:
        keys = [
            [asking.model, asking.fingerprint, question.type.name, question.prompt, *question.allowed]
            for question in asking.asked
        ]
        prompts = [self._journal.prompt(json.dumps(key)) for key in keys]
        self._row_builder = RowBuilder(asking, prompts)
        polygons = [_polygons(plan, list(plan.tiles[:1]), plans[0].crs_wkt) for plan in plans]
        self._described = asking.model, asking.describe()
        self._start(plans, self._row_builder.sent, self._row_builder.schema, polygons[0][0])
        self.counts = BatchCounts(tiles=self._total)

    def write(self) -> BatchCounts:
        """Write the rows of all complete tiles and return the counts."""
        self.counts = BatchCounts(tiles=self._total)
        self._write(self._batches())
        self.counts.cached = max(0, self.counts.cached - self._asked_count)
        self.counts.seconds = self._seconds()
        return self.counts

    def _batches(self) -> Iterator[pa.RecordBatch]:
        for number, plan in self._plans.items():
            for page in self._results(number):
                complete = [result for result in page if self._row_builder.is_complete(result)]
                values = list(self._row_builder.rows(plan, complete))
                for row in values:
                    self.counts.add(Status(row["status"]))
                self.counts.cached += sum(not raw.problem for result in complete for raw in result.answers.values())
                if values:
                    tiles = [result.tile for result in complete]
                    yield batch(self._schema, _polygons(plan, tiles, self._crs_wkt), values)


def journal_path(out: Path) -> Path:
    """Return the path of the journal of the run that writes `out`."""
    return out.with_name(out.name + ".journal")


def _locked(out: Path) -> FileLock:
    """Lock an output and return the lock. Raises UsageError if another run is writing it."""
    lock = FileLock(Path(os.path.realpath(out) + ".journal.lock"))
    if not lock.take():
        raise UsageError(f"Another `rsgpt batch` is writing {out}. Wait until it ends, or choose another --out.")
    return lock


def _polygons(plan: RasterPlan, tiles: Sequence[int], crs_wkt: str) -> np.ndarray:
    """Return the polygons of tiles in the CRS of the output, which is that of the first raster."""
    polygons = plan.frame.polygons([plan.grid.window(tile) for tile in tiles])
    return reprojected(polygons, plan.source, plan.crs_wkt, crs_wkt)
