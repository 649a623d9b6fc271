"""Store of runs on disk."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from rsgpt_plugin.core import run_store
from rsgpt_plugin.core.run_store import RunEntry, RunRequest, RunState, RunStore

REQUEST = RunRequest(
    "rsgpt:describeraster", "ortho", {"TILE_SIZE": 256, "EXTENT": {"crs": "é"}}, {"a": "<x/>"}, "p.qgz"
)


def test_a_run_is_visible_in_another_window(tmp_path: Path) -> None:
    with RunStore(tmp_path / "runs.sqlite") as mine, RunStore(tmp_path / "runs.sqlite") as theirs:
        mine.begin("a", REQUEST, {"tiles": 5000})
        mine.tell("a", {"tiles": 5000, "answered": 300, "skipped": 10, "failed": 2, "cached": 7})
        (entry,) = theirs.entries()
        assert (entry.state, entry.done, entry.total) == (RunState.RUNNING, 312, 5000)
        assert entry.request == replace(REQUEST, layers={})
        assert (theirs.entry("a") or entry).request == REQUEST
        mine.end("a", RunState.PAUSED, "/tmp/out.gpkg")
        mine.end("a", RunState.STOPPED, note="enough")
        entry = theirs.entry("a") or RunEntry("", REQUEST)
        assert (entry.state, entry.output, entry.note) == (RunState.STOPPED, "/tmp/out.gpkg", "enough")
        assert entry.began_at <= entry.told_at
        mine.begin("a", REQUEST, {"tiles": 5000})
        assert [(entry.state, entry.note) for entry in theirs.entries()] == [(RunState.RUNNING, "")]
        theirs.remove("a")
        assert mine.entries() == []


def test_the_oldest_ended_runs_are_deleted(tmp_path: Path) -> None:
    with RunStore(tmp_path / "runs.sqlite") as store:
        store.begin("running", REQUEST, {})
        for number in range(run_store.MAX_ENTRIES + 5):
            store.begin(f"{number:04}", REQUEST, {})
            store.end(f"{number:04}", RunState.FINISHED)
        ids = {entry.id for entry in store.entries()}
        assert "running" in ids
        assert "0000" not in ids
        assert f"{run_store.MAX_ENTRIES + 4:04}" in ids
        assert len(ids) <= run_store.MAX_ENTRIES + 2


def test_a_temporary_layer_has_no_file() -> None:
    requests = [replace(REQUEST, parameters={"OUTPUT": output}) for output in ("TEMPORARY_OUTPUT", "/a.gpkg")]
    assert [RunEntry("a", request).file for request in (*requests, REQUEST)] == ["", "/a.gpkg", ""]


@pytest.mark.parametrize("state", RunState)
def test_a_run_that_neither_runs_nor_is_finished_can_be_resumed(state: RunState) -> None:
    assert state.can_resume == (state.value in ("paused", "stopped", "interrupted", "failed"))


def test_progress_counts_places_with_a_row() -> None:
    assert (RunEntry("a", REQUEST).done, RunEntry("a", REQUEST).total) == (0, 0)
    entry = RunEntry("a", REQUEST, counts={"tiles": 9, "answered": 1, "skipped": 2, "failed": 3, "cached": 100})
    assert (entry.done, entry.total) == (6, 9)


def test_the_latest_run_comes_first(tmp_path: Path) -> None:
    with RunStore(tmp_path / "runs.sqlite") as store:
        for run_id in ("b", "a", "c"):
            store.begin(run_id, REQUEST, {})
        store.tell("b", {"answered": 1})
        assert [entry.id for entry in store.entries()] == ["c", "a", "b"]
        store.begin("b", REQUEST, {})
        assert [entry.id for entry in store.entries()] == ["b", "c", "a"]


def test_progress_changes_neither_the_state_nor_the_start(tmp_path: Path) -> None:
    with RunStore(tmp_path / "runs.sqlite") as store:
        store.begin("a", REQUEST, {"tiles": 3})
        (before,) = store.entries()
        store.tell("a", {"tiles": 3, "answered": 2})
        (after,) = store.entries()
    assert after == replace(before, counts={"tiles": 3, "answered": 2}, told_at=after.told_at)
    assert before.told_at < after.told_at
    assert datetime.fromisoformat(after.told_at).utcoffset() == timedelta(0)


def test_an_output_is_replaced_only_by_another_one(tmp_path: Path) -> None:
    with RunStore(tmp_path / "runs.sqlite") as store:
        store.begin("a", REQUEST, {})
        outputs = []
        for output in ("first.gpkg", "", "second.gpkg"):
            store.end("a", RunState.PAUSED, output, "a note")
            outputs += [(entry.output, entry.note) for entry in store.entries()]
    assert outputs == [("first.gpkg", "a note"), ("first.gpkg", "a note"), ("second.gpkg", "a note")]


def test_an_unknown_run_stays_unknown(tmp_path: Path) -> None:
    with RunStore(tmp_path / "runs.sqlite") as store:
        store.tell("a", {"answered": 1})
        store.end("a", RunState.FINISHED)
        store.remove("a")
        assert store.entry("a") is None
        assert store.entries() == []
