"""Texts and tooltips of reviewed cells."""

from __future__ import annotations

import pytest

from rsgpt_plugin.geo.results.display_values import DisplayColumn, Kind
from rsgpt_plugin.geo.results.layer_rows import LayerRow
from rsgpt_plugin.gui.results_table.cell_texts import cell_text, cell_tooltip

pytestmark = pytest.mark.usefixtures("qgis_app")

STATUS, USE = DisplayColumn("status", "Status", Kind.STATUS, 0), DisplayColumn("use", "use", Kind.TEXT, 1)
ROW = LayerRow(1, ("answered", "water"), (None, 0.5), 0.5, "answered", "", "", "", {}, "")


def test_the_status_names_the_review() -> None:
    checked, corrected = ROW._replace(checked=frozenset({"use"})), ROW._replace(models={"use": "park"})
    texts = [cell_text(row, 0, STATUS) for row in (ROW, checked, corrected)]
    assert texts == ["answered", "answered, checked", "answered, corrected"]


def test_the_tooltip_says_who_reviewed_the_answer() -> None:
    checked = ROW._replace(checked=frozenset({"use"}), reviewer="A. Person")
    assert "<p>Checked by A. Person</p>" in cell_tooltip(checked, 1, USE)
    corrected = ROW._replace(models={"use": "park"}, reviewer="A. Person")
    assert "<p>Corrected by A. Person. The model said: park</p>" in cell_tooltip(corrected, 1, USE)
