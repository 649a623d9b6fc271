"""Place, order and rows of the table after corrections, with real clicks and keys."""

from __future__ import annotations

from qgis.core import NULL
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QComboBox, QPlainTextEdit

from rsgpt_plugin.gui.results_table.results_dock import ResultsDock
from tests.plugin.gui.table_use import CAPTION, click, enter, opened, shown_captions
from tests.plugin.results import USES, add_uses, fids, results_layer
from tests.plugin.waiting import wait_until


def test_a_correction_that_adds_columns_keeps_order_place_and_arrow(dock: ResultsDock) -> None:
    opened(dock, results_layer([f"row {number:02}" for number in range(60)]))
    dock.view.sortByColumn(CAPTION, Qt.SortOrder.DescendingOrder)
    bar = dock.view.verticalScrollBar()
    bar.setValue(bar.maximum() - 30)
    enter(dock, 55, "zzz")
    scrolled = bar.value()
    assert shown_captions(dock) == [f"row {59 - line:02}" if line != 55 else "zzz" for line in range(60)]
    assert (dock.view.currentIndex().row(), dock.view.currentIndex().column()) == (55, CAPTION)
    assert scrolled > bar.maximum() // 2
    header = dock.view.horizontalHeader()
    assert (header.sortIndicatorSection(), header.sortIndicatorOrder()) == (CAPTION, Qt.SortOrder.DescendingOrder)
    dock.view.sortByColumn(CAPTION, Qt.SortOrder.AscendingOrder)
    assert shown_captions(dock)[-1] == "zzz"


def test_column_widths_survive_a_correction(dock: ResultsDock) -> None:
    opened(dock, results_layer(["a", "b"]))
    dock.view.setColumnWidth(CAPTION, 321)
    enter(dock, 0, "a quay")
    assert dock.view.columnWidth(CAPTION) == 321


def test_a_corrected_row_stays_until_the_filter_is_changed(dock: ResultsDock) -> None:
    opened(dock, results_layer(["a harbour", "a field", "boats in a harbour"]))
    dock.filter.text.setText("harbour")
    wait_until(lambda: dock.model.rowCount() == 2)
    enter(dock, 0, "a quay")
    assert shown_captions(dock) == ["a quay", "boats in a harbour"]
    dock.model.sort(CAPTION, Qt.SortOrder.DescendingOrder)
    assert shown_captions(dock) == ["boats in a harbour", "a quay"]
    dock.filter.text.setText("boat")
    wait_until(lambda: dock.model.rowCount() == 1)
    dock.filter.text.setText("harbour")
    QTest.qWait(400)
    assert shown_captions(dock) == ["boats in a harbour"]


def test_typed_text_and_column_widths_survive_the_columns_of_a_correction(dock: ResultsDock) -> None:
    layer = opened(dock, results_layer(["a", "b", "c"]))
    dock.view.setColumnWidth(CAPTION, 777)
    dock.model.setData(dock.model.index(0, CAPTION), "one", Qt.ItemDataRole.EditRole)
    click(dock, 1, CAPTION, twice=True)
    (editor,) = dock.view.viewport().findChildren(QPlainTextEdit)
    QTest.keyClicks(editor, "typed words")
    wait_until(lambda: any(column.model >= 0 for column in dock.model.columns))
    assert (editor.toPlainText(), dock.view.columnWidth(CAPTION)) == ("typed words", 777)
    QTest.keyClick(editor, Qt.Key.Key_Return)
    assert [layer.getFeature(fid)["caption"] for fid in fids(layer)] == ["one", "typed words", "c"]


def test_the_arrow_vanishes_with_another_layer(dock: ResultsDock) -> None:
    first, second = results_layer(["b", "a"]), results_layer(["d", "c"])
    opened(dock, first)
    dock.view.sortByColumn(CAPTION, Qt.SortOrder.AscendingOrder)
    opened(dock, second)
    wait_until(lambda: shown_captions(dock) == ["d", "c"])
    assert dock.view.horizontalHeader().sortIndicatorSection() == -1


def test_a_choice_is_corrected_from_its_list(dock: ResultsDock) -> None:
    layer = opened(dock, add_uses(results_layer(["a", "b"]), ["water", "farmland"]))
    wait_until(lambda: dock.model.number_of("use") > 0)
    click(dock, 0, dock.model.number_of("use"), twice=True)
    (editor,) = dock.view.viewport().findChildren(QComboBox)
    assert [editor.itemText(number) for number in range(editor.count())] == [*USES, "No answer"]
    assert editor.currentText() == "water"
    QTest.keyClick(editor, Qt.Key.Key_Down)
    QTest.keyClick(editor, Qt.Key.Key_Return)
    wait_until(lambda: layer.getFeature(fids(layer)[0])["use"] is None or dock.model.row_at(0).models != {})
    assert (dock.model.row_at(0).models, layer.getFeature(fids(layer)[0])["use"]) == ({"use": "water"}, NULL)
