"""A question before something is lost. Loses nothing itself."""

from __future__ import annotations

from typing import Optional

from qgis.PyQt.QtWidgets import QMessageBox, QWidget


def is_confirmed(sentence: str, parent: Optional[QWidget] = None) -> bool:
    """Ask; whoever presses Enter without reading has said no."""
    buttons = QMessageBox.StandardButton
    return bool(QMessageBox.question(parent, "RSGPT", sentence, buttons.Yes | buttons.No, buttons.No) == buttons.Yes)
