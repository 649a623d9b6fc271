"""Keeps a record of every run, however it was started, and tells those who listen. Runs nothing itself.

A run is recorded by the thread that does it; a lock file says whether that process still lives.
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
from ..unexpected import explained
from .error_feedback import ErrorFeedback
from .run import RunCounts
from .run_progress import progress_text

translate = QCoreApplication.translate

# One picture is asked for again in less time than it takes to find it in a list.
LEAST_PLACES = 2
_SIGNAL_S = 0.25
_TEXT_S = 1.0
_STORE_S = 2.0
_QUIET_S = 60.0


class RunFeedback(ErrorFeedback):
    """The feedback of a run that takes up a recorded one, or begins under an id that is known beforehand."""

    def __init__(self, run_id: str) -> None:
        super().__init__()
        self.run_id = run_id


@dataclass(eq=False)
class LiveRun:
    """A run of this process. wish: what it becomes when it is cancelled. output: known at its end.

    counts go on changing: they are the run's own.
    """

    id: str
    feedback: QgsFeedback
    counts: RunCounts
    began: float = field(default_factory=time.monotonic)
    pace: ProgressRate = field(default_factory=ProgressRate)
    wish: RunState = RunState.PAUSED
    output: str = ""


class RunRegistry(QObject):
    """The runs of this process. Signals carry a run's id and come from its thread."""

    moved = pyqtSignal(str)
    ended = pyqtSignal(str, float)

    def __init__(self) -> None:
        super().__init__()
        self._live: dict[str, LiveRun] = {}
        self._guard = threading.Lock()

    def live(self, run_id: str) -> LiveRun | None:
        """Return a run that goes on in this process."""
        with self._guard:
            return self._live.get(run_id)

    def cancel(self, run_id: str, wish: RunState) -> bool:
        """Cancel a run of this process, to become `wish`; False where there is none."""
        run = self.live(run_id)
        if run is not None:
            run.wish = wish
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
        """Record the run that the block does, unless it is too small for it.

        A list that cannot be written costs a warning and not the run.
        """
        if total < LEAST_PLACES:
            yield RunRecorder(feedback, None, self.moved.emit)
            return
        run = LiveRun(_run_id(feedback), feedback, RunCounts(total))
        scribe = RunRecorder(feedback, run, self.moved.emit)
        try:
            with _owned(run.id), self._listed(run), scribe.writing(request):
                self.moved.emit(run.id)
                yield scribe
        finally:
            self.ended.emit(run.id, time.monotonic() - run.began)

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
    """Writes down one run as it goes: for the log, the list and those who listen. Belongs to the run's thread."""

    def __init__(self, feedback: QgsProcessingFeedback, run: LiveRun | None, moved: Callable[[str], None]) -> None:
        self._feedback = feedback
        self._run = run
        self._moved = moved
        self._pace = run.pace if run is not None else ProgressRate()
        self._store: RunStore | None = None
        self._due = {"signal": 0.0, "text": time.monotonic() + _TEXT_S, "store": 0.0}
        self._said = (0, time.monotonic())

    @contextmanager
    def writing(self, request: RunRequest) -> Iterator[None]:
        """Enter the run in the list, and note how it ended."""
        self._begin(request)
        try:
            yield
        except BaseException as error:  # whatever ends the run is noted, and goes on its way
            self._end(error)
            raise
        self._end()

    def told(self, counts: RunCounts) -> None:
        """Take the counts so far; quick enough for every row."""
        now, done = time.monotonic(), counts.done
        if self._run is not None:
            self._run.counts = counts
        if self._is_due("signal", now, _SIGNAL_S):
            self._pace.mark(now, done)
            if self._run is not None:
                self._moved(self._run.id)
        if self._is_due("text", now, _TEXT_S):
            self._say(now, done, counts.tiles)
        if self._store is not None and self._is_due("store", now, _STORE_S):
            self._write(counts)

    def wrote(self, output: str, counts: RunCounts) -> None:
        """Take the final counts, and where the rows are."""
        if self._run is not None:
            self._run.output, self._run.counts = output, counts

    def _begin(self, request: RunRequest) -> None:
        run = self._run
        if run is not None:
            try:
                self._store = RunStore(runs_file())
                self._store.begin(run.id, request, run.counts.as_dict())
            except Exception as error:  # whatever is wrong with the list, the run goes on
                self._lose(error)

    def _end(self, error: BaseException | None = None) -> None:
        """A run that was cancelled after its last place is as finished as any."""
        run = self._run
        if self._store is None or run is None:
            return
        ended = RunState.FINISHED if run.counts.done == run.counts.tiles else run.wish
        is_orderly = error is None or isinstance(error, Cancelled)
        state, note = (ended, "") if is_orderly else (RunState.FAILED, str(error))
        try:
            self._store.tell(run.id, run.counts.as_dict())
            self._store.end(run.id, state, run.output, note)
            self._store.close()
        except Exception as problem:  # the same
            self._lose(problem)

    def _say(self, now: float, done: int, total: int) -> None:
        """A dialog keeps every text as a line of its log: once a percent, and once a minute, is enough of them."""
        before, at = self._said
        if 100 * (done - before) >= total or now - at >= _QUIET_S:
            self._said = (done, now)
            self._feedback.setProgressText(progress_text(done, total, self._pace))

    def _write(self, counts: RunCounts) -> None:
        if self._store is not None and self._run is not None:
            try:
                self._store.tell(self._run.id, counts.as_dict())
            except Exception as error:  # the same
                self._lose(error)

    def _lose(self, error: Exception) -> None:
        store, self._store = self._store, None
        if store is not None:
            store.close()
        sentence = translate("Rsgpt", "The run goes on, but cannot be taken up from the list of runs. {reason}")
        reason = str(error) if isinstance(error, OutputError) else explained(error)
        self._feedback.pushWarning(sentence.format(reason=reason))

    def _is_due(self, what: str, now: float, period_s: float) -> bool:
        due = now >= self._due[what]
        if due:
            self._due[what] = now + period_s
        return due


def is_alive(run_id: str) -> bool:
    """Whether the process that does the run still lives."""
    lock = _lock(run_id)
    if not lock.tryLock(0):
        return True
    lock.unlock()
    return False


@contextmanager
def _owned(run_id: str) -> Iterator[None]:
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
    lock.setStaleLockTime(0)  # a run may take days; only the end of its process ends it
    return lock


def _run_id(feedback: QgsProcessingFeedback) -> str:
    return feedback.run_id if isinstance(feedback, RunFeedback) else uuid.uuid4().hex


journal = RunRegistry()
