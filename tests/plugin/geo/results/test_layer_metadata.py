"""Detection of results layers, and their recorded run."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsVectorLayer

from rsgpt_plugin.core.run_store import RunRequest
from rsgpt_plugin.geo.results.layer_metadata import is_results, record_run, recorded_run
from rsgpt_plugin.geo.results.schema import output_fields
from rsgpt_plugin.shared.answers.questions import parse_questions


def results_layer(questions: str = "") -> QgsVectorLayer:
    layer = QgsVectorLayer("Polygon?crs=EPSG:32611", "answers", "memory")
    layer.dataProvider().addAttributes(output_fields(parse_questions(questions)))
    layer.updateFields()
    return layer


def test_results_layers_are_detected_by_their_columns(qgis_app: Any) -> None:
    assert is_results(results_layer())
    assert not is_results(QgsVectorLayer("Polygon?crs=EPSG:32611&field=status:string", "other", "memory"))
    assert not is_results(None)


def test_a_recorded_run_is_read_back(qgis_app: Any) -> None:
    layer = results_layer()
    assert recorded_run(layer) is None
    parameters = {"INPUT": "raster_1", "TILE_SIZE": 256, "EXTENT": {"sides": [0.0, 0.0, 1.0, 1.0], "crs": ""}}
    run = RunRequest("rsgpt:describeraster", "a", parameters, source="/a.tif")
    record_run(layer, run)
    assert recorded_run(layer) == run


def test_an_invalid_record_is_ignored(qgis_app: Any) -> None:
    layer = results_layer()
    layer.setCustomProperty("rsgpt/run", "{")
    assert recorded_run(layer) is None
