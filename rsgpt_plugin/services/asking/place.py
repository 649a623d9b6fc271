"""Places: parts of a raster layer, as parameters of `rsgpt:describeraster`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Optional

from qgis.core import (
    QgsCsException,
    QgsMapSettings,
    QgsPointXY,
    QgsProcessing,
    QgsRasterLayer,
    QgsRectangle,
    QgsReferencedRectangle,
)
from qgis.PyQt.QtCore import QCoreApplication

from ...errors import ImageryError
from ...geo.imagery.gsd import QgisGroundMeter
from ...geo.imagery.provider_bands import has_pixels
from ...geo.transforms import transform_between
from ...shared.answers.questions import Question
from ...shared.files.addresses import without_secrets
from ...shared.rasters.ellipsoid import resolution

translate = QCoreApplication.translate

CLICK_PIXELS = 256  # per side, as in the training pictures of the default model
_MAX_TILE_PIXELS = 1024
_RESAMPLED_PIXELS = 512
_FINEST_RESOLUTION_M = 0.3


@dataclass(frozen=True)
class Place:
    """An extent of a raster layer, in the layer's CRS, that becomes one picture.

    side_m: its longer side on the ground, in meters. pixels: raster pixels along the longer side; 0 if a server draws
    the layer.
    """

    algorithm: ClassVar[str] = "rsgpt:describeraster"

    layer_id: str
    layer_name: str
    extent: QgsReferencedRectangle
    side_m: float
    pixels: float

    def parameters(self, question: Optional[Question] = None, detailed: bool = False) -> dict[str, Any]:
        """Return the parameters of a run that describes the place or answers `question`: one tile and one row."""
        tile: dict[str, Any] = {"INPUT": self.layer_id, "EXTENT": self.extent, "TILE_SIZE": _MAX_TILE_PIXELS}
        if not 0 < self.pixels <= _MAX_TILE_PIXELS - 1:  # an extent off the pixel grid touches one more pixel
            tile["GROUND_RESOLUTION"] = max(_FINEST_RESOLUTION_M, self.side_m / _RESAMPLED_PIXELS)
        return {**tile, **question_parameters(question, detailed)}


def question_parameters(question: Optional[Question], detailed: bool) -> dict[str, Any]:
    """Return the question and output parameters that all algorithms share."""
    return {
        "CAPTION": question is None,
        "DETAILED": detailed,
        "QUESTIONS": question.line if question else "",
        "OUTPUT": QgsProcessing.TEMPORARY_OUTPUT,
    }


def canvas_place(view: QgsMapSettings) -> Place:
    """Return the visible part of the map's topmost raster.

    Raises ImageryError if the map is rotated or shows no raster.
    """
    if view.rotation():
        raise ImageryError(
            translate("Rsgpt", "The map is rotated. Set its rotation to 0 in the status bar, then try again.")
        )
    area = view.visibleExtent()
    return area_place(view, area, area.center())


def clicked_place(view: QgsMapSettings, point: QgsPointXY, size_m: float) -> Place:
    """Return the square of `size_m` meters on the ground around a point, given in the map's CRS.

    Raises ImageryError as `area_place`.
    """
    east, north = meters_per_unit(view, point, view.visibleExtent())
    return area_place(view, QgsRectangle.fromCenterAndSize(point, size_m / east, size_m / north), point)


def click_size(view: QgsMapSettings, point: QgsPointXY) -> float:
    """Return the size of CLICK_PIXELS pixels of the raster at a point, in meters on the ground.

    A layer that a server draws has no pixels of its own: they are taken to be 0.3 m wide. Raises ImageryError as
    `area_place`.
    """
    usual = CLICK_PIXELS * _FINEST_RESOLUTION_M
    east, north = meters_per_unit(view, point, view.visibleExtent())
    square = QgsRectangle.fromCenterAndSize(point, usual / east, usual / north)
    layer, extent = topmost_raster(view, square, point)
    if not has_pixels(layer.dataProvider()):
        return usual
    meter = QgisGroundMeter(layer.crs(), view.transformContext())
    width, height = layer.rasterUnitsPerPixelX(), layer.rasterUnitsPerPixelY()
    across, down = meter.unit_sides(extent.center(), max(width, height))
    side = resolution(across * width, down * height)
    return CLICK_PIXELS * side if side else usual


def area_place(
    view: QgsMapSettings, area: QgsRectangle, point: QgsPointXY, layer: Optional[QgsRasterLayer] = None
) -> Place:
    """Return `area` of `layer`, or of the topmost raster at `point` if `layer` is None.

    area, point: in the map's CRS. Raises ImageryError if there is no raster, or the ground cannot be measured.
    """
    layer, extent = topmost_raster(view, area, point) if layer is None else (layer, _transformed(view, area, layer))
    east, north = meters_per_unit(view, point, area)
    side_m = max(area.width() * east, area.height() * north)
    referenced = QgsReferencedRectangle(extent, layer.crs())
    return Place(layer.id(), without_secrets(layer.name()), referenced, side_m, _pixels(layer, extent))


def _transformed(view: QgsMapSettings, area: QgsRectangle, layer: QgsRasterLayer) -> QgsRectangle:
    try:
        transform = transform_between(view.destinationCrs(), layer.crs(), view.transformContext())
        extent = transform.transformBoundingBox(area)
    except QgsCsException:
        extent = QgsRectangle()
    if not extent.intersects(layer.extent()):
        message = translate("Rsgpt", "The area lies outside the layer “{name}”. Choose another area or layer.")
        raise ImageryError(message.format(name=layer.name()))
    return extent


def _pixels(layer: QgsRasterLayer, extent: QgsRectangle) -> float:
    if layer.width() <= 0 or layer.height() <= 0:
        return 0.0
    full = layer.extent()
    columns = extent.width() * layer.width() / full.width()
    return max(columns, extent.height() * layer.height() / full.height())


def topmost_raster(view: QgsMapSettings, area: QgsRectangle, point: QgsPointXY) -> tuple[QgsRasterLayer, QgsRectangle]:
    """Return the topmost visible raster at `point`, else the topmost that intersects `area`, and `area` in its CRS.

    area, point: in the map's CRS. Raises ImageryError if there is no such raster.
    """
    intersecting = []
    for layer in view.layers():
        if not (isinstance(layer, QgsRasterLayer) and layer.isValid() and layer.isInScaleRange(view.scale())):
            continue
        try:
            transform = transform_between(view.destinationCrs(), layer.crs(), view.transformContext())
            extent, position = transform.transformBoundingBox(area), transform.transform(point)
        except QgsCsException:
            continue
        if layer.extent().contains(position):
            return layer, extent
        if extent.intersects(layer.extent()):
            intersecting.append((layer, extent))
    if intersecting:
        return intersecting[0]
    raise ImageryError(
        translate("Rsgpt", "There is no visible raster layer here. Add or show an aerial or satellite image.")
    )


def meters_per_unit(view: QgsMapSettings, point: QgsPointXY, area: QgsRectangle) -> tuple[float, float]:
    """Return the meters per map unit eastward and northward at `point`, measured over a small part of `area`.

    Raises ImageryError if the ground cannot be measured.
    """
    meter = QgisGroundMeter(view.destinationCrs(), view.transformContext())
    east, north = meter.unit_sides(point, 1e-3 * max(area.width(), area.height()))
    if not (math.isfinite(east) and math.isfinite(north) and east > 0 and north > 0):
        raise ImageryError(
            translate("Rsgpt", "The ground cannot be measured here. Zoom to the raster and check the project's CRS.")
        )
    return east, north
