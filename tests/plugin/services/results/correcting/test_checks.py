"""Answers that a person found right: who, when, undo, and what ends the mark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from qgis.core import NULL, QgsApplication, QgsSettings, QgsVectorLayer
from qgis.PyQt.QtCore import QDateTime

from rsgpt_plugin.services.results.correcting.correction_service import CorrectionService
from tests.plugin.corrections import correct
from tests.plugin.results import fids, results_layer

pytestmark = pytest.mark.usefixtures("qgis_new_project")

MARKS = ("checked", "checked_at", "reviewed_by")
ANONYMOUS = "projects/anonymize_new_projects"


@pytest.fixture(params=["memory", "GPKG", "session"])
def layer(request: pytest.FixtureRequest, tmp_path: Path) -> QgsVectorLayer:
    layer = results_layer(["a harbour", None], "memory" if request.param == "memory" else "GPKG", tmp_path)
    if request.param == "session":
        assert layer.startEditing()
    return layer


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[CorrectionService]:
    monkeypatch.setattr(QgsApplication, "userFullName", lambda: "A. Person")
    service = CorrectionService()
    yield service
    service.stop()


def marks(layer: QgsVectorLayer, number: int = 0) -> list[Any]:
    feature = layer.getFeature(fids(layer)[number])
    names = layer.fields().names()
    return [None if name not in names or feature[name] == NULL else feature[name] for name in MARKS]


def test_a_right_answer_is_marked_with_time_and_name(layer: QgsVectorLayer, service: CorrectionService) -> None:
    service.check(layer, fids(layer), "cars")
    service.check(layer, fids(layer)[:1], "caption")
    names, time, person = marks(layer)
    assert (names, person, isinstance(time, QDateTime)) == ("caption cars", "A. Person", True)
    assert marks(layer, 1)[0] == "cars"
    assert layer.getFeature(fids(layer)[0])["cars"] == 0


def test_only_answers_of_the_model_can_be_marked(layer: QgsVectorLayer, service: CorrectionService) -> None:
    service.check(layer, fids(layer)[1:], "caption")  # no answer
    assert layer.fields().indexOf("checked") < 0
    correct(layer, fids(layer)[0], "cars", 9)
    service.check(layer, fids(layer)[:1], "cars")
    assert marks(layer)[:2] == [None, None]


def test_a_mark_is_removed_undone_and_repeated(layer: QgsVectorLayer, service: CorrectionService) -> None:
    service.check(layer, fids(layer)[:1], "cars")
    service.undo(layer)
    assert marks(layer) == [None, None, None]
    service.redo(layer)
    assert marks(layer)[0] == "cars"
    service.uncheck(layer, fids(layer)[:1], "cars")
    assert marks(layer) == [None, None, None]


def test_a_correction_ends_the_mark(layer: QgsVectorLayer, service: CorrectionService) -> None:
    service.check(layer, fids(layer)[:1], "cars")
    service.correct(layer, fids(layer)[:1], "cars", 5)
    names, time, person = marks(layer)
    assert (names, time, person) == (None, None, "A. Person")
    service.restore(layer, fids(layer)[:1], "cars")
    assert marks(layer) == [None, None, None]


def test_no_name_is_stored_if_projects_have_none(service: CorrectionService) -> None:
    layer, settings = results_layer(["a"]), QgsSettings()
    settings.setValue(ANONYMOUS, True, QgsSettings.Section.Core)
    try:
        service.check(layer, fids(layer), "cars")
    finally:
        settings.remove(ANONYMOUS, QgsSettings.Section.Core)
    assert marks(layer)[2] is None
