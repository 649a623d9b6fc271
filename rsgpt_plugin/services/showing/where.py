"""Asks a model where the thing is that a question asks about, and describes its reply."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from qgis.core import QgsGeometry, QgsRectangle
from qgis.PyQt.QtCore import QCoreApplication

from ...client.answer_source import AnswerSource, PictureQuery, open_memory
from ...client.backends import chosen_model
from ...client.installed_models import ModelInfo
from ...errors import ImageryError, ModelError
from ...shared.answers.answered_by import CLASSIFIER, LANGUAGE_MODEL
from ...shared.answers.questions import Question
from ...shared.objects.shown import Shown, Unshown, read_shown
from ...shared.text import percent
from ..background_task import BackgroundTask
from .subject import ShownSubject, fits

translate = QCoreApplication.translate

_TASK = "show"


@dataclass(frozen=True)
class Located:
    """The reply of the model about a subject. is_other: whether another model, or another version, gave the answer."""

    subject: ShownSubject
    shown: Shown
    is_other: bool = False

    def on_map(self) -> Optional[QgsGeometry]:
        """Return what is shown, in the CRS of the subject's frame; None if nothing is, or if its place is unknown."""
        shown, frame = self.shown, self.subject.frame
        if frame is None or not fits(frame, shown.width, shown.height, self.subject.gsd_m):
            return None
        if shown.points and not shown.boxed:
            places = [frame.point(point.x / shown.width, point.y / shown.height) for point in shown.points]
            return QgsGeometry.fromMultiPointXY(places)
        boxes = [QgsRectangle(x, y, x + across, y + down) for x, y, across, down in boxes_of(shown)]
        rings = [_ring(box) for box in boxes]
        polygons = [[[frame.point(x / shown.width, y / shown.height) for x, y in ring]] for ring in rings]
        geometry = QgsGeometry.fromMultiPolygonXY(polygons) if polygons else None
        return geometry.buffer(0, 1) if geometry is not None and not shown.points else geometry

    def sentence(self) -> str:
        """Return what is shown, or why nothing is, and whether another model or part of it gave the answer."""
        shown = _origins().get(self.subject.answered_by, "{shown}").replace("{shown}", self._what())
        if not self.is_other:
            return shown
        other = translate("Rsgpt", "Another model or version answered ({model}). {shown}")
        return other.format(model=self.subject.model or "?", shown=shown)

    def _what(self) -> str:
        shown = self.shown
        if shown.reason is not None:
            return _reasons()[shown.reason].format(name=shown.name)
        if shown.points:
            found = translate("Rsgpt", "{count} × {name}")
            return found.format(count=len(shown.points), name=shown.name)
        covered = translate("Rsgpt", "{name}: {share} of the picture")
        return covered.format(name=shown.name, share=percent(shown.cells.mean()))


def boxes_of(shown: Shown) -> list[tuple[float, float, float, float]]:
    """Return the boxes of the points, or the parts of the region's rows: left, top, width, height in pixels."""
    if shown.points:
        return [point.box for point in shown.points]
    boxes = []
    for row, cells in enumerate(shown.region):
        across, down = shown.width / len(cells), shown.height / len(shown.region)
        start = cells.find("1")
        while start >= 0:
            end = cells.find("0", start)
            end = len(cells) if end < 0 else end
            boxes.append((start * across, row * down, (end - start) * across, down))
            start = cells.find("1", end)
    return boxes


def locating(subject: ShownSubject) -> BackgroundTask:
    """Return a task whose result is Located. A reply that was cached is read without the model."""

    def work(task: BackgroundTask) -> Located:
        with open_memory() as memory:
            source = AnswerSource(_able(chosen_model()), memory, feedback=task.feedback)
            model = _able(source.model, is_identified=True)
            png = subject.png or memory.pictures.get(subject.image_sha256)
            if not png:
                raise ImageryError(
                    translate("Rsgpt", "The picture of this answer is no longer stored. Ask the question again.")
                )
            question = Question("where", subject.question, task=_TASK)
            query = PictureQuery(subject.image_sha256, lambda: png, [question], subject.gsd_m)
            shown = read_shown(source.ask_one(query, lambda text: None).text)
            return Located(subject, shown, not subject.is_answer_of(model))

    return BackgroundTask(translate("Rsgpt", "RSGPT: showing where something is"), work)


def _able(model: ModelInfo, is_identified: bool = False) -> ModelInfo:
    """Return the model. Raises ModelError if it cannot show anything; a server is known only once it is identified."""
    if model.finder is None and (is_identified or not model.server):
        raise ModelError(
            translate(
                "Rsgpt",
                "The model “{name}” cannot show where something is. Choose the built-in model in the options of RSGPT.",
            ).format(name=model.name)
        )
    return model


def _ring(box: QgsRectangle) -> list[tuple[float, float]]:
    left, top, right, bottom = box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()
    return [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]


def _origins() -> dict[str, str]:
    """Return the sentences about an answer of a part of the model that does not locate things."""
    return {
        CLASSIFIER: translate(
            "Rsgpt", "The classifier gave this answer: it judges the picture as a whole and locates nothing. {shown}"
        ),
        LANGUAGE_MODEL: translate(
            "Rsgpt", "The language model gave this answer: it writes words and locates nothing. {shown}"
        ),
    }


def _reasons() -> dict[Unshown, str]:
    return {
        Unshown.NO_THING: translate(
            "Rsgpt",
            "Nothing to show: the question does not ask for the number, the place, or the presence of a thing.",
        ),
        Unshown.UNKNOWN: translate("Rsgpt", "Nothing to show: the model cannot locate “{name}”."),
        Unshown.CONDITION: translate(
            "Rsgpt", "Nothing to show: the model cannot tell which of “{name}” the question means."
        ),
        Unshown.ABSENT: translate("Rsgpt", "Nothing to show: the model finds no “{name}” in the picture."),
    }
