"""Check that a file has rows in the right place, and write the CRS of a GeoPackage layer if it does not."""

from __future__ import annotations

from collections.abc import Sequence

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsGeometry,
    QgsRectangle,
)

from ...shared.files.geopackage import set_crs
from ..transforms import transform_between
from .styles.stored_style import geopackage_layer

_SIZE, _COORDINATE = 1e-3, 1e-8  # tolerance of a box: a fraction of its size, and of its coordinates
_WKT = QgsCoordinateReferenceSystem.WktVariant


def is_same_place(
    expected: Sequence[QgsGeometry],
    crs: QgsCoordinateReferenceSystem,
    actual: Sequence[QgsGeometry],
    actual_crs: QgsCoordinateReferenceSystem,
) -> bool:
    """Whether the geometries that were read back have the same bounding box as the expected ones, in `crs`."""
    if not actual_crs.isValid():
        return False
    transformed = [QgsGeometry(geometry) for geometry in actual]
    if actual_crs != crs:
        try:
            transform = transform_between(actual_crs, crs, QgsCoordinateTransformContext())
            for geometry in transformed:
                geometry.transform(transform)
        except QgsCsException:
            return False
    expected_box, actual_box = _box(expected), _box(transformed)
    size = max(expected_box.width(), expected_box.height())
    tolerance = size * _SIZE + max(map(abs, _sides(expected_box))) * _COORDINATE
    return all(abs(a - b) <= tolerance for a, b in zip(_sides(expected_box), _sides(actual_box)))


def _box(geometries: Sequence[QgsGeometry]) -> QgsRectangle:
    box = QgsRectangle(geometries[0].boundingBox())
    for geometry in geometries[1:]:
        box.combineExtentWith(geometry.boundingBox())
    return box


def _sides(box: QgsRectangle) -> tuple[float, float, float, float]:
    return box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()


def crs_definitions(crs: QgsCoordinateReferenceSystem) -> list[str]:
    """Return the CRS in the WKT variants that a GeoPackage may hold; the one of the standard first."""
    return [text for text in (crs.toWkt(_WKT.WKT1_GDAL), crs.toWkt(_WKT.WKT_PREFERRED)) if text]


def write_crs(identifier: str, definition: str) -> None:
    """Write the CRS of a GeoPackage layer directly into the file, for a CRS that GDAL mistakes for another one."""
    place = geopackage_layer(identifier)
    if place is not None:
        set_crs(*place, definition)
