"""Every run is recorded: done, stopped, failed, and one whose process was killed."""

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
from rsgpt_plugin.processing import run_registry as module
from rsgpt_plugin.processing.provider import RsgptProvider
from rsgpt_plugin.processing.run_registry import RunFeedback, is_alive, journal

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
        asked = {"INPUT": layer, "TILE_SIZE": 32, "OUTPUT": "TEMPORARY_OUTPUT", **parameters}
        results, fine = algorithm.run(asked, context, feedback or QgsProcessingFeedback(), {}, False)
        assert fine
        return results

    return describe


def written(path: str) -> int:
    """How many rows a file holds. QGIS keeps an error, and with it the caller's frame, which must hold no layer."""
    return int(QgsVectorLayer(path, "written", "ogr").featureCount())


def test_a_finished_run(run: Run, tmp_path: Path) -> None:
    run(OUTPUT=str(tmp_path / "out.gpkg"))
    (entry,) = entries()
    assert (entry.state, entry.done, entry.total) == (RunState.FINISHED, 12, 12)
    assert entry.counts["answered"] == 12
    assert entry.output == str(tmp_path / "out.gpkg")
    assert entry.request.algorithm == "rsgpt:describeraster"
    assert entry.request.parameters["MODEL"] == "rsgpt-small"  # the choice in the options may be another one later
    assert list(runs_file().parent.glob("*.lock")) == []


def test_one_picture_is_not_worth_a_record(run: Run) -> None:
    run(TILE_SIZE=128)
    assert not runs_file().exists()


@pytest.mark.parametrize("wish", [RunState.PAUSED, RunState.STOPPED])
def test_a_cancelled_run_goes_on_under_its_id(run: Run, gateway: ScriptedGateway, wish: RunState) -> None:
    feedback = RunFeedback("beef")
    gateway.say = lambda prompt: str(len(gateway.prompts) == 5 and journal.cancel("beef", wish))
    run(feedback)
    (entry,) = entries()
    assert (entry.id, entry.state) == ("beef", wish)
    assert 0 < entry.done < 12
    gateway.say = lambda prompt: "calm"
    run(RunFeedback("beef"))
    (entry,) = entries()
    assert (entry.id, entry.state, entry.done) == ("beef", RunState.FINISHED, 12)
    assert entry.counts["asked"] == 12 - entry.counts["cached"] < 8


@pytest.mark.parametrize("wish", [RunState.PAUSED, RunState.STOPPED])
def test_a_cancel_while_the_model_loads_leaves_the_earlier_output(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, wish: RunState
) -> None:
    path = str(tmp_path / "out.gpkg")
    run(OUTPUT=path)

    def loading(model: ModelInfo, feedback: QgsProcessingFeedback) -> ModelInfo:
        journal.cancel("beef", wish)
        raise Cancelled("stopped")

    monkeypatch.setattr(answer_source, "known_model", loading)
    with pytest.raises(QgsProcessingException, match="stopped"):
        run(RunFeedback("beef"), OUTPUT=path)
    entry = next(entry for entry in entries() if entry.id == "beef")
    assert (entry.state, entry.note, entry.done) == (wish, "", 0)
    assert written(path) == 12


def test_a_failed_run_says_why(run: Run, gateway: ScriptedGateway) -> None:
    gateway.dies_after = 6
    with pytest.raises(QgsProcessingException):
        run()
    (entry,) = entries()
    assert (entry.state, entry.note) == (RunState.FAILED, "The server stopped twice.")
    assert 0 < entry.done < 12
    assert journal.live(entry.id) is None


def test_the_list_is_no_reason_to_fail(run: Run) -> None:
    runs_file().parent.mkdir(parents=True)
    runs_file().write_text("no database")
    feedback = QgsProcessingFeedback()
    assert run(feedback)["ANSWERED"] == 12
    assert "cannot be taken up" in feedback.textLog()


def test_what_the_list_cannot_hold_is_no_reason_to_fail(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def odd(*told: Any) -> None:
        raise TypeError("Object of type QVariant is not JSON serializable")

    for name in ("begin", "tell", "end"):
        with monkeypatch.context() as patched:
            patched.setattr(RunStore, name, odd)
            feedback = QgsProcessingFeedback()
            assert run(feedback)["ANSWERED"] == 12
        assert "cannot be taken up from the list of runs. Unexpected error TypeError" in feedback.textLog()


def test_an_unexpected_error_ends_in_a_sentence_and_keeps_rows_and_answers(
    run: Run, gateway: ScriptedGateway, tmp_path: Path
) -> None:
    path, feedback = str(tmp_path / "out.gpkg"), QgsProcessingFeedback()
    gateway.dies_with, gateway.dies_after = lambda: ZeroDivisionError("no pixel size"), 8
    said = "Unexpected error ZeroDivisionError: no pixel size. See “RSGPT” in QGIS's log messages."
    with pytest.raises(QgsProcessingException, match=re.escape(said)):
        run(feedback, OUTPUT=path)
    assert "Traceback" in feedback.textLog()
    (entry,) = entries()
    assert entry.state == RunState.FAILED
    assert entry.note.startswith(said)
    assert written(path) == entry.done > 0
    gateway.dies_after = 10**9
    again = run(OUTPUT=str(tmp_path / "again.gpkg"))
    assert (again["CACHED"], again["ANSWERED"]) == (8, 12)


@pytest.mark.parametrize("where", ["take_snapshot", "read_settings", "keep"])
def test_an_unexpected_error_before_the_run_is_a_sentence_too(
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


def test_an_unexpected_error_in_the_check_is_a_sentence(
    provider: RsgptProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    algorithm = provider.algorithm("describeraster").create()
    monkeypatch.setattr(algorithm_base, "numbered", lambda parameters: 1 / 0)
    fine, sentence = algorithm.checkParameterValues({}, QgsProcessingContext())
    assert not fine
    assert sentence.startswith("Unexpected error ZeroDivisionError")


def test_listeners_hear_of_it(run: Run) -> None:
    begun: list[str] = []
    ended: list[str] = []

    def hear(run_id: str, seconds: float) -> None:
        ended.append(run_id)

    journal.moved.connect(begun.append)
    journal.ended.connect(hear)
    run(RunFeedback("cafe"))
    journal.moved.disconnect(begun.append)
    journal.ended.disconnect(hear)
    assert (set(begun), ended) == ({"cafe"}, ["cafe"])


def test_progress_is_told_at_most_once_a_percent(
    run: Run, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(10**6))
    monkeypatch.setattr(module.time, "monotonic", lambda: float(next(clock)))
    feedback = QgsProcessingFeedback()
    run(feedback)
    told = [line for line in feedback.textLog().splitlines() if " of 12" in line]
    assert 0 < len(told) <= 12


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
