"""Which part of which raster a click means, as parameters of `rsgpt:describeraster`. Reads no pixels."""

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
from ...geo.transforms import transform_between
from ...shared.answers.questions import Question
from ...shared.files.addresses import without_secrets

translate = QCoreApplication.translate

_LARGEST_TILE = 1024
_SHRUNK_TO = 512
_FINEST_M = 0.3


@dataclass(frozen=True)
class Place:
    """An extent of a raster layer, in the layer's CRS, that becomes one picture.

    side_m: its longer side on the ground. pixels: the raster's own along that side; 0 where a server draws it.
    """

    algorithm: ClassVar[str] = "rsgpt:describeraster"

    layer_id: str
    layer_name: str
    extent: QgsReferencedRectangle
    side_m: float
    pixels: float

    def parameters(self, question: Optional[Question] = None, detailed: bool = False) -> dict[str, Any]:
        """Return what describes it, or, with a question, what answers that alone: always one tile, one row."""
        where: dict[str, Any] = {"INPUT": self.layer_id, "EXTENT": self.extent, "TILE_SIZE": _LARGEST_TILE}
        if not 0 < self.pixels <= _LARGEST_TILE - 1:  # off the grid by a part of a pixel, it touches one more
            where["GROUND_RESOLUTION"] = max(_FINEST_M, self.side_m / _SHRUNK_TO)
        return {**where, **asked(question, detailed)}


def asked(question: Optional[Question], detailed: bool) -> dict[str, Any]:
    """Return the parameters that say what is asked of a place, whichever algorithm asks it."""
    return {
        "CAPTION": question is None,
        "DETAILED": detailed,
        "QUESTIONS": question.line if question else "",
        "OUTPUT": QgsProcessing.TEMPORARY_OUTPUT,
    }


def canvas_place(view: QgsMapSettings) -> Place:
    """Return what the map shows of its topmost raster; ImageryError where that is nothing, or is rotated."""
    if view.rotation():
        raise ImageryError(
            translate("Rsgpt", "The map is rotated. Set its rotation to 0 in the status bar, then describe it.")
        )
    area = view.visibleExtent()
    return area_place(view, area, area.center())


def clicked_place(view: QgsMapSettings, point: QgsPointXY, size_m: float) -> Place:
    """Return the square around a point of the map, `size_m` on the ground, whatever the map's scale."""
    east, north = metres_per_unit(view, point, view.visibleExtent())
    return area_place(view, QgsRectangle.fromCenterAndSize(point, size_m / east, size_m / north), point)


def area_place(
    view: QgsMapSettings, area: QgsRectangle, point: QgsPointXY, layer: Optional[QgsRasterLayer] = None
) -> Place:
    """Return `area` of the map, of `layer` or else of the topmost raster at `point`; ImageryError where there is none.

    area, point: in the map's CRS.
    """
    layer, extent = topmost_raster(view, area, point) if layer is None else (layer, _moved(view, area, layer))
    east, north = metres_per_unit(view, point, area)
    side_m = max(area.width() * east, area.height() * north)
    asked = QgsReferencedRectangle(extent, layer.crs())
    return Place(layer.id(), without_secrets(layer.name()), asked, side_m, _pixels(layer, extent))


def _moved(view: QgsMapSettings, area: QgsRectangle, layer: QgsRasterLayer) -> QgsRectangle:
    try:
        transform = transform_between(view.destinationCrs(), layer.crs(), view.transformContext())
        there = transform.transformBoundingBox(area)
    except QgsCsException:
        there = QgsRectangle()
    if not there.intersects(layer.extent()):
        sentence = translate("Rsgpt", "The area lies outside the layer “{name}”. Choose another area or layer.")
        raise ImageryError(sentence.format(name=layer.name()))
    return there


def _pixels(layer: QgsRasterLayer, extent: QgsRectangle) -> float:
    if layer.width() <= 0 or layer.height() <= 0:
        return 0.0
    whole = layer.extent()
    across = extent.width() * layer.width() / whole.width()
    return max(across, extent.height() * layer.height() / whole.height())


def topmost_raster(view: QgsMapSettings, area: QgsRectangle, point: QgsPointXY) -> tuple[QgsRasterLayer, QgsRectangle]:
    """The first visible raster under `point`, else the first that touches `area`; with `area` in its CRS."""
    touching = []
    for layer in view.layers():
        if not (isinstance(layer, QgsRasterLayer) and layer.isValid() and layer.isInScaleRange(view.scale())):
            continue
        try:
            transform = transform_between(view.destinationCrs(), layer.crs(), view.transformContext())
            there, spot = transform.transformBoundingBox(area), transform.transform(point)
        except QgsCsException:
            continue
        if layer.extent().contains(spot):
            return layer, there
        if there.intersects(layer.extent()):
            touching.append((layer, there))
    if touching:
        return touching[0]
    raise ImageryError(
        translate("Rsgpt", "There is no visible raster layer here. Add an aerial or satellite image, or show one.")
    )


def metres_per_unit(view: QgsMapSettings, point: QgsPointXY, area: QgsRectangle) -> tuple[float, float]:
    """Metres of one unit of the map eastward and northward at `point`, measured over a part of `area`.

    Raises ImageryError where the ground cannot be measured.
    """
    meter = QgisGroundMeter(view.destinationCrs(), view.transformContext())
    east, north = meter.unit_sides(point, 1e-3 * max(area.width(), area.height()))
    if not (math.isfinite(east) and math.isfinite(north) and east > 0 and north > 0):
        raise ImageryError(
            translate("Rsgpt", "The ground cannot be measured here. Zoom to the raster and check the project's CRS.")
        )
    return east, north
