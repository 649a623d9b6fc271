"""The functions with a scripted model, a raster of one color, and two parcels on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from qgis.core import (
    NULL,
    QgsExpression,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsFeature,
    QgsGeometry,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
)

from rsgpt_plugin.client import answer_source
from rsgpt_plugin.geo.results.layer_metadata import describe_layer
from rsgpt_plugin.gui.actions.expressions import Expressions
from rsgpt_plugin.processing.provider import RsgptProvider
from rsgpt_plugin.shared.results.descriptions import SearchedExtent
from tests.plugin.processing.conftest import ScriptedGateway
from tests.plugin.services.conftest import around, polygons

WHOLE = around(150, 150, 300)


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch, project: QgsProject, provider: RsgptProvider) -> ScriptedGateway:
    scripted = ScriptedGateway(lambda prompt: "3" if "cars" in prompt.text else "yes")
    monkeypatch.setattr(answer_source, "open_backend", scripted.connect)
    monkeypatch.setattr(answer_source, "identified_model", lambda model, feedback: model)
    return scripted


@pytest.fixture
def functions(gateway: ScriptedGateway, raster: QgsRasterLayer) -> Iterator[Expressions]:
    expressions = Expressions()
    expressions.register()
    yield expressions
    expressions.unregister()


@pytest.fixture
def parcels(project: QgsProject) -> QgsVectorLayer:
    layer = polygons([around(50, 150, 40), around(150, 150, 40)])
    project.addMapLayer(layer)
    return layer


def value(expression: str, layer: QgsVectorLayer, number: int = 0) -> Any:
    """Return the value for a feature of a layer, None for NULL."""
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(layer))
    context.setFeature(list(layer.getFeatures())[number])
    parsed = QgsExpression(expression)
    result = parsed.evaluate(context)
    assert not parsed.hasEvalError(), parsed.evalErrorString()
    return None if result == NULL else result


def found(
    objects: Sequence[tuple[str, float, float]],
    searched: str = "car\nairplane",
    area: QgsRectangle = WHOLE,
) -> QgsVectorLayer:
    """Return a layer of found objects at positions in meters from the corner of the raster. area: what was searched."""
    columns = "object:string&field=confidence:double&field=search_window:integer&field=prompt:string"
    layer = QgsVectorLayer(f"Point?crs=EPSG:32633&field={columns}", "found", "memory")
    for name, x, y in objects:
        feature = QgsFeature(layer.fields())
        feature.setGeometry(QgsGeometry.fromPointXY(around(x, y, 1).center()))
        feature.setAttributes([name, 0.9, 1, searched])
        layer.dataProvider().addFeature(feature)
    sides = (area.xMinimum(), area.xMaximum(), area.yMinimum(), area.yMaximum())
    describe_layer(layer, f"Prompts:\n{searched}\n{SearchedExtent(sides, 'EPSG:32633').describe()}")
    return layer
