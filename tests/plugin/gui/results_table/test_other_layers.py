"""What the results table says about layers that it does not show."""

from __future__ import annotations

import pytest

from rsgpt_plugin.gui.results_table.results_part import ResultsTable
from tests.plugin.found_objects import objects_layer
from tests.plugin.gui.results_table import test_results_part as part
from tests.plugin.gui.results_table.test_results_part import Docks
from tests.plugin.results import results_layer

table, window = part.table, part.window
pytestmark = pytest.mark.usefixtures("qgis_new_project")


def test_a_layer_of_found_objects_is_explained(
    table: ResultsTable, window: Docks, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = objects_layer([("car", 0.9)])
    monkeypatch.setattr(window, "activeLayer", lambda: layer)
    table.action.setChecked(True)
    assert "holds found objects, not answers" in window.bar.currentItem().text()
    table.action.setChecked(False)
    window.bar.clearWidgets()
    monkeypatch.setattr(window, "activeLayer", lambda: results_layer(["a harbor"]))
    table.action.setChecked(True)
    assert window.bar.currentItem() is None
