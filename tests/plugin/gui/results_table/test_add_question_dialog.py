"""A question is added from the table: what the dialog accepts, and the new column."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from qgis.core import QgsProject, QgsRasterLayer
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QDialogButtonBox

from rsgpt_plugin.geo.results.layer_rows import RowReader
from rsgpt_plugin.gui.results_table.add_question_dialog import AddQuestionDialog
from rsgpt_plugin.gui.results_table.results_part import ResultsTable
from tests.plugin.gui.results_table.test_results_part import Docks, dialog_of, opened
from tests.plugin.processing import conftest as scripted
from tests.plugin.processing.conftest import ScriptedGateway, number_in, numbered
from tests.plugin.results import results_layer
from tests.plugin.services.results.test_reask import described, values
from tests.plugin.waiting import wait_until

gateway, project, provider, raster, weights = (
    scripted.gateway, scripted.project, scripted.provider, scripted.raster, scripted.weights,
)  # fmt: skip
pytestmark = pytest.mark.usefixtures("provider", "weights", "project")

OK = QDialogButtonBox.StandardButton.Ok
LINE = "pool[yesno]: Is there a pool?"


@pytest.fixture
def window(qgis_app: object) -> Docks:
    window = Docks()
    window.window.show()
    return window


@pytest.fixture
def table(window: Docks) -> Iterator[ResultsTable]:
    part = ResultsTable(window)
    part.register()
    yield part
    part.unregister()


def test_a_question_becomes_a_column_of_the_table(
    window: Docks, table: ResultsTable, raster: Callable[..., QgsRasterLayer], gateway: ScriptedGateway
) -> None:
    gateway.say = lambda prompt: "yes" if "pool" in prompt.text else f"{number_in(prompt)}"
    layer = opened(table, described(raster(numbered(1, 3)), TILE_SIZE=32))
    dock = table.dock
    assert dock is not None
    dock.model.sort(1, Qt.SortOrder.DescendingOrder)
    QTest.mouseClick(dock.add, Qt.MouseButton.LeftButton)
    dialog = dialog_of(window, AddQuestionDialog)
    assert not dialog.buttons.button(OK).isEnabled()
    QTest.keyClicks(dialog.question, LINE)
    assert dialog.hint.text().startswith("Rows to ask: 3, with rsgpt-small.")
    QTest.mouseClick(dialog.buttons.button(OK), Qt.MouseButton.LeftButton)
    assert dock.progress.isVisible()
    wait_until(lambda: dock.model.number_of("pool") > 0 and not dock.progress.isVisible())
    assert window.messages() == ["The question was asked. Rows: 3."]
    assert values(layer, "pool") == [True] * 3
    wait_until(lambda: [row.values[0] for row in dock.model.shown_rows] == ["2", "1", "0"])


def test_the_dialog_says_what_is_wrong(window: Docks) -> None:
    layer = results_layer(["a"])
    reader = RowReader(layer)
    rows = [reader.row(feature) for feature in layer.getFeatures()]
    dialog = AddQuestionDialog(layer, [("All rows", rows)], "rsgpt-small", window.window)
    problems = []
    for text in ("", "cars[yesno]: Are there cars?", "pool[yes]: Is there?", LINE, "pool: Why is it red?"):
        dialog.question.setText(text)
        problems.append(dialog.problem.text())
        assert not dialog.buttons.button(OK).isEnabled()
    assert problems[0].startswith("Enter a question")
    assert problems[1] == "The layer already has a column “cars”. Choose another name."
    assert "the type `yes` is unknown" in problems[2]
    assert problems[3] == "Choose the raster layer that the rows refer to."
    assert problems[4] == "rsgpt-small cannot tell a reason from a picture"
    assert dialog.request() is None
    QgsProject.instance().removeMapLayer(layer)


def test_the_dialog_closes_with_its_layer_and_stops(
    window: Docks, table: ResultsTable, raster: Callable[..., QgsRasterLayer], gateway: ScriptedGateway
) -> None:
    gateway.say = lambda prompt: "yes" if "pool" in prompt.text else "1"
    layer = opened(table, described(raster(numbered(1, 3)), TILE_SIZE=32))
    assert table.dock is not None
    QTest.mouseClick(table.dock.add, Qt.MouseButton.LeftButton)
    dialog = dialog_of(window, AddQuestionDialog)
    dialog.question.setText(LINE)
    dialog.accept()
    QgsProject.instance().removeMapLayer(layer)
    wait_until(lambda: not table._reask.busy)
    assert table.dock.layer is None
