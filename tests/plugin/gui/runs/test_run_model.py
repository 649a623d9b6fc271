"""The list of runs as a table: texts by state, and updates that keep the selection."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from qgis.PyQt.QtCore import QLocale, QModelIndex, QPersistentModelIndex, Qt

from rsgpt_plugin.core.pace import ProgressRate
from rsgpt_plugin.core.run_store import RunEntry, RunRequest, RunState
from rsgpt_plugin.gui.runs.run_model import RunModel, counts_text
from rsgpt_plugin.services.runs.run_manager import RunView

pytestmark = pytest.mark.usefixtures("qgis_app", "english")

COUNTS = {"tiles": 5000, "answered": 300, "skipped": 10, "failed": 2, "cached": 1040}
RASTER, STATE, DONE, RATE, LEFT, STARTED, OUTPUT = range(7)


@pytest.fixture
def english() -> Iterator[None]:
    before = QLocale()
    QLocale.setDefault(QLocale("en_US"))
    yield
    QLocale.setDefault(before)


def entry(run_id: str = "a", state: RunState = RunState.RUNNING, output: str = "/data/out.gpkg") -> RunEntry:
    request = RunRequest("rsgpt:describeraster", f"town {run_id}", {"OUTPUT": output})
    return RunEntry(run_id, request, state, COUNTS, began_at="2026-02-03T04:05:06.789+00:00")


def pace(*marks: tuple[float, int]) -> ProgressRate:
    rate = ProgressRate()
    for now, done in marks:
        rate.mark(now, done)
    return rate


def model_of(*runs: RunView) -> RunModel:
    model = RunModel()
    model.show(list(runs))
    return model


def texts(model: RunModel, row: int = 0) -> list[str]:
    return [model.data(model.index(row, column)) for column in range(model.columnCount())]


def test_a_run_elsewhere_shows_its_counts_and_no_rate() -> None:
    shown = texts(model_of(RunView(entry())))
    assert shown[RASTER] == "town a"
    assert shown[STATE] == "Running in another window"
    assert shown[DONE] == "312 of 5,000"
    assert (shown[RATE], shown[LEFT]) == ("", "")
    assert "2/" in shown[STARTED]
    assert shown[OUTPUT] == "/data/out.gpkg"


def test_a_run_here_shows_its_rate_and_the_time_left() -> None:
    shown = texts(model_of(RunView(entry(), pace((0.0, 0), (78.0, 312)))))
    assert shown[STATE] == "Running"
    assert shown[RATE] == "4.0 per second"
    assert shown[LEFT] == "about 20 min"  # 4,688 at 4 per second


@pytest.mark.parametrize("marks", [(), ((0.0, 0), (1.0, 5)), ((0.0, 5), (30.0, 5))])
def test_an_unknown_rate_is_left_out(marks: tuple[tuple[float, int], ...]) -> None:
    shown = texts(model_of(RunView(entry(), pace(*marks))))
    assert (shown[RATE], shown[LEFT]) == ("", "")


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (RunState.RUNNING, "Running in another window"),
        (RunState.PAUSED, "Paused"),
        (RunState.STOPPED, "Stopped"),
        (RunState.INTERRUPTED, "Interrupted"),
        (RunState.FAILED, "Failed"),
        (RunState.FINISHED, "Finished"),
    ],
)
def test_each_state_has_its_text_and_its_icon(state: RunState, text: str) -> None:
    model = model_of(RunView(entry(state=state)))
    assert texts(model)[STATE] == text
    assert not model.data(model.index(0, STATE), Qt.ItemDataRole.DecorationRole).isNull()
    assert model.data(model.index(0, RASTER), Qt.ItemDataRole.DecorationRole) is None


def test_a_run_without_a_row_yet_is_starting() -> None:
    assert texts(model_of(RunView(replace(entry(), counts={"tiles": 5000}), pace())))[STATE] == "Starting"


@pytest.mark.parametrize("output", ["TEMPORARY_OUTPUT", ""])
def test_a_run_without_a_file_writes_a_temporary_layer(output: str) -> None:
    assert texts(model_of(RunView(entry(output=output))))[OUTPUT] == "Temporary layer"


@pytest.mark.parametrize("note", ["", "The disk is full."])
def test_the_tooltip_explains_the_counts_and_the_reason(note: str) -> None:
    model = model_of(RunView(replace(entry(state=RunState.FAILED), note=note)))
    counts = "300 answered, 10 skipped, 2 failed; 1,040 answers from the cache."
    for column in range(model.columnCount()):
        tooltip = model.data(model.index(0, column), Qt.ItemDataRole.ToolTipRole)
        assert tooltip.splitlines() == [counts, note][: 2 if note else 1]


def test_missing_counts_are_0() -> None:
    assert counts_text(replace(entry(), counts={})) == ("0 answered, 0 skipped, 0 failed; 0 answers from the cache.")


def test_headers_name_the_columns() -> None:
    model = RunModel()
    headers = [model.headerData(section, Qt.Orientation.Horizontal) for section in range(model.columnCount())]
    assert headers == ["Raster", "State", "Done", "Rate", "Time left", "Started", "Output"]
    assert model.headerData(0, Qt.Orientation.Vertical) is None
    assert model.headerData(0, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole) is None


def test_runs_are_found_by_row_and_by_id() -> None:
    first, second = RunView(entry("a")), RunView(entry("b"))
    model = model_of(first, second)
    assert (model.rowCount(), model.rowCount(model.index(0, 0))) == (2, 0)
    assert (model.run(1), model.run(2), model.run(-1)) == (second, None, None)
    assert (model.row("a"), model.row("b"), model.row("c")) == (0, 1, -1)
    assert model.data(QModelIndex()) is None


def test_the_same_runs_are_updated_in_place() -> None:
    model = model_of(RunView(entry("a")), RunView(entry("b")))
    resets: list[bool] = []
    changed: list[tuple[int, int, int]] = []
    model.modelReset.connect(lambda: resets.append(True))
    model.dataChanged.connect(lambda first, last: changed.append((first.row(), last.row(), last.column())))
    selected = QPersistentModelIndex(model.index(1, 0))
    model.show([RunView(entry("a")), RunView(entry("b", RunState.PAUSED))])
    assert (resets, changed) == ([], [(0, 1, OUTPUT)])
    assert selected.isValid()
    assert texts(model, 1)[STATE] == "Paused"


@pytest.mark.parametrize("ids", ["b", "ba", "abc", ""])
def test_other_runs_reset_the_table(ids: str) -> None:
    model = model_of(RunView(entry("a")), RunView(entry("b")))
    resets: list[bool] = []
    model.modelReset.connect(lambda: resets.append(True))
    model.show([RunView(entry(run_id)) for run_id in ids])
    assert resets == [True]
    assert [texts(model, row)[RASTER] for row in range(model.rowCount())] == [f"town {run_id}" for run_id in ids]


def test_an_empty_list_stays_empty() -> None:
    model = model_of()
    model.show([])
    assert (model.rowCount(), model.columnCount()) == (0, 7)
