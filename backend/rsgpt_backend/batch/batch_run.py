"""A run over rasters from beginning to end: plan, ask what is missing, write the rows. It loads no model itself."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
from tqdm import tqdm

from rsgpt_plugin.shared.files.file_lock import FileLock
from rsgpt_plugin.shared.results import rows
from rsgpt_plugin.shared.results.rows import Status

from ..errors import UsageError
from .journal import BatchJournal, TileResult
from .local_executor import BatchJob
from .tile_pictures import RasterPlan
from .tile_polygons import reprojected
from .tile_rows import BatchQuestions, RowBuilder
from .vector_output import batch, check_output, try_output, with_polygons, write

# Answers what the journal, which is the calling thread's, lacks of the work.
Executor = Callable[[BatchJob, BatchJournal], Generator[list[TileResult]]]
# Returns the fingerprint that answers are kept under.
Identify = Callable[[BatchJournal], str]


@dataclass
class BatchCounts(rows.RowCounts):
    """The counts of a batch. seconds: since it began."""

    seconds: float = 0.0


class BatchRun:
    """One run: `ask` until nothing is missing, then `write`; after a stop, `write` what there is."""

    def __init__(
        self,
        plans: Sequence[RasterPlan],
        asking: BatchQuestions,
        out: Path,
        begun: float | None = None,
        identify: Identify | None = None,
    ) -> None:
        """begun: the moment from which seconds are counted, by time.monotonic(); now if left out.

        identify: replaces the fingerprint of `asking`.

        UsageError or DataError where the output cannot be written, before anything is asked.
        """
        check_output(out)
        self._out = out
        self._begun = time.monotonic() if begun is None else begun
        with ExitStack() as stack:
            stack.callback(_locked(out).release)
            self._journal = BatchJournal(journal_path(out))
            stack.callback(self._journal.close)  # the file stays, for the next run
            self._prepare(plans, replace(asking, fingerprint=identify(self._journal)) if identify else asking)
            self._open = stack.pop_all()

    def _prepare(self, plans: Sequence[RasterPlan], asking: BatchQuestions) -> None:
        self._plans = {self._journal.raster(plan.key): plan for plan in plans}
        asked = [[asking.model, asking.fingerprint, one.type.name, one.prompt, *one.allowed] for one in asking.asked]
        prompts = [self._journal.prompt(json.dumps(one)) for one in asked]
        self._reading = RowBuilder(asking, prompts)
        self._work = BatchJob(journal_path(self._out), self._plans, dict(zip(prompts, asking.asked, strict=True)))
        self.counts = BatchCounts(tiles=sum(len(plan.tiles) for plan in self._plans.values()))
        self._asked = 0
        self._crs_wkt = plans[0].crs_wkt
        self._schema = with_polygons(self._out, self._reading.schema)
        polygons = [_polygons(plan, list(plan.tiles[:1]), self._crs_wkt) for plan in plans]
        try_output(self._out, self._schema, self._crs_wkt, polygons[0][0])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def ask(self, way: Executor) -> None:
        """Ask what is missing; whatever `way` has told is kept, whenever it is stopped."""
        missing = sum(1 for _ in self._missing())
        if not missing:
            return
        done = self.counts.tiles - missing
        bar = tqdm(total=self.counts.tiles, initial=done, unit="tile", desc="answering", mininterval=1.0)
        with bar, closing(way(self._work, self._journal)) as told:
            for found in told:
                self._journal.add(found)
                self._asked += sum(not one.answers[prompt].problem for one in found for prompt in one.asked)
                bar.update(len(found))

    def write(self) -> BatchCounts:
        """Write the rows of all tiles that are whole; returns the counts."""
        check_output(self._out)  # it may have changed since the run began
        self.counts = BatchCounts(tiles=self.counts.tiles)
        write(self._out, self._schema, self._batches(), self._crs_wkt)
        self.counts.cached = max(0, self.counts.cached - self._asked)
        self.counts.seconds = round(time.monotonic() - self._begun, 3)
        return self.counts

    def _missing(self) -> Iterator[object]:
        for number, plan in self._plans.items():
            yield from self._journal.missing(number, plan.tiles, self._reading.prompts)

    def _batches(self) -> Iterator[pa.RecordBatch]:
        for number, plan in self._plans.items():
            for page in self._journal.found(number, plan.tiles, self._reading.prompts):
                whole = [found for found in page if self._reading.is_whole(found)]
                values = list(self._reading.rows(plan, whole))
                for row in values:
                    self.counts.add(Status(row["status"]))
                self.counts.cached += sum(not raw.problem for one in whole for raw in one.answers.values())
                if values:
                    tiles = [found.tile for found in whole]
                    yield batch(self._schema, _polygons(plan, tiles, self._crs_wkt), values)


def journal_path(out: Path) -> Path:
    """Where the run that writes `out` keeps what it has found."""
    return out.with_name(out.name + ".journal")


def _locked(out: Path) -> FileLock:
    """The lock of an output, taken. UsageError where another run writes it."""
    lock = FileLock(Path(os.path.realpath(out) + ".journal.lock"))
    if not lock.take():
        raise UsageError(f"Another `rsgpt batch` writes {out} now. Wait until it ends, or give another --out.")
    return lock


def _polygons(plan: RasterPlan, tiles: Sequence[int], crs_wkt: str) -> np.ndarray:
    """The tiles' polygons in the output's CRS, which is the first raster's."""
    polygons = plan.frame.polygons([plan.grid.window(tile) for tile in tiles])
    return reprojected(polygons, plan.source, plan.crs_wkt, crs_wkt)
