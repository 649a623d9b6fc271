"""A map styled by a column has a category per value, or ranges of many numbers."""

from __future__ import annotations

from pathlib import Path

import pytest
from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsGeometry,
    QgsGraduatedSymbolRenderer,
    QgsPalLayerSettings,
    QgsProject,
    QgsRenderContext,
    QgsRuleBasedRenderer,
    QgsVectorLayer,
    QgsVectorLayerSimpleLabeling,
)

from rsgpt_plugin.geo.results.display_values import CONFIDENCE_LEVELS, DisplayColumn, shown_columns
from rsgpt_plugin.geo.results.styles.value_style import MOST_VALUES, style_by_confidence, style_by_values
from tests.plugin.results import add_uses, results_layer

pytestmark = pytest.mark.usefixtures("qgis_new_project")


def column(layer: QgsVectorLayer, name: str) -> DisplayColumn:
    return next(entry for entry in shown_columns(layer) if entry.name == name)


def drawn(layer: QgsVectorLayer) -> list[str]:
    """Return the color of each feature."""
    renderer, context = layer.renderer().clone(), QgsRenderContext()
    renderer.startRender(context, layer.fields())
    features = list(layer.getFeatures())
    for feature in features:
        context.expressionContext().setFeature(feature)
    colors = [renderer.symbolForFeature(feature, context).color().name() for feature in features]
    renderer.stopRender(context)
    return colors


def test_each_value_has_a_color_and_the_rest_is_gray() -> None:
    layer = add_uses(results_layer(["a", "b", "c", "d"]), ["water", None, "farmland", "water"])
    style_by_values(layer, column(layer, "use"), ["water", "farmland", None])
    assert isinstance(layer.renderer(), QgsCategorizedSymbolRenderer)
    first, second, third, fourth = drawn(layer)
    assert first == fourth
    assert len({first, second, third}) == 3
    assert second == "#999999"


def test_yes_and_no_are_named_in_the_legend() -> None:
    layer = results_layer(["a", "b"])
    style_by_values(layer, column(layer, "trees"), [True, False])
    assert [category.label() for category in layer.renderer().categories()] == ["yes", "no", "Other or no answer"]
    assert len(set(drawn(layer))) == 2


def test_many_numbers_become_ranges() -> None:
    layer = results_layer(["x"] * (MOST_VALUES + 8))
    style_by_values(layer, column(layer, "cars"), list(range(MOST_VALUES + 8)))
    renderer = layer.renderer()
    assert isinstance(renderer, QgsGraduatedSymbolRenderer)
    assert [(part.lowerValue(), part.upperValue()) for part in renderer.ranges()][::4] == [(0.0, 4.0), (15.0, 19.0)]
    assert len(set(drawn(layer))) == 5


def test_yes_and_no_of_a_shapefile_have_colors(tmp_path: Path) -> None:
    layer = results_layer(["a", "b", "c"], "ESRI Shapefile", tmp_path)
    style_by_values(layer, column(layer, "trees"), [True, False])
    first, second, third = drawn(layer)
    assert first == third
    assert len({first, second, "#999999"}) == 3


def test_the_confidence_replaces_only_the_symbols() -> None:
    layer = results_layer(["a", "b"])
    layer.setLabeling(QgsVectorLayerSimpleLabeling(QgsPalLayerSettings()))
    layer.setMapTipTemplate("my own")
    style_by_confidence(layer, column(layer, "confidence"))
    assert isinstance(layer.renderer(), QgsRuleBasedRenderer)
    assert isinstance(layer.labeling(), QgsVectorLayerSimpleLabeling)
    assert layer.mapTipTemplate() == "my own"


def test_points_are_colored_by_confidence() -> None:
    polygons = results_layer(["x"] * 10)
    layer = QgsVectorLayer("Point?crs=EPSG:32611", "points", "memory")
    layer.dataProvider().addAttributes(polygons.fields())
    layer.updateFields()
    features = list(polygons.getFeatures())
    for feature in features:
        feature.setGeometry(QgsGeometry.fromWkt("Point (1 1)"))
    layer.dataProvider().addFeatures(features)
    QgsProject.instance().addMapLayer(layer)
    style_by_confidence(layer, column(layer, "confidence"))
    sure, fair, unsure = [color for _, _, color in CONFIDENCE_LEVELS]
    assert drawn(layer) == [unsure] * 4 + [fair] * 3 + [sure] * 3
