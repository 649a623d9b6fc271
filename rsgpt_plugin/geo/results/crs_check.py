"""Whether a file has rows where they were meant to lie, and a GeoPackage's CRS entered by hand. Writes no rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsGeometry,
    QgsProviderRegistry,
    QgsRectangle,
)

from ...shared.files.geopackage import set_crs, user_tables
from ..transforms import transform_between

_SIZE, _COORDINATE = 1e-3, 1e-8  # how far a box may move: a share of its size, and of its coordinates
_WKT = QgsCoordinateReferenceSystem.WktVariant


def is_same_place(
    meant: Sequence[QgsGeometry],
    crs: QgsCoordinateReferenceSystem,
    found: Sequence[QgsGeometry],
    found_crs: QgsCoordinateReferenceSystem,
) -> bool:
    """Whether the geometries that were read cover what was meant to be covered."""
    if not found_crs.isValid():
        return False
    moved = [QgsGeometry(geometry) for geometry in found]
    if found_crs != crs:
        try:
            transform = transform_between(found_crs, crs, QgsCoordinateTransformContext())
            for geometry in moved:
                geometry.transform(transform)
        except QgsCsException:
            return False
    one, other = _box(meant), _box(moved)
    size = max(one.width(), one.height()) * _SIZE + max(map(abs, _sides(one))) * _COORDINATE
    return all(abs(a - b) <= size for a, b in zip(_sides(one), _sides(other)))


def _box(geometries: Sequence[QgsGeometry]) -> QgsRectangle:
    box = QgsRectangle(geometries[0].boundingBox())
    for geometry in geometries[1:]:
        box.combineExtentWith(geometry.boundingBox())
    return box


def _sides(box: QgsRectangle) -> tuple[float, float, float, float]:
    return box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()


def definitions(crs: QgsCoordinateReferenceSystem) -> list[str]:
    """A CRS as WKT that a GeoPackage may hold: what its standard asks for first."""
    return [text for text in (crs.toWkt(_WKT.WKT1_GDAL), crs.toWkt(_WKT.WKT_PREFERRED)) if text]


def enter_crs(identifier: str, definition: str) -> None:
    """Enter a layer's CRS into its GeoPackage by hand, where GDAL took it for another one."""
    parts = QgsProviderRegistry.instance().decodeUri("ogr", identifier)
    path = Path(parts["path"])
    set_crs(path, parts.get("layerName") or next(iter(user_tables(path))), definition)
