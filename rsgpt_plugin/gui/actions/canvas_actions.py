"""Toolbar button, menu entries and context menu to describe the map canvas or ask about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Optional

from qgis.core import QgsApplication, QgsProject
from qgis.PyQt.QtCore import QObject
from qgis.PyQt.QtWidgets import QAction, QDialog

from ...client.backends import must_start
from ...client.preferences import load, save
from ...errors import RsgptError
from ...icons import plugin_icon
from ...services.asking.click_run import AskingService, ShownAnswers
from ...services.asking.place import Place, canvas_place
from ...services.machine.environment_setup import is_ready
from ...shared.answers.questions import Question
from ..ask_dialog import AskDialog
from ..map_outlines import show_answers
from ..message_bar import MessageBar
from .canvas_menu import CanvasMenu, Find
from .raster_menu import MENU


class CanvasActions(QObject):
    """The part of the plugin that asks about the map and shows the answers in the message bar."""

    def __init__(self, iface: Any, open_set_up: Callable[[], None]) -> None:
        """open_set_up: opens the setup wizard."""
        super().__init__()
        self._open_set_up = open_set_up
        self._iface = iface
        self._canvas = iface.mapCanvas()
        self._icon = plugin_icon()
        self._messages = MessageBar(iface.messageBar())
        self._asking = AskingService(QgsProject.instance())
        self._menu = CanvasMenu(self._canvas, self._icon, self)
        self.describe_canvas = self._action(self.tr("Describe canvas"), self._describe_canvas)
        self.ask_canvas = self._action(self.tr("Ask about the canvas…"), self._ask_canvas)
        self.ask_canvas.setIcon(QgsApplication.getThemeIcon("mActionTextAnnotation.svg"))

    def register(self) -> None:
        """Add the button, the menu entries and the context menu."""
        self._iface.addToolBarIcon(self.describe_canvas)
        for action in (self.describe_canvas, self.ask_canvas):
            self._iface.addPluginToRasterMenu(MENU, action)
        self._menu.register()
        self._asking.answered.connect(self._answered)
        self._asking.failed.connect(self._messages.problem)
        self._asking.unsaved.connect(self._messages.problem)
        self._asking.stopped.connect(self._messages.clear_note)

    def unregister(self) -> None:
        """Remove the button, the menu entries and the context menu, and stop the request in progress."""
        self._asking.stopped.disconnect(self._messages.clear_note)
        self._asking.unsaved.disconnect(self._messages.problem)
        self._asking.failed.disconnect(self._messages.problem)
        self._asking.answered.disconnect(self._answered)
        self._menu.unregister()
        for action in (self.ask_canvas, self.describe_canvas):
            self._iface.removePluginRasterMenu(MENU, action)
        self._iface.removeToolBarIcon(self.describe_canvas)
        self._asking.close()
        self._messages.clear_note()

    def _action(self, text: str, triggered: Callable[[], None]) -> QAction:
        action = QAction(self._icon, text, self)
        action.triggered.connect(lambda checked: triggered())
        return action

    def _describe_canvas(self) -> None:
        self.ask(self._canvas_place)

    def _ask_canvas(self) -> None:
        self.ask_with_dialog(self._canvas_place, self.tr("Ask about the canvas"))

    def _canvas_place(self) -> Place:
        return canvas_place(self._canvas.mapSettings())

    def ask_with_dialog(self, find: Find, title: str) -> None:
        """Open a dialog for a question about the place that `find` returns, then ask it."""
        dialog = AskDialog(load().least_confidence, self._iface.mainWindow())
        dialog.setWindowTitle(title)
        if dialog.exec() == QDialog.DialogCode.Accepted:
            save(replace(load(), least_confidence=dialog.least_confidence()))
            self.ask(find, dialog.question())
        dialog.deleteLater()

    def ask(self, find: Find, question: Optional[Question] = None, detailed: bool = False) -> None:
        """Describe the place that `find` returns, or ask `question` about it. Errors appear in the message bar."""
        try:
            if not is_ready():
                self._offer_set_up()
                return
            place = find()
        except RsgptError as error:
            self._messages.problem(str(error))
            return
        first = self.tr("Asking about the map… The first time, the model takes a moment to start.")
        self._messages.note(first if must_start() else self.tr("Asking about the map…"))
        self._asking.ask(place, question, detailed)

    def _answered(self, text: str, shown: ShownAnswers) -> None:
        self._messages.answer(shown.message or text, lambda: show_answers(self._canvas, shown))

    def _offer_set_up(self) -> None:
        text = self.tr("The model must be set up once before you can use it.")
        self._messages.offer(text, self.tr("Set up…"), self._start_set_up)

    def _start_set_up(self) -> None:
        self._messages.clear_note()
        self._open_set_up()
