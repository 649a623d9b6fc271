"""The registry records finished, cancelled and failed runs, and detects killed processes."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from qgis.core import (
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
)

from rsgpt_plugin.client import answer_source
from rsgpt_plugin.client.installed_models import ModelInfo
from rsgpt_plugin.core.paths import runs_file
from rsgpt_plugin.core.run_store import RunEntry, RunState, RunStore
from rsgpt_plugin.errors import Cancelled
from rsgpt_plugin.processing import algorithm_base
from rsgpt_plugin.processing.provider import RsgptProvider
from rsgpt_plugin.processing.run_registry import RunFeedback, active_runs, is_alive

from .conftest import ScriptedGateway, numbered

Run = Callable[..., dict[str, Any]]


def entries() -> list[RunEntry]:
    with RunStore(runs_file()) as store:
        return store.entries()


@pytest.fixture
def run(provider: RsgptProvider, gateway: ScriptedGateway, raster: Callable[..., QgsRasterLayer]) -> Run:
    layer = raster(numbered(3, 4))

    def describe(feedback: QgsProcessingFeedback | None = None, **parameters: Any) -> dict[str, Any]:
        context = QgsProcessingContext()
        context.setProject(QgsProject.instance())
        algorithm = provider.algorithm("describeraster").create()
        values = {"INPUT": layer, "TILE_SIZE": 32, "OUTPUT": "TEMPORARY_OUTPUT", **parameters}
        results, has_finished = algorithm.run(values, context, feedback or QgsProcessingFeedback(), {}, False)
        assert has_finished
        return results

    return describe


def written(path: str) -> int:
    """Return the number of rows in a file. QGIS keeps errors with their frames, so callers must not hold the layer."""
    return int(QgsVectorLayer(path, "written", "ogr").featureCount())


def test_a_finished_run_is_recorded(run: Run, tmp_path: Path) -> None:
    run(OUTPUT=str(tmp_path / "out.gpkg"))
    (entry,) = entries()
    assert (entry.state, entry.done, entry.total) == (RunState.FINISHED, 12, 12)
    assert entry.counts["answered"] == 12
    assert entry.output == str(tmp_path / "out.gpkg")
    assert entry.request.algorithm == "rsgpt:describeraster"
    assert entry.request.parameters["MODEL"] == "rsgpt-small"  # the model in the options may change later
    assert list(runs_file().parent.glob("*.lock")) == []


def test_a_run_of_one_tile_is_not_recorded(run: Run) -> None:
    run(TILE_SIZE=128)
    assert not runs_file().exists()


@pytest.mark.parametrize("state", [RunState.PAUSED, RunState.STOPPED])
def test_a_cancelled_run_resumes_under_its_id(run: Run, gateway: ScriptedGateway, state: RunState) -> None:
    feedback = RunFeedback("beef")
    gateway.say = lambda prompt: str(len(gateway.prompts) == 5 and active_runs.cancel("beef", state))
    run(feedback)
    (entry,) = entries()
    assert (entry.id, entry.state) == ("beef", state)
    assert 0 < entry.done < 12
    gateway.say = lambda prompt: "calm"
    run(RunFeedback("beef"))
    (entry,) = entries()
    assert (entry.id, entry.state, entry.done) == ("beef", RunState.FINISHED, 12)
    assert entry.counts["asked"] == 12 - entry.counts["cached"] < 8


@pytest.mark.parametrize("state", [RunState.PAUSED, RunState.STOPPED])
def test_cancelling_while_the_model_loads_keeps_the_earlier_output(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, state: RunState
) -> None:
    path = str(tmp_path / "out.gpkg")
    run(OUTPUT=path)

    def loading(model: ModelInfo, feedback: QgsProcessingFeedback) -> ModelInfo:
        active_runs.cancel("beef", state)
        raise Cancelled("stopped")

    monkeypatch.setattr(answer_source, "identified_model", loading)
    with pytest.raises(QgsProcessingException, match="stopped"):
        run(RunFeedback("beef"), OUTPUT=path)
    entry = next(entry for entry in entries() if entry.id == "beef")
    assert (entry.state, entry.note, entry.done) == (state, "", 0)
    assert written(path) == 12


def test_a_failed_run_records_the_reason(run: Run, gateway: ScriptedGateway) -> None:
    gateway.dies_after = 6
    with pytest.raises(QgsProcessingException):
        run()
    (entry,) = entries()
    assert (entry.state, entry.note) == (RunState.FAILED, "The server stopped twice.")
    assert 0 < entry.done < 12
    assert active_runs.live(entry.id) is None


def test_a_run_finishes_if_the_list_is_unreadable(run: Run) -> None:
    runs_file().parent.mkdir(parents=True)
    runs_file().write_text("no database")
    feedback = QgsProcessingFeedback()
    assert run(feedback)["ANSWERED"] == 12
    assert "cannot resume it" in feedback.textLog()


def test_a_run_finishes_if_the_list_cannot_be_written(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: Any) -> None:
        raise TypeError("Object of type QVariant is not JSON serializable")

    for name in ("begin", "tell", "end"):
        with monkeypatch.context() as patched:
            patched.setattr(RunStore, name, broken)
            feedback = QgsProcessingFeedback()
            assert run(feedback)["ANSWERED"] == 12
        assert "cannot resume it from the list of runs. Unexpected error TypeError" in feedback.textLog()


def test_an_unexpected_error_shows_a_message_and_keeps_rows_and_answers(
    run: Run, gateway: ScriptedGateway, tmp_path: Path
) -> None:
    path, feedback = str(tmp_path / "out.gpkg"), QgsProcessingFeedback()
    gateway.dies_with, gateway.dies_after = lambda: ZeroDivisionError("no pixel size"), 8
    message = "Unexpected error ZeroDivisionError: no pixel size. See “RSGPT” in QGIS's log messages."
    with pytest.raises(QgsProcessingException, match=re.escape(message)):
        run(feedback, OUTPUT=path)
    assert "Traceback" in feedback.textLog()
    (entry,) = entries()
    assert entry.state == RunState.FAILED
    assert entry.note.startswith(message)
    assert written(path) == entry.done > 0
    gateway.dies_after = 10**9
    again = run(OUTPUT=str(tmp_path / "again.gpkg"))
    assert (again["CACHED"], again["ANSWERED"]) == (8, 12)


@pytest.mark.parametrize("where", ["take_snapshot", "read_settings", "run_request"])
def test_an_unexpected_error_before_the_run_shows_a_message(
    run: Run, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def broken(*arguments: Any) -> None:
        raise RuntimeError("driver is gone")

    monkeypatch.setattr(algorithm_base, where, broken)
    feedback = QgsProcessingFeedback()
    with pytest.raises(AssertionError):
        run(feedback)
    assert "Unexpected error RuntimeError: driver is gone. See “RSGPT”" in feedback.textLog()
    assert "Traceback" in feedback.textLog()


def test_an_unexpected_error_in_the_check_returns_a_message(
    provider: RsgptProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    algorithm = provider.algorithm("describeraster").create()
    monkeypatch.setattr(algorithm_base, "with_choice_numbers", lambda parameters: 1 / 0)
    is_valid, message = algorithm.checkParameterValues({}, QgsProcessingContext())
    assert not is_valid
    assert message.startswith("Unexpected error ZeroDivisionError")


def test_signals_are_emitted(run: Run) -> None:
    progressed: list[str] = []
    ended: list[str] = []

    def note_end(run_id: str, seconds: float) -> None:
        ended.append(run_id)

    active_runs.progressed.connect(progressed.append)
    active_runs.ended.connect(note_end)
    run(RunFeedback("cafe"))
    active_runs.progressed.disconnect(progressed.append)
    active_runs.ended.disconnect(note_end)
    assert (set(progressed), ended) == ({"cafe"}, ["cafe"])


def test_progress_is_shown_at_most_once_per_percent(
    run: Run, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(10**6))
    monkeypatch.setattr("rsgpt_plugin.processing.run_registry.time.monotonic", lambda: float(next(clock)))
    feedback = QgsProcessingFeedback()
    run(feedback)
    lines = [line for line in feedback.textLog().splitlines() if " of 12" in line]
    assert 0 < len(lines) <= 12


def test_a_killed_process_is_not_alive(own_home: Path) -> None:
    code = (
        "from rsgpt_plugin.processing.run_registry import _lock\n"
        "lock = _lock('dead'); print(lock.tryLock(0), flush=True); input()"
    )
    own_home.mkdir()
    command = [sys.executable, "-c", code]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path.cwd())
    assert child.stdout is not None
    assert child.stdout.readline().strip() == "True"
    assert is_alive("dead")
    child.kill()
    child.communicate()
    assert not is_alive("dead")
    assert not list(own_home.glob("*.lock"))
