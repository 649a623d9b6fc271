"""A picture of the ground as one value: pixels, validity and where they are. Knows no layer and no model."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtGui import QImage

from ...encoding import encode
from ...errors import ImageryError
from ...shared.rasters.pixels import picture_sha256

translate = QCoreApplication.translate

# What `bands` and `stretch` say of a picture that QGIS drew.
RENDERED = "rendered"

Extent = tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class Picture:
    """What a model is shown of a place.

    rgb: uint8, H x W x 3, first row at the top, black where not valid. valid: bool, H x W.
    extent: (xmin, ymin, xmax, ymax) of the whole picture in the layer's CRS, given by crs_wkt.
    gsd_m: ground metres per pixel, None where unknown. bands, stretch: how the pixels were made, in words.
    """

    rgb: np.ndarray
    valid: np.ndarray
    extent: Extent
    crs_wkt: str
    gsd_m: float | None
    bands: str
    stretch: str

    @cached_property
    def sha256(self) -> str:
        """SHA-256 over shape and pixels; place and CRS do not enter."""
        return picture_sha256(self.rgb)

    @cached_property
    def png(self) -> bytes:
        """The pixels as an 8-bit RGB PNG without metadata. Raises ImageryError where Qt cannot encode it."""
        height, width = self.rgb.shape[:2]
        # QImage keeps no copy: the bytes have to outlive it.
        pixels = np.ascontiguousarray(self.rgb).tobytes()
        image = QImage(pixels, width, height, 3 * width, QImage.Format.Format_RGB888)
        encoded = encode(image)
        if not encoded:
            sentence = translate("Rsgpt", "The picture cannot be encoded as PNG. Choose a smaller tile size.")
            raise ImageryError(sentence)
        return encoded

    @property
    def empty(self) -> bool:
        """Whether no pixel is valid."""
        return not self.valid.any()
