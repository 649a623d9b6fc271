"""The dock “RSGPT”: the conversation about a place, and the history of conversations."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProject
from qgis.gui import QgsDockWidget
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtWidgets import QTabWidget

from ...core.conversation_history import SavedConversation
from ...services.asking.conversation import Conversation
from ...services.asking.place import Place
from ...services.asking.scene import Scene, extent_of
from ..map_outlines import zoom_to
from ..showing.map_marks import MapMarks
from .conversation_panel import ConversationPanel
from .history_list import HistoryList
from .outline import Outline


class RsgptDock(QgsDockWidget):
    """Exists once per QGIS window. Call `close_down` before deleting it."""

    def __init__(self, iface: Any) -> None:
        super().__init__(iface.mainWindow())
        self.setObjectName("RsgptDock")
        self.setWindowTitle("RSGPT")
        self._canvas = iface.mapCanvas()
        self.conversation = Conversation(QgsProject.instance())
        self.panel = ConversationPanel(iface, self.conversation)
        self.history = HistoryList()
        self.outline = Outline(self._canvas)
        self.marks = MapMarks(self._canvas)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.panel, self.tr("Ask"))
        self.tabs.addTab(self.history, self.tr("History"))
        self.setWidget(self.tabs)
        self._connect()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the width of a layer panel."""
        return QSize(340, 700)

    def ask_about(self, place: Place) -> None:
        """Show the dock and start a conversation about a place."""
        self.setUserVisible(True)
        self.tabs.setCurrentWidget(self.panel)
        self.panel.begin(place)

    def close_down(self) -> None:
        """Stop the request in progress, and remove the tool and the outline from the map."""
        self.conversation.close()
        self.panel.picker.tool.cancel()
        self.panel.picker.tool.deleteLater()
        self.outline.remove()
        self.panel.where.clear()
        self.marks.remove()

    def _connect(self) -> None:
        self.conversation.picture_ready.connect(self._outline)
        self.conversation.history_changed.connect(self.history.refresh)
        self.panel.where.changed.connect(self.marks.show)
        self.visibilityChanged.connect(self.outline.set_wanted)
        self.visibilityChanged.connect(self.marks.set_wanted)
        self.panel.picker.place_chosen.connect(lambda place: self.outline.show_view(None))
        self.panel.picker.failed.connect(lambda sentence: self.outline.show_view(None))
        self.history.opened.connect(self._open)
        self.history.zoomed.connect(self._zoom)
        self.history.failed.connect(self._fail)

    def _outline(self, scene: Scene) -> None:
        self.outline.show_view(scene.captured_view)

    def _open(self, saved: SavedConversation) -> None:
        self.tabs.setCurrentWidget(self.panel)
        self.panel.resume(saved)

    def _zoom(self, saved: SavedConversation) -> None:
        if not zoom_to(self._canvas, extent_of(saved.captured_view)):
            self._fail(
                self.tr(
                    "The project's coordinate reference system (CRS) does not cover that area. Choose "
                    "another project CRS."
                )
            )

    def _fail(self, sentence: str) -> None:
        self.tabs.setCurrentWidget(self.panel)
        self.panel.fail(sentence)
