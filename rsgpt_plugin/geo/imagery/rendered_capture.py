"""Pictures of a layer as QGIS draws it: online, styled, paletted. Knows no bands and no stretch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from qgis.core import QgsFeedback, QgsMapRendererParallelJob, QgsMapSettings, QgsRectangle
from qgis.PyQt.QtCore import QCoreApplication, QEventLoop, QSize, Qt, QTimer
from qgis.PyQt.QtGui import QColor, QImage

from ...errors import Cancelled, ImageryError
from ...shared.rasters.pixels import MAX_SIDE
from ...shared.rasters.tiles import Window
from .gsd import QgisGroundMeter
from .layer_snapshot import LayerSnapshot
from .online_errors import OnlineErrors
from .picture import RENDERED, Picture
from .tile_geometry import QgisGrid, framed

translate = QCoreApplication.translate

# The ground resolution of the images that the default model learned from.
DEFAULT_GROUND_RESOLUTION_M = 0.3
# So near to the layer's own pixels, a wish means them: drawn one by one they stay sharp, and tiles end where they do.
_AS_GOOD = 0.01
RENDER_SECONDS = 60
_ATTEMPTS = 2


@dataclass(frozen=True, eq=False)
class RenderedCapture:
    """Pictures of windows of `frame`, drawn in the calling thread's event loop from a clone of the layer."""

    snapshot: LayerSnapshot
    frame: QgisGrid
    meter: QgisGroundMeter
    feedback: QgsFeedback

    @property
    def note(self) -> str:
        """How the layer is shown to the model."""
        metres = self.meter.resolution(self.frame, self.frame.whole) or 0.0
        sentence = translate("Rsgpt", "The layer is captured as QGIS draws it, at {metres} m a pixel.")
        return sentence.format(metres=f"{metres:.3g}")

    def settled(self, windows: Sequence[Window], feedback: QgsFeedback) -> RenderedCapture:
        """Itself: the layer's style decides on colours, not the pictures of this run."""
        return self

    def picture(self, window: Window) -> Picture:
        """The window as drawn, transparent parts not valid.

        A drawing with errors, with tiles that did not arrive, or without any content is tried twice. Raises
        ImageryError where the errors stay or nothing arrives in time, Cancelled where the run is stopped.
        """
        box = self.frame.polygon(window).boundingBox()
        scale, width, height = window.scaled(MAX_SIDE)
        rgb, valid = self._drawn(box, QSize(width, height))
        metres = self.meter.resolution(self.frame, window)
        return Picture(
            rgb=rgb,
            valid=valid,
            extent=(box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()),
            crs_wkt=self.snapshot.crs.toWkt(),
            gsd_m=metres and metres / scale,
            bands=RENDERED,
            stretch=RENDERED,
        )

    def _drawn(self, box: QgsRectangle, size: QSize) -> tuple[np.ndarray, np.ndarray]:
        for attempt in range(1, _ATTEMPTS + 1):
            image, errors, lost = self._render(box, size)
            rgb, valid = _arrays(image)
            # Other pictures of the same server may be under way: their errors leave no gaps in this one.
            errors = errors or ("" if valid.all() else lost)
            if not errors and valid.any():
                break
            if errors and attempt == _ATTEMPTS:
                sentence = translate("Rsgpt", "The layer did not arrive ({cause}). Check the connection to it.")
                raise ImageryError(sentence.format(cause=errors))
        return rgb, valid

    def _render(self, box: QgsRectangle, size: QSize) -> tuple[QImage, str, str]:
        """The picture at `size`, the errors of drawing it, and why tiles of the layer's server did not arrive."""
        # Map settings know one scale for both axes: draw at the finer one, then squeeze to the frame's pixels. QGIS
        # skips and doubles pixels of tiles between zoom levels: draw them as they come, and squeeze that too.
        unit = _fetched(self.snapshot, min(box.width() / size.width(), box.height() / size.height()))
        drawn = QSize(max(1, round(box.width() / unit)), max(1, round(box.height() / unit)))
        job, layer = QgsMapRendererParallelJob(self._settings(box, drawn)), self.snapshot.layer
        with OnlineErrors(layer.providerType(), layer.source(), self.snapshot.network) as online:
            self._wait(job)
            lost = online.cause()
        errors = "; ".join(error.message for error in job.errors())
        image = job.renderedImage()
        if drawn != size:
            smooth = Qt.TransformationMode.SmoothTransformation
            image = image.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, smooth)
        return image, errors, lost

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
            raise self._broken_off()

    def _broken_off(self) -> Exception:
        if self.feedback.isCanceled():
            return Cancelled(translate("Rsgpt", "The run was stopped."))
        sentence = translate("Rsgpt", "The layer was not drawn within {seconds} s. Check the connection to it.")
        return ImageryError(sentence.format(seconds=RENDER_SECONDS))


def rendering_frame(
    snapshot: LayerSnapshot, meter: QgisGroundMeter, area: QgsRectangle, ground_resolution: float
) -> QgisGrid:
    """A frame over `area` (layer's CRS) with pixels of `ground_resolution` metres at the area's centre.

    0 means the raster's own pixels, or DEFAULT_GROUND_RESOLUTION_M where it has none. Where the layer has pixels of
    about that size, alone or some together, they are taken as they are.
    """
    own = _own_pixels(snapshot)
    if not ground_resolution and snapshot.has_pixels:
        return framed(area, *own[0])
    metres = ground_resolution or DEFAULT_GROUND_RESOLUTION_M
    step = max(area.width(), area.height()) * 1e-3
    east, north = meter.unit_sides(area.center(), step)
    if not (math.isfinite(east) and math.isfinite(north) and east > 0 and north > 0):
        raise ImageryError(
            translate("Rsgpt", "The ground cannot be measured here. Choose a smaller extent within the layer.")
        )
    width, height = _squared(metres / east, metres / north)
    width = _settled(width, [across for across, _ in own])
    return framed(area, width, _settled(height, [down for _, down in own]))


def _own_pixels(snapshot: LayerSnapshot) -> list[tuple[float, float]]:
    """Width and height of the layer's pixels in CRS units: of each zoom level where they come from a tile server."""
    if not snapshot.has_pixels:
        return [(side, side) for side in snapshot.provider.nativeResolutions()]
    extent = snapshot.provider.extent()
    return [(extent.width() / snapshot.provider.xSize(), extent.height() / snapshot.provider.ySize())]


def _fetched(snapshot: LayerSnapshot, wished: float) -> float:
    """The side of a pixel at the zoom level whose tiles QGIS fetches for the wished one; that itself without any."""
    nearest = min(snapshot.provider.nativeResolutions(), key=lambda side: abs(side - wished), default=wished)
    return nearest if wished / 2 < nearest < 2 * wished else wished


def _squared(width: float, height: float) -> tuple[float, float]:
    """A pixel that is almost square in the layer's CRS made so, as the pixels of maps and of most rasters are."""
    side = math.sqrt(width * height)
    return (side, side) if abs(width / side - 1) <= _AS_GOOD else (width, height)


def _settled(wished: float, own: Sequence[float]) -> float:
    """The wished side of a pixel, or that of own ones together which differs too little to matter."""
    together = (max(1, round(wished / side)) * side for side in own)
    return next((side for side in together if abs(side / wished - 1) <= _AS_GOOD), wished)


def _arrays(image: QImage) -> tuple[np.ndarray, np.ndarray]:
    """rgb (uint8, H x W x 3, transparency on black) and valid (bool, H x W: not fully transparent)."""
    image = image.convertToFormat(QImage.Format.Format_RGBA8888_Premultiplied)
    bits = image.constBits()
    bits.setsize(image.sizeInBytes())
    rows = np.frombuffer(bytes(bits), np.uint8).reshape(image.height(), image.bytesPerLine())
    pixels = rows[:, : 4 * image.width()].reshape(image.height(), image.width(), 4)
    return pixels[:, :, :3].copy(), pixels[:, :, 3] > 0
