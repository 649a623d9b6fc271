"""Capture of pictures as QGIS draws the layer: online, styled, and paletted layers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from qgis.core import (
    QgsFeedback,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsRasterDataProvider,
    QgsRectangle,
)
from qgis.PyQt.QtCore import QCoreApplication, QEventLoop, QSize, Qt, QTimer
from qgis.PyQt.QtGui import QColor, QImage

from ...errors import Cancelled, ImageryError
from ...shared.rasters.pixels import MAX_SIDE
from ...shared.rasters.tiles import Window
from .gsd import QgisGroundMeter
from .layer_snapshot import LayerSnapshot
from .online_errors import OnlineErrors
from .picture import RENDERED, Picture
from .provider_bands import has_pixels
from .tile_geometry import QgisGrid, frame_over

translate = QCoreApplication.translate

# The ground resolution of the images that the default model was trained on.
DEFAULT_GROUND_RESOLUTION_M = 0.3
# A pixel size this close to the layer's own is replaced by it: pixels stay sharp, and tiles end at pixel borders.
_TOLERANCE = 0.01
RENDER_SECONDS = 60
_ATTEMPTS = 2


@dataclass(frozen=True, eq=False)
class RenderedCapture:
    """Pictures of windows of `frame`, drawn from a clone of the layer in the calling thread's event loop."""

    snapshot: LayerSnapshot
    frame: QgisGrid
    meter: QgisGroundMeter
    feedback: QgsFeedback

    @property
    def note(self) -> str:
        """A remark on how the layer is captured, for the user."""
        meters = self.meter.resolution(self.frame, self.frame.whole) or 0.0
        message = translate("Rsgpt", "The layer is captured as QGIS draws it, at {metres} m per pixel.")
        return message.format(metres=f"{meters:.3g}")

    def settled(self, windows: Sequence[Window], feedback: QgsFeedback) -> RenderedCapture:
        """Return this capture: the layer's style defines the colors, so no stretch is needed."""
        return self

    def picture(self, window: Window) -> Picture:
        """Return the window as QGIS draws it; transparent pixels are not valid.

        Draws a second time after errors, missing tiles, or an empty picture. Raises ImageryError if the second attempt
        fails or the drawing takes longer than RENDER_SECONDS, Cancelled if the user stops the run.
        """
        box = self.frame.polygon(window).boundingBox()
        scale, width, height = window.scaled(MAX_SIDE)
        rgb, valid = self._drawn(box, QSize(width, height))
        meters = self.meter.resolution(self.frame, window)
        return Picture(
            rgb=rgb,
            valid=valid,
            extent=(box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()),
            crs_wkt=self.snapshot.crs.toWkt(),
            gsd_m=meters and meters / scale,
            bands=RENDERED,
            stretch=RENDERED,
        )

    def _drawn(self, box: QgsRectangle, size: QSize) -> tuple[np.ndarray, np.ndarray]:
        for attempt in range(1, _ATTEMPTS + 1):
            image, errors, missing = self._render(box, size)
            rgb, valid = _arrays(image)
            # Errors without a gap in this picture belong to other requests to the same server.
            errors = errors or ("" if valid.all() else missing)
            if not errors and valid.any():
                break
            if errors and attempt == _ATTEMPTS:
                message = translate("Rsgpt", "The layer could not be loaded ({cause}). Check the connection to it.")
                raise ImageryError(message.format(cause=errors))
        return rgb, valid

    def _render(self, box: QgsRectangle, size: QSize) -> tuple[QImage, str, str]:
        """Return the picture at `size`, the drawing errors, and the cause of missing online tiles ("" for none)."""
        # Map settings have one scale for both axes, so draw at the finer one, then resize to the frame's pixels.
        # Between zoom levels, QGIS skips and doubles pixels of tiles, so draw at the zoom level, then resize.
        unit = _zoom_level_side(self.snapshot, min(box.width() / size.width(), box.height() / size.height()))
        drawn = QSize(max(1, round(box.width() / unit)), max(1, round(box.height() / unit)))
        job, layer = QgsMapRendererParallelJob(self._settings(box, drawn)), self.snapshot.layer
        with OnlineErrors(layer.providerType(), layer.source(), self.snapshot.network) as online:
            self._wait(job)
            missing = online.cause()
        errors = "; ".join(error.message for error in job.errors())
        image = job.renderedImage()
        if drawn != size:
            smooth = Qt.TransformationMode.SmoothTransformation
            image = image.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, smooth)
        return image, errors, missing

    def _settings(self, box: QgsRectangle, size: QSize) -> QgsMapSettings:
        settings = QgsMapSettings()
        settings.setLayers([self.snapshot.layer])
        settings.setDestinationCrs(self.snapshot.crs)
        settings.setTransformContext(self.snapshot.context)
        settings.setOutputSize(size)
        settings.setExtent(box)
        settings.setBackgroundColor(QColor(0, 0, 0, 0))
        settings.setOutputImageFormat(QImage.Format.Format_ARGB32_Premultiplied)
        return settings

    def _wait(self, job: QgsMapRendererParallelJob) -> None:
        loop, clock = QEventLoop(), QTimer()
        clock.setSingleShot(True)
        for signal in (job.finished, clock.timeout, self.feedback.canceled):
            signal.connect(loop.quit)
        clock.start(RENDER_SECONDS * 1000)
        job.start()
        if job.isActive() and not self.feedback.isCanceled():
            loop.exec()
        self.feedback.canceled.disconnect(loop.quit)
        if job.isActive():
            job.cancel()
            raise self._interruption()

    def _interruption(self) -> Exception:
        if self.feedback.isCanceled():
            return Cancelled(translate("Rsgpt", "The run was stopped."))
        message = translate("Rsgpt", "The layer was not drawn within {seconds} s. Check the connection to it.")
        return ImageryError(message.format(seconds=RENDER_SECONDS))


def rendering_frame(
    provider: QgsRasterDataProvider, meter: QgisGroundMeter, area: QgsRectangle, ground_resolution: float
) -> QgisGrid:
    """Return a frame over `area` (in the layer's CRS) with pixels of `ground_resolution` meters at the area's center.

    0 stands for the layer's own pixels, or for DEFAULT_GROUND_RESOLUTION_M if it has none. A size close to a multiple
    of the layer's own pixels is replaced by that multiple. Raises ImageryError if the ground cannot be measured.
    """
    own = _own_pixels(provider)
    if not ground_resolution and has_pixels(provider):
        return frame_over(area, *own[0])
    meters = ground_resolution or DEFAULT_GROUND_RESOLUTION_M
    step = max(area.width(), area.height()) * 1e-3
    east, north = meter.unit_sides(area.center(), step)
    if not (math.isfinite(east) and math.isfinite(north) and east > 0 and north > 0):
        raise ImageryError(
            translate(
                "Rsgpt", "The ground resolution cannot be measured here. Choose a smaller extent within the layer."
            )
        )
    width, height = _squared(meters / east, meters / north)
    width = _snapped(width, [across for across, _ in own])
    return frame_over(area, width, _snapped(height, [down for _, down in own]))


def _own_pixels(provider: QgsRasterDataProvider) -> list[tuple[float, float]]:
    """Return width and height of the layer's pixels in CRS units; one pair per zoom level for a tile server."""
    if not has_pixels(provider):
        return [(side, side) for side in provider.nativeResolutions()]
    extent = provider.extent()
    return [(extent.width() / provider.xSize(), extent.height() / provider.ySize())]


def _zoom_level_side(snapshot: LayerSnapshot, side: float) -> float:
    """Return the pixel side at the zoom level that QGIS fetches to draw pixels of `side`; `side` if there is none."""
    levels = snapshot.provider.nativeResolutions()
    nearest = min(levels, key=lambda level: abs(level - side), default=side)
    return nearest if side / 2 < nearest < 2 * side else side


def _squared(width: float, height: float) -> tuple[float, float]:
    """Make a pixel square if it is almost square in the layer's CRS, like the pixels of maps and most rasters."""
    side = math.sqrt(width * height)
    return (side, side) if abs(width / side - 1) <= _TOLERANCE else (width, height)


def _snapped(requested: float, own: Sequence[float]) -> float:
    """Return a multiple of the layer's own pixel sides that is close to the requested side, else the requested side."""
    multiples = (max(1, round(requested / side)) * side for side in own)
    return next((side for side in multiples if abs(side / requested - 1) <= _TOLERANCE), requested)


def _arrays(image: QImage) -> tuple[np.ndarray, np.ndarray]:
    """Return rgb (uint8, H x W x 3, transparency on black) and valid (bool, H x W, not fully transparent)."""
    image = image.convertToFormat(QImage.Format.Format_RGBA8888_Premultiplied)
    bits = image.constBits()
    bits.setsize(image.sizeInBytes())
    rows = np.frombuffer(bytes(bits), np.uint8).reshape(image.height(), image.bytesPerLine())
    pixels = rows[:, : 4 * image.width()].reshape(image.height(), image.width(), 4)
    return pixels[:, :, :3].copy(), pixels[:, :, 3] > 0
