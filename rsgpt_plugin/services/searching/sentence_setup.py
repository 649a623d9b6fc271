"""Installs the sentence model in the managed environment, so that searches compare words with captions, too."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...client.environment.environment import SENTENCES
from ..machine.environment_setup import SetupTask


class SentenceSetup(QObject):
    """One installation at a time, on the main thread.

    progressed: the share done, 0 to 1. ended: whether the model is installed, and a message.
    """

    progressed = pyqtSignal(float)
    ended = pyqtSignal(bool, str)

    def __init__(self) -> None:
        super().__init__()
        self._task: Optional[SetupTask] = None

    @property
    def busy(self) -> bool:
        """Whether the model is being installed."""
        return self._task is not None

    def start(self) -> None:
        """Start the installation, unless it is running."""
        if self._task is None:
            self._task = SetupTask(groups=[SENTENCES])
            self._task.progressed.connect(lambda share, seconds_left: self.progressed.emit(share))
            self._task.ended.connect(self._on_ended)
            QgsApplication.taskManager().addTask(self._task)

    def stop(self) -> None:
        """Cancel the installation; downloads that finished are kept for the next one."""
        if self._task is not None:
            self._task.cancel()

    def close(self) -> None:
        """Cancel the installation without reporting its end."""
        task, self._task = self._task, None
        if task is not None:
            task.progressed.disconnect()
            task.ended.disconnect()
            task.cancel()

    def _on_ended(self, is_ready: bool, message: str) -> None:
        self._task = None
        self.ended.emit(is_ready, message)
