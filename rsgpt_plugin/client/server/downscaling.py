"""Downscale and compress pictures to the limits of a server."""

from __future__ import annotations

import math
from dataclasses import dataclass

from qgis.PyQt.QtCore import QSize, Qt
from qgis.PyQt.QtGui import QImage

from ...encoding import encode

_QUALITY = 90
_MIN_SIDE = 32  # pixels


@dataclass(frozen=True)
class PictureLimit:
    """side: maximum side in pixels. size: maximum bytes of the encoded picture. 0: no limit."""

    side: int = 0
    size: int = 0

    def strictest(self, other: PictureLimit) -> PictureLimit:
        """Return the stricter of both limits, for the side and for the size."""
        return PictureLimit(_stricter(self.side, other.side), _stricter(self.size, other.size))


def fit_picture(image: bytes, limit: PictureLimit) -> bytes:
    """Return the picture unchanged if it is within `limit` or cannot be read, else a smaller version as JPEG."""
    side = longest_side(image)
    if not side or (_within(side, limit.side) and _within(len(image), limit.size)):
        return image
    picture = QImage.fromData(image).convertToFormat(QImage.Format.Format_RGB888)
    target = min(side, limit.side or side)
    while True:
        jpeg = _jpeg(picture, target)
        if _within(len(jpeg), limit.size) or target <= _MIN_SIDE:
            return jpeg
        target = max(_MIN_SIDE, min(target - 1, int(target * 0.9 * math.sqrt(limit.size / len(jpeg)))))


def next_smaller(image: bytes) -> PictureLimit | None:
    """Return the limit to try after a server rejected `image` as too large, or None at the minimum size."""
    side = longest_side(image) * 2 // 3
    return PictureLimit(side) if side >= _MIN_SIDE else None


def longest_side(image: bytes) -> int:
    """Return the longest side of an encoded picture in pixels, or 0 if it cannot be read."""
    picture = QImage.fromData(image)
    return 0 if picture.isNull() else max(picture.width(), picture.height())


def _within(value: int, limit: int) -> bool:
    return not limit or value <= limit


def _stricter(first: int, second: int) -> int:
    return min(first, second) if first and second else first or second


def _jpeg(picture: QImage, side: int) -> bytes:
    size = picture.size().scaled(QSize(side, side), Qt.AspectRatioMode.KeepAspectRatio)
    exact, smooth = Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    return encode(picture.scaled(max(1, size.width()), max(1, size.height()), exact, smooth), "JPEG", _QUALITY)
