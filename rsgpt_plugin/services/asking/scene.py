"""The picture of one place: prepared on the main thread, taken in a worker thread."""

from __future__ import annotations

from dataclasses import dataclass

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeedback,
    QgsGeometry,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsReferencedRectangle,
)
from qgis.PyQt.QtCore import QCoreApplication

from ...core.conversation_history import CapturedView, Size
from ...errors import ImageryError
from ...geo.imagery.capture import CaptureOptions, area_on_layer, open_capture
from ...geo.imagery.layer_snapshot import LayerSnapshot, take_snapshot
from ...geo.imagery.native_capture import NativeCapture
from ...geo.imagery.picture import Picture
from ...shared.rasters.tiles import Position
from .place import Place

translate = QCoreApplication.translate


@dataclass(frozen=True)
class Scene:
    """A picture for the model and its description. png: b"" until the stored picture is loaded."""

    captured_view: CapturedView
    png: bytes


class Viewpoint:
    """A place and a snapshot of its layer. Create it on the main thread; use it once, in any thread."""

    def __init__(self, project: QgsProject, place: Place) -> None:
        """Raises ImageryError if the layer is missing or invalid."""
        layer = project.mapLayer(place.layer_id)
        if not isinstance(layer, QgsRasterLayer):
            message = translate("Rsgpt", "The layer “{name}” is no longer in the project. Choose another area.")
            raise ImageryError(message.format(name=place.layer_name))
        self._place = place
        self._snapshot = take_snapshot(layer, project.transformContext())

    def take(self, feedback: QgsFeedback) -> Scene:
        """Return the picture that `rsgpt:describeraster` would take of the place.

        Raises ImageryError if the area has no valid pixels or cannot be read, and Cancelled.
        """
        area = area_on_layer(self._snapshot, QgsGeometry.fromRect(self._place.extent))
        options = CaptureOptions(ground_resolution=self._place.parameters().get("GROUND_RESOLUTION", 0.0))
        capture = open_capture(self._snapshot, options, area.boundingBox(), feedback)
        window = capture.frame.window(area).clipped(capture.frame)
        picture = capture.settled([window], feedback).picture(window)
        if picture.empty:
            raise ImageryError(translate("Rsgpt", "This area has no valid pixels. Choose another area of the layer."))
        is_native = isinstance(capture, NativeCapture)
        original = (window.width, window.height) if is_native else _raster_pixels(self._snapshot, area.boundingBox())
        ring = capture.frame.ring(window)
        return Scene(self._view(picture, original, (ring[0], ring[1], ring[3])), picture.png)

    def _view(self, picture: Picture, original: Size, corners: tuple[Position, ...]) -> CapturedView:
        height, width = picture.rgb.shape[:2]
        return CapturedView(
            layer_id=self._place.layer_id,
            layer_name=self._place.layer_name,
            crs_wkt=picture.crs_wkt,
            extent=picture.extent,
            image_sha256=picture.sha256,
            original=original,
            sent=(width, height),
            gsd_m=picture.gsd_m or 0.0,
            bands=picture.bands,
            stretch=picture.stretch,
            corners=corners,
        )


def extent_of(view: CapturedView) -> QgsReferencedRectangle:
    """Return the extent of a picture, with its CRS."""
    return QgsReferencedRectangle(QgsRectangle(*view.extent), QgsCoordinateReferenceSystem.fromWkt(view.crs_wkt))


def _raster_pixels(snapshot: LayerSnapshot, box: QgsRectangle) -> Size:
    """Return the columns and rows of the raster in `box`; (0, 0) if a server draws the layer."""
    if not snapshot.has_pixels:
        return 0, 0
    full, provider = snapshot.extent, snapshot.provider
    columns = round(provider.xSize() * box.width() / full.width())
    return columns, round(provider.ySize() * box.height() / full.height())
