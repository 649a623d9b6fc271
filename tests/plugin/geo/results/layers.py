"""Results layers in every file format, and their texts as QGIS evaluates them."""

from __future__ import annotations

from pathlib import Path

from qgis.core import (
    QgsExpression,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsFeature,
    QgsField,
    QgsGeometry,
    QgsProcessingContext,
    QgsRectangle,
    QgsVectorFileWriter,
    QgsVectorLayer,
)

from rsgpt_plugin.geo.results.layer_rows import null_to_none
from rsgpt_plugin.geo.results.schema import output_fields
from rsgpt_plugin.shared.answers.questions import parse_questions

QUESTIONS = "cars[integer]: How many?\nswimming_pool[yesno]: Is there one?\nwhich_kind_of_place: Which?"
FORMATS = {"memory": "", "GPKG": "gpkg", "ESRI Shapefile": "shp", "GeoJSON": "geojson", "FlatGeobuf": "fgb"}


def asked_layer(kind: str = "Polygon", /, **values: object) -> QgsVectorLayer:
    """Return a results layer in memory with the columns of QUESTIONS, and one row if there are values."""
    results = QgsVectorLayer(f"{kind}?crs=EPSG:32611", "answers", "memory")
    results.dataProvider().addAttributes(output_fields(parse_questions(QUESTIONS)).toList())
    results.updateFields()
    if values:
        add_row(results, **values)
    return results


def add_row(layer: QgsVectorLayer, **values: object) -> None:
    """Add a row of 100 by 100 m with these values."""
    row = QgsFeature(layer.fields())
    row.setGeometry(QgsGeometry.fromRect(QgsRectangle(0, 0, 100, 100)))
    for name, value in values.items():
        row[name] = value
    layer.dataProvider().addFeatures([row])


def add_columns(layer: QgsVectorLayer, like: str, *names: str) -> None:
    """Add columns of the same type as the column `like`."""
    for name in names:
        field = QgsField(layer.fields().field(like))
        field.setName(name)
        assert layer.dataProvider().addAttributes([field])
    layer.updateFields()


def written(source: QgsVectorLayer, driver: str, folder: Path) -> QgsVectorLayer:
    """Write the layer to a file of that format and return the file's layer."""
    if driver == "memory":
        return source
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = driver
    path = str(folder / f"answers.{FORMATS[driver]}")
    context = QgsProcessingContext().transformContext()
    assert QgsVectorFileWriter.writeAsVectorFormatV3(source, path, context, options)[0] == 0
    return QgsVectorLayer(path, "answers", "ogr")


def context_of(layer: QgsVectorLayer, feature: QgsFeature) -> QgsExpressionContext:
    """Return the context in which QGIS evaluates expressions of a row."""
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(layer))
    context.setFeature(feature)
    return context


def filled(template: str, layer: QgsVectorLayer) -> str:
    """Return a template with its expressions evaluated for the only row."""
    (text,) = filled_rows(template, layer)
    return text


def filled_rows(template: str, layer: QgsVectorLayer) -> list[str]:
    """Return a template with its expressions evaluated for each row."""
    return [QgsExpression.replaceExpressionText(template, context_of(layer, row)) for row in layer.getFeatures()]


def evaluated(expression: str, layer: QgsVectorLayer) -> object:
    """Return the value of an expression for the only row; None for NULL."""
    (feature,) = layer.getFeatures()
    prepared = QgsExpression(expression)
    assert not prepared.hasParserError(), prepared.parserErrorString()
    value = prepared.evaluate(context_of(layer, feature))
    assert not prepared.hasEvalError(), prepared.evalErrorString()
    return null_to_none(value)
