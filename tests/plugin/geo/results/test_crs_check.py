"""Rows that were read back are compared with the written ones, and the CRS of a GeoPackage can be corrected."""

from __future__ import annotations

from pathlib import Path

import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsGeometry,
    QgsRectangle,
    QgsVectorLayer,
)

from rsgpt_plugin.geo.results.crs_check import crs_definitions, is_same_place, write_crs
from tests.plugin.geo.reference_systems import DEGREES, LOCAL, UTM
from tests.plugin.geo.results.layers import asked_layer, written

KILOMETERS = QgsCoordinateReferenceSystem.fromProj("+proj=utm +zone=11 +datum=WGS84 +units=km +type=crs")
UNSET = QgsCoordinateReferenceSystem()

pytestmark = pytest.mark.usefixtures("qgis_app")


def square(x: float = 500000.0, y: float = 4000000.0, side: float = 100.0) -> QgsGeometry:
    return QgsGeometry.fromRect(QgsRectangle(x, y, x + side, y + side))


def moved(geometry: QgsGeometry, target: QgsCoordinateReferenceSystem) -> QgsGeometry:
    copy = QgsGeometry(geometry)
    copy.transform(QgsCoordinateTransform(UTM, target, QgsCoordinateTransformContext()))
    return copy


@pytest.mark.parametrize("crs", [UTM, LOCAL], ids=["utm", "local"])
def test_the_same_rows_are_in_the_same_place(crs: QgsCoordinateReferenceSystem) -> None:
    assert is_same_place([square(), square(500500.0)], crs, [square(), square(500500.0)], crs)
    assert is_same_place([square(), square(500500.0)], crs, [square(500500.0), square()], crs)


@pytest.mark.parametrize(
    ("x", "y", "side", "expected"),
    [
        (500000.05, 4000000.0, 100.0, True),
        (500001.0, 4000000.0, 100.0, False),
        (500000.0, 3999999.0, 100.0, False),
        (500000.0, 4000000.0, 101.0, False),
        (500.0, 4000.0, 0.1, False),
    ],
)
def test_rows_are_in_the_same_place_up_to_a_thousandth_of_their_size(
    x: float, y: float, side: float, expected: bool
) -> None:
    assert is_same_place([square()], UTM, [square(x, y, side)], UTM) == expected


def test_points_have_a_tolerance_too() -> None:
    """A file may store coordinates with fewer digits, such as GeoJSON."""
    point, close, far = (QgsGeometry.fromWkt(f"Point (500000.{digits} 4000000)") for digits in ("123", "1231", "9"))
    assert is_same_place([point], UTM, [close], UTM)
    assert not is_same_place([point], UTM, [far], UTM)


def test_a_missing_row_at_the_edge_is_noticed() -> None:
    assert not is_same_place([square(), square(500500.0)], UTM, [square()], UTM)


def test_rows_of_another_crs_are_transformed() -> None:
    assert is_same_place([square()], UTM, [moved(square(), DEGREES)], DEGREES)
    assert not is_same_place([square()], UTM, [square()], DEGREES)


def test_rows_in_other_units_are_elsewhere() -> None:
    """The mistake of GDAL: kilometers that are read as meters."""
    rows = [moved(square(), KILOMETERS)]
    assert is_same_place(rows, KILOMETERS, rows, KILOMETERS)
    assert not is_same_place(rows, KILOMETERS, rows, UTM)


@pytest.mark.parametrize("crs", [UNSET, LOCAL], ids=["unset", "local"])
def test_rows_that_cannot_be_compared_are_not_in_the_same_place(crs: QgsCoordinateReferenceSystem) -> None:
    assert not is_same_place([square()], UTM, [square()], crs)


def test_coordinates_outside_a_projection_are_not_in_the_same_place() -> None:
    assert not is_same_place([square()], UTM, [QgsGeometry.fromWkt("Point (1e30 1e30)")], DEGREES)


def test_the_compared_rows_stay_as_they_are() -> None:
    actual = moved(square(), DEGREES)
    before = actual.asWkt(9)
    is_same_place([square()], UTM, [actual], DEGREES)
    assert actual.asWkt(9) == before


@pytest.mark.parametrize("crs", [UTM, KILOMETERS, LOCAL], ids=["utm", "kilometers", "local"])
def test_the_definitions_of_a_crs_define_it(crs: QgsCoordinateReferenceSystem) -> None:
    definitions = crs_definitions(crs)
    assert 1 <= len(definitions) <= 2
    read = [QgsCoordinateReferenceSystem.fromWkt(definition) for definition in definitions]
    assert any(candidate.isValid() and candidate.mapUnits() == crs.mapUnits() for candidate in read)
    assert all(definitions)


def test_a_crs_without_a_definition_has_none() -> None:
    assert crs_definitions(UNSET) == []


def test_the_crs_of_a_file_is_replaced(tmp_path: Path) -> None:
    layer = written(asked_layer(caption="a"), "GPKG", tmp_path)
    assert layer.crs() == UTM
    identifier = layer.source()
    del layer
    write_crs(identifier, crs_definitions(KILOMETERS)[0])
    changed = QgsVectorLayer(identifier, "changed", "ogr")
    transform = QgsCoordinateTransform(changed.crs(), KILOMETERS, QgsCoordinateTransformContext())
    assert transform.transform(500.0, 4000.0).distance(500.0, 4000.0) < 1e-6
    (row,) = changed.getFeatures()
    assert row["caption"] == "a"
    assert row.geometry().boundingBox() == QgsRectangle(0, 0, 100, 100)


def test_the_crs_of_the_named_layer_is_replaced(tmp_path: Path) -> None:
    path = written(asked_layer(caption="a"), "GPKG", tmp_path).source()
    write_crs(f"{path}|layername=answers", crs_definitions(KILOMETERS)[0])
    changed = QgsVectorLayer(f"{path}|layername=answers", "changed", "ogr")
    assert changed.crs().mapUnits() == KILOMETERS.mapUnits()
