"""A picture of the ground: pixels, validity, position, and origin."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtGui import QImage

from ...encoding import encode
from ...errors import ImageryError
from ...shared.rasters.pixels import picture_sha256

translate = QCoreApplication.translate

# The value of `bands` and `stretch` for pictures that QGIS drew.
RENDERED = "rendered"

Extent = tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class Picture:
    """The picture of an area that the model is shown.

    rgb: uint8, H x W x 3, first row at the top, black where not valid. valid: bool, H x W.
    extent: (xmin, ymin, xmax, ymax) in the layer's CRS, which crs_wkt defines.
    gsd_m: meters per pixel, None if unknown. bands, stretch: description of how the pixels were made.
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
        """SHA-256 of shape and pixels, without position and CRS."""
        return picture_sha256(self.rgb)

    @cached_property
    def png(self) -> bytes:
        """The pixels as an 8-bit RGB PNG without metadata. Raises ImageryError if Qt cannot encode them."""
        height, width = self.rgb.shape[:2]
        # QImage does not copy the bytes, so they must outlive it.
        pixels = np.ascontiguousarray(self.rgb).tobytes()
        image = QImage(pixels, width, height, 3 * width, QImage.Format.Format_RGB888)
        encoded = encode(image)
        if not encoded:
            message = translate("Rsgpt", "The picture cannot be encoded as PNG. Choose a smaller tile size.")
            raise ImageryError(message)
        return encoded

    def filled(self, color: tuple[int, int, int]) -> Picture:
        """Return the picture with a color where it is not valid."""
        return replace(self, rgb=np.where(self.valid[..., None], self.rgb, np.array(color, np.uint8)))

    @property
    def empty(self) -> bool:
        """Whether no pixel is valid."""
        return not self.valid.any()
