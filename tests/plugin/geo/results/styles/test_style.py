"""The style of results layers in every file format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from qgis.core import (
    Qgis,
    QgsExpression,
    QgsFeature,
    QgsGeometry,
    QgsLayerTree,
    QgsLayerTreeModel,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsRectangle,
    QgsVectorLayer,
    QgsVectorLayerUtils,
)
from qgis.PyQt.QtCore import Qt

from rsgpt_plugin.core.run_store import RunRequest
from rsgpt_plugin.geo.results.layer_metadata import recorded_run
from rsgpt_plugin.geo.results.schema import output_fields
from rsgpt_plugin.geo.results.styles.style import apply_style
from rsgpt_plugin.processing.output.result_styler import ResultStyler
from tests.plugin.geo.results.layers import FORMATS, asked_layer, context_of, filled, written

LONG = "A long caption that goes on and on about a harbour with boats, cranes and a great many containers"


def tip(styled: QgsVectorLayer) -> str:
    return filled(styled.mapTipTemplate(), styled)


def labels(styled: QgsVectorLayer) -> list[str]:
    """Return the label texts of the rules that match the only row."""
    (feature,) = styled.getFeatures()
    context = context_of(styled, feature)
    rules = styled.labeling().rootRule().children()
    hits = [rule for rule in rules if QgsExpression(rule.filterExpression()).evaluate(context)]
    return [QgsExpression(rule.settings().fieldName).evaluate(context) for rule in hits]


@pytest.fixture
def pool() -> dict[str, Any]:
    return {"caption": "a pool", "confidence": 0.5, "cars": 7, "swimming_pool": False, "swimming_pool_confidence": 0.9}


@pytest.mark.parametrize(
    ("confidence", "label"),
    [(0.9, "Sure"), (0.7, "Sure"), (0.5, "Fair"), (0.1, "Unsure"), (None, "No answer")],
)
def test_every_confidence_level_has_its_own_outline(confidence: float | None, label: str) -> None:
    styled = asked_layer(caption="x", confidence=confidence)
    ResultStyler().postProcessLayer(styled, QgsProcessingContext(), QgsProcessingFeedback())
    (feature,) = styled.getFeatures()
    rules = styled.renderer().rootRule().children()
    context = context_of(styled, feature)
    hits = [rule.label() for rule in rules if QgsExpression(rule.filterExpression()).evaluate(context)]
    assert len(hits) == 1
    assert hits[0].startswith(label)
    outlines = {tuple(part.color().name() for part in rule.symbol().symbolLayers()) for rule in rules}
    assert len(outlines) == 4


def test_the_layer_tree_shows_the_names_of_the_outlines() -> None:
    styled, tree = asked_layer(caption="x", confidence=0.9), QgsLayerTree()
    model, node = QgsLayerTreeModel(tree), tree.addLayer(styled)
    apply_style(styled)
    legend = [str(item.data(Qt.ItemDataRole.DisplayRole)) for item in model.layerLegendNodes(node)]
    assert "Sure (70 % and above)" in legend


def test_the_display_name_of_a_row_is_its_caption() -> None:
    styled = asked_layer(caption="a pool", confidence=0.9)
    apply_style(styled)
    (feature,) = styled.getFeatures()
    assert QgsVectorLayerUtils.getFeatureDisplayString(styled, feature) == "a pool"


def test_the_styler_records_the_run() -> None:
    styled = asked_layer(caption="x")
    run = RunRequest("rsgpt:describeraster", "a", {"TILE_SIZE": 64})
    ResultStyler(run).postProcessLayer(styled, QgsProcessingContext(), QgsProcessingFeedback())
    assert recorded_run(styled) == run


@pytest.mark.parametrize("driver", FORMATS)
def test_tip_and_label_show_caption_and_answers_in_any_format(
    driver: str, tmp_path: Path, pool: dict[str, Any]
) -> None:
    styled = written(asked_layer(**pool), driver, tmp_path)
    apply_style(styled)
    shown = tip(styled)
    assert "<b>a pool</b> (50 %)" in shown
    assert "cars: 7<br>" in shown
    assert ": no (90 %)<br>" in shown
    assert ": no answer<br>" in shown
    assert "[%" not in shown
    assert labels(styled) == ["a pool"]


def test_a_row_without_a_caption_is_labeled_with_its_answers() -> None:
    styled = asked_layer(cars=3, swimming_pool=True)
    apply_style(styled)
    assert labels(styled) == ["cars: 3\nswimming_pool: yes"]


def test_a_long_caption_is_cut_at_a_word_in_the_label_but_not_in_the_tip() -> None:
    styled = asked_layer(caption=LONG)
    apply_style(styled)
    (label,) = labels(styled)
    assert len(label) <= 80
    assert LONG.startswith(label.removesuffix(" …"))
    assert label != LONG
    assert LONG in tip(styled)


def test_labels_have_a_minimum_size_and_no_html() -> None:
    styled = asked_layer()
    apply_style(styled)
    assert styled.labelsEnabled()
    for rule in styled.labeling().rootRule().children():
        assert rule.settings().thinningSettings().minimumFeatureSize() > 0
        assert not rule.settings().format().allowHtmlFormatting()


def tiles(count: int, crs: str, side: float) -> QgsVectorLayer:
    results = QgsVectorLayer(f"Polygon?crs={crs}", "answers", "memory")
    results.dataProvider().addAttributes(output_fields([]).toList())
    results.updateFields()
    rows = [QgsFeature(results.fields()) for _ in range(count)]
    for number, row in enumerate(rows):
        row.setGeometry(QgsGeometry.fromRect(QgsRectangle(number * side, 0, (number + 1) * side, side)))
    results.dataProvider().addFeatures(rows)
    return results


@pytest.mark.parametrize(("crs", "side"), [("EPSG:32611", 80.0), ("EPSG:4326", 80.0 / 111_319.49)])
def test_labels_of_many_rows_have_a_minimum_scale(crs: str, side: float) -> None:
    styled = tiles(2500, crs, side)
    apply_style(styled)
    for rule in styled.labeling().rootRule().children():
        scale = 80 / (rule.settings().thinningSettings().minimumFeatureSize() / 1000)
        assert rule.minimumScale() == pytest.approx(4 * scale, rel=1e-3)


def test_labels_of_few_rows_have_no_minimum_scale() -> None:
    styled = tiles(20, "EPSG:32611", 80.0)
    apply_style(styled)
    assert not any(rule.dependsOnScale() for rule in styled.labeling().rootRule().children())


def test_points_keep_their_symbol() -> None:
    styled = asked_layer("Point")
    before = styled.renderer().type()
    apply_style(styled)
    assert styled.renderer().type() == before
    assert styled.labelsEnabled()
    assert styled.editFormConfig().layout() == Qgis.AttributeFormLayout.DragAndDrop
