"""A stored answer is returned; a missing one is asked for in the background, once, and the layer is drawn again."""

from __future__ import annotations

import threading
from typing import Optional

from qgis.core import QgsVectorLayer
from qgis.PyQt.QtTest import QTest

from rsgpt_plugin.gui.actions.expressions import Expressions
from tests.plugin.processing.conftest import ScriptedGateway
from tests.plugin.services.asking.test_click_run import wait_until
from tests.plugin.services.expressions.conftest import value

WATER = "rsgpt_ask('[yesno]: Is there water?', $geometry"


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
