"""Which place the dock's user means: the map's view, a rectangle on it, a selected feature. Reads no pixels."""

from __future__ import annotations

from typing import Optional

from qgis.core import (
    QgsCsException,
    QgsMapLayer,
    QgsMapSettings,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QCoreApplication

from ...errors import ImageryError
from ...geo.transforms import transform_between
from .place import Place, area_place, canvas_place, metres_per_unit

translate = QCoreApplication.translate

_MARGIN = 0.1  # a little of the surroundings helps to tell what a thing is
_LEAST_M = 20.0


def view_place(view: QgsMapSettings, layer: Optional[QgsRasterLayer]) -> Place:
    """Return what the map shows of `layer`, or of its topmost raster. Raises ImageryError as `canvas_place`."""
    if layer is None or view.rotation():
        return canvas_place(view)
    area = view.visibleExtent()
    return area_place(view, area, area.center(), layer)


def rectangle_place(view: QgsMapSettings, layer: Optional[QgsRasterLayer], rectangle: QgsRectangle) -> Place:
    """Return a rectangle of the map, in its CRS. Raises ImageryError where it has no raster or no size."""
    if rectangle.isEmpty() or not rectangle.isFinite():
        raise ImageryError(translate("Rsgpt", "The rectangle has no size. Press, drag and let go to draw one."))
    return area_place(view, rectangle, rectangle.center(), layer)


def selection_place(view: QgsMapSettings, layer: Optional[QgsRasterLayer], active: Optional[QgsMapLayer]) -> Place:
    """Return the surroundings of the one selected feature of the active layer. Raises ImageryError."""
    selected = active.selectedFeatureIds() if isinstance(active, QgsVectorLayer) else []
    if not isinstance(active, QgsVectorLayer) or len(selected) != 1:
        raise ImageryError(
            translate("Rsgpt", "Select one feature: choose its layer in the Layers panel, then click it on the map.")
        )
    try:
        transform = transform_between(active.crs(), view.destinationCrs(), view.transformContext())
        box = transform.transformBoundingBox(active.boundingBoxOfSelected())
    except QgsCsException:
        box = QgsRectangle()
    if box.isNull() or not box.isFinite():
        raise ImageryError(translate("Rsgpt", "The selected feature has no place on the map. Select another one."))
    return rectangle_place(view, layer, _with_surroundings(view, box))


def _with_surroundings(view: QgsMapSettings, box: QgsRectangle) -> QgsRectangle:
    east, north = metres_per_unit(view, box.center(), view.extent() if box.isEmpty() else box)
    width = max(box.width() * (1 + 2 * _MARGIN), _LEAST_M / east)
    height = max(box.height() * (1 + 2 * _MARGIN), _LEAST_M / north)
    return QgsRectangle.fromCenterAndSize(box.center(), width, height)
