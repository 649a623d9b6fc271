"""Registry of the runs of this process, which also records each run in the list of runs on disk.

The thread of a run records it. A lock file shows whether the process of a run is still alive.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from qgis.core import QgsFeedback, QgsProcessingFeedback
from qgis.PyQt.QtCore import QCoreApplication, QLockFile, QObject, pyqtSignal

from ..core.pace import ProgressRate
from ..core.paths import runs_file
from ..core.run_store import RunRequest, RunState, RunStore
from ..errors import Cancelled, OutputError
from ..unexpected import log_unexpected
from .error_feedback import ErrorFeedback
from .run import RunCounts
from .run_progress import progress_text

translate = QCoreApplication.translate

# A run of one place is not recorded: repeating it is quicker than resuming it from the list.
MIN_PLACES = 2
_SIGNAL_S = 0.25
_TEXT_S = 1.0
_STORE_S = 2.0
_MAX_SILENCE_S = 60.0


class RunFeedback(ErrorFeedback):
    """Feedback of a run with a given id: a resumed run, or a run that was started from the plugin."""

    def __init__(self, run_id: str) -> None:
        super().__init__()
        self.run_id = run_id


@dataclass(eq=False)
class LiveRun:
    """A run of this process.

    counts: updated by the run. cancelled_state: its state if it is cancelled. output: set at its end.
    """

    id: str
    feedback: QgsFeedback
    counts: RunCounts
    started: float = field(default_factory=time.monotonic)
    pace: ProgressRate = field(default_factory=ProgressRate)
    cancelled_state: RunState = RunState.PAUSED
    output: str = ""


class RunRegistry(QObject):
    """The runs of this process.

    Signals come from the thread of the run. progressed: id of the run. ended: its id and its duration in seconds.
    """

    progressed = pyqtSignal(str)
    ended = pyqtSignal(str, float)

    def __init__(self) -> None:
        super().__init__()
        self._live: dict[str, LiveRun] = {}
        self._guard = threading.Lock()

    def live(self, run_id: str) -> LiveRun | None:
        """Return a run of this process, or None if it does not run here."""
        with self._guard:
            return self._live.get(run_id)

    def cancel(self, run_id: str, state: RunState) -> bool:
        """Cancel a run of this process, which gets `state`. Return False if it does not run here."""
        run = self.live(run_id)
        if run is not None:
            run.cancelled_state = state
            run.feedback.cancel()
        return run is not None

    def cancel_all(self) -> None:
        """Pause every run of this process."""
        with self._guard:
            runs = list(self._live)
        for run_id in runs:
            self.cancel(run_id, RunState.PAUSED)

    @contextmanager
    def recorded(self, request: RunRequest, feedback: QgsProcessingFeedback, total: int) -> Iterator[RunRecorder]:
        """Record the run in the `with` block, unless it has fewer than MIN_PLACES places.

        If the list of runs cannot be written, the user gets a warning and the run continues.
        """
        if total < MIN_PLACES:
            yield RunRecorder(feedback, None, self.progressed.emit)
            return
        run = LiveRun(_run_id(feedback), feedback, RunCounts(total))
        recorder = RunRecorder(feedback, run, self.progressed.emit)
        try:
            with _locked(run.id), self._listed(run), recorder.recording(request):
                self.progressed.emit(run.id)
                yield recorder
        finally:
            self.ended.emit(run.id, time.monotonic() - run.started)

    @contextmanager
    def _listed(self, run: LiveRun) -> Iterator[None]:
        with self._guard:
            self._live[run.id] = run
        try:
            yield
        finally:
            with self._guard:
                del self._live[run.id]


class RunRecorder:
    """Reports the progress of one run to the log, the list of runs and listeners. Belongs to the run's thread."""

    def __init__(self, feedback: QgsProcessingFeedback, run: LiveRun | None, progressed: Callable[[str], None]) -> None:
        self._feedback = feedback
        self._run = run
        self._progressed = progressed
        self._pace = run.pace if run is not None else ProgressRate()
        self._store: RunStore | None = None
        self._due = {"signal": 0.0, "text": time.monotonic() + _TEXT_S, "store": 0.0}
        self._last_text = (0, time.monotonic())

    @contextmanager
    def recording(self, request: RunRequest) -> Iterator[None]:
        """Add the run to the list, and record its state at the end."""
        self._begin(request)
        try:
            yield
        except BaseException as error:  # recorded and raised again
            self._end(error)
            raise
        self._end()

    def update(self, counts: RunCounts) -> None:
        """Report the counts so far. This is quick enough to be called for each row."""
        now, done = time.monotonic(), counts.done
        if self._run is not None:
            self._run.counts = counts
        if self._is_due("signal", now, _SIGNAL_S):
            self._pace.mark(now, done)
            if self._run is not None:
                self._progressed(self._run.id)
        if self._is_due("text", now, _TEXT_S):
            self._show_progress(now, done, counts.tiles)
        if self._store is not None and self._is_due("store", now, _STORE_S):
            self._write(counts)

    def set_output(self, output: str, counts: RunCounts) -> None:
        """Set the output layer and the final counts."""
        if self._run is not None:
            self._run.output, self._run.counts = output, counts

    def _begin(self, request: RunRequest) -> None:
        run = self._run
        if run is not None:
            try:
                self._store = RunStore(runs_file())
                self._store.begin(run.id, request, run.counts.as_dict())
            except Exception as error:  # a broken list must not end the run
                self._stop_recording(error)

    def _end(self, error: BaseException | None = None) -> None:
        """Record the final state. A run that was cancelled after its last place counts as finished."""
        run = self._run
        if self._store is None or run is None:
            return
        state = RunState.FINISHED if run.counts.done == run.counts.tiles else run.cancelled_state
        note = ""
        if error is not None and not isinstance(error, Cancelled):
            state, note = RunState.FAILED, str(error)
        try:
            self._store.tell(run.id, run.counts.as_dict())
            self._store.end(run.id, state, run.output, note)
            self._store.close()
        except Exception as problem:  # as in _begin
            self._stop_recording(problem)

    def _show_progress(self, now: float, done: int, total: int) -> None:
        """Show the progress once per percent and once per minute, because each text adds a line to the dialog's log."""
        last_done, last_time = self._last_text
        if 100 * (done - last_done) >= total or now - last_time >= _MAX_SILENCE_S:
            self._last_text = (done, now)
            self._feedback.setProgressText(progress_text(done, total, self._pace))

    def _write(self, counts: RunCounts) -> None:
        if self._store is not None and self._run is not None:
            try:
                self._store.tell(self._run.id, counts.as_dict())
            except Exception as error:  # as in _begin
                self._stop_recording(error)

    def _stop_recording(self, error: Exception) -> None:
        store, self._store = self._store, None
        if store is not None:
            store.close()
        message = translate("Rsgpt", "The run continues, but you cannot resume it from the list of runs. {reason}")
        reason = str(error) if isinstance(error, OutputError) else log_unexpected(error)
        self._feedback.pushWarning(message.format(reason=reason))

    def _is_due(self, action: str, now: float, period_s: float) -> bool:
        due = now >= self._due[action]
        if due:
            self._due[action] = now + period_s
        return due


def is_alive(run_id: str) -> bool:
    """Return whether the process of a run is still alive."""
    lock = _lock(run_id)
    if not lock.tryLock(0):
        return True
    lock.unlock()
    return False


@contextmanager
def _locked(run_id: str) -> Iterator[None]:
    with suppress(OSError):
        runs_file().parent.mkdir(parents=True, exist_ok=True)
    lock = _lock(run_id)
    lock.tryLock(0)
    try:
        yield
    finally:
        lock.unlock()


def _lock(run_id: str) -> QLockFile:
    lock = QLockFile(str(runs_file().with_name(f"run-{run_id}.lock")))
    lock.setStaleLockTime(0)  # never stale by age: a run may take days
    return lock


def _run_id(feedback: QgsProcessingFeedback) -> str:
    return feedback.run_id if isinstance(feedback, RunFeedback) else uuid.uuid4().hex


active_runs = RunRegistry()
