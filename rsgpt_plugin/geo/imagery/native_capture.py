"""Pictures from a raster's own pixels. Knows no renderer, no grid of tiles and no model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from qgis.core import QgsFeedback
from qgis.PyQt.QtCore import QCoreApplication

from ...errors import Cancelled, ImageryError, RsgptError
from ...shared.rasters.bands import BandChoice
from ...shared.rasters.pixels import MAX_SIDE, Pixels, as_rgb, padded
from ...shared.rasters.stretch import Stretch, measure, spread
from ...shared.rasters.tiles import Window, scaled_length
from ...unexpected import explained
from .gsd import QgisGroundMeter
from .picture import Picture
from .raster_samples import PixelSource
from .tile_geometry import QgisGrid

translate = QCoreApplication.translate


@dataclass(frozen=True, eq=False)
class NativeCapture:
    """Pixel-exact pictures of windows of `frame`; belongs to the thread that opened the source."""

    source: PixelSource
    bands: BandChoice
    meter: QgisGroundMeter
    crs_wkt: str
    stretch: Stretch = field(default_factory=Stretch)

    @property
    def frame(self) -> QgisGrid:
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
        problems: list[str] = []  # not the errors, whose frames would keep the raster open
        stretch = measure(self._samples(windows, feedback, problems))
        if stretch is None and problems:
            raise ImageryError(problems[0])
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
        pixels = self._pixels(window)
        valid = pixels[1]
        box = self.frame.polygon(window).boundingBox()
        metres = self.meter.resolution(self.frame, window)
        return Picture(
            rgb=as_rgb(self.stretch.apply(pixels)),
            valid=valid,
            extent=(box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()),
            crs_wkt=self.crs_wkt,
            gsd_m=metres and metres * max(window.width, window.height) / max(valid.shape),
            bands=self.bands.describe(),
            stretch=self.stretch.describe(self.bands.numbers),
        )

    def _samples(self, windows: Sequence[Window], feedback: QgsFeedback, problems: list[str]) -> Iterator[Pixels]:
        for index in spread(len(windows)):
            if feedback.isCanceled():
                raise Cancelled(translate("Rsgpt", "The run was stopped."))
            try:
                pixels = self._pixels(windows[index])
            except ImageryError as error:  # the tile reports it when its turn comes
                problems.append(str(error))
                continue
            except RsgptError:
                raise
            except Exception as error:  # whatever GDAL, numpy or QGIS raise about a tile
                problems.append(explained(error))
                continue
            yield pixels

    def _pixels(self, window: Window) -> Pixels:
        """The window's samples, shrunk to MAX_SIDE at most, padded where it extends beyond the raster."""
        scale, width, height = window.scaled(MAX_SIDE)
        inside, whole = window.clipped(self.frame), (height, width)
        if not inside.width or not inside.height:
            return np.zeros((len(self.bands.numbers), *whole), np.uint8), np.zeros(whole, bool)
        size = scaled_length(inside.width, scale), scaled_length(inside.height, scale)
        pixels = self.source.read(self.bands, inside, size)
        if inside == window:
            return pixels
        return padded(pixels, whole, (round((inside.y - window.y) * scale), round((inside.x - window.x) * scale)))
