"""Pictures enlarge at a click, and answers are corrected one after the other by keys."""

from __future__ import annotations

from typing import Any

import pytest
from qgis.core import QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest

from rsgpt_plugin.gui.results_table.results_dock import ResultsDock
from rsgpt_plugin.services.results.thumbnails import Thumbnails
from tests.plugin.gui.table_use import CARS, TREES, click, opened
from tests.plugin.results import USES, add_uses, fids, keep_pictures, results_layer
from tests.plugin.waiting import wait_until

PICTURE = 0
KEY = Qt.Key


def reviewed(dock: ResultsDock) -> QgsVectorLayer:
    layer = opened(dock, add_uses(results_layer(["a", "b", "c", "d"]), ["water", None, "farmland", "water"]))
    wait_until(lambda: dock.model.number_of("use") > 0)
    return layer


def press(dock: ResultsDock, *keys: Any) -> None:
    for key in keys:
        QTest.keyClick(dock.review, key)


def test_a_click_on_a_picture_enlarges_it(dock: ResultsDock) -> None:
    keep_pictures([0, 1])
    opened(dock, results_layer(["a", "b", "c"]))
    click(dock, 1, PICTURE)
    assert not dock.review.isVisible()
    wait_until(dock.review.isVisible)
    wait_until(lambda: dock.review.picture.pixmap() is not None and dock.review.picture.pixmap().width() > 128)
    assert dock.review.place.text() == "Row 2 of 3"
    press(dock, KEY.Key_Right)
    wait_until(lambda: dock.review.picture.text() == "The picture is not stored.")
    press(dock, KEY.Key_Right)
    assert dock.view.currentIndex().row() == 2
    press(dock, KEY.Key_Left, KEY.Key_Left)
    assert dock.review.place.text() == "Row 1 of 3"


def test_a_double_click_only_zooms(dock: ResultsDock) -> None:
    opened(dock, results_layer(["a", "b"]))
    click(dock, 1, PICTURE, twice=True)
    QTest.qWait(700)
    assert not dock.review.isVisible()


def test_yes_and_no_are_answered_by_keys_and_undone(dock: ResultsDock) -> None:
    layer = reviewed(dock)
    click(dock, 0, TREES)
    QTest.keyClick(dock.view, KEY.Key_Space)
    assert dock.review.answer.text() == "trees: yes (100 %)"
    assert dock.review.keys.text().startswith("Y yes, N no\n")
    press(dock, KEY.Key_N)
    wait_until(lambda: dock.review.answer.text().startswith("trees: no (corrected"))
    assert layer.getFeature(fids(layer)[0])["trees"] is False
    press(dock, KEY.Key_1)
    QTest.keyClick(dock.review, KEY.Key_Z, Qt.KeyboardModifier.ControlModifier)
    wait_until(lambda: dock.review.answer.text() == "trees: yes (100 %)")


def test_choices_are_answered_by_their_number(dock: ResultsDock) -> None:
    layer = reviewed(dock)
    click(dock, 0, CARS)
    QTest.keyClick(dock.view, KEY.Key_Space)
    press(dock, KEY.Key_N)  # stands for no number
    while not dock.review.answer.text().startswith("use"):
        press(dock, KEY.Key_Down)
    assert "1 farmland, 2 dense residential, 3 water" in dock.review.keys.text()
    press(dock, KEY.Key_2, KEY.Key_9)
    assert layer.getFeature(fids(layer)[0])["use"] == USES[1]
    assert [layer.getFeature(fid)["cars"] for fid in fids(layer)] == [0, 1, 2, 3]


def test_enter_goes_to_the_next_unsure_answer(dock: ResultsDock) -> None:
    layer = reviewed(dock)
    click(dock, 2, dock.model.number_of("use"))
    QTest.keyClick(dock.view, KEY.Key_Space)
    press(dock, KEY.Key_Return)
    assert dock.view.currentIndex().row() == 1
    assert layer.selectedFeatureIds() == [fids(layer)[1]]
    press(dock, KEY.Key_1)
    wait_until(lambda: dock.review.answer.text().startswith("use: farmland (corrected"))
    press(dock, KEY.Key_Return)
    assert dock.view.currentIndex().row() == 1  # no other answer is unsure


def test_enter_passes_rows_without_a_picture(dock: ResultsDock) -> None:
    layer = add_uses(results_layer(["a", "b", "c", "d"]), ["water", None, None, None])
    status = layer.fields().indexOf("status")
    first, second, *_ = fids(layer)[1:]
    layer.dataProvider().changeAttributeValues({first: {status: "skipped"}, second: {status: "failed"}})
    opened(dock, layer)
    wait_until(lambda: dock.model.number_of("use") > 0)
    click(dock, 0, dock.model.number_of("use"))
    QTest.keyClick(dock.view, KEY.Key_Space)
    press(dock, KEY.Key_Return)
    assert dock.view.currentIndex().row() == 3


def test_the_window_closes_with_the_layer(dock: ResultsDock) -> None:
    layer = reviewed(dock)
    dock.review.open_at(1)
    QgsProject.instance().removeMapLayer(layer.id())
    assert not dock.review.isVisible()
    press(dock, KEY.Key_Y, KEY.Key_Right, KEY.Key_Return, KEY.Key_Down)


def test_the_key_of_a_right_answer_marks_it_and_enter_passes_it(dock: ResultsDock) -> None:
    layer = reviewed(dock)
    click(dock, 0, TREES)
    QTest.keyClick(dock.view, KEY.Key_Space)
    press(dock, KEY.Key_Y)
    wait_until(lambda: dock.review.answer.text().startswith("trees: yes (100 %, checked"))
    row = layer.getFeature(fids(layer)[0])
    assert (row["trees"], row["checked"], "corrected" in layer.fields().names()) == (True, "trees", False)
    assert dock.model.index(0, TREES).data(Qt.ItemDataRole.DecorationRole) is not None
    assert dock.model.index(1, TREES).data(Qt.ItemDataRole.DecorationRole) is None
    click(dock, 3, CARS)
    assert dock.review.keys.text().startswith("Y right\n")
    press(dock, KEY.Key_Y)
    wait_until(lambda: "checked" in dock.review.answer.text())
    assert layer.getFeature(fids(layer)[3])["cars"] == 3
    dock.filter.review.setCurrentIndex(2)
    wait_until(lambda: dock.model.rowCount() == 2)
    dock.filter.review.setCurrentIndex(3)
    wait_until(lambda: [row.fid for row in dock.model.shown_rows] == fids(layer)[1:3])


def test_a_picture_that_is_being_read_is_not_called_missing(dock: ResultsDock, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_pictures([0])
    opened(dock, results_layer(["a", "b"]))
    click(dock, 0, TREES)
    with monkeypatch.context() as patch:
        patch.setattr(Thumbnails, "_request", lambda *arguments: None)  # not read yet
        QTest.keyClick(dock.view, KEY.Key_Space)
        assert dock.review.picture.text() == "Loading the picture…"
    dock.review.open_at(0)
    wait_until(lambda: dock.review.picture.pixmap() is not None and not dock.review.picture.text())
    press(dock, KEY.Key_Right)
    wait_until(lambda: dock.review.picture.text() == "The picture is not stored.")


def test_marks_are_counted_in_the_summary(dock: ResultsDock) -> None:
    layer = reviewed(dock)
    click(dock, 0, dock.model.number_of("use"))
    dock.view.check_requested.emit("use", fids(layer)[:1])
    dock.view.results.edited.emit(fids(layer)[2], "use", "water")
    wait_until(lambda: dock.values.summary.accessibleName().startswith("use – right: 1 of 2 reviewed"))
