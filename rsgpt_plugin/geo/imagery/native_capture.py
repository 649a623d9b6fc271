"""Capture of pictures from a raster's own pixels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from qgis.core import QgsFeedback
from qgis.PyQt.QtCore import QCoreApplication

from ...errors import Cancelled, ImageryError, RsgptError
from ...shared.rasters.bands import BandChoice
from ...shared.rasters.pixels import MAX_SIDE, Pixels, as_rgb, pad_pixels
from ...shared.rasters.stretch import Stretch, measure_stretch, sampling_order
from ...shared.rasters.tiles import Window, inner_part
from ...unexpected import log_unexpected
from .gsd import QgisGroundMeter
from .picture import Picture
from .raster_samples import PixelSource
from .tile_geometry import QgisGrid

translate = QCoreApplication.translate


@dataclass(frozen=True, eq=False)
class NativeCapture:
    """Pixel-exact pictures of windows of `frame`. Use it in the thread that opened the source."""

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
        """A remark on the choice of bands for the user, or ""."""
        return self.bands.note

    def settled(self, windows: Sequence[Window], feedback: QgsFeedback) -> NativeCapture:
        """Return a copy with one stretch for all of `windows`. Windows that cannot be read are ignored.

        Raises ImageryError if no window has a valid pixel, Cancelled if the user stops the run.
        """
        problems: list[str] = []  # as text: exceptions would keep the raster open through their frames
        stretch = measure_stretch(self._samples(windows, feedback, problems))
        if stretch is None and problems:
            raise ImageryError(problems[0])
        if stretch is None:
            raise ImageryError(
                translate(
                    "Rsgpt",
                    "The area has no valid pixel: all pixels are no data or unreadable. Choose another extent, or "
                    "check the no-data value of the layer.",
                )
            )
        return replace(self, stretch=stretch)

    def picture(self, window: Window) -> Picture:
        """Return the picture of a window; pixels outside the raster are not valid.

        Raises ImageryError if the window cannot be read.
        """
        pixels = self._pixels(window)
        valid = pixels[1]
        box = self.frame.polygon(window).boundingBox()
        meters = self.meter.resolution(self.frame, window)
        return Picture(
            rgb=as_rgb(self.stretch.apply(pixels)),
            valid=valid,
            extent=(box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()),
            crs_wkt=self.crs_wkt,
            gsd_m=meters and meters * max(window.width, window.height) / max(valid.shape),
            bands=self.bands.describe(),
            stretch=self.stretch.describe(self.bands.numbers),
        )

    def _samples(self, windows: Sequence[Window], feedback: QgsFeedback, problems: list[str]) -> Iterator[Pixels]:
        for index in sampling_order(len(windows)):
            if feedback.isCanceled():
                raise Cancelled(translate("Rsgpt", "The run was stopped."))
            try:
                pixels = self._pixels(windows[index])
            except ImageryError as error:  # reported again when the tile is captured
                problems.append(str(error))
                continue
            except RsgptError:
                raise
            except Exception as error:  # GDAL, numpy, and QGIS raise many types
                problems.append(log_unexpected(error))
                continue
            yield pixels

    def _pixels(self, window: Window) -> Pixels:
        """Return the window's samples, at most MAX_SIDE wide and high, padded outside the raster."""
        part = inner_part(window, self.frame, MAX_SIDE)
        if not part.window.width or not part.window.height:
            return np.zeros((len(self.bands.numbers), *part.shape), np.uint8), np.zeros(part.shape, bool)
        pixels = self.source.read(self.bands, part.window, part.size)
        return pixels if part.window == window else pad_pixels(pixels, part.shape, part.offset)
