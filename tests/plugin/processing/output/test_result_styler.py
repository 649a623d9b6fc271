"""The layers of a file show the columns of its last run."""

from __future__ import annotations

from pathlib import Path

import pytest
from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsExpression,
    QgsFeature,
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingUtils,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
)

from rsgpt_plugin.geo.results.schema import output_fields
from rsgpt_plugin.geo.results.styles.stored_style import store_style
from rsgpt_plugin.processing.output.destination import parse_destination
from rsgpt_plugin.processing.output.result_styler import ResultStyler
from rsgpt_plugin.shared.answers.questions import parse_questions

pytestmark = pytest.mark.usefixtures("qgis_new_project")


def run(file: Path, name: str, rows: int) -> QgsVectorLayer:
    """Write `rows` answers to the question `name` and load the layer, as Processing does."""
    fields, context = output_fields(parse_questions(f"{name}[integer]: How many?")), QgsProcessingContext()
    context.setProject(QgsProject.instance())
    output, crs = parse_destination(str(file), str(file)).value, QgsCoordinateReferenceSystem("EPSG:32611")
    sink, identifier = QgsProcessingUtils.createFeatureSink(output, context, fields, Qgis.WkbType.Polygon, crs, {})
    for row in range(rows):
        feature = QgsFeature(fields)
        feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(row, 0, row + 1, 1)))
        feature["status"], feature[name] = "answered", row
        assert sink.addFeature(feature)
    del sink
    store_style(identifier)
    layer = QgsProcessingUtils.mapLayerFromString(identifier, context)
    added = context.temporaryLayerStore().takeMapLayer(layer)  # None for a layer of the project
    layer = QgsProject.instance().addMapLayer(added) if added is not None else layer
    ResultStyler(description=f"about {name}").postProcessLayer(layer, context, QgsProcessingFeedback())
    return layer


def tip(layer: QgsVectorLayer) -> str:
    context = layer.createExpressionContext()
    context.setFeature(next(layer.getFeatures()))
    return QgsExpression.replaceExpressionText(layer.mapTipTemplate(), context)


def test_further_runs_into_a_file_show_their_own_columns(tmp_path: Path) -> None:
    for rows, name in enumerate(("cars", "boats", "planes"), start=1):
        layer = run(tmp_path / "out.gpkg", name, rows)
        for shown in (layer, *QgsProject.instance().mapLayers().values()):
            assert shown.fields().indexOf(name) > 0
            assert (shown.featureCount(), shown.metadata().abstract()) == (rows, f"about {name}")
            assert (name in tip(shown), "[%" in tip(shown)) == (True, False)
