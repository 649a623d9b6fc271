"""The modal window while many rows of an edit session are written: another edit would become part of the same step."""

from __future__ import annotations

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QDialog, QDialogButtonBox, QLabel, QProgressBar, QVBoxLayout, QWidget


class WritingDialog(QDialog):
    """Shows the progress. Cancel and Esc reject it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Correct rows"))
        self.setWindowModality(Qt.WindowModality.ApplicationModal)
        self.bar = QProgressBar()
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(QLabel(self.tr("The corrections are written into the edit session.")))
        layout.addWidget(self.bar)
        layout.addWidget(self.buttons)

    def end(self) -> None:
        """Close the window without rejecting it."""
        self.blockSignals(True)
        self.hide()
        self.deleteLater()
