"""The area that the user chooses in the dock: the map view, a rectangle, or the selected feature."""

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
from .place import Place, area_place, canvas_place, meters_per_unit

translate = QCoreApplication.translate

_MARGIN = 0.1  # per side, as a share of the feature: its surroundings help the model to recognize it
_MINIMUM_SIDE_M = 20.0


def view_place(view: QgsMapSettings, layer: Optional[QgsRasterLayer]) -> Place:
    """Return the visible part of `layer`, or of the topmost raster if `layer` is None.

    Raises ImageryError as `canvas_place`.
    """
    if layer is None or view.rotation():
        return canvas_place(view)
    area = view.visibleExtent()
    return area_place(view, area, area.center(), layer)


def rectangle_place(view: QgsMapSettings, layer: Optional[QgsRasterLayer], rectangle: QgsRectangle) -> Place:
    """Return the place of `rectangle`, given in the map's CRS.

    Raises ImageryError if it has no size or there is no raster.
    """
    if rectangle.isEmpty() or not rectangle.isFinite():
        raise ImageryError(translate("Rsgpt", "The rectangle has no size. Press, drag and release to draw one."))
    return area_place(view, rectangle, rectangle.center(), layer)


def selection_place(view: QgsMapSettings, layer: Optional[QgsRasterLayer], active: Optional[QgsMapLayer]) -> Place:
    """Return the place of the one selected feature of the active layer, with a margin.

    Raises ImageryError if the number of selected features is not 1, or the feature has no location or no raster.
    """
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
        raise ImageryError(
            translate("Rsgpt", "The selected feature has no location on the map. Select another feature.")
        )
    return rectangle_place(view, layer, _with_margin(view, box))


def _with_margin(view: QgsMapSettings, box: QgsRectangle) -> QgsRectangle:
    east, north = meters_per_unit(view, box.center(), view.extent() if box.isEmpty() else box)
    width = max(box.width() * (1 + 2 * _MARGIN), _MINIMUM_SIDE_M / east)
    height = max(box.height() * (1 + 2 * _MARGIN), _MINIMUM_SIDE_M / north)
    return QgsRectangle.fromCenterAndSize(box.center(), width, height)
