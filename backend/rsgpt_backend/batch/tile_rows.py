"""Columns of a result, and rows of tiles, in the format of the plugin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import pyarrow as pa

from rsgpt_plugin.shared.answers.model_limits import ModelLimits, limits_of
from rsgpt_plugin.shared.answers.questions import Question
from rsgpt_plugin.shared.answers.typed_answers import RawAnswer
from rsgpt_plugin.shared.files.addresses import without_secrets
from rsgpt_plugin.shared.results.columns import MOMENT, DataType
from rsgpt_plugin.shared.results.rows import Cell, RowValues, RunPrompts, Status, answered_row, column_types

from .. import __version__
from .journal import TileResult
from .tile_pictures import RasterPlan

_NOT_ASKED = RawAnswer("", None)


@dataclass(frozen=True)
class BatchQuestions(RunPrompts):
    """The questions about every tile, and the model. caption: prompt of the caption, "" for no caption.

    least_confidence: minimum confidence, 0 to 1; less certain answers are left empty. fingerprint: of everything that
    determines the model's answers. reads_gsd: whether the ground resolution is part of it. is_shipped: whether the
    model of this name comes with the code, and was not trained from it.
    """

    model: str
    weights_sha256: str
    caption: str
    questions: tuple[Question, ...] = ()
    least_confidence: float = 0.0
    fingerprint: str = ""
    reads_gsd: bool = False
    is_shipped: bool = False

    @property
    def limits(self) -> ModelLimits | None:
        """The known limits of a shipped model."""
        return limits_of(self.model) if self.is_shipped else None


@dataclass(frozen=True)
class RowBuilder:
    """Builds rows from results of tiles. prompts: the journal's number of each prompt, in the order of the columns.

    Questions beyond the limits of the model have no answer, and need none.
    """

    asking: BatchQuestions
    prompts: Sequence[int]

    @cached_property
    def schema(self) -> pa.Schema:
        """Caption, one column per question with its confidence, then provenance."""
        return pa.schema([(name, arrow_type(type_)) for name, type_ in self._types.items()])

    @cached_property
    def _types(self) -> dict[str, DataType]:
        return column_types(self.asking.questions, batch=True)

    @cached_property
    def sent(self) -> dict[int, Question]:
        """The questions that the model is asked, by the numbers of their prompts."""
        sent, pairs = set(self.asking.sent), zip(self.prompts, self.asking.asked, strict=True)
        return {number: question for number, question in pairs if question in sent}

    def rows(self, plan: RasterPlan, results: Sequence[TileResult]) -> Iterator[dict[str, Any]]:
        """Yield one row per tile of a raster, as values by column. Empty columns may be left out."""
        common: dict[str, Cell] = {
            "model": self.asking.model,
            "weights_sha256": self.asking.weights_sha256,
            "model_fingerprint": self.asking.fingerprint,
            "prompt": self.asking.describe(),
            "plugin_version": __version__,
            "raster": without_secrets(plan.source),
        }
        picture = {"bands": plan.bands.describe(), "stretch": plan.stretch.describe(plan.bands.numbers)}
        for result in results:
            values = self._row(plan, result, common, picture).by_column(self.asking.questions, batch=True)
            yield {
                name: _as_datetime(value) if self._types[name] is MOMENT else value for name, value in values.items()
            }

    def is_complete(self, result: TileResult) -> bool:
        """Return whether nothing is left to ask about a tile."""
        return bool(result.failed or result.skipped) or result.answers.keys() >= self.sent.keys()

    def _row(
        self, plan: RasterPlan, result: TileResult, common: Mapping[str, Cell], picture: Mapping[str, Cell]
    ) -> RowValues:
        if result.failed:
            return RowValues(Status.FAILED, result.failed, provenance=common)
        provenance = {**common, **picture, "image_sha256": result.image_sha256, "gsd_m": result.gsd_m}
        if result.skipped:
            return RowValues(Status.SKIPPED, result.skipped, provenance=provenance)
        raws = [result.answers.get(prompt, _NOT_ASKED) for prompt in self.prompts]
        asking = self.asking
        size = plan.grid.window(result.tile)
        side, least = min(size.width, size.height), asking.least_confidence
        return answered_row(asking.asked, raws, least, provenance, limits=asking.limits, side=side)


def arrow_type(type_: DataType) -> pa.DataType:
    """Return the Arrow type of a column; moments are in UTC."""
    return pa.timestamp("ms", tz="UTC") if type_ is MOMENT else pa.type_for_alias(type_.arrow)


def _as_datetime(moment: Cell) -> datetime | None:
    return datetime.fromisoformat(moment) if isinstance(moment, str) and moment else None
