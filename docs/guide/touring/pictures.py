"""Screenshots of the screen and of windows: all for reviewing a tour, some for the guide."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Optional

from qgis.PyQt.QtCore import QBuffer, QIODevice, Qt
from qgis.PyQt.QtGui import QPixmap
from qgis.PyQt.QtWidgets import QApplication, QWidget

from .gauge import Gauge

_WIDTH = 1200
_BYTES = 150_000
_QUALITIES = (88, 80, 70, 60, 50)


class Pictures:
    """Writes numbered PNG files to `folder`, and the guide's pictures also as JPEG to `guide` unless it is None."""

    def __init__(self, folder: Path, guide: Optional[Path]) -> None:
        self.folder, self._guide = folder, guide
        self._number = itertools.count(1 + len(list(folder.glob("*.png"))))
        self.gauge: Optional[Gauge] = None

    def screen(self, name: str, for_guide: bool = False) -> None:
        """Capture the whole screen, including menus."""
        self._keep(name, QApplication.primaryScreen().grabWindow(0), for_guide)

    def window(self, name: str, widget: QWidget, for_guide: bool = False) -> None:
        """Capture one window."""
        self._keep(name, widget.grab(), for_guide)

    def _keep(self, name: str, picture: QPixmap, for_guide: bool) -> None:
        picture.save(str(self.folder / f"{next(self._number):02}-{name}.png"))
        if for_guide and self._guide is not None:
            (self._guide / f"{name}.jpg").write_bytes(_small(picture))
        if self.gauge is not None:
            self.gauge.forgive()


def _small(picture: QPixmap) -> bytes:
    """Return a picture as JPEG, at most 1,200 pixels wide and, if possible, 150 kB large."""
    if picture.width() > _WIDTH:
        picture = picture.scaledToWidth(_WIDTH, Qt.TransformationMode.SmoothTransformation)
    for quality in _QUALITIES:
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        picture.save(buffer, "JPG", quality)
        if buffer.size() <= _BYTES:
            break
    return bytes(buffer.data())
