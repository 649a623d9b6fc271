"""How large a window begins, whatever font a person chose. Knows no window."""

from __future__ import annotations

from qgis.PyQt.QtWidgets import QWidget


def begin_with(window: QWidget, wide: int, high: int) -> None:
    """Size a window in lines of its font: what fits in a small one fits in a large one too."""
    line = window.fontMetrics().height()
    window.resize(wide * line, high * line)
