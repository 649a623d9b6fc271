"""The plugin's page in QGIS's options dialog, and its registration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional

from qgis.core import QgsApplication
from qgis.gui import QgsOptionsPageWidget, QgsOptionsWidgetFactory
from qgis.PyQt.QtCore import QObject
from qgis.PyQt.QtWidgets import QAction, QDialog, QFrame, QScrollArea, QVBoxLayout, QWidget

from ...client.preferences import load, save
from ...icons import plugin_icon
from ..actions.raster_menu import MENU
from ..models.models_dialog import ModelsDialog
from .asking_group import AskingGroup
from .model_group import ModelGroup
from .privacy_group import PrivacyGroup
from .storage_group import StorageGroup

NAME, KEY = "RSGPT", "rsgpt"
OpenSetUp = Callable[[bool], None]


class OptionsPage(QgsOptionsPageWidget):
    """Shows the preferences in groups and saves them when the dialog is applied."""

    def __init__(self, open_set_up: OpenSetUp, parent: Optional[QWidget] = None) -> None:
        """open_set_up: opens the setup wizard; its argument is whether to reinstall the environment from scratch."""
        super().__init__(parent)
        self._open_set_up = open_set_up
        self.model = ModelGroup(lambda: self._set_up(False), self._open_models)
        self.asking = AskingGroup()
        self.storage = StorageGroup(lambda: self._set_up(True))
        self.privacy = PrivacyGroup()
        inside = QWidget()
        column = QVBoxLayout(inside)
        for group in self._groups():
            column.addWidget(group)
            group.show_preferences(load())
        column.addStretch()
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(inside)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(area)

    def apply(self) -> None:
        """Save the preferences; they apply from the next question."""
        preferences = load()
        for group in self._groups():
            preferences = group.updated(preferences)
        save(preferences)

    def _groups(self) -> tuple[Any, ...]:
        return (self.model, self.asking, self.storage, self.privacy)

    def _set_up(self, from_scratch: bool) -> None:
        """Accept the options dialog, which is modal, and open the setup, which may take long."""
        open_set_up, window = self._open_set_up, self.window()
        if isinstance(window, QDialog):
            window.accept()
        open_set_up(from_scratch)

    def _open_models(self) -> None:
        self.apply()
        ModelsDialog(self).exec()
        self.model.show_models(load())


class OptionsFactory(QgsOptionsWidgetFactory):
    """Creates the page when the options dialog opens."""

    def __init__(self, open_set_up: OpenSetUp) -> None:
        icon = plugin_icon()
        super().__init__(NAME, icon, KEY)
        self._open_set_up = open_set_up

    def createWidget(self, parent: Optional[QWidget]) -> OptionsPage:  # noqa: N802 - QGIS's name
        return OptionsPage(self._open_set_up, parent)


class OptionsPart(QObject):
    """The part of the plugin that registers the page, and the menu entries that open it and the model manager."""

    def __init__(self, iface: Any, open_set_up: OpenSetUp) -> None:
        super().__init__()
        self._iface = iface
        self._factory = OptionsFactory(open_set_up)
        self.models = self._action("mActionDataSourceManager.svg", self.tr("Models…"), self._open_models)
        self.options = self._action("mActionOptions.svg", self.tr("Options…"), self._open_options)

    def register(self) -> None:
        """Add the page, and the menu entries."""
        self._iface.registerOptionsWidgetFactory(self._factory)
        for action in (self.models, self.options):
            self._iface.addPluginToRasterMenu(MENU, action)

    def unregister(self) -> None:
        """Remove the page and the menu entries."""
        for action in (self.options, self.models):
            self._iface.removePluginRasterMenu(MENU, action)
        self._iface.unregisterOptionsWidgetFactory(self._factory)

    def _action(self, icon: str, text: str, triggered: Callable[[], object]) -> QAction:
        action = QAction(QgsApplication.getThemeIcon(icon), text, self)
        action.triggered.connect(lambda checked: triggered())
        return action

    def _open_models(self) -> None:
        dialog = ModelsDialog(self._iface.mainWindow())
        dialog.exec()
        dialog.deleteLater()

    def _open_options(self) -> None:
        self._iface.showOptionsDialog(self._iface.mainWindow(), KEY)
