"""The dialog lists values with their rows and passes on the chosen one."""

from __future__ import annotations

from typing import Any

import pytest
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest

from rsgpt_plugin.geo.results.display_values import DisplayColumn, Kind
from rsgpt_plugin.gui.results_table.columns.values_dialog import ValuesDialog
from rsgpt_plugin.services.results.value_counts import ValueCount

pytestmark = pytest.mark.usefixtures("qgis_app")


def test_enter_chooses_the_value_with_the_focus() -> None:
    column = DisplayColumn("trees", "Trees", Kind.YESNO, 0)
    dialog = ValuesDialog(column, [ValueCount(True, 3), ValueCount(None, 1)])
    chosen: list[Any] = []
    dialog.chosen.connect(chosen.append)
    dialog.show()
    assert [dialog.table.item(row, 0).text() for row in range(2)] == ["yes", "No answer"]
    dialog.table.setFocus()
    QTest.keyClick(dialog.table, Qt.Key.Key_Down)
    QTest.keyClick(dialog.table, Qt.Key.Key_Return)
    assert (chosen, dialog.isVisible()) == ([None], False)
