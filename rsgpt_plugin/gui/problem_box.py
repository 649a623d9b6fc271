"""A widget for an error: the message, collapsible details, and a button to try again."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsApplication
from qgis.gui import QgsCollapsibleGroupBox
from qgis.PyQt.QtCore import QSize, Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from .widgets import text_label

_ICON = QSize(24, 24)


class ProblemBox(QWidget):
    """Hidden until `show_problem`. The signal `again` is emitted by the button “Try again”."""

    again = pyqtSignal()

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.sentence = text_label(selectable=True)
        self.details = QPlainTextEdit()
        self.details.setReadOnly(True)
        self.details.setMinimumHeight(90)
        self.box = QgsCollapsibleGroupBox(self.tr("Details"))
        self.try_again = QPushButton(self.tr("Try again"))
        self.try_again.clicked.connect(self._try_again)
        self._lay_out()
        self.hide()

    def show_problem(self, sentence: str, details: str = "") -> None:
        """Show a message, and details if there are any."""
        self.sentence.setText(sentence)
        self.details.setPlainText(details)
        self.box.setVisible(bool(details))
        self.box.setCollapsed(True)
        self.show()

    def _lay_out(self) -> None:
        icon = QLabel()
        icon.setPixmap(QgsApplication.getThemeIcon("/mIconWarning.svg").pixmap(_ICON))
        row = QHBoxLayout()
        row.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.sentence, 1)
        row.addWidget(self.try_again, 0, Qt.AlignmentFlag.AlignTop)
        QVBoxLayout(self.box).addWidget(self.details)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        layout.addWidget(self.box)

    def _try_again(self, checked: bool) -> None:
        self.hide()
        self.again.emit()
