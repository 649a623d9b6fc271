"""The dialog and the menu entry of “Report a problem…”. The report is copied or saved, never sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QObject, QUrl
from qgis.PyQt.QtGui import QDesktopServices, QFontDatabase, QGuiApplication
from qgis.PyQt.QtWidgets import (
    QAction,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QLabel,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from ..services.machine.problem_report import problem_report, tracker_url
from .actions.raster_menu import MENU
from .widgets import set_initial_size, text_label


class ReportDialog(QDialog):
    """Shows the report as editable text, and copies or saves the text as shown."""

    def __init__(self, report: str, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Report a problem"))
        note = text_label(
            self.tr(
                "Home folders, names, keys and addresses of other machines are removed. Nothing is sent: "
                "review and edit the text, then copy it into a report. Add what you did and what "
                "happened."
            )
        )
        self.text = QPlainTextEdit(report)
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPointSizeF(self.font().pointSizeF())  # the size of QGIS's font
        self.text.setFont(font)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.status = QLabel()
        roles = QDialogButtonBox.ButtonRole
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.copy = self.buttons.addButton(self.tr("Copy"), roles.ActionRole)
        self.save = self.buttons.addButton(self.tr("Save…"), roles.ActionRole)
        self.open = self.buttons.addButton(self.tr("Open the issue tracker…"), roles.ActionRole)
        layout = QVBoxLayout(self)
        for widget in (note, self.text, self.status, self.buttons):
            layout.addWidget(widget)
        self.copy.clicked.connect(self._copy)
        self.save.clicked.connect(self._save)
        self.open.clicked.connect(lambda checked: QDesktopServices.openUrl(QUrl(tracker_url())))
        self.buttons.rejected.connect(self.reject)
        set_initial_size(self, width=43, height=31)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text.toPlainText())
        self.status.setText(self.tr("The report has been copied. Paste it into the issue tracker."))

    def _save(self) -> None:
        path, _ = QFileDialog.getSaveFileName(
            self, self.windowTitle(), "rsgpt-report.txt", self.tr("Text files (*.txt)")
        )
        if path:
            self.write(Path(path))

    def write(self, path: Path) -> None:
        """Write the text as shown to a file."""
        try:
            path.write_text(self.text.toPlainText(), encoding="utf-8")
        except OSError as error:
            text = self.tr("The report could not be saved ({error}). Choose another folder.")
            self.status.setText(text.format(error=error))
            return
        self.status.setText(self.tr("The report has been saved."))


class ReportPart(QObject):
    """The menu entry of the report."""

    def __init__(self, iface: Any) -> None:
        super().__init__()
        self._iface = iface
        self._dialog: Optional[ReportDialog] = None
        icon = QgsApplication.getThemeIcon("mIconWarning.svg")
        self.action = QAction(icon, self.tr("Report a problem…"), self)
        self.action.triggered.connect(lambda checked: self.show())

    def register(self) -> None:
        """Add the menu entry."""
        self._iface.addPluginToRasterMenu(MENU, self.action)

    def unregister(self) -> None:
        """Remove the menu entry and close the dialog."""
        self._iface.removePluginRasterMenu(MENU, self.action)
        self._forget()

    def show(self) -> None:
        """Create a report and show it."""
        self._forget()
        self._dialog = ReportDialog(problem_report(), self._iface.mainWindow())
        self._dialog.show()

    def _forget(self) -> None:
        if self._dialog is not None:
            self._dialog.close()
            self._dialog.deleteLater()
            self._dialog = None
