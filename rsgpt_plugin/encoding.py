"""Encoding of QImages as file bytes."""

from __future__ import annotations

from qgis.PyQt.QtCore import QBuffer, QIODevice
from qgis.PyQt.QtGui import QImage


def encode(image: QImage, kind: str = "PNG", quality: int = -1) -> bytes:
    """Return the image in format `kind`, such as PNG or JPEG; b"" if Qt cannot encode it."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    return bytes(buffer.data()) if image.save(buffer, kind, quality) else b""
