"""A kept picture as text inside HTML. Knows no store."""

from __future__ import annotations

import base64
from typing import Optional

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QImage

from ...encoding import encode


def inline_picture(png: bytes, side: int, quality: int) -> Optional[str]:
    """The picture as a `data:` address of a JPEG of at most `side` pixels; None where it is none."""
    image = QImage.fromData(png, "PNG")
    if image.isNull():
        return None
    if max(image.width(), image.height()) > side:
        smooth = Qt.TransformationMode.SmoothTransformation
        image = image.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio, smooth)
    return "data:image/jpeg;base64," + base64.b64encode(encode(image, "JPEG", quality)).decode("ascii")
