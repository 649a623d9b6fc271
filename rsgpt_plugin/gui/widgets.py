"""Small widgets and formats that several dialogs share."""

from __future__ import annotations

from typing import Optional

from qgis.gui import QgsSpinBox
from qgis.PyQt.QtCore import QDateTime, QLocale, Qt
from qgis.PyQt.QtWidgets import QLabel, QMessageBox, QWidget

_KILOBYTE, _GIGABYTE = 1_000, 1_000_000_000


def is_confirmed(sentence: str, parent: Optional[QWidget] = None) -> bool:
    """Ask; whoever presses Enter without reading has said no."""
    buttons = QMessageBox.StandardButton
    return bool(QMessageBox.question(parent, "RSGPT", sentence, buttons.Yes | buttons.No, buttons.No) == buttons.Yes)


def set_initial_size(window: QWidget, wide: int, high: int) -> None:
    """Size a window in lines of its font: what fits in a small one fits in a large one too."""
    line = window.fontMetrics().height()
    window.resize(wide * line, high * line)


def text_label(text: str = "", selectable: bool = False) -> QLabel:
    """One that wraps, and shows its text as it stands: models, servers and files may have a say in it."""
    label = QLabel(text)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    if selectable:
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


class PercentBox(QgsSpinBox):
    """0 to 100 %; at 0 any answer will do."""

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setRange(0, 100)
        self.setSuffix(" %")
        self.setClearValue(0, self.tr("any"))

    def share(self) -> float:
        """What it shows, 0 to 1."""
        return float(self.value() / 100)

    def show_share(self, share: float) -> None:
        """Show it, given as 0 to 1."""
        self.setValue(round(100 * share))


def size_text(count: int) -> str:
    """Bytes, as in “0 B”, “400 MB” or “1.6 GB”."""
    if count < _KILOBYTE:  # for which Qt has a word, of a language that need not be QGIS's
        return f"{count} B"
    return str(QLocale().formattedDataSize(count, int(count >= _GIGABYTE), QLocale.DataSizeFormat.DataSizeSIFormat))


def moment_text(moment: str) -> str:
    """A moment in ISO 8601, as the user writes it; "" where it is none."""
    time = QDateTime.fromString(moment, Qt.DateFormat.ISODateWithMs)
    return str(QLocale().toString(time.toLocalTime(), QLocale.FormatType.ShortFormat)) if time.isValid() else ""
