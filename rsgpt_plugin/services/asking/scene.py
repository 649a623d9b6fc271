"""The picture of one place: prepared on the main thread, taken in a worker's. Asks no model."""

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
from ...geo.imagery.capture import CaptureOptions, open_capture, overlapping
from ...geo.imagery.layer_snapshot import LayerSnapshot, take_snapshot
from ...geo.imagery.native_capture import NativeCapture
from ...geo.imagery.picture import Picture
from .place import Place

translate = QCoreApplication.translate


@dataclass(frozen=True)
class Scene:
    """What the model is shown, and what is known of it. png: of the pixels whose hash `sight` names."""

    sight: CapturedView
    png: bytes


class Viewpoint:
    """A place and clones of its layer. Make it on the main thread, use it once in any."""

    def __init__(self, project: QgsProject, place: Place) -> None:
        """Raises ImageryError where the layer is gone or broken."""
        layer = project.mapLayer(place.layer_id)
        if not isinstance(layer, QgsRasterLayer):
            sentence = translate("Rsgpt", "The layer “{name}” is no longer in the project. Choose another area.")
            raise ImageryError(sentence.format(name=place.layer_name))
        self._place = place
        self._snapshot = take_snapshot(layer, project.transformContext())

    def take(self, feedback: QgsFeedback) -> Scene:
        """Take the same picture as `rsgpt:describeraster` takes of the place. ImageryError, Cancelled."""
        area = overlapping(self._snapshot, QgsGeometry.fromRect(self._place.extent))
        wish = CaptureOptions(ground_resolution=self._place.parameters().get("GROUND_RESOLUTION", 0.0))
        capture = open_capture(self._snapshot, wish, area.boundingBox(), feedback)
        window = capture.frame.window(area).clipped(capture.frame)
        picture = capture.settled([window], feedback).picture(window)
        if picture.empty:
            raise ImageryError(
                translate("Rsgpt", "There is nothing to see here: no valid pixel. Choose another area of the layer.")
            )
        is_native = isinstance(capture, NativeCapture)
        original = (window.width, window.height) if is_native else _own_pixels(self._snapshot, area.boundingBox())
        return Scene(self._sight(picture, original), picture.png)

    def _sight(self, picture: Picture, original: Size) -> CapturedView:
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
        )


def extent_of(sight: CapturedView) -> QgsReferencedRectangle:
    """Return where a picture lies."""
    return QgsReferencedRectangle(QgsRectangle(*sight.extent), QgsCoordinateReferenceSystem.fromWkt(sight.crs_wkt))


def _own_pixels(snapshot: LayerSnapshot, box: QgsRectangle) -> Size:
    if not snapshot.has_pixels:
        return 0, 0
    whole, provider = snapshot.extent, snapshot.provider
    across = round(provider.xSize() * box.width() / whole.width())
    return across, round(provider.ySize() * box.height() / whole.height())
