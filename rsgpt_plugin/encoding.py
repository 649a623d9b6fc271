"""A QImage as the bytes of a file. Knows no picture of ours and no server."""

from __future__ import annotations

from qgis.PyQt.QtCore import QBuffer, QIODevice
from qgis.PyQt.QtGui import QImage


def encode(image: QImage, kind: str = "PNG", quality: int = -1) -> bytes:
    """The image as `kind`, such as PNG or JPEG; nothing where Qt cannot."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    return bytes(buffer.data()) if image.save(buffer, kind, quality) else b""
