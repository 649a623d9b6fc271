"""The menu entry of the setup wizard."""

from __future__ import annotations

from typing import Any, Optional

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QObject, Qt
from qgis.PyQt.QtWidgets import QAction

from ...services.background_task import stop_all
from ..actions.raster_menu import MENU
from .wizard import SetupWizard


class SetupPart(QObject):
    """The part of the plugin that opens the setup wizard, at most one at a time."""

    def __init__(self, iface: Any) -> None:
        super().__init__()
        self._iface = iface
        self._wizard: Optional[SetupWizard] = None
        icon = QgsApplication.getThemeIcon("mActionSharingImport.svg")
        self.action = QAction(icon, self.tr("Set up the model…"), self)
        self.action.triggered.connect(lambda checked: self.open())

    def register(self) -> None:
        """Add the menu entry."""
        self._iface.addPluginToRasterMenu(MENU, self.action)

    def unregister(self) -> None:
        """Remove the menu entry, close the wizard, and stop all background tasks, including those of the options."""
        self._iface.removePluginRasterMenu(MENU, self.action)
        if self._wizard is not None:
            self._wizard.reject()
        stop_all()

    def open(self, from_scratch: bool = False) -> None:
        """Show the wizard in front of other windows. from_scratch: reinstall the environment from scratch."""
        if self._wizard is None:
            self._wizard = SetupWizard(self._iface.mainWindow(), from_scratch)
            self._wizard.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            self._wizard.finished.connect(self._forget)
            self._wizard.show()
        self._wizard.raise_()
        self._wizard.activateWindow()

    def _forget(self, result: int) -> None:
        self._wizard = None
