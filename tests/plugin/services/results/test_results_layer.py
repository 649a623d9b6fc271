"""The results layer, for answers without a location in its CRS."""

from __future__ import annotations

import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsCsException, QgsFeature, QgsGeometry, QgsProject

from rsgpt_plugin.errors import OutputError
from rsgpt_plugin.geo.results.schema import output_fields
from rsgpt_plugin.services.results import results_layer
from rsgpt_plugin.services.results.results_layer import ResultsLayer

pytestmark = pytest.mark.usefixtures("qgis_new_project")


def raise_crs_exception(*arguments: object) -> None:
    raise QgsCsException("no operation")


@pytest.mark.parametrize("raises", [False, True], ids=["infinity", "exception"])
def test_an_answer_without_a_location_in_the_layer_s_crs_is_reported(
    monkeypatch: pytest.MonkeyPatch, raises: bool
) -> None:
    if raises:
        monkeypatch.setattr(results_layer, "transform_between", raise_crs_exception)
    project = QgsProject.instance()
    project.setCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    feature = QgsFeature(output_fields(()))
    feature.setGeometry(QgsGeometry.fromWkt("Polygon ((0 95, 1 95, 1 96, 0 95))"))
    with pytest.raises(OutputError, match="no location in the coordinate system.*EPSG:3857"):
        ResultsLayer(project).add(feature, QgsCoordinateReferenceSystem("EPSG:4326"), None)
