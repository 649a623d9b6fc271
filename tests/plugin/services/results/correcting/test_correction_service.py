"""Corrections of many rows, undo and redo, in memory layers, files and edit sessions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from qgis.core import NULL, QgsFeature, QgsProject, QgsVectorFileWriter, QgsVectorLayer
from qgis.PyQt.QtCore import QCoreApplication

from rsgpt_plugin.services.results.correcting import correction_service
from rsgpt_plugin.services.results.correcting.correction_service import CorrectionService
from tests.plugin.results import add_uses, fids, results_layer
from tests.plugin.waiting import wait_until

pytestmark = pytest.mark.usefixtures("qgis_new_project")

MANY = 250  # more than are written at once
SLICED = 1200  # more than are written at once in a session


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


def in_session(folder: Path, count: int) -> QgsVectorLayer:
    layer = results_layer([f"row {number}" for number in range(count)], "GPKG", folder)
    assert layer.startEditing()
    return layer


def add_row(layer: QgsVectorLayer) -> None:
    layer.beginEditCommand("Add feature")
    assert layer.addFeature(QgsFeature(layer.fields()))
    layer.endEditCommand()


def test_another_edit_in_the_session_is_kept_and_ends_the_correction(tmp_path: Path, service: Service) -> None:
    layer = in_session(tmp_path, MANY)
    service.correct(layer, fids(layer), "caption", "x")
    add_row(layer)
    service.wait()
    assert (layer.featureCount(), service.problems) == (
        MANY + 1, ["The edit session has changed. Rows that were written: 0."],
    )  # fmt: skip
    assert ("x" in cells(layer, "caption"), layer.undoStack().undoText()) == (False, "Add feature")


def test_saving_the_session_during_a_correction_writes_no_part_of_it(tmp_path: Path, service: Service) -> None:
    layer = in_session(tmp_path, MANY)
    add_row(layer)
    service.correct(layer, fids(layer), "caption", "x")
    assert layer.commitChanges(False)
    service.wait()
    assert service.problems == ["The edit session has changed. Rows that were written: 0."]
    layer.rollBack()
    assert "x" not in cells(layer, "caption")


def test_an_unchanged_or_refused_value_leaves_the_session_as_it_is(tmp_path: Path, service: Service) -> None:
    layer = in_session(tmp_path, 2)
    fid, stack = fids(layer)[0], layer.undoStack()
    service.correct(layer, [fid], "caption", "x")
    service.undo(layer)
    service.correct(layer, [fid], "caption", "row 0")
    service.correct(layer, [fid], "cars", "many")
    assert (stack.canRedo(), stack.canUndo(), layer.isModified()) == (True, False, False)
    assert service.problems == ["“many” is not a whole number. Enter one."]


def test_an_error_in_a_session_leaves_no_command_open(
    tmp_path: Path, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = in_session(tmp_path, 2)

    def fail(*arguments: object) -> None:
        raise ValueError("broken")

    with monkeypatch.context() as patch:
        patch.setattr(correction_service, "write_values", fail)
        service.correct(layer, fids(layer), "caption", "x")
    assert (service.busy, layer.isEditCommandActive(), layer.isModified()) == (False, False, False)
    assert "ValueError: broken" in service.problems[0]
    service.correct(layer, fids(layer), "caption", "y")
    assert cells(layer, "caption") == ["y", "y"]


def test_a_lost_column_of_the_models_answers_is_reported_and_blocks_nothing(service: Service) -> None:
    layer = results_layer(["a", "b"])
    service.correct(layer, fids(layer)[:1], "caption", "x")
    layer.dataProvider().deleteAttributes([layer.fields().indexOf("caption_model")])
    layer.updateFields()
    service.correct(layer, fids(layer)[:1], "caption", "y")
    service.restore(layer, fids(layer)[:1], "caption")
    lost = "The layer no longer has the column “caption_model” with the model's answers."
    assert service.problems == [lost, lost]
    service.correct(layer, fids(layer)[1:], "caption", "z")
    assert (cells(layer, "caption"), service.busy) == (["x", "z"], False)


def saved_as(layer: QgsVectorLayer, path: Path, driver: str) -> QgsVectorLayer:
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = driver
    context = QgsProject.instance().transformContext()
    QgsVectorFileWriter.writeAsVectorFormatV3(layer, str(path), context, options)
    return QgsProject.instance().addMapLayer(QgsVectorLayer(str(path), path.stem))


def test_corrected_rows_can_be_edited_after_a_shapefile_truncated_the_columns(tmp_path: Path, service: Service) -> None:
    layer = results_layer(["a", "b"])
    service.correct(layer, fids(layer), "caption", "x")
    shapefile = saved_as(layer, tmp_path / "corrected.shp", "ESRI Shapefile")
    service.correct(shapefile, fids(shapefile), "caption", "y")
    assert "Export it as a GeoPackage" in service.problems[0]
    service.restore(shapefile, fids(shapefile)[:1], "caption")
    assert (cells(shapefile, "caption"), cells(shapefile, "caption_mo")) == (["a", "x"], [None, "b"])
    package = saved_as(shapefile, tmp_path / "again.gpkg", "GPKG")
    service.correct(package, fids(package), "caption", "y")
    assert (cells(package, "caption"), cells(package, "caption_mo")) == (["y", "y"], ["a", "b"])
    assert (len(service.problems), package.fields().indexOf("caption_model")) == (1, -1)


def test_undo_never_skips_the_edits_of_a_session(tmp_path: Path, service: Service) -> None:
    layer = results_layer(["a", "b"], "GPKG", tmp_path)
    first, second = fids(layer)
    service.correct(layer, [first], "caption", "first")
    assert layer.startEditing()
    assert layer.commitChanges()  # no edits
    service.undo(layer)
    service.redo(layer)
    assert cells(layer, "caption") == ["first", "b"]
    assert layer.startEditing()
    service.correct(layer, [second], "caption", "second")
    assert layer.commitChanges()
    service.undo(layer)
    assert (cells(layer, "caption"), service.messages[-1]) == (["first", "second"], "There is no correction to undo.")


def test_undo_in_a_session_leaves_other_edits_alone(tmp_path: Path, service: Service) -> None:
    layer = in_session(tmp_path, 1)
    service.correct(layer, fids(layer), "caption", "x")
    add_row(layer)
    service.undo(layer)
    assert (layer.featureCount(), service.messages[-1]) == (
        2, "The last edit of this edit session is not a correction. Use the Edit menu.",
    )  # fmt: skip
    layer.undoStack().undo()
    service.undo(layer)
    assert (cells(layer, "caption"), service.problems) == (["row 0"], [])


def test_the_history_is_limited_by_its_rows(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(correction_service, "_MAX_ROWS", 5)
    layer = results_layer(["a", "b"])
    for caption in "wxyz":
        service.correct(layer, fids(layer), "caption", caption)
    for _ in range(4):
        service.undo(layer)
    assert cells(layer, "caption") == ["x", "x"]


def captions(layer: QgsVectorLayer) -> set[str]:
    """Return the different captions. Reading one feature after the other is slow in a session of many edits."""
    return {feature["caption"] for feature in layer.getFeatures()}


def test_many_rows_of_a_session_are_written_in_slices_as_one_step(tmp_path: Path, service: Service) -> None:
    layer = in_session(tmp_path, SLICED)
    percents, writing = list[float](), list[bool]()
    service.progressed.connect(percents.append)
    service.writing.connect(writing.append)
    service.correct(layer, fids(layer), "caption", "x")
    service.wait()
    assert (service.problems, writing, layer.undoStack().count()) == ([], [True, False], 1)
    assert (percents, percents[-1], len({p for p in percents if p > 50}) > 1) == (sorted(percents), 100.0, True)
    assert captions(layer) == {"x"}
    layer.undoStack().undo()
    assert "x" not in captions(layer)


def stop_while_writing(layer: QgsVectorLayer, service: Service) -> None:
    service.correct(layer, fids(layer), "caption", "x")
    wait_until(layer.isEditCommandActive)
    QCoreApplication.processEvents()


def test_stopping_while_a_session_is_written_leaves_nothing(tmp_path: Path, service: Service) -> None:
    layer = in_session(tmp_path, SLICED)
    stop_while_writing(layer, service)
    service.stop()
    assert (layer.isEditCommandActive(), layer.undoStack().count(), layer.isModified()) == (False, 0, False)
    assert service.problems == ["Stopped. Rows that were written: 0."]
    assert "x" not in captions(layer)


def test_saving_while_a_session_is_written_saves_no_part_of_it(tmp_path: Path, service: Service) -> None:
    layer = in_session(tmp_path, SLICED)
    stop_while_writing(layer, service)
    assert layer.commitChanges()
    assert service.problems == ["The edit session has changed. Rows that were written: 0."]
    assert "x" not in captions(layer)


def test_another_edit_while_a_session_is_written_is_not_undone_by_stop(tmp_path: Path, service: Service) -> None:
    layer = in_session(tmp_path, SLICED)
    stop_while_writing(layer, service)
    add_row(layer)
    service.stop()
    assert (layer.featureCount(), layer.isEditCommandActive()) == (SLICED + 1, False)
