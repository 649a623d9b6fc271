"""Store of runs on disk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

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
