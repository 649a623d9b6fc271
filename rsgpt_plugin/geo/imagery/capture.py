"""The one way from a layer to pictures: decides between native and rendered. Knows no tiles and no model."""

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
    """How pictures are taken."""

    AUTO = "auto"
    NATIVE = "native"
    RENDERED = "rendered"


@dataclass(frozen=True)
class CaptureOptions:
    """What the user asked for. bands: () chooses. ground_resolution: metres a pixel, 0 is the raster's own."""

    mode: CaptureMode = CaptureMode.AUTO
    bands: tuple[int, ...] = ()
    ground_resolution: float = 0.0


def open_capture(snapshot: LayerSnapshot, wish: CaptureOptions, area: QgsRectangle, feedback: QgsFeedback) -> Capture:
    """Open the layer for capture in the calling thread. area: what will be asked for, in the layer's CRS.

    Raises ImageryError where the wish cannot be met.
    """
    snapshot.enter_thread()
    meter = QgisGroundMeter(snapshot.crs, snapshot.context)
    if _mode(snapshot, wish) is CaptureMode.RENDERED:
        frame = rendering_frame(snapshot, meter, area, wish.ground_resolution)
        return RenderedCapture(snapshot, frame, meter, feedback)
    source = open_source(snapshot.provider, snapshot.file)
    bands = choose_bands(source.meanings, wish.bands, snapshot.renderer_bands)
    return NativeCapture(source, bands, meter, snapshot.crs.toWkt())


def overlapping(snapshot: LayerSnapshot, asked: QgsGeometry | None) -> QgsGeometry:
    """The part of the layer that was asked for, in the layer's CRS; all of it for None.

    Raises ImageryError for an area without bounds or outside the layer.
    """
    whole = QgsGeometry.fromRect(snapshot.extent)
    if asked is None:
        return whole
    box = asked.boundingBox()
    bounds = (box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum())
    if asked.isEmpty() or not all(math.isfinite(bound) for bound in bounds):
        raise ImageryError(
            translate("Rsgpt", "The extent is empty or without bounds. Choose a bounded area of the map.")
        )
    part = whole.intersection(asked)
    if part.isEmpty() or part.area() <= 0:
        raise ImageryError(
            translate(
                "Rsgpt",
                "The extent lies outside the layer '{name}'. Choose one that overlaps it, and check the "
                "extent's coordinate system.",
            ).format(name=snapshot.name)
        )
    return part


def _mode(snapshot: LayerSnapshot, wish: CaptureOptions) -> CaptureMode:
    drawn = not snapshot.has_pixels or is_paletted(snapshot.provider)
    if wish.mode is CaptureMode.AUTO:
        rendered = drawn or (wish.ground_resolution > 0 and not wish.bands)
        return CaptureMode.RENDERED if rendered else CaptureMode.NATIVE
    if wish.mode is CaptureMode.NATIVE and drawn:
        raise ImageryError(
            translate(
                "Rsgpt",
                "The layer '{name}' has no pixels that are a picture by themselves (it is drawn by a map service or "
                "through a palette). Choose rendered capture.",
            ).format(name=snapshot.name)
        )
    return wish.mode
