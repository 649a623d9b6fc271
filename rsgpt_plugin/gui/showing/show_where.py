"""Asks where something is in the background, and keeps what is shown until it is removed."""

from __future__ import annotations

from typing import Optional

from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...services.background_task import BackgroundTask
from ...services.showing.subject import ShownSubject
from ...services.showing.where import Located, locating


class ShowWhere(QObject):
    """Shows one subject at a time.

    changed: the Located that is shown, or None. said: what is shown, why nothing is, or what is being done.
    """

    changed = pyqtSignal(object)
    said = pyqtSignal(str)

    def __init__(self) -> None:
        super().__init__()
        self.subject: Optional[ShownSubject] = None
        self.located: Optional[Located] = None
        self._work: Optional[BackgroundTask] = None

    def show(self, subject: ShownSubject) -> None:
        """Ask where the thing is that the question of a subject asks about, in place of the current one."""
        self.clear()
        self.subject = subject
        self.said.emit(self.tr("Looking for it in the picture…"))
        self._work = locating(subject)
        self._work.done.connect(self._show)
        self._work.failed.connect(lambda sentence, details: self._fail(sentence))
        self._work.start()

    def clear(self) -> None:
        """Remove what is shown, and drop the request in progress."""
        work, self._work = self._work, None
        if work is not None:
            work.drop()
        was_shown, self.subject, self.located = self.subject is not None, None, None
        if was_shown:
            self.said.emit("")
            self.changed.emit(None)

    def _show(self, located: Located) -> None:
        self._work, self.located = None, located
        self.said.emit(located.sentence())
        self.changed.emit(located)

    def _fail(self, sentence: str) -> None:
        self._work = None
        self.said.emit(sentence)
