"""Found objects are counted, and stored answers returned; asking happens in the background and redraws the layer."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any, Optional

import pytest
from qgis.core import (
    NULL,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsExpression,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsFeature,
    QgsGeometry,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
)
from qgis.PyQt.QtTest import QTest

from rsgpt_plugin.client import answer_source
from rsgpt_plugin.gui.actions.expressions import Expressions
from rsgpt_plugin.processing.provider import RsgptProvider
from tests.plugin.processing.conftest import ScriptedGateway
from tests.plugin.services.asking.test_click_run import wait_until
from tests.plugin.services.conftest import around, polygons

WATER = "rsgpt_ask('[yesno]: Is there water?', $geometry"


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


def found(objects: Sequence[tuple[str, float, float]], searched: str = "car\nairplane") -> QgsVectorLayer:
    """Return a layer of found objects at positions in meters from the corner of the raster."""
    columns = "object:string&field=confidence:double&field=search_window:integer&field=prompt:string"
    layer = QgsVectorLayer(f"Point?crs=EPSG:32633&field={columns}", "found", "memory")
    for name, x, y in objects:
        feature = QgsFeature(layer.fields())
        feature.setGeometry(QgsGeometry.fromPointXY(around(x, y, 1).center()))
        feature.setAttributes([name, 0.9, 1, searched])
        layer.dataProvider().addFeature(feature)
    return layer


def test_a_missing_answer_is_null_and_is_not_asked_for(
    functions: Expressions, parcels: QgsVectorLayer, gateway: ScriptedGateway
) -> None:
    assert value(f"{WATER})", parcels) is None
    QTest.qWait(800)
    assert gateway.prompts == []


def test_on_request_the_model_is_asked_once_and_the_layer_is_drawn_again(
    functions: Expressions, parcels: QgsVectorLayer, gateway: ScriptedGateway
) -> None:
    drawn: list[bool] = []
    parcels.repaintRequested.connect(lambda *_: drawn.append(True))
    assert [value(f"{WATER}, true)", parcels, number) for number in (0, 1)] == [None, None]
    assert gateway.prompts == []  # not while the expression is evaluated
    wait_until(lambda: bool(drawn))
    assert [value(f"{WATER})", parcels, number) for number in (0, 1)] == [True, True]
    assert len(gateway.prompts) == 1  # the raster has one color
    assert value("rsgpt_ask('cars[integer]: How many cars?', $geometry, ask:=true)", parcels) is None
    wait_until(lambda: len(drawn) == 2)
    assert value("rsgpt_ask('[integer]: How many cars?', $geometry)", parcels) == 3


def test_answers_are_stored_for_the_next_session(
    functions: Expressions, parcels: QgsVectorLayer, gateway: ScriptedGateway
) -> None:
    drawn: list[bool] = []
    parcels.repaintRequested.connect(lambda *_: drawn.append(True))
    value(f"{WATER}, true)", parcels)
    wait_until(lambda: bool(drawn))
    QTest.qWait(500)
    functions.unregister()
    functions.register()
    seen: list[Optional[bool]] = []
    thread = threading.Thread(target=lambda: seen.append(value(f"{WATER})", parcels)))
    thread.start()
    wait_until(lambda: not thread.is_alive())
    assert seen == [True]


def test_an_answer_that_the_model_does_not_give_is_not_asked_for_again(
    functions: Expressions, parcels: QgsVectorLayer, gateway: ScriptedGateway
) -> None:
    gateway.say = lambda prompt: "perhaps"
    drawn: list[bool] = []
    parcels.repaintRequested.connect(lambda *_: drawn.append(True))
    value(f"{WATER}, true)", parcels)
    wait_until(lambda: bool(drawn))
    asked = len(gateway.prompts)
    assert value(f"{WATER}, true)", parcels) is None
    QTest.qWait(800)
    assert (asked, len(gateway.prompts)) == (1, 1)


def test_a_question_that_cannot_be_read_is_an_error(functions: Expressions, parcels: QgsVectorLayer) -> None:
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(parcels))
    context.setFeature(next(parcels.getFeatures()))
    expression = QgsExpression("rsgpt_ask('x[nosuch]: Is it?', $geometry)")
    assert expression.evaluate(context) in (None, NULL)
    assert "the type `nosuch` is unknown" in expression.evalErrorString()


def test_found_objects_are_counted_in_the_geometry(functions: Expressions, parcels: QgsVectorLayer) -> None:
    assert value("rsgpt_find('car', $geometry)", parcels) is None
    objects = [("car", 50, 150), ("car", 55, 150), ("airplane", 50, 150), ("car", 150, 150), ("car", 250, 250)]
    layer = found(objects)
    QgsProject.instance().addMapLayer(layer)
    assert [value("rsgpt_find('Car', $geometry)", parcels, number) for number in (0, 1)] == [2, 1]
    assert value("rsgpt_find('airplane', $geometry)", parcels, 1) == 0
    assert value("rsgpt_find('ship', $geometry)", parcels) is None
    layer.startEditing()
    layer.deleteFeature(next(layer.getFeatures()).id())
    layer.commitChanges()
    assert value("rsgpt_find('car', $geometry)", parcels) == 1
    QgsProject.instance().removeMapLayer(layer)
    assert value("rsgpt_find('car', $geometry)", parcels) is None


def test_a_geometry_in_another_crs_is_transformed(functions: Expressions, project: QgsProject) -> None:
    project.addMapLayer(found([("car", 50, 150)]))
    degrees = QgsVectorLayer("Polygon?crs=EPSG:4326", "degrees", "memory")
    to = QgsCoordinateTransform(QgsCoordinateReferenceSystem("EPSG:32633"), degrees.crs(), project)
    feature = QgsFeature()
    feature.setGeometry(QgsGeometry.fromRect(to.transformBoundingBox(around(50, 150, 40))))
    degrees.dataProvider().addFeature(feature)
    assert value("rsgpt_find('car', $geometry)", degrees) == 1


def test_the_functions_are_explained_in_the_group_of_the_plugin(functions: Expressions) -> None:
    for name, argument in (("rsgpt_ask", "question"), ("rsgpt_find", "object")):
        number = QgsExpression.functionIndex(name)
        assert QgsExpression.Functions()[number].group() == "RSGPT"
        assert f'<span class="argument">{argument}</span>' in QgsExpression.Functions()[number].helpText()
