"""A transformation that does not exist is an error; QGIS itself would leave the coordinates as they are."""

from __future__ import annotations

import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsCsException,
)

from rsgpt_plugin.errors import ImageryError
from rsgpt_plugin.geo.transforms import checked_transform, transform_between
from tests.plugin.geo.reference_systems import DEGREES, LOCAL, UTM

CONTEXT = QgsCoordinateTransformContext()


def test_qgis_leaves_coordinates_as_they_are_without_a_transformation() -> None:
    assert QgsCoordinateTransform(DEGREES, LOCAL, CONTEXT).transform(10.0, 20.0).toString(0) == "10,20"


@pytest.mark.parametrize(("source", "target"), [(DEGREES, LOCAL), (LOCAL, UTM)])
def test_a_missing_transformation_is_an_error(
    source: QgsCoordinateReferenceSystem, target: QgsCoordinateReferenceSystem
) -> None:
    with pytest.raises(QgsCsException):
        transform_between(source, target, CONTEXT)
    with pytest.raises(ImageryError, match="no transformation between the coordinate systems"):
        checked_transform(source, target, CONTEXT)


def test_an_existing_transformation_is_returned() -> None:
    point = checked_transform(UTM, DEGREES, CONTEXT).transform(500000.0, 4000000.0)
    assert (point.x(), point.y()) == pytest.approx((-117.0, 36.144), abs=1e-3)


@pytest.mark.parametrize("crs", [LOCAL, QgsCoordinateReferenceSystem()])
def test_the_same_or_an_unset_crs_needs_no_transformation(crs: QgsCoordinateReferenceSystem) -> None:
    assert transform_between(crs, crs, CONTEXT).transform(10.0, 20.0).toString(0) == "10,20"
    assert transform_between(QgsCoordinateReferenceSystem(), UTM, CONTEXT).transform(1.0, 2.0).toString(0) == "1,2"
