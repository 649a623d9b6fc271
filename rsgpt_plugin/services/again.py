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

from ..core.run_store import RunRequest
from ..errors import QuestionError
from ..geo.results import recorded_run
from ..geo.rows import Row
from ..geo.schema import output_fields
from ..processing.keeping import extent
from ..shared.questions import CAPTION_PROMPT, Question, is_language_wish, parse_questions

TILES, FEATURES = "rsgpt:describeraster", "rsgpt:describefeatures"
ROW = "rsgpt_row"

_CAPTURE = ("BANDS", "CAPTURE", "GROUND_RESOLUTION")
_GRID = ("EXTENT", "TILE_SIZE", "OVERLAP")
_SPOT = 0.01  # of a tile's side: less than what two tiles that only touch have in common


@dataclass(frozen=True)
class Asked:
    """What a picture is asked. prompt: for the caption, "" for none. questions: one a line."""

    prompt: str
    questions: str = ""


@dataclass(frozen=True)
class Wish:
    """How rows are asked again. raster, source: the layer's id and source. asked: None for what each row was before."""

    raster: str
    source: str
    model: str
    asked: Optional[Asked] = None

    @classmethod
    def about(cls, raster: QgsRasterLayer, model: str, asked: Optional[Asked] = None) -> Wish:
        """The wish to ask a model about a raster."""
        return cls(raster.id(), raster.source(), model, asked)


@dataclass(frozen=True)
class Group:
    """Rows that are asked the same."""

    asked: Asked
    fids: tuple[int, ...]


@dataclass(frozen=True)
class Step:
    """One run. places: a layer that its parameters refer to and that has to live as long as the run."""

    algorithm: str
    parameters: Mapping[str, Any]
    fids: tuple[int, ...]
    places: QgsVectorLayer


def asked_before(prompt: str) -> Asked:
    """Read the `prompt` column of a row: the caption's prompt, then the questions, one a line.

    A wish for a language is left out: the next run has its own.
    """
    if not prompt.strip():
        return Asked(CAPTION_PROMPT)
    lines = [line for line in prompt.splitlines() if not is_language_wish(line)]
    questions = [line for line in lines if _question(line) is not None]
    return Asked("\n".join(line for line in lines if line not in questions), "\n".join(questions))


def recorded_raster(layer: QgsVectorLayer, project: QgsProject) -> Optional[QgsRasterLayer]:
    """The raster of the project that `layer` came from, or None where that is not known or gone."""
    run = recorded_run(layer)
    if run is None:
        return None
    rasters = [other for other in project.mapLayers().values() if isinstance(other, QgsRasterLayer)]
    return next((raster for raster in rasters if _is_source(raster.id(), raster.source(), run)), None)


def groups(rows: Sequence[Row], wish: Wish) -> list[Group]:
    """The rows by what they are asked; each group becomes one run."""
    found: dict[Asked, list[int]] = {}
    for row in rows:
        found.setdefault(wish.asked or asked_before(row.prompt), []).append(row.fid)
    return [Group(asked, tuple(fids)) for asked, fids in found.items()]


def places(layer: QgsVectorLayer, group: Group, wish: Wish) -> Iterator[QgsFeature]:
    """Yield where each row of a group is, as a feature with the id of its row: of `step`."""
    fields, spots = _row_fields(), _tiles(layer, wish) is not None
    request = QgsFeatureRequest().setFilterFids(list(group.fids)).setNoAttributes()
    for row in layer.getFeatures(request):
        place = QgsFeature(fields)
        place.setAttributes([str(row.id())])
        place.setGeometry(_spot(row.geometry()) if spots else row.geometry())
        yield place


def step(layer: QgsVectorLayer, group: Group, wish: Wish, rows: Sequence[QgsFeature]) -> Step:
    """The run that asks a group, given its `places`."""
    known = _known(layer, wish)
    parameters = {
        **_given(known, _CAPTURE),
        "INPUT": wish.raster,
        "MODEL": wish.model,
        "CAPTION": bool(group.asked.prompt),
        "PROMPT": group.asked.prompt,
        "QUESTIONS": group.asked.questions,
        "LEAST_CONFIDENCE": known.get("LEAST_CONFIDENCE") or 0.0,
        "OUTPUT": QgsProcessing.TEMPORARY_OUTPUT,
    }
    grid = _tiles(layer, wish)
    kind = layer.wkbType() if grid is None else QgsWkbTypes.Type.Polygon
    there = QgsMemoryProviderUtils.createMemoryLayer("rows", _row_fields(), kind, layer.crs())
    there.dataProvider().addFeatures(list(rows))
    if grid is None:
        return Step(FEATURES, {**parameters, "FEATURES": there}, group.fids, there)
    return Step(TILES, {**parameters, **grid, "MASK": there}, group.fids, there)


def _known(layer: QgsVectorLayer, wish: Wish) -> Mapping[str, Any]:
    """The parameters of the run that made the layer; none where that is not known, or was about another raster."""
    run = recorded_run(layer)
    return run.parameters if run is not None and _is_source(wish.raster, wish.source, run) else {}


def _tiles(layer: QgsVectorLayer, wish: Wish) -> Optional[dict[str, Any]]:
    """The grid that the rows are tiles of: the same grid gives the same pictures. None for rows that are none."""
    run = recorded_run(layer)
    if run is None or run.algorithm != TILES or not _is_source(wish.raster, wish.source, run):
        return None
    return _given({**run.parameters, "EXTENT": extent(run.parameters.get("EXTENT"))}, _GRID)


def _given(parameters: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: parameters[name] for name in names if parameters.get(name) is not None}


def _is_source(raster: str, source: str, run: RunRequest) -> bool:
    return raster == run.parameters.get("INPUT") or bool(run.source and source == run.source)


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
