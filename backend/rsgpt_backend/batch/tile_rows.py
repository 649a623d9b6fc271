"""The columns of a result and a tile's row in them, as the plugin writes them. Knows no file format and no journal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import pyarrow as pa

from rsgpt_plugin.shared.answers.questions import Question
from rsgpt_plugin.shared.files.addresses import without_secrets
from rsgpt_plugin.shared.results.columns import MOMENT, DataType
from rsgpt_plugin.shared.results.rows import Cell, RowValues, RunPrompts, Status, answered_row, column_types

from .. import __version__
from .journal import TileResult
from .tile_pictures import RasterPlan


@dataclass(frozen=True)
class BatchQuestions(RunPrompts):
    """What is asked of every tile, and of which model. caption: its prompt, "" for none.

    least_confidence: an answer to a question that is less sure, 0 to 1, is not told. fingerprint: of everything that
    decides the model's answers.
    """

    model: str
    weights_sha256: str
    caption: str
    questions: tuple[Question, ...] = ()
    least_confidence: float = 0.0
    fingerprint: str = ""


@dataclass(frozen=True)
class RowBuilder:
    """Turns what is known of tiles into rows. prompts: the journal's number of each thing asked, in order."""

    asking: BatchQuestions
    prompts: Sequence[int]

    @cached_property
    def schema(self) -> pa.Schema:
        """Caption, one column a question and its confidence, then provenance."""
        return pa.schema([(name, _arrow(type_)) for name, type_ in self._types.items()])

    @cached_property
    def _types(self) -> dict[str, DataType]:
        return column_types(self.asking.questions, batch=True)

    def rows(self, plan: RasterPlan, tiles: Sequence[TileResult]) -> Iterator[dict[str, Any]]:
        """A row by column for each tile of a raster; a column that is left out is empty."""
        common: dict[str, Cell] = {
            "model": self.asking.model,
            "weights_sha256": self.asking.weights_sha256,
            "model_fingerprint": self.asking.fingerprint,
            "prompt": self.asking.describe(),
            "plugin_version": __version__,
            "raster": without_secrets(plan.source),
        }
        shown = {"bands": plan.bands.describe(), "stretch": plan.stretch.describe(plan.bands.numbers)}
        for found in tiles:
            values = self._row(found, common, shown).by_column(self.asking.questions, batch=True)
            yield {name: _when(value) if self._types[name] is MOMENT else value for name, value in values.items()}

    def is_whole(self, found: TileResult) -> bool:
        """Whether nothing is left to ask of a tile."""
        return bool(found.failed or found.skipped) or found.answers.keys() >= set(self.prompts)

    def _row(self, found: TileResult, common: Mapping[str, Cell], shown: Mapping[str, Cell]) -> RowValues:
        if found.failed:
            return RowValues(Status.FAILED, found.failed, provenance=common)
        seen = {**common, **shown, "image_sha256": found.image_sha256, "gsd_m": found.gsd_m}
        if found.skipped:
            return RowValues(Status.SKIPPED, found.skipped, provenance=seen)
        raws = [found.answers[prompt] for prompt in self.prompts]
        return answered_row(self.asking.asked, raws, self.asking.least_confidence, seen)


def _arrow(type_: DataType) -> pa.DataType:
    return pa.timestamp("ms", tz="UTC") if type_ is MOMENT else pa.type_for_alias(type_.arrow)


def _when(moment: Cell) -> datetime | None:
    return datetime.fromisoformat(moment) if isinstance(moment, str) and moment else None
