"""The look of a result."""

from __future__ import annotations

import pytest
from qgis.core import (
    QgsExpression,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsFeature,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsVectorLayer,
)

from rsgpt_plugin.geo.style import ResultStyler, apply_style

FIELDS = "field=caption:string&field=confidence:double&field=cars:int&field=status:string&field=model:string"


def layer(kind: str = "Polygon") -> QgsVectorLayer:
    return QgsVectorLayer(f"{kind}?crs=EPSG:32611&{FIELDS}", "answers", "memory")


def tip(styled: QgsVectorLayer, values: list[object]) -> str:
    feature = QgsFeature(styled.fields())
    feature.setAttributes(values)
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(styled))
    context.setFeature(feature)
    return QgsExpression.replaceExpressionText(styled.mapTipTemplate(), context)


@pytest.mark.parametrize(
    ("confidence", "label"),
    [(0.9, "Sure"), (0.7, "Sure"), (0.5, "Fair"), (0.1, "Unsure"), (None, "No answer")],
)
def test_every_confidence_has_an_outline_of_its_own(confidence: float | None, label: str) -> None:
    styled = layer()
    ResultStyler().postProcessLayer(styled, QgsProcessingContext(), QgsProcessingFeedback())
    context = QgsExpressionContext()
    feature = QgsFeature(styled.fields())
    feature.setAttributes(["x", confidence, 1, "answered", "m"])
    context.setFeature(feature)
    rules = styled.renderer().rootRule().children()
    hits = [rule.label() for rule in rules if QgsExpression(rule.filterExpression()).evaluate(context)]
    assert len(hits) == 1
    assert hits[0].startswith(label)


def test_captions_are_labels_without_html() -> None:
    styled = layer()
    apply_style(styled)
    settings = styled.labeling().settings()
    assert styled.labelsEnabled()
    assert settings.fieldName == '"caption"'
    assert not settings.format().allowHtmlFormatting()


def test_the_map_tip_shows_text_as_text() -> None:
    styled = layer()
    apply_style(styled)
    shown = tip(styled, ["<script>alert(1)</script> & [% 1 %]", 0.5, 7, "<img src=x>", "secret"])
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; [% 1 %]" in shown
    assert "cars: 7" in shown
    assert "<script" not in shown
    assert "<img" not in shown
    assert "secret" not in shown


def test_points_keep_their_symbol() -> None:
    styled = layer("Point")
    before = styled.renderer().type()
    apply_style(styled)
    assert styled.renderer().type() == before
    assert styled.labelsEnabled()
