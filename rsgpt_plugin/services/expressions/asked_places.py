"""Answers about geometries: looked up in any thread, and asked in a background task that then redraws the layer."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Optional

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsFields,
    QgsGeometry,
    QgsMemoryProviderUtils,
    QgsProject,
)
from qgis.PyQt.QtCore import QCoreApplication, QObject, Qt, QTimer, pyqtSignal

from ...client.backends import chosen_model
from ...client.installed_models import ModelInfo
from ...client.preferences import load
from ...core.answer_cache import AnswerCache
from ...core.paths import cache_file
from ...errors import OutputError, RsgptError
from ...geo.results.layer_rows import null_to_none
from ...processing.parameters import preferred_parameters
from ...shared.answers.questions import Question
from ...shared.answers.readers import Value
from ...shared.answers.typed_answers import RawAnswer, as_text, read_answer
from ...shared.results.columns import answer_columns
from ...unexpected import log_problem
from ..asking.feature_selection import FeatureSelection
from ..background_task import BackgroundTask
from ..runs.algorithm_task import AlgorithmTask, project_context
from .project_layers import KnownRaster

translate = QCoreApplication.translate

_MOST_REMEMBERED = 100_000
_MOST_AT_ONCE = 200  # places per task, so that the first answers appear soon
_DRAWING_MS = 500  # so that one task asks about all places of a drawn map
_MODEL_SECONDS = 2.0  # during which the chosen model is not read again


@dataclass(frozen=True)
class AskedPlace:
    """A question about a geometry. layer: id of the layer to redraw, "" for none."""

    question: Question
    raster: KnownRaster
    crs: QgsCoordinateReferenceSystem
    geometry: QgsGeometry
    layer: str = ""

    def key(self, model: ModelInfo) -> str:
        """Return a hash of everything that determines the answer."""
        question, raster = self.question, self.raster
        parts = [
            *("place", raster.source, raster.version, self.crs.toWkt(), self.geometry.asWkb().toHex().data().decode()),
            *(question.type.name, question.prompt, "|".join(question.allowed), model.name, model.mark),
        ]
        return hashlib.sha256(json.dumps(parts).encode("ascii")).hexdigest()


class AskedPlaces(QObject):
    """Create and close it on the main thread. `answer` may be called in any thread."""

    _wanted = pyqtSignal(str, object)

    def __init__(self, project: QgsProject) -> None:
        super().__init__()
        self._project = project
        self._answers: dict[str, Optional[Value]] = {}
        self._refused: set[str] = set()  # keys that are not asked again in this session
        self._queue: dict[str, AskedPlace] = {}
        self._running: Optional[AlgorithmTask] = None
        self._model: tuple[float, Optional[ModelInfo]] = (0.0, None)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DRAWING_MS)
        self._timer.timeout.connect(self._start)
        self._wanted.connect(self._add, Qt.ConnectionType.QueuedConnection)

    def answer(self, place: AskedPlace, is_asked: bool) -> Optional[Value]:
        """Return the stored answer, None if there is none. is_asked: whether the model is then asked."""
        model = self._chosen_model()
        if model is None:
            return None
        key = place.key(model)
        if key not in self._answers:
            self._remember({key: _stored(key, place.question)})
        answer = self._answers.get(key)
        if answer is None and is_asked and key not in self._refused:
            self._wanted.emit(key, place)
        return answer

    def close(self) -> None:
        """Stop asking."""
        self._timer.stop()
        self._queue.clear()
        running, self._running = self._running, None
        if running is not None:
            running.drop()
            running.wait()

    def _chosen_model(self) -> Optional[ModelInfo]:
        read_at, model = self._model
        if time.monotonic() - read_at > _MODEL_SECONDS:
            try:
                model = chosen_model()
            except RsgptError:
                model = None
            self._model = (time.monotonic(), model)
        return model

    def _remember(self, answers: dict[str, Optional[Value]]) -> None:
        if len(self._answers) > _MOST_REMEMBERED:
            self._answers = {}
        self._answers.update(answers)

    def _add(self, key: str, place: AskedPlace) -> None:
        if key not in self._refused and self._answers.get(key) is None:
            self._queue.setdefault(key, place)
            self._timer.start()

    def _start(self) -> None:
        """Ask about the places in the queue that one run can describe."""
        if self._running is not None or not self._queue:
            return
        first = _run_of(next(iter(self._queue.values())))
        keys = [key for key, place in self._queue.items() if _run_of(place) == first][:_MOST_AT_ONCE]
        places = [self._queue.pop(key) for key in keys]
        self._refused.update(keys)  # also if the run fails: drawing the map again must not ask again
        try:
            selection = FeatureSelection(places[0].raster.id, places[0].raster.name, _shapes(places))
            parameters = {**preferred_parameters(load()), **selection.parameters(places[0].question)}
            task = AlgorithmTask(selection.algorithm, parameters, project_context(self._project))
        except RsgptError as error:
            log_problem(str(error))
            return
        self._running = task
        description = translate("Rsgpt", "RSGPT: processing {layer}").format(layer=selection.layer_name)
        task.start(description, lambda results: self._finish(keys, places, results))

    def _finish(self, keys: Sequence[str], places: Sequence[AskedPlace], results: dict[str, Any]) -> None:
        task, self._running = self._running, None
        layer = task.output(results) if task is not None else None
        if task is None or layer is None:
            self._queue.clear()
            if task is not None and not task.was_cancelled:
                log_problem(task.feedback.first_error())
            return
        raws = [_raw(feature, places[0].question) for feature in layer.getFeatures()]
        answers = {key: raw for key, raw in zip(keys, raws) if raw.text}
        question = places[0].question
        self._remember({key: read_answer(question, raw).value for key, raw in answers.items()})
        BackgroundTask(translate("Rsgpt", "RSGPT: recording answers"), lambda task: _store(answers)).start()
        for name in {place.layer for place in places}:
            drawn = self._project.mapLayer(name)
            if drawn is not None:
                drawn.triggerRepaint()
        self._start()


def _run_of(place: AskedPlace) -> tuple[Any, ...]:
    """Return what the places of one run have in common."""
    return place.question, place.raster.id, place.crs.toWkt(), place.geometry.wkbType()


def _shapes(places: Sequence[AskedPlace]) -> Any:
    first = places[0]
    shapes = QgsMemoryProviderUtils.createMemoryLayer("places", QgsFields(), first.geometry.wkbType(), first.crs)
    features = []
    for place in places:
        feature = QgsFeature()
        feature.setGeometry(place.geometry)
        features.append(feature)
    shapes.dataProvider().addFeatures(features)
    return shapes


def _raw(feature: QgsFeature, question: Question) -> RawAnswer:
    name, confidence = answer_columns(question.name)
    return RawAnswer(as_text(null_to_none(feature[name])), null_to_none(feature[confidence]))


def _stored(key: str, question: Question) -> Optional[Value]:
    if not cache_file().is_file():
        return None
    try:
        with AnswerCache(cache_file()) as cache:
            raw = cache.get([key]).get(key)
    except OutputError:
        return None
    return read_answer(question, raw).value if raw is not None else None


def _store(answers: dict[str, RawAnswer]) -> None:
    with AnswerCache(cache_file()) as cache:
        cache.put(answers)
