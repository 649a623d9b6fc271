"""A function that runs in a background thread of QGIS and reports its result on the main thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional

from qgis.core import QgsApplication, QgsFeedback, QgsTask
from qgis.PyQt.QtCore import QCoreApplication, pyqtSignal

from ..errors import Cancelled, RsgptError, SetupError
from ..unexpected import details, log_unexpected

translate = QCoreApplication.translate


class BackgroundTask(QgsTask):
    """Runs a function off the main thread, then emits one of `done`, `failed` and `stopped` on the main thread.

    reported: a line of progress. done: the result. failed: a message, and details that may be empty.
    """

    reported = pyqtSignal(str)
    done = pyqtSignal(object)
    failed = pyqtSignal(str, str)
    stopped = pyqtSignal()

    def __init__(self, title: str, work: Callable[[BackgroundTask], Any], visible: bool = False) -> None:
        """work: gets this task, for `say`, `isCanceled` and `feedback`. visible: whether the task manager lists it."""
        # Silent: the plugin shows the result itself, and QGIS's notification would cover it.
        shown = QgsTask.Flag.CanCancel | QgsTask.Flag.Silent
        super().__init__(title, shown if visible else shown | QgsTask.Flag.Hidden)
        self.feedback = QgsFeedback()  # canceled with the task
        self._work = work
        self._result: Any = None
        self._problem: Optional[tuple[str, str]] = None
        self._is_dropped = False

    @property
    def is_running(self) -> bool:
        """Whether the task was started and has not ended."""
        return self in _running

    def start(self) -> BackgroundTask:
        """Add the task to the task manager and keep it alive until it ends."""
        _running.append(self)
        QgsApplication.taskManager().addTask(self)
        return self

    def drop(self) -> None:
        """Cancel the task and emit no more signals. Tasks that have ended can be dropped, too."""
        self._is_dropped = True
        if self.is_running:  # otherwise QGIS has deleted the C++ object
            self.cancel()

    def cancel(self) -> None:
        """Cancel the task and everything that checks its feedback."""
        self.feedback.cancel()
        super().cancel()

    def say(self, line: str) -> None:
        """Report a line of progress."""
        if not self._is_dropped:
            self.reported.emit(line)

    def run(self) -> bool:
        """Run the function in a background thread."""
        try:
            self._result = self._work(self)
        except Cancelled:
            return False
        except RsgptError as error:
            self._problem = (str(error), error.details if isinstance(error, SetupError) else "")
        except OSError as error:
            message = translate(
                "Rsgpt", "A file could not be read or written ({error}). Check the folder's permissions."
            )
            self._problem = (message.format(error=error), "")
        except Exception as error:  # an exception must not leave the thread
            self._problem = (log_unexpected(error), details(error))
        return self._problem is None

    def finished(self, result: bool) -> None:
        """Emit the result on the main thread."""
        _running.remove(self)
        if self._is_dropped:
            return
        if result:
            self.done.emit(self._result)
        elif self._problem is not None:
            self.failed.emit(*self._problem)
        else:
            self.stopped.emit()


_running: list[BackgroundTask] = []


def stop_all(patience_ms: int = 3000) -> None:
    """Cancel all running tasks, and wait up to `patience_ms` for each."""
    for task in list(_running):
        task.cancel()
    for task in list(_running):
        task.waitForFinished(patience_ms)
