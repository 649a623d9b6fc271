"""Values are counted, filtered and shown on the map from the table, also while the layer changes."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsCategorizedSymbolRenderer, QgsProject, QgsRuleBasedRenderer
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest

from rsgpt_plugin.geo.results.display_values import VALUE_COLORS
from rsgpt_plugin.geo.results.styles.style import apply_style
from rsgpt_plugin.gui.results_table.columns.values_dialog import ValuesDialog
from rsgpt_plugin.gui.results_table.results_dock import ResultsDock
from tests.plugin.gui.table_use import TREES, click, opened
from tests.plugin.results import add_uses, results_layer
from tests.plugin.waiting import wait_until


def dialogs(dock: ResultsDock) -> list[ValuesDialog]:
    return [child for child in dock.view.findChildren(ValuesDialog) if child.isVisible()]


def with_uses(dock: ResultsDock) -> Any:
    layer = opened(dock, add_uses(results_layer(["a", "b", "c"]), ["water", "farmland", "water"]))
    wait_until(lambda: dock.model.number_of("use") > 0)
    return layer


def test_values_are_counted_and_filtered_in_the_dialog(dock: ResultsDock) -> None:
    with_uses(dock)
    dock.values.open_dialog("use")
    wait_until(lambda: bool(dialogs(dock)))
    (dialog,) = dialogs(dock)
    cells = [[dialog.table.item(row, number).text() for number in range(3)] for row in range(2)]
    assert cells == [["water", "2", "67 %"], ["farmland", "1", "33 %"]]
    QTest.keyClick(dialog.table, Qt.Key.Key_Down)
    QTest.mouseClick(dialog.show_rows, Qt.MouseButton.LeftButton)
    wait_until(lambda: dock.model.rowCount() == 1)
    assert dock.filter.value.text() == "use: farmland"
    QTest.mouseClick(dock.filter.value, Qt.MouseButton.LeftButton)
    wait_until(lambda: dock.model.rowCount() == 3)


def test_the_summary_shows_the_column_with_the_focus_and_filters(dock: ResultsDock) -> None:
    with_uses(dock)
    click(dock, 0, dock.model.number_of("use"))
    wait_until(lambda: dock.values.summary.accessibleName() == "use, water: 2, farmland: 1")
    (first, _), (second, _) = dock.values.summary.segments()
    assert first.width() > 1.8 * second.width() > 0
    QTest.mouseClick(dock.values.summary, Qt.MouseButton.LeftButton, pos=second.center())
    wait_until(lambda: dock.model.rowCount() == 1)
    wait_until(lambda: dock.values.summary.accessibleName() == "use, farmland: 1")


def test_the_summary_follows_corrections(dock: ResultsDock) -> None:
    with_uses(dock)
    click(dock, 0, TREES)
    wait_until(lambda: dock.values.summary.accessibleName() == "trees, yes: 2, no: 1")
    dock.model.setData(dock.model.index(0, TREES), None, Qt.ItemDataRole.EditRole)
    wait_until(
        lambda: dock.values.summary.accessibleName() == "trees – right: 0 of 1 reviewed, no: 1, yes: 1, No answer: 1"
    )


def test_the_map_is_styled_by_a_column_and_back(dock: ResultsDock) -> None:
    layer = with_uses(dock)
    apply_style(layer)
    dock.values.style_map("use")
    wait_until(lambda: isinstance(layer.renderer(), QgsCategorizedSymbolRenderer))
    assert [category.value() for category in layer.renderer().categories()][:2] == ["water", "farmland"]
    dock.values.style_map("confidence")
    assert isinstance(layer.renderer(), QgsRuleBasedRenderer)


def test_a_removed_layer_ends_counts_and_dialogs(dock: ResultsDock) -> None:
    layer = with_uses(dock)
    dock.values.open_dialog("use")
    wait_until(lambda: bool(dialogs(dock)))
    dock.values.style_map("use")
    QgsProject.instance().removeMapLayer(layer.id())
    assert dialogs(dock) == []
    QTest.qWait(300)
    assert dock.values.summary.accessibleName() == ""


def segment_colors(dock: ResultsDock) -> dict[str, str]:
    image = dock.values.summary.grab().toImage()
    return {count.value: image.pixelColor(box.right() - 3, 1).name() for box, count in dock.values.summary.segments()}


def test_a_value_keeps_its_color_in_the_bar_and_on_the_map(dock: ResultsDock) -> None:
    layer = with_uses(dock)
    use = dock.model.number_of("use")
    click(dock, 0, use)
    wait_until(lambda: dock.values.summary.accessibleName() == "use, water: 2, farmland: 1")
    before = segment_colors(dock)
    dock.values._choose("use", "farmland")
    wait_until(lambda: dock.values.summary.accessibleName() == "use, farmland: 1")
    assert segment_colors(dock) == {"farmland": before["farmland"]}
    dock.filter.clear_value()
    dock.view.selectAll()
    dock.corrections._correct_rows([row.fid for row in dock.model.all_rows][:2], "use", "farmland")
    wait_until(lambda: dock.values.summary.accessibleName() == "use – right: 0 of 1 reviewed, farmland: 2, water: 1")
    assert segment_colors(dock) == before
    dock.values.style_map("use")
    wait_until(lambda: isinstance(layer.renderer(), QgsCategorizedSymbolRenderer))
    categories = layer.renderer().categories()[:2]
    assert {category.value(): category.symbol().color().name() for category in categories} == before


def test_a_filtered_table_has_the_colors_of_all_rows(dock: ResultsDock) -> None:
    with_uses(dock)
    dock.filter.text.setText("farmland")
    wait_until(lambda: dock.model.rowCount() == 1)
    click(dock, 0, dock.model.number_of("use"))
    wait_until(lambda: dock.values.summary.accessibleName() == "use, farmland: 1")
    assert segment_colors(dock) == {"farmland": VALUE_COLORS[1]}


def test_a_click_on_the_bar_filters_the_column_that_it_shows(dock: ResultsDock) -> None:
    with_uses(dock)
    click(dock, 0, dock.model.number_of("use"))
    wait_until(lambda: dock.values.summary.accessibleName() == "use, water: 2, farmland: 1")
    dock.view.setCurrentIndex(dock.model.index(0, TREES))
    _, (second, _) = dock.values.summary.segments()
    QTest.mouseClick(dock.values.summary, Qt.MouseButton.LeftButton, pos=second.center())
    assert dock.filter.row_filter().column == "use"


def test_a_filter_ends_with_its_column(dock: ResultsDock) -> None:
    layer = with_uses(dock)
    dock.values._choose("use", "water")
    wait_until(lambda: dock.model.rowCount() == 2)
    layer.dataProvider().deleteAttributes([layer.fields().indexOf("use")])
    layer.updateFields()
    wait_until(lambda: dock.model.rowCount() == 3)
    assert dock.filter.value.isHidden()
