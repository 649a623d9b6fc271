"""What asking rows again means, as parameters of the algorithms that made them. Runs nothing."""

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
from ...processing.run_requests import restored
from ...shared.answers.questions import CAPTION_PROMPT, Question, is_language_wish, parse_questions
from ...shared.files.addresses import without_secrets

TILES, FEATURES = f"rsgpt:{table.TILES}", f"rsgpt:{table.FEATURES}"
ROW = "rsgpt_row"

_SPOT = 0.01  # of a tile's side: less than what two tiles that only touch have in common


@dataclass(frozen=True)
class RowQuestions:
    """What a picture is asked. prompt: for the caption, "" for none. questions: one a line."""

    prompt: str
    questions: str = ""


@dataclass(frozen=True)
class ReaskRequest:
    """How rows are asked again. raster, source: the layer's id, and its source without credentials.

    asked: None for what each row was before.
    """

    raster: str
    source: str
    model: str
    asked: Optional[RowQuestions] = None

    @classmethod
    def about(cls, raster: QgsRasterLayer, model: str, asked: Optional[RowQuestions] = None) -> ReaskRequest:
        """The wish to ask a model about a raster."""
        return cls(raster.id(), without_secrets(raster.source()), model, asked)


@dataclass(frozen=True)
class ReaskGroup:
    """Rows that are asked the same."""

    asked: RowQuestions
    fids: tuple[int, ...]


@dataclass(frozen=True)
class ReaskStep:
    """One run. places: a layer that its parameters refer to and that has to live as long as the run."""

    algorithm: str
    parameters: Mapping[str, Any]
    fids: tuple[int, ...]
    places: QgsVectorLayer


def asked_before(prompt: str) -> RowQuestions:
    """Read the `prompt` column of a row: the caption's prompt, then the questions, one a line.

    A wish for a language is left out: the next run has its own.
    """
    if not prompt.strip():
        return RowQuestions(CAPTION_PROMPT)
    lines = [line for line in prompt.splitlines() if not is_language_wish(line)]
    questions = [line for line in lines if _question(line) is not None]
    return RowQuestions("\n".join(line for line in lines if line not in questions), "\n".join(questions))


def recorded_raster(layer: QgsVectorLayer, project: QgsProject) -> Optional[QgsRasterLayer]:
    """The raster of the project that `layer` came from, or None where that is not known or gone."""
    run = recorded_run(layer)
    if run is None:
        return None
    rasters = [other for other in project.mapLayers().values() if isinstance(other, QgsRasterLayer)]
    return next((raster for raster in rasters if _is_source(raster.id(), without_secrets(raster.source()), run)), None)


def groups(rows: Sequence[LayerRow], wish: ReaskRequest) -> list[ReaskGroup]:
    """The rows by what they are asked; each group becomes one run."""
    found: dict[RowQuestions, list[int]] = {}
    for row in rows:
        found.setdefault(wish.asked or asked_before(row.prompt), []).append(row.fid)
    return [ReaskGroup(asked, tuple(fids)) for asked, fids in found.items()]


def places(layer: QgsVectorLayer, group: ReaskGroup, wish: ReaskRequest) -> Iterator[QgsFeature]:
    """Yield where each row of a group is, as a feature with the id of its row: of `step`."""
    fields, spots = _row_fields(), _are_tiles(layer, wish)
    request = QgsFeatureRequest().setFilterFids(list(group.fids)).setNoAttributes()
    for row in layer.getFeatures(request):
        place = QgsFeature(fields)
        place.setAttributes([str(row.id())])
        place.setGeometry(_spot(row.geometry()) if spots else row.geometry())
        yield place


def step(layer: QgsVectorLayer, group: ReaskGroup, wish: ReaskRequest, rows: Sequence[QgsFeature]) -> ReaskStep:
    """The run that asks a group, given its `places`."""
    run = _run_of(layer, wish)
    are_tiles = _are_tiles(layer, wish)
    algorithm = table.TILES if are_tiles else table.FEATURES
    kind = QgsWkbTypes.Type.Polygon if are_tiles else layer.wkbType()
    there = QgsMemoryProviderUtils.createMemoryLayer("rows", _row_fields(), kind, layer.crs())
    there.dataProvider().addFeatures(list(rows))
    before = table.repeated(algorithm, run.parameters) if run is not None else {}
    parameters = {
        **{name: restored(value) for name, value in before.items()},
        "INPUT": wish.raster,
        "MODEL": wish.model,
        "CAPTION": bool(group.asked.prompt),
        "PROMPT": group.asked.prompt,
        "QUESTIONS": group.asked.questions,
        "MASK" if are_tiles else "FEATURES": there,
        "OUTPUT": QgsProcessing.TEMPORARY_OUTPUT,
    }
    return ReaskStep(TILES if are_tiles else FEATURES, parameters, group.fids, there)


def _run_of(layer: QgsVectorLayer, wish: ReaskRequest) -> Optional[RunRequest]:
    """The run that made the layer; None where that is not known, or was about another raster."""
    run = recorded_run(layer)
    return run if run is not None and _is_source(wish.raster, wish.source, run) else None


def _are_tiles(layer: QgsVectorLayer, wish: ReaskRequest) -> bool:
    """Whether the rows are tiles of a grid of this raster: the same grid gives the same pictures."""
    run = _run_of(layer, wish)
    return run is not None and run.algorithm == TILES


def _is_source(raster: str, source: str, run: RunRequest) -> bool:
    return raster == run.parameters.get("INPUT") or bool(run.source and source == without_secrets(run.source))


def _spot(tile: QgsGeometry) -> QgsGeometry:
    """A little of the tile's middle: as a mask it chooses this tile, and with much overlap few others."""
    box = tile.boundingBox()
    return QgsGeometry.fromRect(QgsRectangle.fromCenterAndSize(box.center(), _SPOT * box.width(), _SPOT * box.height()))


def _row_fields() -> QgsFields:
    fields = QgsFields()
    row = QgsField(output_fields([]).field("reason"))  # text: an id may be longer than a number of any format
    row.setName(ROW)
    fields.append(row)
    return fields


def _question(line: str) -> Optional[Question]:
    """The question that a run noted as this line; None where it is part of a caption's prompt."""
    try:
        (question,) = parse_questions(line)
    except (QuestionError, ValueError):
        return None
    return question if question.line == line.strip() else None
