"""Found objects have a color per object, paler if less certain, and a heat map as a second style."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from qgis.core import (
    QgsExpression,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsMapRendererSequentialJob,
    QgsMapSettings,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor, QImage

from rsgpt_plugin.geo.results.column_roles import result_columns
from rsgpt_plugin.geo.results.display_values import VALUE_COLORS
from rsgpt_plugin.geo.results.layer_metadata import has_style, is_results
from rsgpt_plugin.geo.results.styles.object_style import object_colors
from rsgpt_plugin.geo.results.styles.stored_style import store_style
from rsgpt_plugin.geo.results.styles.style import apply_style, show_styled
from tests.plugin.found_objects import objects_layer
from tests.plugin.results import results_layer

pytestmark = pytest.mark.usefixtures("qgis_new_project")

FOUND = [("car", 0.9), ("car", 0.3), ("airplane", 0.8)]


def drawn(layer: QgsVectorLayer) -> QImage:
    """Return the map of the first two objects, 20 m wide, on black."""
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setDestinationCrs(layer.crs())
    settings.setExtent(QgsRectangle(499995, 3999970, 500015, 3999990))
    settings.setOutputSize(QSize(400, 400))
    settings.setBackgroundColor(QColor("black"))
    job = QgsMapRendererSequentialJob(settings)
    job.start()
    job.waitForFinished()
    return job.renderedImage()


def colors_at(image: QImage, x: int, y: int) -> tuple[int, int, int]:
    color = image.pixelColor(x, y)
    return color.red(), color.green(), color.blue()


@pytest.mark.parametrize("kind", ["memory", "GPKG", "ESRI Shapefile"])
@pytest.mark.parametrize("is_boxed", [False, True])
def test_each_object_has_its_color(tmp_path: Path, kind: str, is_boxed: bool) -> None:
    layer = objects_layer(FOUND, is_boxed, kind, tmp_path)
    apply_style(layer)
    renderer = layer.renderer()
    assert renderer.type() == "categorizedSymbol"
    assert [category.label() for category in renderer.categories()] == ["airplane", "car"]
    assert ("object" in layer.mapTipTemplate(), layer.displayExpression()) == (True, '"object"')
    aliases = [field.alias() for field in layer.fields() if field.name() != "fid"]
    assert {"Object", "Confidence", "Search window", "Raster"} <= set(aliases)


def test_less_certain_objects_are_paler_with_the_same_white_edge() -> None:
    layer = objects_layer(FOUND)
    apply_style(layer)
    image = drawn(layer)
    sure, unsure = colors_at(image, 100, 200), colors_at(image, 300, 200)
    expected = QColor(object_colors(["car"])["car"])
    assert sum(sure) > 1.7 * sum(unsure)
    assert sure[1] > sure[0] > sure[2]
    assert expected.green() > expected.red() > expected.blue()
    for x in (100, 300):
        column = [colors_at(image, x, y) for y in range(185, 215)]
        assert (255, 255, 255) in column


def test_boxes_are_outlines() -> None:
    layer = objects_layer(FOUND, is_boxed=True)
    apply_style(layer)
    image = drawn(layer)
    assert colors_at(image, 160, 140) == (0, 0, 0)  # the middle of the first box
    assert any(colors_at(image, x, 140) != (0, 0, 0) for x in range(90, 110))


def test_the_heat_map_is_a_style_of_the_layer() -> None:
    layer = objects_layer(FOUND)
    apply_style(layer)
    apply_style(layer)
    manager = layer.styleManager()
    assert sorted(manager.styles()) == ["Heat map", "default"]
    assert manager.currentStyle() == "default"
    assert manager.setCurrentStyle("Heat map")
    assert layer.renderer().type() == "heatmapRenderer"
    assert "object" in layer.mapTipTemplate()
    assert colors_at(drawn(layer), 100, 200) != (0, 0, 0)
    assert manager.setCurrentStyle("default")
    assert layer.renderer().type() == "categorizedSymbol"
    boxes = objects_layer(FOUND, is_boxed=True)
    apply_style(boxes)
    assert boxes.styleManager().styles() == ["default"]


def test_both_styles_are_stored_in_the_geopackage(tmp_path: Path) -> None:
    layer = objects_layer(FOUND, False, "GPKG", tmp_path)
    for _ in range(2):
        store_style(layer.source(), "found by a test")
    with closing(sqlite3.connect(tmp_path / "objects.gpkg")) as database:
        rows = database.execute("SELECT styleName, useAsDefault FROM layer_styles ORDER BY styleName").fetchall()
    assert rows == [("Heat map", 0), ("RSGPT", 1)]
    QgsProject.instance().clear()
    again = QgsProject.instance().addMapLayer(QgsVectorLayer(str(tmp_path / "objects.gpkg"), "again", "ogr"))
    assert again.renderer().type() == "categorizedSymbol"
    show_styled(again)
    assert "Heat map" in again.styleManager().styles()


def test_objects_are_no_results_with_captions_but_have_a_style() -> None:
    layer = objects_layer(FOUND)
    assert (is_results(layer), has_style(layer), result_columns(layer).holds_objects) == (False, True, True)
    others = results_layer(["a harbor"])
    assert (has_style(others), result_columns(others).holds_objects) == (True, False)
    assert not has_style(None)
    assert not has_style(QgsVectorLayer("Point?field=object:string", "objects of others", "memory"))


def test_the_map_tip_names_the_object_and_its_confidence() -> None:
    layer = objects_layer(FOUND)
    apply_style(layer)
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(layer))
    context.setFeature(next(layer.getFeatures()))
    tip = QgsExpression.replaceExpressionText(layer.mapTipTemplate(), context)
    assert "<b>car</b> (90 %)" in tip
    assert "<img" not in tip


def test_colors_do_not_depend_on_the_other_objects_and_differ() -> None:
    labels = ["airplane", "building", "car", "ship", "tree"]
    together = object_colors(labels)
    assert together == {label: object_colors([label])[label] for label in labels}
    many = object_colors([f"object {number}" for number in range(len(VALUE_COLORS))])
    assert sorted(many.values()) == sorted(VALUE_COLORS)
