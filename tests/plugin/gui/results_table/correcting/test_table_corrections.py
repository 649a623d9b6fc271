"""Many rows are corrected at once, undone and redone with the keys, and shown as corrected."""

from __future__ import annotations

from typing import Any

from qgis.core import NULL, QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QComboBox, QDialogButtonBox, QSpinBox

from rsgpt_plugin.gui.results_table.correcting.correct_dialog import CorrectDialog
from rsgpt_plugin.gui.results_table.results_dock import ResultsDock
from rsgpt_plugin.gui.results_table.rows_model import CHOICES_ROLE, CONFIDENCE_ROLE
from tests.plugin.gui.table_use import CAPTION, CARS, TREES, click, opened
from tests.plugin.results import USES, add_uses, fids, results_layer
from tests.plugin.waiting import wait_until

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
CONFIDENCE, STATUS = 4, 5


def uses(layer: QgsVectorLayer) -> list[Any]:
    return [layer.getFeature(fid)["use"] for fid in fids(layer)]


def dialog_of(dock: ResultsDock) -> CorrectDialog:
    (dialog,) = [child for child in dock.view.findChildren(CorrectDialog) if child.isVisible()]
    return dialog


def open_dialog(dock: ResultsDock, *lines: int) -> CorrectDialog:
    wait_until(lambda: dock.model.number_of("use") > 0)
    use = dock.model.number_of("use")
    for number, line in enumerate(lines):
        click(dock, line, use, keys=CONTROL if number else None)
    QTest.keyClick(dock.view, Qt.Key.Key_F2, SHIFT)
    return dialog_of(dock)


def accept(dialog: CorrectDialog, use: str) -> None:
    assert isinstance(dialog.editor, QComboBox)
    dialog.editor.setCurrentText(use)
    QTest.mouseClick(dialog.buttons.button(QDialogButtonBox.StandardButton.Ok), Qt.MouseButton.LeftButton)


def test_selected_rows_are_corrected_undone_and_redone_by_keys(dock: ResultsDock) -> None:
    layer = opened(dock, add_uses(results_layer(["a", "b", "c"]), ["water", "farmland", "water"]))
    messages: list[str] = []
    dock.message.connect(messages.append)
    dialog = open_dialog(dock, 0, 2)
    assert [dialog.editor.itemText(number) for number in range(dialog.editor.count())] == [*USES, "No answer"]
    accept(dialog, USES[1])
    assert uses(layer) == [USES[1], "farmland", USES[1]]
    assert messages == ["Corrected. Rows: 2."]
    QTest.keyClick(dock.view, Qt.Key.Key_Z, CONTROL)
    assert uses(layer) == ["water", "farmland", "water"]
    QTest.keyClick(dock.view, Qt.Key.Key_Z, CONTROL | SHIFT)
    assert uses(layer) == [USES[1], "farmland", USES[1]]
    QTest.mouseClick(dock.undo, Qt.MouseButton.LeftButton)
    assert layer.getFeature(fids(layer)[0])["corrected"] == NULL


def test_rows_with_an_answer_outside_the_list_are_not_emptied(dock: ResultsDock) -> None:
    layer = opened(dock, add_uses(results_layer(["a", "b"]), ["typo", "water"]))
    dialog = open_dialog(dock, 0, 1)
    QTest.mouseClick(dialog.buttons.button(QDialogButtonBox.StandardButton.Ok), Qt.MouseButton.LeftButton)
    assert (uses(layer), dialog.isVisible()) == (["typo", "water"], True)


def test_leaving_an_empty_number_writes_nothing(dock: ResultsDock) -> None:
    layer = results_layer(["a", "b"])
    layer.dataProvider().changeAttributeValues({fids(layer)[0]: {layer.fields().indexOf("cars"): NULL}})
    opened(dock, layer)
    dock.rows.refresh(fids(layer))
    wait_until(lambda: dock.model.row_at(0).values[CARS - 1] is None)
    click(dock, 0, CARS, twice=True)
    assert dock.view.viewport().findChildren(QSpinBox)
    click(dock, 1, TREES)
    assert [layer.getFeature(fid)["cars"] for fid in fids(layer)] == [NULL, 1]
    assert layer.fields().indexOf("corrected") < 0


def test_a_row_that_was_asked_something_else_keeps_the_list_of_choices(dock: ResultsDock) -> None:
    layer = add_uses(results_layer(["a", "b", "c"]), ["water", "water", "water"])
    asked = {layer.fields().indexOf("prompt"): "cars[integer]: How many cars are there?"}
    layer.dataProvider().changeAttributeValues({fids(layer)[2]: asked})
    opened(dock, layer)
    problems: list[str] = []
    dock.problem.connect(problems.append)
    accept(open_dialog(dock, 0, 2), "farmland")
    assert (uses(layer), problems) == (["farmland", "water", "farmland"], [])
    wait_until(lambda: dock.model.row_at(2).values[-1] == "farmland" or dock.model.row_at(2).models != {})
    cell = dock.model.index(2, dock.model.number_of("use"))
    assert cell.data(CHOICES_ROLE) == USES
    dock.model.setData(cell, "dense housing", Qt.ItemDataRole.EditRole)
    assert (uses(layer)[2], len(problems)) == ("farmland", 1)


def test_rows_without_a_common_choice_are_not_corrected_together(dock: ResultsDock) -> None:
    layer = add_uses(results_layer(["a", "b"]), ["water", "park"])
    asked = {layer.fields().indexOf("prompt"): "use[choice(park|wood)]: What use?"}
    layer.dataProvider().changeAttributeValues({fids(layer)[1]: asked})
    opened(dock, layer)
    wait_until(lambda: dock.model.number_of("use") > 0)
    problems: list[str] = []
    dock.problem.connect(problems.append)
    dock.corrections.open_dialog("use", fids(layer))
    assert problems == ["The choices of the selected rows have nothing in common. Select fewer rows."]
    assert dock.view.findChildren(CorrectDialog) == []


def test_progress_is_shown_until_the_last_job_ends(dock: ResultsDock) -> None:
    opened(dock, results_layer(["a"]))
    dock.show_progress(40.0)
    dock.corrections.progressed.emit(10.0)
    dock.corrections.progressed.emit(None)
    assert (dock.reask.isEnabled(), dock.export.isEnabled(), dock.stop.isVisible()) == (False, False, True)
    dock.show_progress(None)
    assert (dock.reask.isEnabled(), dock.export.isEnabled(), dock.stop.isVisible()) == (True, True, False)


def test_the_menu_offers_to_correct_all_selected_rows(dock: ResultsDock) -> None:
    opened(dock, results_layer(["a", "b", "c"]))
    click(dock, 0, CAPTION)
    click(dock, 1, CAPTION, keys=CONTROL)
    labels = [action.text() for action in dock.view.menu_of(dock.model.index(1, CAPTION)).actions()]
    assert [label for label in labels if label.startswith("Correct 2 row")]
    labels = [action.text() for action in dock.view.menu_of(dock.model.index(2, CAPTION)).actions()]
    assert not [label for label in labels if label.startswith("Correct 2 row")]


def test_the_dialog_ends_with_its_layer_and_never_writes_to_another(dock: ResultsDock) -> None:
    first = opened(dock, add_uses(results_layer(["a", "b"]), ["water", "water"]))
    second = add_uses(results_layer(["c", "d"]), ["water", "water"])
    dialog = open_dialog(dock, 0, 1)
    dock.show_layer(second)
    accept(dialog, "farmland")
    assert (uses(first), uses(second)) == (["water"] * 2, ["water"] * 2)
    opened(dock, first)
    dialog = open_dialog(dock, 0, 1)
    QgsProject.instance().removeMapLayer(first)
    assert not dialog.isVisible()


def test_a_corrected_row_does_not_show_the_models_confidence(dock: ResultsDock) -> None:
    layer = opened(dock, results_layer(["a", "b"]))

    def shown(line: int) -> tuple[str, str, Any, Any]:
        cells = [dock.model.index(line, number) for number in (CONFIDENCE, STATUS, CAPTION, CONFIDENCE)]
        return cells[0].data(), cells[1].data(), cells[2].data(CONFIDENCE_ROLE), cells[3].data(CONFIDENCE_ROLE)

    assert shown(1) == ("10 %", "answered", 0.1, 0.1)
    dock.model.setData(dock.model.index(1, CAPTION), "a quay", Qt.ItemDataRole.EditRole)
    wait_until(lambda: dock.model.row_at(1).models != {})
    assert shown(1) == ("–", "answered, corrected", None, None)
    assert shown(0) == ("0 %", "answered", 0.0, 0.0)
    assert dock.model.index(1, TREES).data(CONFIDENCE_ROLE) == 0.9
    tip = dock.model.index(1, CAPTION).data(Qt.ItemDataRole.ToolTipRole)
    assert tip.index("The model said: b") < tip.index("The model was 10 % sure")
    assert "Before the correction: 10 %" in dock.model.index(1, CONFIDENCE).data(Qt.ItemDataRole.ToolTipRole)
    assert layer.getFeature(fids(layer)[1])["confidence"] == 0.1


def test_long_edits_show_progress_and_can_be_stopped(dock: ResultsDock) -> None:
    layer = opened(dock, add_uses(results_layer(["x"] * 3000), ["water"] * 3000))
    wait_until(lambda: dock.model.number_of("use") > 0)
    dock.view.selectAll()
    dock.view.setCurrentIndex(dock.model.index(0, dock.model.number_of("use")))
    dock.view.selectAll()
    QTest.keyClick(dock.view, Qt.Key.Key_F2, SHIFT)
    accept(dialog_of(dock), "farmland")
    wait_until(dock.stop.isVisible)
    QTest.mouseClick(dock.stop, Qt.MouseButton.LeftButton)
    assert not dock.progress.isVisible()
    written = uses(layer).count("farmland")
    assert 0 < written < 3000
    QTest.keyClick(dock.view, Qt.Key.Key_Z, CONTROL)
    wait_until(lambda: "farmland" not in uses(layer))
