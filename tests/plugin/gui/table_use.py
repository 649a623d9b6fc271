"""Use of the results dock with mouse and keys."""

from __future__ import annotations

from qgis.core import QgsVectorLayer
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QPlainTextEdit

from rsgpt_plugin.gui.results_table.results_dock import ResultsDock
from tests.plugin.waiting import wait_until

LEFT = Qt.MouseButton.LeftButton
CAPTION, CARS, TREES = 1, 2, 3


def opened(dock: ResultsDock, layer: QgsVectorLayer) -> QgsVectorLayer:
    dock.show_layer(layer)
    wait_until(lambda: len(dock.model.all_rows) == layer.featureCount())
    return layer


def click(dock: ResultsDock, line: int, column: int, twice: bool = False, keys: object = None) -> None:
    dock.view.scrollTo(dock.model.index(line, column))
    place = dock.view.visualRect(dock.model.index(line, column)).center()
    modifiers = keys or Qt.KeyboardModifier.NoModifier
    QTest.mouseClick(dock.view.viewport(), LEFT, modifiers, place)
    if twice:
        QTest.mouseDClick(dock.view.viewport(), LEFT, modifiers, place)


def shown_captions(dock: ResultsDock) -> list[str]:
    return [dock.model.index(line, CAPTION).data() for line in range(dock.model.rowCount())]


def enter(dock: ResultsDock, line: int, text: str) -> None:
    """Correct the caption in a line and wait until the table has read the columns that this adds."""
    count = len(dock.layer.fields()) if dock.layer else 0
    click(dock, line, CAPTION, twice=True)
    (editor,) = dock.view.viewport().findChildren(QPlainTextEdit)
    QTest.keyClicks(editor, text)
    QTest.keyClick(editor, Qt.Key.Key_Return)
    wait_until(lambda: dock.model.row_at(line).values[0] == text)
    assert dock.layer is not None
    if len(dock.layer.fields()) > count:
        wait_until(lambda: any(column.model >= 0 for column in dock.model.columns))
