"""The filter bar shows one filter, and announces it once after several quick changes."""

from __future__ import annotations

import time

import pytest
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtTest import QTest

from rsgpt_plugin.geo.results.display_values import DisplayColumn, Kind
from rsgpt_plugin.gui.results_table.arrangement import Review, RowFilter
from rsgpt_plugin.gui.results_table.filter_bar import FilterBar
from tests.plugin.waiting import wait_until


class ShownFilter:
    """A filter bar and the filters that it announced."""

    def __init__(self) -> None:
        self.bar = FilterBar()
        self.filters: list[RowFilter] = []
        self.bar.changed.connect(self.filters.append)

    def wait(self, count: int = 1) -> None:
        wait_until(lambda: len(self.filters) >= count)

    def settle(self) -> None:
        """Wait longer than the pause after which a change is announced."""
        end = time.monotonic() + 0.3
        while time.monotonic() < end:
            QCoreApplication.processEvents()
            time.sleep(0.01)

    def statuses(self) -> list[str]:
        return [str(self.bar.status.itemData(number)) for number in range(self.bar.status.count())]


@pytest.fixture
def shown(qgis_app: object) -> ShownFilter:
    return ShownFilter()


def test_at_first_every_row_passes(shown: ShownFilter) -> None:
    assert shown.bar.row_filter() == RowFilter()
    shown.settle()
    assert shown.filters == []


def test_all_parts_of_the_filter_are_read(shown: ShownFilter) -> None:
    shown.bar.set_statuses(["failed", "answered"])
    shown.bar.text.setText("Harbour boats")
    shown.bar.minimum.setValue(35)
    shown.bar.status.setCurrentIndex(shown.bar.status.findData("failed"))
    shown.bar.review.setCurrentIndex(1)
    expected = RowFilter("Harbour boats", 0.35, "failed", Review.CORRECTED)
    assert shown.bar.row_filter() == expected
    shown.wait()
    assert shown.filters == [expected]


def test_typing_is_announced_once_it_has_paused(shown: ShownFilter) -> None:
    QTest.keyClicks(shown.bar.text, "harbour")
    assert shown.filters == []
    shown.wait()
    shown.settle()
    assert shown.filters == [RowFilter("harbour")]


@pytest.mark.parametrize("part", ["text", "minimum", "status", "review"])
def test_each_part_announces_a_change(shown: ShownFilter, part: str) -> None:
    shown.bar.set_statuses(["failed"])
    shown.wait()
    changes = {
        "text": lambda: shown.bar.text.setText("a"),
        "minimum": lambda: shown.bar.minimum.setValue(5),
        "status": lambda: shown.bar.status.setCurrentIndex(1),
        "review": lambda: shown.bar.review.setCurrentIndex(3),
    }
    changes[part]()
    shown.wait(2)
    assert shown.filters[1] == shown.bar.row_filter() != RowFilter()


def test_statuses_are_listed_once_and_sorted_after_any(shown: ShownFilter) -> None:
    shown.bar.set_statuses(["skipped", "answered", "skipped"])
    assert shown.statuses() == ["", "answered", "skipped"]
    assert shown.bar.status.itemText(0) == "Any status"


def test_the_selected_status_is_kept_while_it_exists(shown: ShownFilter) -> None:
    shown.bar.set_statuses(["answered", "skipped"])
    shown.bar.status.setCurrentIndex(2)
    shown.bar.set_statuses(["failed", "skipped"])
    assert shown.bar.row_filter().status == "skipped"
    shown.bar.set_statuses(["failed"])
    assert (shown.bar.row_filter().status, shown.statuses()) == ("", ["", "failed"])


def test_the_same_statuses_announce_nothing(shown: ShownFilter) -> None:
    shown.bar.set_statuses(["answered", "skipped"])
    shown.wait()
    shown.bar.set_statuses(["skipped", "answered"])
    shown.settle()
    assert len(shown.filters) == 1


@pytest.mark.parametrize(("shown_rows", "total", "text"), [(3, 3, "Rows: 3"), (0, 3, "0 of 3 rows"), (0, 0, "Rows: 0")])
def test_the_number_of_rows_is_shown(shown: ShownFilter, shown_rows: int, total: int, text: str) -> None:
    shown.bar.show_count(shown_rows, total)
    assert shown.bar.count.text() == text


def test_a_long_value_is_shortened_and_has_a_tooltip(shown: ShownFilter) -> None:
    caption = DisplayColumn("caption", "Caption", Kind.TEXT, 0)
    shown.bar.choose(caption, "a & b\n" + "a harbour with many boats " * 20)
    assert shown.bar.value.minimumSizeHint().width() < 60 * shown.bar.fontMetrics().averageCharWidth()
    assert shown.bar.value.text().startswith("Caption: a && b a")
    assert shown.bar.value.toolTip().startswith("<p>Caption: a &amp; b")


def test_the_filter_of_a_missing_column_is_removed(shown: ShownFilter) -> None:
    shown.bar.choose(DisplayColumn("use", "Use", Kind.TEXT, 0), "water")
    shown.bar.keep_columns(["caption", "use"])
    assert shown.bar.row_filter().column == "use"
    shown.bar.keep_columns(["caption"])
    assert (shown.bar.row_filter(), shown.bar.value.isHidden()) == (RowFilter(), True)
