"""Toolbar button, Raster menu and right-click of the map. Hands every click on; no network, no model, no pixels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional

from qgis.core import QgsApplication, QgsPointXY, QgsProject, QgsSettings
from qgis.gui import QgsMapMouseEvent
from qgis.PyQt.QtCore import QObject
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import QAction, QDialog, QMenu

from ..core.paths import plugin_root
from ..core.questions import Question
from ..errors import RsgptError
from ..services.asking import AskingService
from ..services.least_confidence import least_confidence, set_least_confidence
from ..services.place import CLICK_SIZE_M, Place, canvas_place, clicked_place
from ..services.set_up import SetUpTask, is_ready
from .ask_dialog import AskDialog
from .messages import Messages

_MENU = "RSGPT"
_CLICK_SIZE = "rsgpt/click_size_m"


class CanvasActions(QObject):
    """What the plugin adds to QGIS's window; `unregister` is the mirror of `register`."""

    def __init__(self, iface: Any) -> None:
        super().__init__()
        self._iface = iface
        self._canvas = iface.mapCanvas()
        self._icon = QIcon(str(plugin_root() / "resources" / "icons" / "rsgpt.svg"))
        self._messages = Messages(iface.messageBar())
        self._asking = AskingService(QgsProject.instance())
        self._set_up_task: Optional[SetUpTask] = None
        self.describe_canvas = self._action(self.tr("Describe canvas"), self._describe_canvas)
        self.ask_canvas = self._action(self.tr("Ask about the canvas…"), self._ask_canvas)
        self.set_up = self._action(self.tr("Set up the model…"), self._offer_set_up)

    def register(self) -> None:
        """Add the button, the menu entries and the right-click."""
        self._iface.addToolBarIcon(self.describe_canvas)
        for action in (self.describe_canvas, self.ask_canvas, self.set_up):
            self._iface.addPluginToRasterMenu(_MENU, action)
        self._canvas.contextMenuAboutToShow.connect(self._fill_menu)
        self._asking.answered.connect(self._messages.answer)
        self._asking.failed.connect(self._messages.problem)
        self._asking.stopped.connect(self._messages.clear_note)

    def unregister(self) -> None:
        """Take all of it back and stop what runs."""
        self._asking.stopped.disconnect(self._messages.clear_note)
        self._asking.failed.disconnect(self._messages.problem)
        self._asking.answered.disconnect(self._messages.answer)
        self._canvas.contextMenuAboutToShow.disconnect(self._fill_menu)
        for action in (self.set_up, self.ask_canvas, self.describe_canvas):
            self._iface.removePluginRasterMenu(_MENU, action)
        self._iface.removeToolBarIcon(self.describe_canvas)
        self._asking.close()
        self._messages.clear_note()
        if self._set_up_task is not None:
            self._set_up_task.cancel()

    def _action(self, text: str, triggered: Callable[[], None]) -> QAction:
        action = QAction(self._icon, text, self)
        action.triggered.connect(lambda checked: triggered())
        return action

    def _fill_menu(self, menu: QMenu, event: QgsMapMouseEvent) -> None:
        point = QgsPointXY(event.mapPoint())
        menu.addSeparator()
        describe = menu.addAction(self._icon, self.tr("Describe this area"))
        describe.triggered.connect(lambda checked: self._describe_around(point))
        detailed = menu.addAction(self._icon, self.tr("Describe this area in detail"))
        detailed.triggered.connect(lambda checked: self._describe_around(point, True))
        ask = menu.addAction(self._icon, self.tr("Ask about this area…"))
        ask.triggered.connect(lambda checked: self._ask_around(point))

    def _describe_canvas(self) -> None:
        self._ask(self._canvas_place)

    def _ask_canvas(self) -> None:
        self._ask_with_dialog(self._canvas_place)

    def _describe_around(self, point: QgsPointXY, detailed: bool = False) -> None:
        self._ask(lambda: self._place_around(point), detailed=detailed)

    def _ask_around(self, point: QgsPointXY) -> None:
        self._ask_with_dialog(lambda: self._place_around(point))

    def _canvas_place(self) -> Place:
        return canvas_place(self._canvas.mapSettings())

    def _place_around(self, point: QgsPointXY) -> Place:
        size = QgsSettings().value(_CLICK_SIZE, CLICK_SIZE_M, type=float)
        return clicked_place(self._canvas.mapSettings(), point, size)

    def _ask_with_dialog(self, find: Callable[[], Place]) -> None:
        dialog = AskDialog(least_confidence(), self._iface.mainWindow())
        if dialog.exec() == QDialog.DialogCode.Accepted:
            set_least_confidence(dialog.least_confidence())
            self._ask(find, dialog.question())

    def _ask(self, find: Callable[[], Place], question: Optional[Question] = None, detailed: bool = False) -> None:
        try:
            if not is_ready():
                self._offer_set_up()
                return
            place = find()
        except RsgptError as error:
            self._messages.problem(str(error))
            return
        self._messages.note(self.tr("Looking at the map… The first time, the model takes a moment to start."))
        self._asking.ask(place, question, detailed)

    def _offer_set_up(self) -> None:
        if self._set_up_task is not None:
            self._messages.note(self.tr("The model is being set up; the task manager shows how far it is."))
            return
        text = self.tr(
            "The model runs on this machine and has to be set up once: about 400 MB are downloaded "
            "(PyTorch, transformers, a small language model)."
        )
        self._messages.offer(text, self.tr("Set up…"), self._set_up)

    def _set_up(self) -> None:
        task = SetUpTask()
        task.said.connect(self._messages.note)
        task.ended.connect(self._set_up_ended)
        self._set_up_task = task
        QgsApplication.taskManager().addTask(task)

    def _set_up_ended(self, is_made: bool, sentence: str) -> None:
        self._set_up_task = None
        show = self._messages.answer if is_made else self._messages.problem
        show(sentence)
