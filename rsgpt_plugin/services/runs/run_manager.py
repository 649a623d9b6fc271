"""Manager of the list of runs: starts, pauses, stops, resumes and removes runs."""

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
from ...geo.results.styles.legend import fold_long_legend
from ...geo.results.styles.style import show_styled
from ...processing.output.destination import file_and_layer, layers_showing
from ...processing.run_progress import progress_text
from ...processing.run_registry import RunFeedback, active_runs, is_alive
from ...processing.run_requests import restore
from ...shared.files.geopackage import holds_results
from ...shared.results.descriptions import answers_name, objects_name
from .algorithm_task import AlgorithmTask, project_context

translate = QCoreApplication.translate

# The end of a shorter run is not reported, because its dialog is enough.
_MIN_REPORTED_S = 20.0
_CHANGE_MS = 500


@dataclass(frozen=True)
class RunView:
    """A run in the list. pace: progress rate of a run in this QGIS, None for all other runs."""

    entry: RunEntry
    pace: Optional[ProgressRate] = None

    @property
    def is_here(self) -> bool:
        """Whether the run is running in this QGIS; other runs cannot be paused here."""
        return self.pace is not None


@dataclass(eq=False)
class _ActiveRun:
    """A run that this manager started. title: name of the raster or algorithm."""

    run_id: str
    algorithm: AlgorithmTask
    title: str


class RunManager(QObject):
    """Manages the list of runs. It must be used on the main thread, where its signals are emitted.

    changed: the list or a progress changed; at most twice per second for progress. ended: the RunEntry of a run whose
    end is to be reported. failed: an error message of a run that could not start.
    """

    changed = pyqtSignal()
    ended = pyqtSignal(object)
    failed = pyqtSignal(str)

    def __init__(self, project: QgsProject) -> None:
        super().__init__()
        self._project = project
        self._store: Optional[RunStore] = None
        self._active: dict[str, _ActiveRun] = {}
        self._layers: dict[str, QgsMapLayer] = {}
        self._change_timer = QTimer(self)
        self._change_timer.setSingleShot(True)
        self._change_timer.setInterval(_CHANGE_MS)
        self._change_timer.timeout.connect(self.changed)
        active_runs.progressed.connect(self._run_progressed)
        active_runs.ended.connect(self._run_ended)

    def runs(self) -> list[RunView]:
        """Return all runs, latest first. Raises OutputError if the list cannot be read."""
        store = self._open_store()
        return [self._view(entry) for entry in store.entries()] if store is not None else []

    def unfinished(self) -> list[RunEntry]:
        """Mark the runs whose QGIS process ended as interrupted, and return them."""
        store = self._open_store()
        if store is None:
            return []
        lost = [entry for entry in store.entries() if entry.state is RunState.RUNNING and _is_lost(entry)]
        for entry in lost:
            store.end(entry.id, RunState.INTERRUPTED)
        return [replace(entry, state=RunState.INTERRUPTED) for entry in lost]

    def start(self, algorithm: str, parameters: dict[str, Any], title: str = "") -> str:
        """Start a run in a task, and return its id in the list. If it cannot start, `failed` is emitted."""
        run_id = uuid.uuid4().hex
        self._begin(run_id, algorithm, parameters, project_context(self._project), title)
        return run_id

    def resume(self, run_id: str) -> None:
        """Resume a run: it starts again from its first place, but uses the cached answers."""
        entry = self._entry(run_id)
        if entry is None or not entry.state.can_resume or run_id in self._active:
            return
        context = project_context(self._project)
        try:
            parameters = restore(entry.request, self._project, context)
        except RsgptError as error:
            self.failed.emit(str(error))
            return
        self._begin(run_id, entry.request.algorithm, parameters, context, entry.request.title)

    def pause(self, run_id: str) -> None:
        """Pause a run of this QGIS; the rows so far are written."""
        self._cancel(run_id, RunState.PAUSED)

    def stop(self, run_id: str) -> None:
        """Stop a run of this QGIS, or mark an unfinished run as stopped. It can still be resumed."""
        if not self._cancel(run_id, RunState.STOPPED):
            entry, store = self._entry(run_id), self._open_store()
            if store is not None and entry is not None and entry.state.can_resume:
                store.end(run_id, RunState.STOPPED, note=entry.note)
                self.changed.emit()

    def remove(self, run_id: str) -> None:
        """Remove a run that is not running from the list; its answers and output stay."""
        store = self._open_store()
        if store is not None and active_runs.live(run_id) is None:
            store.remove(run_id)
            self._layers.pop(run_id, None)
            self.changed.emit()

    def open_results(self, run_id: str) -> QgsVectorLayer:
        """Return the results layer of a run, and add it to the project. Raises OutputError if it no longer exists."""
        entry = self._entry(run_id)
        layer = self._layers.pop(run_id, None)
        if layer is None and entry is not None:
            layer = self._in_project(entry) or _from_file(entry)
        if entry is None or not isinstance(layer, QgsVectorLayer) or not layer.isValid():
            raise OutputError(translate("Rsgpt", "The results no longer exist. Resume the run to write them again."))
        if self._project.mapLayer(layer.id()) is None:
            show_styled(layer)
            layer.setName(_layer_name(entry))
            record_run(layer, entry.request)
            self._project.addMapLayer(layer)
            fold_long_legend(layer)
        return layer

    def close(self) -> None:
        """Pause all runs of this QGIS, and wait briefly for those that this manager started."""
        active_runs.progressed.disconnect(self._run_progressed)
        active_runs.ended.disconnect(self._run_ended)
        self._change_timer.stop()
        active_runs.cancel_all()
        active, self._active = list(self._active.values()), {}
        for run in active:
            run.algorithm.drop()
        for run in active:
            run.algorithm.wait()
        self._layers.clear()
        if self._store is not None:
            self._store.close()
            self._store = None

    def _begin(
        self, run_id: str, algorithm_id: str, parameters: dict[str, Any], context: QgsProcessingContext, title: str
    ) -> None:
        try:
            task = AlgorithmTask(algorithm_id, parameters, context, RunFeedback(run_id))
        except RsgptError as error:
            self.failed.emit(str(error))
            return
        self._active[run_id] = run = _ActiveRun(run_id, task, title or task.name)
        task.start(_description(run.title, ""), lambda results: self._finish(run, results))

    def _finish(self, run: _ActiveRun, results: dict[str, Any]) -> None:
        layer = run.algorithm.context.takeResultLayer(results["OUTPUT"]) if results else None
        if layer is not None:
            self._layers[run.run_id] = layer
        del self._active[run.run_id]
        entry = self._entry(run.run_id)
        if entry is None:  # a run of one place, or it failed before its first place
            if not results:
                self.failed.emit(run.algorithm.feedback.first_error())
            return
        self.changed.emit()
        self.ended.emit(entry)

    def _run_progressed(self, run_id: str) -> None:
        run, live = self._active.get(run_id), active_runs.live(run_id)
        if run is not None and live is not None:
            text = progress_text(live.counts.done, live.counts.tiles, live.pace)
            run.algorithm.task.setDescription(_description(run.title, text))
        if not self._change_timer.isActive():
            self._change_timer.start()

    def _run_ended(self, run_id: str, seconds: float) -> None:
        """Report the end of a run that was started elsewhere in this QGIS. _finish reports the other runs."""
        run = self._active.get(run_id)
        if run is not None:
            run.algorithm.task.setDescription(_description(run.title, ""))
            return
        self.changed.emit()
        entry = self._entry(run_id)
        if entry is not None and seconds >= _MIN_REPORTED_S:
            self.ended.emit(entry)

    def _cancel(self, run_id: str, state: RunState) -> bool:
        run = self._active.get(run_id)
        if run is not None:
            run.algorithm.feedback.cancel()
        return active_runs.cancel(run_id, state)

    def _view(self, entry: RunEntry) -> RunView:
        live = active_runs.live(entry.id)
        if live is not None:
            counts = live.counts.as_dict()
            return RunView(replace(entry, state=RunState.RUNNING, counts=counts), live.pace)
        return RunView(entry)

    def _entry(self, run_id: str) -> Optional[RunEntry]:
        try:
            store = self._open_store()
            return store.entry(run_id) if store is not None else None
        except OutputError as error:
            self.failed.emit(str(error))
            return None

    def _open_store(self) -> Optional[RunStore]:
        """Return the list of runs, or None if its file does not exist yet."""
        if self._store is None and runs_file().exists():
            self._store = RunStore(runs_file())
        return self._store

    def _in_project(self, entry: RunEntry) -> Optional[QgsMapLayer]:
        """Return the project layer that shows the output of the run, reloaded."""
        layer = self._project.mapLayer(entry.output)
        if layer is not None:
            return layer
        shown = layers_showing(entry.output or entry.file, self._project)
        for layer in shown[:1]:
            layer.reload()
        return shown[0] if shown else None


def _is_lost(entry: RunEntry) -> bool:
    return active_runs.live(entry.id) is None and not is_alive(entry.id)


def _layer_name(entry: RunEntry) -> str:
    title = entry.request.title
    return answers_name(title) if entry.objects is None else objects_name(title, entry.objects)


def _from_file(entry: RunEntry) -> Optional[QgsVectorLayer]:
    path, name = file_and_layer(entry.output or entry.file)
    if not path:
        return None
    title = _layer_name(entry)
    layer = QgsVectorLayer(f"{path}|layername={name}", title, "ogr")
    if not layer.isValid():  # a format without layer names
        layer = QgsVectorLayer(path, title, "ogr")
    return layer if holds_results(layer.fields().names()) else None


def _description(title: str, progress: str) -> str:
    """Return a short description: the task list shows about 40 characters."""
    return f"RSGPT: {title}, {progress}" if progress else f"RSGPT: {title}"
