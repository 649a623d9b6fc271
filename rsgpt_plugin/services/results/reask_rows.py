"""Which values of which row a run of asking again brings. Runs nothing and writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Optional

from qgis.core import (
    QgsFeature,
    QgsFeatureRequest,
    QgsGeometry,
    QgsProject,
    QgsSpatialIndex,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QCoreApplication

from ...geo.results.column_roles import result_columns
from ...geo.results.layer_rows import plain
from ...geo.transforms import checked_transform
from ...shared.results.columns import CAPTION, CONFIDENCE, QUESTION, trailing_columns
from ...shared.results.rows import Status
from ...unexpected import explained
from .corrections import corrected_columns
from .reask_request import FEATURES, ROW, ReaskStep, asked_before

translate = QCoreApplication.translate

_NEAR = 0.05  # of a tile's side
_AT_ONCE = 100
_HAS_ANSWER = (Status.ANSWERED.value, Status.PARTIAL.value)


class RowChange(NamedTuple):
    """What becomes of a row. values: new ones by column, none where it keeps the old. problem: why, in words."""

    fid: int
    values: dict[str, Any]
    problem: str = ""


@dataclass(frozen=True)
class ReaskOutput:
    """What a run wrote: a layer, and its features."""

    layer: QgsVectorLayer
    features: Sequence[QgsFeature]


def changes(layer: QgsVectorLayer, step: ReaskStep, output: ReaskOutput, project: QgsProject) -> Iterator[RowChange]:
    """Yield what becomes of each row of `step`, given the output of its run.

    A row that failed now and has an answer from before keeps that. What a person corrected stays; the model's new
    word goes beside it.
    """
    find = _by_name(output) if step.algorithm == FEATURES else _by_place(layer, output, project)
    fill = _Filler(layer, output.layer)
    for start in range(0, len(step.fids), _AT_ONCE):
        # No reading goes on while the caller writes: a file would be locked.
        request = QgsFeatureRequest().setFilterFids(list(step.fids[start : start + _AT_ONCE]))
        for row in list(layer.getFeatures(request)):
            try:
                found = find(row)
                change = fill.change(row, found) if found is not None else RowChange(row.id(), {}, _not_found())
            except Exception as error:  # whatever is odd about one row, the others are filled
                change = RowChange(row.id(), {}, explained(error))
            yield change


class _Filler:
    """Knows where the columns of an output go in a layer."""

    def __init__(self, layer: QgsVectorLayer, output: QgsVectorLayer) -> None:
        self._columns = result_columns(layer)
        answers = result_columns(output).questions
        self._said = [(CAPTION, CONFIDENCE), *((found.name, found.confidence) for found in answers)]

    def change(self, row: QgsFeature, found: QgsFeature) -> RowChange:
        """What becomes of a row for which `found` was written."""
        status, reason = found["status"], str(plain(found["reason"]) or "")
        known = self._columns.known
        if status not in (*_HAS_ANSWER, Status.UNSURE.value) and row[known["status"]] in _HAS_ANSWER:
            return RowChange(row.id(), {}, reason)
        values: dict[str, Any] = {}
        is_unsure = status == Status.UNSURE.value
        for name, confidence in self._said:
            doubted = name != CAPTION and (is_unsure or plain(found[confidence]) is not None)
            if plain(found[name]) is not None or doubted:
                values.update(self._answer(row, name, plain(found[name]), plain(found[confidence])))
        provenance = [column.name for column in trailing_columns()]
        values.update({known[name]: plain(found[name]) for name in provenance if name in known})
        if self._columns.holds_clicks:
            values[known[QUESTION]] = _words(str(found["prompt"]))
        return RowChange(row.id(), values)

    def _answer(self, row: QgsFeature, name: str, value: Any, confidence: Any) -> dict[str, Any]:
        target, sure = self._target(name)
        if target in corrected_columns(row):
            target = self._columns.model_of(target)
        return {column: said for column, said in ((target, value), (sure, confidence)) if column}

    def _target(self, name: str) -> tuple[str, str]:
        """The columns of an answer and its confidence; empty for those that the layer lacks."""
        known, answered = self._columns.known, self._columns.answered(name)
        if name == CAPTION or self._columns.holds_clicks:
            return self._columns.text or "", known.get(CONFIDENCE, "")
        return (answered.name, answered.confidence) if answered else ("", "")


def _by_name(output: ReaskOutput) -> Callable[[QgsFeature], Optional[QgsFeature]]:
    known = {str(feature[ROW]): feature for feature in output.features}
    return lambda row: known.get(str(row.id()))


def _by_place(
    layer: QgsVectorLayer, output: ReaskOutput, project: QgsProject
) -> Callable[[QgsFeature], Optional[QgsFeature]]:
    """By the centre of the tile: a mask of spots may have chosen neighbours too."""
    transform = checked_transform(layer.crs(), output.layer.crs(), project.transformContext())
    tiles = {feature.id(): feature for feature in output.features}
    centres = QgsSpatialIndex()
    for fid, tile in tiles.items():
        centre = QgsFeature(fid)
        centre.setGeometry(QgsGeometry.fromPointXY(tile.geometry().boundingBox().center()))
        centres.addFeature(centre)

    def find(row: QgsFeature) -> Optional[QgsFeature]:
        place = QgsGeometry(row.geometry())
        place.transform(transform)
        centre = place.boundingBox().center()
        for fid in centres.nearestNeighbor(centre, 1):
            box = tiles[fid].geometry().boundingBox()
            if box.center().distance(centre) <= _NEAR * max(box.width(), box.height()):
                return tiles[fid]
        return None

    return find


def _words(prompt: str) -> str:
    """What a person asked, of the `prompt` column."""
    asked = asked_before(prompt)
    return asked.prompt or asked.questions.partition(": ")[2]


def _not_found() -> str:
    return translate("Rsgpt", "the raster has no tile at this place")
