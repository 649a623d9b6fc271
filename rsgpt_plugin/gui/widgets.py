"""Small widgets and text formats shared by several dialogs."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsApplication
from qgis.gui import QgsScrollArea, QgsSpinBox
from qgis.PyQt.QtCore import QDateTime, QLocale, Qt
from qgis.PyQt.QtWidgets import QFrame, QLabel, QMessageBox, QToolButton, QVBoxLayout, QWidget

_KILOBYTE, _GIGABYTE = 1_000, 1_000_000_000


def is_confirmed(sentence: str, parent: Optional[QWidget] = None) -> bool:
    """Ask a yes/no question and return whether the answer is yes. The default button is No."""
    buttons = QMessageBox.StandardButton
    return bool(QMessageBox.question(parent, "RSGPT", sentence, buttons.Yes | buttons.No, buttons.No) == buttons.Yes)


def set_initial_size(window: QWidget, width: int, height: int) -> None:
    """Resize a window. width, height: in line heights of its font, so that the size fits any font size."""
    line = window.fontMetrics().height()
    window.resize(width * line, height * line)


def text_label(text: str = "", selectable: bool = False) -> QLabel:
    """Return a label that wraps and shows plain text: the text may come from a model, a server or a file."""
    label = QLabel(text)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    if selectable:
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def text_button(text: str, icon: str) -> QToolButton:
    """Return a flat button with its text beside an icon of QGIS. icon: file name in the theme."""
    button = QToolButton()
    button.setIcon(QgsApplication.getThemeIcon(icon))
    button.setText(text)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setAutoRaise(True)
    return button


def scroll_area(widget: QWidget) -> QgsScrollArea:
    """Return an area that scrolls a widget, which keeps its height."""
    inside = QWidget()
    column = QVBoxLayout(inside)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(widget)
    column.addStretch()
    area = QgsScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidget(inside)
    return area


class PercentBox(QgsSpinBox):
    """A spin box from 0 to 100 %; 0 is shown as “any”."""

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setRange(0, 100)
        self.setSuffix(" %")
        self.setClearValue(0, self.tr("any"))

    def share(self) -> float:
        """Return the value, 0 to 1."""
        return float(self.value() / 100)

    def show_share(self, share: float) -> None:
        """Set the value. share: 0 to 1."""
        self.setValue(round(100 * share))


def size_text(count: int) -> str:
    """Return a number of bytes as text, for example “0 B”, “400 MB” or “1.6 GB”."""
    if count < _KILOBYTE:  # Qt writes “bytes” in a language that may differ from QGIS's
        return f"{count} B"
    return str(QLocale().formattedDataSize(count, int(count >= _GIGABYTE), QLocale.DataSizeFormat.DataSizeSIFormat))


def moment_text(moment: str) -> str:
    """Return an ISO 8601 time in the user's locale and time zone, "" if it is not valid."""
    time = QDateTime.fromString(moment, Qt.DateFormat.ISODateWithMs)
    return str(QLocale().toString(time.toLocalTime(), QLocale.FormatType.ShortFormat)) if time.isValid() else ""
