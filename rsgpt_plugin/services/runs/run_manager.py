"""Every run there was: goes on with those that were not done, pauses and stops those that go. Draws nothing."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import Any, Optional

from qgis.core import QgsMapLayer, QgsProcessingContext, QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QCoreApplication, QObject, QTimer, pyqtSignal

from ...core.pace import ProgressRate
from ...core.paths import runs_file
from ...core.run_store import RunEntry, RunState, RunStore
from ...errors import OutputError, RsgptError
from ...geo.results.layer_metadata import record_run
from ...geo.results.style import apply_style
from ...processing.output.destination import place_of
from ...processing.run_progress import progress_text
from ...processing.run_registry import RunFeedback, is_alive, journal
from ...processing.run_requests import restore
from ...shared.files.geopackage import holds_results
from .algorithm_task import AlgorithmTask, context_of

translate = QCoreApplication.translate

# A run that took less is still in mind when it ends, and the dialog that started it tells enough.
_WORTH_TELLING_S = 20.0
_CHANGE_MS = 500


@dataclass(frozen=True)
class RunView:
    """A run as it is shown. pace: of one that goes on in this QGIS, None for all others."""

    entry: RunEntry
    pace: Optional[ProgressRate] = None

    @property
    def is_here(self) -> bool:
        """Whether it goes on in this QGIS, which alone can pause it."""
        return self.pace is not None


@dataclass(eq=False)
class _ActiveRun:
    """A run of ours. title: what it looks at."""

    run_id: str
    running: AlgorithmTask
    title: str


class RunManager(QObject):
    """Every signal comes on the main thread, to which all of this belongs.

    changed: a run began, moved or ended, twice a second at most. ended: the entry of one that is worth telling.
    failed: a sentence, where a run could not even begin.
    """

    changed = pyqtSignal()
    ended = pyqtSignal(object)
    failed = pyqtSignal(str)

    def __init__(self, project: QgsProject) -> None:
        super().__init__()
        self._project = project
        self._store: Optional[RunStore] = None
        self._going: dict[str, _ActiveRun] = {}
        self._layers: dict[str, QgsMapLayer] = {}
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_CHANGE_MS)
        self._soon.timeout.connect(self.changed)
        journal.moved.connect(self._moved)
        journal.ended.connect(self._run_ended)

    def runs(self) -> list[RunView]:
        """Return all runs, the latest first; OutputError where the list cannot be read."""
        store = self._opened()
        return [self._view(entry) for entry in store.entries()] if store is not None else []

    def unfinished(self) -> list[RunEntry]:
        """Return the runs that lost their QGIS, each of them once: from then on they count as interrupted."""
        store = self._opened()
        if store is None:
            return []
        lost = [entry for entry in store.entries() if entry.state is RunState.RUNNING and _is_lost(entry)]
        for entry in lost:
            store.end(entry.id, RunState.INTERRUPTED)
        return [replace(entry, state=RunState.INTERRUPTED) for entry in lost]

    def start(self, algorithm: str, parameters: dict[str, Any], title: str = "") -> str:
        """Begin a run in a task, and return the id that it has in the list; it may fail at once."""
        run_id = uuid.uuid4().hex
        self._begin(run_id, algorithm, parameters, context_of(self._project), title)
        return run_id

    def go_on(self, run_id: str) -> None:
        """Take up a run: all of it is done again, but nothing is asked that has an answer."""
        entry = self._entry(run_id)
        if entry is None or not entry.state.can_go_on or run_id in self._going:
            return
        context = context_of(self._project)
        try:
            parameters = restore(entry.request, self._project, context)
        except RsgptError as error:
            self.failed.emit(str(error))
            return
        self._begin(run_id, entry.request.algorithm, parameters, context, entry.request.title)

    def pause(self, run_id: str) -> None:
        """End a run of this QGIS for now; the rows so far are written."""
        self._cancel(run_id, RunState.PAUSED)

    def stop(self, run_id: str) -> None:
        """End a run of this QGIS, or leave one that waits; it can be taken up all the same."""
        if not self._cancel(run_id, RunState.STOPPED):
            entry, store = self._entry(run_id), self._opened()
            if store is not None and entry is not None and entry.state.can_go_on:
                store.end(run_id, RunState.STOPPED, note=entry.note)
                self.changed.emit()

    def remove(self, run_id: str) -> None:
        """Forget a run that does not go on; answers and output stay."""
        store = self._opened()
        if store is not None and journal.live(run_id) is None:
            store.remove(run_id)
            self._layers.pop(run_id, None)
            self.changed.emit()

    def open_results(self, run_id: str) -> QgsVectorLayer:
        """Return the layer of a run's rows, added to the project where it was not; OutputError where it is gone."""
        entry = self._entry(run_id)
        layer = self._layers.pop(run_id, None)
        if layer is None and entry is not None:
            layer = self._in_project(entry) or _from_file(entry)
        if entry is None or not isinstance(layer, QgsVectorLayer) or not layer.isValid():
            raise OutputError(
                translate("Rsgpt", "The results are not there any more. Go on with the run to write them again.")
            )
        if self._project.mapLayer(layer.id()) is None:
            apply_style(layer)
            record_run(layer, entry.request)
            self._project.addMapLayer(layer)
        return layer

    def close(self) -> None:
        """Pause what runs in this QGIS, and wait a moment for what was started here."""
        journal.moved.disconnect(self._moved)
        journal.ended.disconnect(self._run_ended)
        self._soon.stop()
        journal.cancel_all()
        going, self._going = list(self._going.values()), {}
        for run in going:
            run.running.drop()
        for run in going:
            run.running.wait()
        self._layers.clear()
        if self._store is not None:
            self._store.close()
            self._store = None

    def _begin(
        self, run_id: str, algorithm_id: str, parameters: dict[str, Any], context: QgsProcessingContext, title: str
    ) -> None:
        try:
            running = AlgorithmTask(algorithm_id, parameters, context, RunFeedback(run_id))
        except RsgptError as error:
            self.failed.emit(str(error))
            return
        self._going[run_id] = run = _ActiveRun(run_id, running, title or running.name)
        running.start(_description(run.title, ""), lambda results: self._finish(run, results))

    def _finish(self, run: _ActiveRun, results: dict[str, Any]) -> None:
        layer = run.running.context.takeResultLayer(results["OUTPUT"]) if results else None
        if layer is not None:
            self._layers[run.run_id] = layer
        del self._going[run.run_id]
        entry = self._entry(run.run_id)
        if entry is None:  # too small for the list, or it failed before its first place
            if not results:
                self.failed.emit(run.running.feedback.why())
            return
        self.changed.emit()
        self.ended.emit(entry)

    def _moved(self, run_id: str) -> None:
        run, live = self._going.get(run_id), journal.live(run_id)
        if run is not None and live is not None:
            text = progress_text(live.counts.done, live.counts.tiles, live.pace)
            run.running.task.setDescription(_description(run.title, text))
        if not self._soon.isActive():
            self._soon.start()

    def _run_ended(self, run_id: str, seconds: float) -> None:
        """Tell of what was started elsewhere in this QGIS; a task of ours is told of when QGIS is done with it."""
        run = self._going.get(run_id)
        if run is not None:
            run.running.task.setDescription(_description(run.title, ""))
            return
        self.changed.emit()
        entry = self._entry(run_id)
        if entry is not None and seconds >= _WORTH_TELLING_S:
            self.ended.emit(entry)

    def _cancel(self, run_id: str, wish: RunState) -> bool:
        run = self._going.get(run_id)
        if run is not None:
            run.running.feedback.cancel()
        return journal.cancel(run_id, wish)

    def _view(self, entry: RunEntry) -> RunView:
        live = journal.live(entry.id)
        if live is not None:
            counts = live.counts.as_dict()
            return RunView(replace(entry, state=RunState.RUNNING, counts=counts), live.pace)
        return RunView(entry)

    def _entry(self, run_id: str) -> Optional[RunEntry]:
        try:
            store = self._opened()
            return store.entry(run_id) if store is not None else None
        except OutputError as error:
            self.failed.emit(str(error))
            return None

    def _opened(self) -> Optional[RunStore]:
        """The list, if there is one yet: to look at it makes no file."""
        if self._store is None and runs_file().exists():
            self._store = RunStore(runs_file())
        return self._store

    def _in_project(self, entry: RunEntry) -> Optional[QgsMapLayer]:
        """The layer that shows the run's output already, with what has been written since."""
        layer = self._project.mapLayer(entry.output)
        if layer is not None:
            return layer
        path, name = place_of(entry.output or entry.file)
        for candidate in self._project.mapLayers().values():
            found, layer_name = place_of(candidate.source()) if candidate.providerType() == "ogr" else ("", "")
            if path and (found, layer_name.casefold()) == (path, name.casefold()):
                candidate.dataProvider().reloadData()
                candidate.reload()
                return candidate
        return None


def _is_lost(entry: RunEntry) -> bool:
    return journal.live(entry.id) is None and not is_alive(entry.id)


def _from_file(entry: RunEntry) -> Optional[QgsVectorLayer]:
    path, name = place_of(entry.output or entry.file)
    if not path:
        return None
    title = translate("Rsgpt", "Descriptions of {layer}").format(layer=entry.request.title)
    layer = QgsVectorLayer(f"{path}|layername={name}", title, "ogr")
    if not layer.isValid():  # a format without names of layers
        layer = QgsVectorLayer(path, title, "ogr")
    return layer if holds_results(layer.fields().names()) else None


def _description(title: str, progress: str) -> str:
    """The list of tasks has room for some forty characters."""
    return f"RSGPT: {title}, {progress}" if progress else f"RSGPT: {title}"
