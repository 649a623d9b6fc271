"""Open a layer for capture: from its own pixels (native) or as QGIS draws it (rendered)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import Union

from qgis.core import QgsFeedback, QgsGeometry, QgsRectangle
from qgis.PyQt.QtCore import QCoreApplication

from ...errors import ImageryError
from ...shared.rasters.bands import choose_bands
from .gsd import QgisGroundMeter
from .layer_snapshot import LayerSnapshot
from .native_capture import NativeCapture
from .provider_bands import is_paletted
from .raster_samples import open_source
from .rendered_capture import RenderedCapture, rendering_frame

translate = QCoreApplication.translate

Capture = Union[NativeCapture, RenderedCapture]


class CaptureMode(Enum):
    """How pictures are captured."""

    AUTO = "auto"
    NATIVE = "native"
    RENDERED = "rendered"


@dataclass(frozen=True)
class CaptureOptions:
    """The user's settings. bands: () for automatic. ground_resolution: meters per pixel, 0 for the raster's own."""

    mode: CaptureMode = CaptureMode.AUTO
    bands: tuple[int, ...] = ()
    ground_resolution: float = 0.0


def open_capture(
    snapshot: LayerSnapshot, options: CaptureOptions, area: QgsRectangle, feedback: QgsFeedback
) -> Capture:
    """Open the layer for capture in the calling thread. area: the area of all pictures, in the layer's CRS.

    Raises ImageryError if the layer cannot be captured with these options.
    """
    snapshot.enter_thread()
    meter = QgisGroundMeter(snapshot.crs, snapshot.context)
    if _mode(snapshot, options) is CaptureMode.RENDERED:
        frame = rendering_frame(snapshot.provider, meter, area, options.ground_resolution)
        return RenderedCapture(snapshot, frame, meter, feedback)
    source = open_source(snapshot.provider, snapshot.file)
    bands = choose_bands(source.meanings, options.bands, snapshot.renderer_bands)
    return NativeCapture(source, bands, meter, snapshot.crs.toWkt())


def area_on_layer(snapshot: LayerSnapshot, area: QgsGeometry | None) -> QgsGeometry:
    """Return the part of the area that the layer covers, or the layer's extent if area is None; in the layer's CRS.

    Raises ImageryError if the area is unbounded or outside the layer.
    """
    extent = QgsGeometry.fromRect(snapshot.extent)
    if area is None:
        return extent
    box = area.boundingBox()
    bounds = (box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum())
    if area.isEmpty() or not all(math.isfinite(bound) for bound in bounds):
        raise ImageryError(translate("Rsgpt", "The extent is empty or unbounded. Choose a bounded area of the map."))
    part = extent.intersection(area)
    if part.isEmpty() or part.area() <= 0:
        raise ImageryError(
            translate(
                "Rsgpt",
                "The extent lies outside the layer '{name}'. Choose one that overlaps the layer, and check the "
                "coordinate system of the extent.",
            ).format(name=snapshot.name)
        )
    return part


def _mode(snapshot: LayerSnapshot, options: CaptureOptions) -> CaptureMode:
    needs_rendering = not snapshot.has_pixels or is_paletted(snapshot.provider)
    if options.mode is CaptureMode.AUTO:
        rendered = needs_rendering or (options.ground_resolution > 0 and not options.bands)
        return CaptureMode.RENDERED if rendered else CaptureMode.NATIVE
    if options.mode is CaptureMode.NATIVE and needs_rendering:
        raise ImageryError(
            translate(
                "Rsgpt",
                "The pixel values of the layer '{name}' are not colors (a map service or a palette defines them). "
                "Choose rendered capture.",
            ).format(name=snapshot.name)
        )
    return options.mode
