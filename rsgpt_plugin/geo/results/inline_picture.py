"""Pictures as `data:` URLs for HTML."""

from __future__ import annotations

import base64
from typing import Optional

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QImage

from ...encoding import encode


def inline_picture(png: bytes, side: int, quality: int) -> Optional[str]:
    """Return a PNG as the `data:` URL of a JPEG of at most `side` pixels; None if it is not a PNG."""
    image = QImage.fromData(png, "PNG")
    if image.isNull():
        return None
    if max(image.width(), image.height()) > side:
        smooth = Qt.TransformationMode.SmoothTransformation
        image = image.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio, smooth)
    return "data:image/jpeg;base64," + base64.b64encode(encode(image, "JPEG", quality)).decode("ascii")
