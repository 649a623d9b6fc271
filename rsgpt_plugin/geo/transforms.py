"""Coordinate transforms that fail if there is no operation. QGIS would return the coordinates unchanged."""

from __future__ import annotations

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsGeometry,
)

from ..errors import ImageryError
from ..shared.i18n import translate


def transform_between(
    source: QgsCoordinateReferenceSystem,
    target: QgsCoordinateReferenceSystem,
    context: QgsCoordinateTransformContext,
) -> QgsCoordinateTransform:
    """Return the transform from one CRS to another; the identity if one of them is not set, as in QGIS.

    Raises QgsCsException if there is no operation between them, such as between a local CRS and the Earth's.
    """
    transform = QgsCoordinateTransform(source, target, context)
    if source.isValid() and target.isValid() and source != target and not transform.isValid():
        raise QgsCsException("no operation")
    return transform


def checked_transform(
    source: QgsCoordinateReferenceSystem,
    target: QgsCoordinateReferenceSystem,
    context: QgsCoordinateTransformContext,
) -> QgsCoordinateTransform:
    """Return the transform between two CRSs of the user's layers. Raises ImageryError if there is no operation."""
    try:
        return transform_between(source, target, context)
    except QgsCsException as error:
        message = translate(
            "Rsgpt",
            "There is no transformation between the coordinate systems {source} and {target}. Choose a layer or an "
            "extent whose coordinate system can be transformed to the raster's.",
        )
        raise ImageryError(
            message.format(source=source.userFriendlyIdentifier(), target=target.userFriendlyIdentifier())
        ) from error


def is_bounded(geometry: QgsGeometry) -> bool:
    """Return whether a geometry is not empty and has finite coordinates; a reprojection may return infinity."""
    return not geometry.isEmpty() and geometry.boundingBox().isFinite()
