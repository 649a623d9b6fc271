"""Rows that a person corrected are not overwritten, also in a database."""

from __future__ import annotations

from pathlib import Path

import pytest
from qgis.core import QgsCoordinateTransformContext, QgsProject, QgsVectorFileWriter, QgsVectorLayer

from rsgpt_plugin.errors import OutputError
from rsgpt_plugin.processing.output.destination import OutputDestination, check_destination
from tests.plugin.corrections import correct
from tests.plugin.results import results_layer


def test_corrected_rows_in_a_database_are_not_overwritten(tmp_path: Path, project: QgsProject) -> None:
    memory = results_layer(["a", "b"])
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName, options.layerName, options.datasourceOptions = "SQLite", "answers", ["SPATIALITE=YES"]
    context = QgsCoordinateTransformContext()
    QgsVectorFileWriter.writeAsVectorFormatV3(memory, str(tmp_path / "a.sqlite"), context, options)
    uri = f"dbname='{tmp_path / 'a.sqlite'}' table=\"answers\" (geometry)"
    layer = project.addMapLayer(QgsVectorLayer(uri, "answers", "spatialite"))
    output = OutputDestination(f"spatialite:{uri}")
    check_destination(output, [], [])
    (first, *_) = layer.getFeatures()
    correct(layer, first.id(), "caption", "my own words")
    with pytest.raises(OutputError, match=r"answers contains rows that a person reviewed \(1\)"):
        check_destination(output, [], [])
