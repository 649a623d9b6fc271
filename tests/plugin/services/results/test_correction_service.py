"""Corrections of many rows, undo and redo, in memory layers, files and edit sessions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from qgis.core import NULL, QgsProject, QgsVectorLayer

from rsgpt_plugin.services.results.correction_service import CorrectionService
from tests.plugin.results import add_uses, fids, results_layer
from tests.plugin.waiting import wait_until

pytestmark = pytest.mark.usefixtures("qgis_new_project")

MANY = 250  # more than are written at once


@pytest.fixture(params=["memory", "GPKG", "session"])
def layer(request: pytest.FixtureRequest, tmp_path: Path) -> QgsVectorLayer:
    captions = [f"row {number}" for number in range(MANY)]
    layer = results_layer(captions, "memory" if request.param == "memory" else "GPKG", tmp_path)
    if request.param == "session":
        assert layer.startEditing()
    return layer


class Service(CorrectionService):
    """Records its messages."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []
        self.problems: list[str] = []
        self.ended.connect(self.messages.append)
        self.failed.connect(self.problems.append)

    def wait(self) -> None:
        wait_until(lambda: not self.busy)


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    yield service
    service.stop()


def cells(layer: QgsVectorLayer, name: str) -> list[Any]:
    if layer.fields().indexOf(name) < 0:
        return [None] * layer.featureCount()
    values = [layer.getFeature(fid)[name] for fid in fids(layer)]
    return [None if value == NULL else value for value in values]


def test_many_rows_are_one_step(layer: QgsVectorLayer, service: Service) -> None:
    before, editing = cells(layer, "cars"), layer.isEditable()
    service.correct(layer, fids(layer)[1:], "cars", 7)
    assert service.busy
    service.wait()
    assert (service.messages, service.problems) == ([f"Corrected. Rows: {MANY - 2}."], [])
    assert cells(layer, "cars") == [0] + [7] * (MANY - 1)
    assert cells(layer, "corrected") == [None] + ["cars" if number != 7 else None for number in range(1, MANY)]
    assert cells(layer, "cars_model")[:9] == [None, 1, 2, 3, 4, 5, 6, None, 8]
    service.undo(layer)
    service.wait()
    assert (cells(layer, "cars"), set(cells(layer, "corrected"))) == (before, {None})
    service.redo(layer)
    service.wait()
    assert cells(layer, "cars") == [0] + [7] * (MANY - 1)
    assert layer.isEditable() is editing
    if editing:
        assert layer.undoStack().index() == 1


def test_steps_are_undone_in_reverse_and_a_new_one_ends_redo(layer: QgsVectorLayer, service: Service) -> None:
    fid = fids(layer)[0]
    service.correct(layer, [fid], "caption", "first")
    service.correct(layer, [fid], "caption", "second")
    service.undo(layer)
    assert layer.getFeature(fid)["caption"] == "first"
    service.correct(layer, [fid], "caption", "third")
    service.redo(layer)
    assert layer.getFeature(fid)["caption"] == "third"
    service.undo(layer)
    service.undo(layer)
    assert (layer.getFeature(fid)["caption"], cells(layer, "corrected")[0]) == ("row 0", None)
    service.restore(layer, [fid], "caption")
    assert service.problems == []


def test_undo_leaves_deleted_and_changed_rows_alone(tmp_path: Path, service: Service) -> None:
    layer = results_layer(["a", "b", "c"], "GPKG", tmp_path)
    first, second, third = fids(layer)
    service.correct(layer, [first, second, third], "caption", "x")
    layer.dataProvider().deleteFeatures([first])
    layer.dataProvider().changeAttributeValues({second: {layer.fields().indexOf("caption"): "by hand"}})
    service.undo(layer)
    assert cells(layer, "caption") == ["by hand", "c"]
    assert len(service.problems) == 1
    assert service.problems[0].startswith("2 of 3 rows stay as they are.")
    service.redo(layer)
    assert cells(layer, "caption") == ["by hand", "x"]


def test_undo_without_the_column_is_reported(service: Service) -> None:
    layer = results_layer(["a"])
    service.correct(layer, fids(layer), "caption", "x")
    layer.dataProvider().deleteAttributes([layer.fields().indexOf("caption_model")])
    layer.updateFields()
    service.undo(layer)
    assert (cells(layer, "caption"), service.problems) == (["x"], ["The row was changed in the meantime."])


def test_a_read_only_layer_is_reported_and_keeps_the_step(service: Service) -> None:
    layer = results_layer(["a", "b"])
    service.correct(layer, fids(layer), "caption", "x")
    layer.setReadOnly(True)
    service.correct(layer, fids(layer), "caption", "y")
    service.undo(layer)
    assert (len(service.problems), cells(layer, "caption")) == (2, ["x", "x"])
    assert all("cannot be edited" in problem for problem in service.problems)
    layer.setReadOnly(False)
    service.undo(layer)
    assert cells(layer, "caption") == ["a", "b"]


def test_values_outside_the_choices_are_refused_per_row(service: Service) -> None:
    layer = add_uses(results_layer(["a", "b"]), ["water", "farmland"])
    index = layer.fields().indexOf("prompt")
    layer.dataProvider().changeAttributeValues({fids(layer)[1]: {index: "use[choice(park|water)]: What use?"}})
    service.correct(layer, fids(layer), "use", "dense residential")
    assert cells(layer, "use") == ["dense residential", "farmland"]
    assert service.problems == [
        "1 of 2 rows stay as they are. “dense residential” is not one of the choices. Choose one of: park, water."
    ]


def test_a_deleted_row_and_an_empty_history_have_messages(service: Service) -> None:
    layer = results_layer(["a"])
    service.undo(layer)
    service.redo(layer)
    assert service.messages == ["There is no correction to undo.", "There is no correction to redo."]
    service.correct(layer, [999], "caption", "x")
    assert service.problems == ["The row is no longer in the layer. Reopen the table."]


def test_a_column_that_is_gone_is_reported(service: Service) -> None:
    layer = results_layer(["a"])
    service.correct(layer, fids(layer), "pools", "x")
    assert (service.problems, service.busy) == (["The layer no longer has the column “pools”."], False)


def test_stopping_rolls_a_session_back_and_keeps_written_rows(layer: QgsVectorLayer, service: Service) -> None:
    service.correct(layer, fids(layer), "caption", "x")
    service.correct(layer, fids(layer)[:1], "caption", "y")
    service.stop()
    assert not service.busy
    assert service.problems[0] == "A correction is still being written. Wait until it ends."
    assert service.problems[1].startswith("Stopped.")
    written = cells(layer, "caption").count("x")
    assert f"Rows that were written: {written}." in service.problems[1]
    if layer.isEditable():
        assert written == 0


def test_the_end_of_an_edit_session_stops_the_edit(tmp_path: Path, service: Service) -> None:
    layer = results_layer([f"row {number}" for number in range(MANY)], "GPKG", tmp_path)
    layer.startEditing()
    service.correct(layer, fids(layer), "caption", "x")
    assert layer.rollBack()
    service.wait()
    assert service.problems == ["The edit session has changed. Rows that were written: 0."]
    assert "x" not in cells(layer, "caption")


def test_a_layer_may_be_removed_during_an_edit_and_after_it(layer: QgsVectorLayer, service: Service) -> None:
    service.correct(layer, fids(layer), "caption", "x")
    QgsProject.instance().removeMapLayer(layer.id())
    assert not service.busy
    other = results_layer(["a"])
    service.correct(other, fids(other), "caption", "b")
    assert (cells(other, "caption"), service.problems) == (["b"], [])
