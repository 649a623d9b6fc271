"""One piece of work on a thread of QGIS's, with its result or a sentence on the main thread. Knows no widget."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional

from qgis.core import QgsApplication, QgsFeedback, QgsTask
from qgis.PyQt.QtCore import QCoreApplication, pyqtSignal

from ..errors import Cancelled, RsgptError, SetupError
from ..unexpected import details, explained

translate = QCoreApplication.translate


class BackgroundTask(QgsTask):
    """Runs a function off the main thread. One of `done`, `failed` and `stopped` comes, once, on the main thread.

    failed: a sentence, and details that may be empty.
    """

    said = pyqtSignal(str)
    done = pyqtSignal(object)
    failed = pyqtSignal(str, str)
    stopped = pyqtSignal()

    def __init__(self, title: str, work: Callable[[BackgroundTask], Any], shown: bool = False) -> None:
        """shown: whether the task manager lists it. The work gets this object, for `say`, `isCanceled`, `feedback`."""
        hidden = QgsTask.Flag.Hidden | QgsTask.Flag.Silent
        super().__init__(title, QgsTask.Flag.CanCancel if shown else QgsTask.Flag.CanCancel | hidden)
        self.feedback = QgsFeedback()  # cancelled with the task
        self._work = work
        self._result: Any = None
        self._problem: Optional[tuple[str, str]] = None
        self._is_dropped = False

    def start(self) -> BackgroundTask:
        """Hand it to the task manager; it is kept alive until it ends."""
        _running.append(self)
        QgsApplication.taskManager().addTask(self)
        return self

    def drop(self) -> None:
        """Cancel it, and tell nothing of it any more; what has ended may be dropped too."""
        self._is_dropped = True
        if self in _running:  # else QGIS has deleted its half of this object
            self.cancel()

    def cancel(self) -> None:
        """Stop it; what waits for the feedback is aborted."""
        self.feedback.cancel()
        super().cancel()

    def say(self, line: str) -> None:
        """Tell whoever watches."""
        if not self._is_dropped:
            self.said.emit(line)

    def run(self) -> bool:
        """Do the work, on a thread of QGIS's."""
        try:
            self._result = self._work(self)
        except Cancelled:
            return False
        except RsgptError as error:
            self._problem = (str(error), error.details if isinstance(error, SetupError) else "")
        except OSError as error:
            sentence = translate("Rsgpt", "A file could not be read or written ({error}). Check the folder's rights.")
            self._problem = (sentence.format(error=error), "")
        except Exception as error:  # the border of a thread: whatever a library raises ends in a sentence
            self._problem = (explained(error), details(error))
        return self._problem is None

    def finished(self, result: bool) -> None:
        """Report, on the main thread."""
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
    """Cancel whatever runs and wait a moment for it."""
    for work in list(_running):
        work.cancel()
    for work in list(_running):
        work.waitForFinished(patience_ms)
