"""The list of saved conversations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Optional

from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QShowEvent
from qgis.PyQt.QtWidgets import QGridLayout, QListWidget, QListWidgetItem, QPushButton, QWidget

from ...core.conversation_history import History, SavedConversation
from ...core.paths import history_file
from ...errors import OutputError
from ..widgets import is_confirmed, moment_text

_ROLE = Qt.ItemDataRole.UserRole


class HistoryList(QWidget):
    """Reads the history when it is shown: another QGIS window may have changed it.

    opened, zoomed: the chosen conversation. deleted: its ID, "" for all. failed: an error message.
    """

    opened = pyqtSignal(object)
    zoomed = pyqtSignal(object)
    deleted = pyqtSignal(str)
    failed = pyqtSignal(str)

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.list = QListWidget()
        self.list.setWordWrap(True)
        self.list.setAlternatingRowColors(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.open = QPushButton(self.tr("Open"))
        self.zoom = QPushButton(self.tr("Zoom to"))
        self.delete = QPushButton(self.tr("Delete"))
        self.delete_all = QPushButton(self.tr("Delete all…"))
        self._lay_out()
        self._connect()
        self._update()

    def refresh(self) -> None:
        """Read the history again if the list is visible."""
        if not self.isVisible():
            return
        chosen = self._chosen()
        self.list.clear()
        for saved in self._read():
            item = QListWidgetItem(_title(saved))
            item.setData(_ROLE, saved)
            self.list.addItem(item)
            if chosen is not None and saved.id == chosen.id:
                self.list.setCurrentItem(item)
        self._update()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Refresh the list."""
        super().showEvent(event)
        self.refresh()

    def forget_all(self) -> None:
        """Delete every conversation."""
        self._change(lambda history: history.delete_all())
        self.deleted.emit("")

    def _lay_out(self) -> None:
        layout = QGridLayout(self)
        layout.addWidget(self.list, 0, 0, 1, 2)
        for number, button in enumerate((self.open, self.zoom, self.delete, self.delete_all)):
            layout.addWidget(button, 1 + number // 2, number % 2)

    def _connect(self) -> None:
        self.list.itemActivated.connect(lambda item: self.opened.emit(item.data(_ROLE)))
        self.list.currentItemChanged.connect(lambda current, previous: self._update())
        self.open.clicked.connect(lambda checked: self.opened.emit(self._chosen()))
        self.zoom.clicked.connect(lambda checked: self.zoomed.emit(self._chosen()))
        self.delete.clicked.connect(lambda checked: self._delete_chosen())
        self.delete_all.clicked.connect(lambda checked: self._confirm_delete_all())

    def _update(self) -> None:
        for button in (self.open, self.zoom, self.delete):
            button.setEnabled(self._chosen() is not None)
        self.delete_all.setEnabled(self.list.count() > 0)

    def _chosen(self) -> Optional[SavedConversation]:
        item = self.list.currentItem()
        return item.data(_ROLE) if item is not None else None

    def _read(self) -> list[SavedConversation]:
        if not history_file().exists():
            return []
        try:
            with History(history_file()) as history:
                return history.listed()
        except OutputError as error:
            self.failed.emit(str(error))
            return []

    def _delete_chosen(self) -> None:
        saved = self._chosen()
        if saved is not None:
            self._change(lambda history: history.delete(saved.id))
            self.deleted.emit(saved.id)

    def _confirm_delete_all(self) -> None:
        if is_confirmed(self.tr("Delete all conversations? Rows in your layers are kept."), self):
            self.forget_all()

    def _change(self, change: Callable[[History], None]) -> None:
        try:
            with History(history_file()) as history:
                change(history)
        except OutputError as error:
            self.failed.emit(str(error))
        self.refresh()


def _title(saved: SavedConversation) -> str:
    first, last = saved.messages[0], saved.messages[-1]
    more = f" (+{len(saved.messages) - 1})" if len(saved.messages) > 1 else ""
    return f"{first.text}{more}\n{saved.captured_view.layer_name} · {moment_text(last.asked_at)}"
