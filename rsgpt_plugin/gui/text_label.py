"""A label for sentences. Knows none of them."""

from __future__ import annotations

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QLabel


def text_label(text: str = "", selectable: bool = False) -> QLabel:
    """One that wraps, and shows its text as it stands: models, servers and files may have a say in it."""
    label = QLabel(text)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    if selectable:
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
