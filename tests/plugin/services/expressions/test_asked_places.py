"""A stored answer is returned; a missing one is asked for in the background, once, and the layer is drawn again."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any, Optional

import pytest
from qgis.core import QgsVectorLayer
from qgis.PyQt.QtTest import QTest

from rsgpt_plugin.client.backends import chosen_model
from rsgpt_plugin.client.preferences import load, save
from rsgpt_plugin.errors import ModelError
from rsgpt_plugin.gui.actions.expressions import Expressions
from rsgpt_plugin.services.expressions import asked_places
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


def test_places_that_wait_are_asked_about_with_the_options_of_their_key(
    functions: Expressions, parcels: QgsVectorLayer, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[bool] = []
    parcels.repaintRequested.connect(lambda *_: drawn.append(True))
    value(f"{WATER}, true)", parcels)
    first = chosen_model()
    other = replace(first, weights_sha256="cd" * 32)
    monkeypatch.setattr(asked_places, "chosen_model", lambda: other)  # chosen while the place waits
    wait_until(lambda: bool(drawn))
    assert gateway.prompts == []  # the answer would be stored as that of the first model
    value(f"{WATER}, true)", parcels)
    wait_until(lambda: len(drawn) == 2)
    assert value(f"{WATER})", parcels) is True
    monkeypatch.setattr(asked_places, "_OPTIONS_S", 0.0)
    monkeypatch.setattr(asked_places, "chosen_model", lambda: first)
    assert value(f"{WATER})", parcels) is None


def test_another_minimum_confidence_needs_other_answers(
    functions: Expressions, parcels: QgsVectorLayer, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asked_places, "_OPTIONS_S", 0.0)
    drawn: list[bool] = []
    parcels.repaintRequested.connect(lambda *_: drawn.append(True))
    value(f"{WATER}, true)", parcels)
    wait_until(lambda: bool(drawn))
    assert value(f"{WATER})", parcels) is True
    save(replace(load(), least_confidence=0.7))
    assert value(f"{WATER})", parcels) is None


def test_after_a_failed_run_the_model_is_asked_again_but_not_at_once(
    functions: Expressions, parcels: QgsVectorLayer, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        failures.append(True)
        raise ModelError("The model is gone.")

    failures: list[bool] = []
    monkeypatch.setattr(asked_places, "_PAUSE_S", 3.0)
    with monkeypatch.context() as broken:
        broken.setattr(asked_places, "AlgorithmTask", fail)
        value(f"{WATER}, true)", parcels)
        wait_until(lambda: bool(failures))
        value(f"{WATER}, true)", parcels)
        QTest.qWait(800)
        assert len(failures) == 1
    QTest.qWait(3000)
    value(f"{WATER}, true)", parcels)
    wait_until(lambda: bool(gateway.prompts))
    wait_until(lambda: value(f"{WATER})", parcels) is True)
