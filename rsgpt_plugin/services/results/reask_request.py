"""Requests to ask rows again, as parameters of the algorithms that created the rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from qgis.core import (
    QgsFeature,
    QgsFeatureRequest,
    QgsField,
    QgsFields,
    QgsGeometry,
    QgsMemoryProviderUtils,
    QgsProcessing,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
    QgsWkbTypes,
)

from ...core.run_store import RunRequest
from ...errors import QuestionError
from ...geo.results.layer_metadata import recorded_run
from ...geo.results.layer_rows import LayerRow
from ...geo.results.schema import output_fields
from ...processing import parameters as table
from ...processing.run_requests import restored_value
from ...shared.answers.questions import CAPTION_PROMPT, Question, is_language_instruction, parse_line
from ...shared.files.addresses import without_secrets

TILES, FEATURES = f"rsgpt:{table.TILES}", f"rsgpt:{table.FEATURES}"
ROW = "rsgpt_row"

_SPOT = 0.01  # of a tile's side: small enough not to reach adjacent tiles


@dataclass(frozen=True)
class RowQuestions:
    """The questions about a picture. prompt: for the caption, "" for no caption. questions: one question per line."""

    prompt: str
    questions: str = ""


@dataclass(frozen=True)
class ReaskRequest:
    """A request to ask rows again. raster, source: the raster layer's id, and its source without credentials.

    questions: None to repeat the questions of each row. added: a question that the layer gets as a new column instead;
    the other values of the rows stay.
    """

    raster: str
    source: str
    model: str
    questions: Optional[RowQuestions] = None
    added: Optional[Question] = None

    @classmethod
    def about(cls, raster: QgsRasterLayer, model: str, questions: Optional[RowQuestions] = None) -> ReaskRequest:
        """Return the request to ask `model` about `raster`."""
        return cls(raster.id(), without_secrets(raster.source()), model, questions)

    @classmethod
    def adding(cls, raster: QgsRasterLayer, model: str, question: Question) -> ReaskRequest:
        """Return the request to ask `model` one more question about `raster`."""
        questions = RowQuestions("", question.line)
        return cls(raster.id(), without_secrets(raster.source()), model, questions, question)


@dataclass(frozen=True)
class ReaskGroup:
    """Rows with the same questions."""

    questions: RowQuestions
    fids: tuple[int, ...]


@dataclass(frozen=True)
class ReaskStep:
    """The run of one group. places: a layer that its parameters refer to, which must exist until the run ends."""

    algorithm: str
    parameters: Mapping[str, Any]
    fids: tuple[int, ...]
    places: QgsVectorLayer


def row_questions(prompt: str) -> RowQuestions:
    """Return the questions in the `prompt` column of a row: the caption's prompt, then one question per line.

    The line that sets the language of answers is left out, because the next run adds its own.
    """
    if not prompt.strip():
        return RowQuestions(CAPTION_PROMPT)
    lines = [line for line in prompt.splitlines() if not is_language_instruction(line)]
    questions = [line for line in lines if _question(line) is not None]
    return RowQuestions("\n".join(line for line in lines if line not in questions), "\n".join(questions))


def recorded_raster(layer: QgsVectorLayer, project: QgsProject) -> Optional[QgsRasterLayer]:
    """Return the project's raster layer that `layer` describes; None if it is unknown or not in the project."""
    run = recorded_run(layer)
    if run is None:
        return None
    rasters = [other for other in project.mapLayers().values() if isinstance(other, QgsRasterLayer)]
    return next((raster for raster in rasters if _is_source(raster.id(), without_secrets(raster.source()), run)), None)


def group_rows(rows: Sequence[LayerRow], request: ReaskRequest) -> list[ReaskGroup]:
    """Return the rows grouped by their questions. Each group becomes one run."""
    groups: dict[RowQuestions, list[int]] = {}
    for row in rows:
        groups.setdefault(request.questions or row_questions(row.prompt), []).append(row.fid)
    return [ReaskGroup(questions, tuple(fids)) for questions, fids in groups.items()]


def row_places(layer: QgsVectorLayer, group: ReaskGroup, request: ReaskRequest) -> Iterator[QgsFeature]:
    """Yield the place of each row of a group, as a feature with the row's id, for `step`."""
    fields, spots = _row_fields(), _are_tiles(layer, request)
    feature_request = QgsFeatureRequest().setFilterFids(list(group.fids)).setNoAttributes()
    for row in layer.getFeatures(feature_request):
        place = QgsFeature(fields)
        place.setAttributes([str(row.id())])
        place.setGeometry(_spot(row.geometry()) if spots else row.geometry())
        yield place


def step(layer: QgsVectorLayer, group: ReaskGroup, request: ReaskRequest, places: Sequence[QgsFeature]) -> ReaskStep:
    """Return the run that asks a group again. places: of its rows, from `row_places`."""
    run = _run_of(layer, request)
    are_tiles = _are_tiles(layer, request)
    algorithm = table.TILES if are_tiles else table.FEATURES
    kind = QgsWkbTypes.Type.Polygon if are_tiles else layer.wkbType()
    places_layer = QgsMemoryProviderUtils.createMemoryLayer("rows", _row_fields(), kind, layer.crs())
    places_layer.dataProvider().addFeatures(list(places))
    previous = table.reused_parameters(algorithm, run.parameters) if run is not None else {}
    parameters = {
        **{name: restored_value(value) for name, value in previous.items()},
        "INPUT": request.raster,
        "MODEL": request.model,
        "CAPTION": bool(group.questions.prompt),
        "PROMPT": group.questions.prompt,
        "QUESTIONS": group.questions.questions,
        "MASK" if are_tiles else "FEATURES": places_layer,
        "OUTPUT": QgsProcessing.TEMPORARY_OUTPUT,
    }
    return ReaskStep(TILES if are_tiles else FEATURES, parameters, group.fids, places_layer)


def _run_of(layer: QgsVectorLayer, request: ReaskRequest) -> Optional[RunRequest]:
    """Return the run that created the layer; None if it is unknown or was about another raster."""
    run = recorded_run(layer)
    return run if run is not None and _is_source(request.raster, request.source, run) else None


def _are_tiles(layer: QgsVectorLayer, request: ReaskRequest) -> bool:
    """Return whether the rows are tiles of this raster, so that the same grid gives the same pictures."""
    run = _run_of(layer, request)
    return run is not None and run.algorithm == TILES


def _is_source(raster: str, source: str, run: RunRequest) -> bool:
    return raster == run.parameters.get("INPUT") or bool(run.source and source == without_secrets(run.source))


def _spot(tile: QgsGeometry) -> QgsGeometry:
    """Return a small box at the tile's center. As a mask it selects the tile, and few others if tiles overlap."""
    box = tile.boundingBox()
    return QgsGeometry.fromRect(QgsRectangle.fromCenterAndSize(box.center(), _SPOT * box.width(), _SPOT * box.height()))


def _row_fields() -> QgsFields:
    fields = QgsFields()
    row = QgsField(output_fields([]).field("reason"))  # text: ids can exceed the integer range of a format
    row.setName(ROW)
    fields.append(row)
    return fields


def _question(line: str) -> Optional[Question]:
    """Return the question in a line of the `prompt` column; None if the line belongs to the caption's prompt."""
    try:
        question = parse_line(line)
    except QuestionError:
        return None
    return question if question.line == line.strip() else None
