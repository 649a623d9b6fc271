"""Makes a picture small enough for a server. Knows no server: the limits are given."""

from __future__ import annotations

import math
from dataclasses import dataclass

from qgis.PyQt.QtCore import QSize, Qt
from qgis.PyQt.QtGui import QImage

from ...encoding import encode

_QUALITY = 90
_LEAST_SIDE = 32


@dataclass(frozen=True)
class PictureLimit:
    """side: longest side in pixels. size: bytes of the encoded picture. 0: no limit."""

    side: int = 0
    size: int = 0

    def tightest(self, other: PictureLimit) -> PictureLimit:
        """Both limits in one."""
        return PictureLimit(_least(self.side, other.side), _least(self.size, other.size))


def fitted(image: bytes, limit: PictureLimit) -> bytes:
    """Return an encoded picture within `limit`: as it is where it fits, else as JPEG. What cannot be read stays."""
    side = longest_side(image)
    if not side or (_within(side, limit.side) and _within(len(image), limit.size)):
        return image
    picture = QImage.fromData(image).convertToFormat(QImage.Format.Format_RGB888)
    target = min(side, limit.side or side)
    while True:
        made = _jpeg(picture, target)
        if _within(len(made), limit.size) or target <= _LEAST_SIDE:
            return made
        target = max(_LEAST_SIDE, min(target - 1, int(target * 0.9 * math.sqrt(limit.size / len(made)))))


def next_smaller(image: bytes) -> PictureLimit | None:
    """The limit to try after a server found `image` too large; None where it cannot be made smaller."""
    side = longest_side(image) * 2 // 3
    return PictureLimit(side) if side >= _LEAST_SIDE else None


def longest_side(image: bytes) -> int:
    """Longest side of an encoded picture in pixels, 0 where it cannot be read."""
    picture = QImage.fromData(image)
    return 0 if picture.isNull() else max(picture.width(), picture.height())


def _within(value: int, most: int) -> bool:
    return not most or value <= most


def _least(one: int, other: int) -> int:
    return min(one, other) if one and other else one or other


def _jpeg(picture: QImage, side: int) -> bytes:
    size = picture.size().scaled(QSize(side, side), Qt.AspectRatioMode.KeepAspectRatio)
    kept, smooth = Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    return encode(picture.scaled(max(1, size.width()), max(1, size.height()), kept, smooth), "JPEG", _QUALITY)
