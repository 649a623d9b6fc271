"""The summary bar divides its width by the rows of each value."""

from __future__ import annotations

import pytest

from rsgpt_plugin.geo.results.display_values import VALUE_COLORS, DisplayColumn, Kind
from rsgpt_plugin.geo.results.styles.value_style import MOST_VALUES
from rsgpt_plugin.gui.results_table.columns.summary_bar import SummaryBar
from rsgpt_plugin.services.results.value_counts import ValueCount

pytestmark = pytest.mark.usefixtures("qgis_app")
CARS = DisplayColumn("cars", "Cars", Kind.WHOLE, 0)


def test_segments_are_painted_in_proportion() -> None:
    bar = SummaryBar()
    bar.resize(400, 20)
    bar.show_counts(CARS, [ValueCount(3, 30), ValueCount(0, 10)], [0, 3])
    (wide, _), (narrow, _) = bar.segments()
    assert wide.width() == pytest.approx(3 * narrow.width(), abs=4)
    assert narrow.right() == 399
    image = bar.grab().toImage()
    assert image.pixelColor(wide.right() - 3, 1).name() == VALUE_COLORS[1]
    assert image.pixelColor(narrow.right() - 3, 1).name() == VALUE_COLORS[0]


def test_too_many_values_hide_the_bar() -> None:
    bar = SummaryBar()
    bar.show_counts(CARS, [ValueCount(number, 1) for number in range(MOST_VALUES + 2)])
    assert (bar.isHidden(), bar.segments(), bar.accessibleName()) == (True, [], "")
    bar.show_counts(None, ())
    assert bar.isHidden()
