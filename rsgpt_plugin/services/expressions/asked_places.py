"""Answers about geometries: looked up in any thread, and asked in a background task that then redraws the layer."""

from __future__ import annotations

import hashlib
import json
import math
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
from ...shared.results.rows import Status
from ...unexpected import log_problem
from ..asking.feature_selection import FeatureSelection
from ..background_task import BackgroundTask
from ..runs.algorithm_task import AlgorithmTask, project_context
from .project_layers import KnownRaster

translate = QCoreApplication.translate

_MOST_REMEMBERED = 100_000
_MOST_AT_ONCE = 200  # places per task, so that the first answers appear soon
_DRAWING_MS = 500  # so that one task asks about all places of a drawn map
_OPTIONS_S = 2.0  # during which the options are not read again
_PAUSE_S = 60.0  # before places of a run that failed or was stopped are asked about again


@dataclass(frozen=True)
class Options:
    """What the options decide about answers. language: of texts, "" for any. parameters: of the run, as JSON."""

    model: ModelInfo
    language: str
    parameters: str

    @classmethod
    def chosen(cls) -> Optional[Options]:
        """Return the present options, None if their model is missing."""
        preferences = load()
        try:
            return cls(chosen_model(), preferences.prompt_language, json.dumps(preferred_parameters(preferences)))
        except RsgptError:
            return None


@dataclass(frozen=True)
class AskedPlace:
    """A question about a geometry. layer: id of the layer to redraw, "" for none."""

    question: Question
    raster: KnownRaster
    crs: QgsCoordinateReferenceSystem
    geometry: QgsGeometry
    layer: str = ""

    def key(self, options: Options) -> str:
        """Return a hash of everything that determines the answer."""
        question, raster, model = self.question, self.raster, options.model
        parts = [
            *("place", raster.source, raster.version, self.crs.toWkt(), self.geometry.asWkb().toHex().data().decode()),
            *(question.type.name, question.prompt, "|".join(question.allowed), model.name, model.mark),
            *(options.language, options.parameters),
        ]
        return hashlib.sha256(json.dumps(parts).encode("ascii")).hexdigest()


class AskedPlaces(QObject):
    """Create and close it on the main thread. `answer` may be called in any thread."""

    _wanted = pyqtSignal(str, object)

    def __init__(self, project: QgsProject) -> None:
        super().__init__()
        self._project = project
        self._answers: dict[str, Optional[Value]] = {}
        self._not_before: dict[str, float] = {}  # moments from which keys may be asked about again
        self._queue: dict[str, AskedPlace] = {}
        self._running: Optional[AlgorithmTask] = None
        self._options: tuple[float, Optional[Options]] = (-math.inf, None)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DRAWING_MS)
        self._timer.timeout.connect(self._start)
        self._wanted.connect(self._add, Qt.ConnectionType.QueuedConnection)

    def answer(self, place: AskedPlace, is_asked: bool) -> Optional[Value]:
        """Return the stored answer, None if there is none. is_asked: whether the model is then asked."""
        options = self._chosen_options()
        if options is None:
            return None
        key = place.key(options)
        if key not in self._answers:
            self._remember({key: _stored(key, place.question)})
        answer = self._answers.get(key)
        if answer is None and is_asked and self._may_ask(key):
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

    def _chosen_options(self) -> Optional[Options]:
        read_at, options = self._options
        if time.monotonic() - read_at > _OPTIONS_S:
            options = Options.chosen()
            self._options = (time.monotonic(), options)
        return options

    def _may_ask(self, key: str) -> bool:
        return time.monotonic() >= self._not_before.get(key, -math.inf)

    def _remember(self, answers: dict[str, Optional[Value]]) -> None:
        if len(self._answers) > _MOST_REMEMBERED:
            self._answers = {}
        self._answers.update(answers)

    def _add(self, key: str, place: AskedPlace) -> None:
        if self._may_ask(key) and self._answers.get(key) is None:
            self._queue.setdefault(key, place)
            self._timer.start()

    def _start(self) -> None:
        """Ask about the places in the queue that one run can describe."""
        if self._running is None:
            self._drop_outdated()
        if self._running is not None or not self._queue:
            return
        first = _run_of(next(iter(self._queue.values())))
        keys = [key for key, place in self._queue.items() if _run_of(place) == first][:_MOST_AT_ONCE]
        places = [self._queue.pop(key) for key in keys]
        self._not_before.update(dict.fromkeys(keys, math.inf))  # until the run has ended
        try:
            selection = FeatureSelection(places[0].raster.id, places[0].raster.name, _shapes(places))
            parameters = {**preferred_parameters(load()), **selection.parameters(places[0].question)}
            task = AlgorithmTask(selection.algorithm, parameters, project_context(self._project))
        except RsgptError as error:
            self._pause(keys)
            log_problem(str(error))
            return
        self._running = task
        description = translate("Rsgpt", "RSGPT: processing {layer}").format(layer=selection.layer_name)
        task.start(description, lambda results: self._finish(keys, places, results))

    def _drop_outdated(self) -> None:
        """Drop places that were wanted with other options, and draw their layers again: they are then wanted again."""
        self._options = (-math.inf, None)
        options = self._chosen_options()
        outdated = {key: place for key, place in self._queue.items() if options is None or place.key(options) != key}
        self._queue = {key: place for key, place in self._queue.items() if key not in outdated}
        self._draw(list(outdated.values()))

    def _pause(self, keys: Sequence[str]) -> None:
        """Ask about places no sooner than in a minute: drawing the map again must not repeat a problem at once.

        This applies to those in the queue, too: the user may have stopped the run.
        """
        self._not_before.update(dict.fromkeys([*keys, *self._queue], time.monotonic() + _PAUSE_S))
        self._queue.clear()

    def _finish(self, keys: Sequence[str], places: Sequence[AskedPlace], results: dict[str, Any]) -> None:
        task, self._running = self._running, None
        layer = task.output(results) if task is not None else None
        if task is None or layer is None:
            self._pause(keys)
            if task is not None and not task.was_cancelled:
                log_problem(task.feedback.first_error())
            return
        question, rows = places[0].question, dict(zip(keys, layer.getFeatures()))
        answers = {key: raw for key, raw in ((key, _raw(row, question)) for key, row in rows.items()) if raw.text}
        self._remember({key: read_answer(question, raw).value for key, raw in answers.items()})
        failed = [key for key, row in rows.items() if row["status"] == Status.FAILED.value]
        self._not_before.update(dict.fromkeys(failed, time.monotonic() + _PAUSE_S))
        BackgroundTask(translate("Rsgpt", "RSGPT: recording answers"), lambda task: _store(answers)).start()
        self._draw(places)
        self._start()

    def _draw(self, places: Sequence[AskedPlace]) -> None:
        for name in {place.layer for place in places}:
            drawn = self._project.mapLayer(name)
            if drawn is not None:
                drawn.triggerRepaint()


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
