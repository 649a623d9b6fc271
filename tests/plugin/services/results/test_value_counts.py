"""Rows per value, the most frequent value first."""

from __future__ import annotations

import pytest
from qgis.PyQt.QtTest import QTest

from rsgpt_plugin.geo.results.layer_rows import LayerRow
from rsgpt_plugin.services.results.value_counts import ValueCount, ValueCounter
from tests.plugin.waiting import wait_until

pytestmark = pytest.mark.usefixtures("qgis_app")


def row(*values: object) -> LayerRow:
    return LayerRow(0, values, (None,) * len(values), None, "", "", "", "", {}, "")


def counted(rows: list[LayerRow], number: int) -> list[ValueCount]:
    counter, results = ValueCounter(), list[list[ValueCount]]()
    counter.counted.connect(results.append)
    counter.start(rows, number)
    wait_until(lambda: bool(results))
    return results[0]


def test_values_are_counted_with_no_answer_last() -> None:
    rows = [row(1, None), row(1, "park"), row(1, None), row(1, "water"), row(1, "water"), row(1, None)]
    assert counted(rows, 1) == [ValueCount("water", 2), ValueCount("park", 1), ValueCount(None, 3)]


def test_reviewed_rows_are_counted_by_value() -> None:
    rows = [
        row("park"),
        row("park")._replace(checked=frozenset({"use"})),
        row("water")._replace(models={"use": "park"}),
    ]
    counter, results = ValueCounter(), list[list[ValueCount]]()
    counter.counted.connect(results.append)
    counter.start(rows, 0, "use")
    wait_until(lambda: bool(results))
    assert results == [[ValueCount("park", 2, 1, 0), ValueCount("water", 1, 0, 1)]]


def test_lists_can_be_counted() -> None:
    assert counted([row([1, 2]), row([1, 2])], 0) == [ValueCount("[1, 2]", 2)]


def test_a_new_count_replaces_the_one_in_progress() -> None:
    counter, results = ValueCounter(), list[list[ValueCount]]()
    counter.counted.connect(results.append)
    counter.start([row("old")] * 100_000, 0)
    counter.start([row("new")], 0)
    wait_until(lambda: bool(results))
    counter.start([row("stopped")], 0)
    counter.stop()
    QTest.qWait(100)
    assert results == [[ValueCount("new", 1)]]
