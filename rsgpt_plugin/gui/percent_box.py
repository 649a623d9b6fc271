"""A box for how sure an answer has to be. Keeps nothing."""

from __future__ import annotations

from typing import Optional

from qgis.gui import QgsSpinBox
from qgis.PyQt.QtWidgets import QWidget


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
