"""Pictures from a raster's own pixels. Knows no renderer, no grid of tiles and no model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from qgis.core import QgsFeedback
from qgis.PyQt.QtCore import QCoreApplication

from ..errors import Cancelled, ImageryError
from .bands import BandChoice
from .grid import Frame, Window
from .gsd import GroundMeter
from .picture import Picture
from .sources import PixelSource
from .stretch import Pixels, Stretch, measure, spread

translate = QCoreApplication.translate

# More pixels than any model of ours looks at; larger areas are shrunk to this side.
MAX_SIDE = 1024


@dataclass(frozen=True, eq=False)
class NativeCapture:
    """Pixel-exact pictures of windows of `frame`; belongs to the thread that opened the source."""

    source: PixelSource
    bands: BandChoice
    meter: GroundMeter
    crs_wkt: str
    stretch: Stretch = field(default_factory=Stretch)

    @property
    def frame(self) -> Frame:
        """The raster's own pixel grid."""
        return self.source.frame

    @property
    def note(self) -> str:
        """What the user should know of this capture, or ""."""
        return self.bands.note

    def settled(self, windows: Sequence[Window], feedback: QgsFeedback) -> NativeCapture:
        """The same with one stretch for all of `windows`.

        Raises ImageryError where none of them has a valid pixel; a window that cannot be read is passed over.
        """
        stretch = measure(self._samples(windows, feedback))
        if stretch is None:
            raise ImageryError(
                translate(
                    "Rsgpt",
                    "There is no valid pixel in the area: all of it is no data or unreadable. Choose another "
                    "extent, or check the layer's no-data value.",
                )
            )
        return replace(self, stretch=stretch)

    def picture(self, window: Window) -> Picture:
        """The window as a picture; what sticks out of the raster is not valid. Raises ImageryError."""
        values, valid = self._pixels(window)
        rgb = self.stretch.apply(values, valid)
        box = self.frame.polygon(window).boundingBox()
        shrink = max(window.width, window.height) / max(valid.shape)
        return Picture(
            rgb=np.repeat(rgb, 3, axis=2) if rgb.shape[2] == 1 else rgb,
            valid=valid,
            extent=(box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()),
            crs_wkt=self.crs_wkt,
            gsd_m=self.meter.resolution(self.frame, window) * shrink,
            bands=self.bands.describe(),
            stretch=self.stretch.describe(self.bands.numbers),
        )

    def _samples(self, windows: Sequence[Window], feedback: QgsFeedback) -> Iterator[Pixels]:
        for index in spread(list(range(len(windows)))):
            if feedback.isCanceled():
                raise Cancelled(translate("Rsgpt", "The run was stopped."))
            try:
                yield self._pixels(windows[index])
            except ImageryError:
                # The tile says so itself when its turn comes.
                continue

    def _pixels(self, window: Window) -> Pixels:
        """The window's samples, shrunk to MAX_SIDE at most, padded where it sticks out of the raster."""
        scale = min(1.0, MAX_SIDE / max(window.width, window.height))
        inside = window.clipped(self.frame)
        size = _scaled(inside.width, scale), _scaled(inside.height, scale)
        whole = _scaled(window.height, scale), _scaled(window.width, scale)
        if not inside.width or not inside.height:
            return np.zeros((len(self.bands.numbers), *whole), np.uint8), np.zeros(whole, bool)
        values, valid = self.source.read(self.bands, inside, size)
        if inside == window:
            return values, valid
        return _padded(values, valid, whole, _offset(inside, window, scale))


def _scaled(length: int, scale: float) -> int:
    return max(1, round(length * scale)) if length else 0


def _offset(inside: Window, window: Window, scale: float) -> tuple[int, int]:
    """Rows and columns before the part that lies inside the raster."""
    return round((inside.y - window.y) * scale), round((inside.x - window.x) * scale)


def _padded(values: np.ndarray, valid: np.ndarray, shape: tuple[int, int], offset: tuple[int, int]) -> Pixels:
    height, width = min(valid.shape[0], shape[0] - offset[0]), min(valid.shape[1], shape[1] - offset[1])
    rows, columns = slice(offset[0], offset[0] + height), slice(offset[1], offset[1] + width)
    padded = np.zeros((len(values), *shape), values.dtype)
    shown = np.zeros(shape, bool)
    padded[:, rows, columns] = values[:, :height, :width]
    shown[rows, columns] = valid[:height, :width]
    return padded, shown
