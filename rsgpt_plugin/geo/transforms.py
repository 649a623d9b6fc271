"""Coordinate transforms that exist: QGIS itself returns positions unchanged where it finds no operation."""

from __future__ import annotations

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsCsException,
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
    """The same for layers of the user's. Raises ImageryError with a sentence for the user."""
    try:
        return transform_between(source, target, context)
    except QgsCsException as error:
        sentence = translate(
            "Rsgpt",
            "There is no transformation between the coordinate systems {source} and {target}. Choose a layer or an "
            "extent whose coordinate system can be transformed to the raster's.",
        )
        raise ImageryError(
            sentence.format(source=source.userFriendlyIdentifier(), target=target.userFriendlyIdentifier())
        ) from error
