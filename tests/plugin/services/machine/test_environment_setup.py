"""The set-up as a task: progress, success, failure and cancel, each told once and in words."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QCoreApplication

from rsgpt_plugin.client.environment import installer
from rsgpt_plugin.client.environment.environment import FETCHED, UNPACKED, EnvironmentState
from rsgpt_plugin.client.environment.installer import TorchBuild
from rsgpt_plugin.client.preferences import BackendKind, Preferences, save
from rsgpt_plugin.errors import Cancelled, SetupError
from rsgpt_plugin.services.machine import environment_setup
from rsgpt_plugin.services.machine.environment_setup import Machine, SetupTask, is_ready
from tests.plugin.waiting import wait_until

Make = Callable[..., None]


class ScriptedEnvironment:
    """An environment whose making is `script`."""

    script: Make

    def __init__(self, home: Path, variables: dict[str, str], build: TorchBuild) -> None:
        self.home = home

    def make(self, say: Callable[[str], None], is_cancelled: Callable[[], bool], watch: Callable[[str], None]) -> None:
        watch("Downloading torch.whl (100.0 MB)")
        type(self).script(say, is_cancelled)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, qgis_app: object) -> Callable[..., tuple[list[str], list[tuple[bool, str]]]]:
    """Run a set-up whose work is a function, as a task; return what it said and how it ended."""
    monkeypatch.setattr(environment_setup, "ManagedEnvironment", ScriptedEnvironment)
    monkeypatch.setattr(installer, "has_gpu", lambda: False)

    def run(script: Make, cancel_after_s: float = 60.0) -> tuple[list[str], list[tuple[bool, str]]]:
        monkeypatch.setattr(ScriptedEnvironment, "script", staticmethod(script), raising=False)
        said: list[str] = []
        ended: list[tuple[bool, str]] = []
        task = SetupTask()
        task.said.connect(said.append)
        task.ended.connect(lambda is_made, sentence: ended.append((is_made, sentence)))
        QgsApplication.taskManager().addTask(task)
        begin = time.monotonic()
        while not ended:
            assert time.monotonic() - begin < 10
            if time.monotonic() - begin > cancel_after_s:
                task.cancel()
            QCoreApplication.processEvents()
            time.sleep(0.01)
        return said, ended

    return run


def test_it_says_what_it_does_and_that_it_is_done(run: Callable[..., tuple[list[str], list[tuple[bool, str]]]]) -> None:
    def make(say: Callable[[str], None], is_cancelled: Callable[[], bool]) -> None:
        say("Downloading torch")
        say("Checked")

    assert run(make) == (["Downloading torch", "Checked"], [(True, "The model is ready.")])


def test_one_that_is_stopped_before_a_thread_was_free_is_told_as_stopped(
    monkeypatch: pytest.MonkeyPatch, qgis_app: object
) -> None:
    monkeypatch.setattr(environment_setup, "ManagedEnvironment", ScriptedEnvironment)
    ended: list[tuple[bool, str]] = []
    task = SetupTask()
    task.ended.connect(lambda is_made, sentence: ended.append((is_made, sentence)))
    task.hold()
    QgsApplication.taskManager().addTask(task)
    task.cancel()
    wait_until(lambda: bool(ended))
    assert len(ended) == 1
    assert "was stopped" in ended[0][1]


@pytest.mark.parametrize(
    ("error", "words"),
    [(SetupError("The disk is full. Free 3 GB."), "The disk is full."), (PermissionError("no"), "could not write")],
)
def test_a_failure_is_a_sentence(
    run: Callable[..., tuple[list[str], list[tuple[bool, str]]]], error: Exception, words: str
) -> None:
    def make(say: Callable[[str], None], is_cancelled: Callable[[], bool]) -> None:
        raise error

    ((is_made, sentence),) = run(make)[1]
    assert not is_made
    assert words in sentence


def test_cancel_reaches_the_work(run: Callable[..., tuple[list[str], list[tuple[bool, str]]]]) -> None:
    def make(say: Callable[[str], None], is_cancelled: Callable[[], bool]) -> None:
        while not is_cancelled():
            time.sleep(0.01)
        raise Cancelled("Stopped.")

    ((is_made, sentence),) = run(make, cancel_after_s=0.3)[1]
    assert not is_made
    assert "was stopped" in sentence


def test_nothing_is_ready_in_an_empty_home() -> None:
    assert not is_ready()


def test_each_door_is_ready_by_its_own_measure(tmp_path: Path) -> None:
    python = tmp_path / "python"
    save(Preferences(door=BackendKind.PYTHON, python=str(python)))
    assert not is_ready()
    python.touch()
    assert is_ready()
    save(Preferences(door=BackendKind.SERVER))
    assert not is_ready()
    save(Preferences(door=BackendKind.SERVER, server_url="http://127.0.0.1:1/v1"))
    assert is_ready()


def test_room_is_counted_for_the_build_that_fits() -> None:
    needed = FETCHED[TorchBuild.CPU] + UNPACKED[TorchBuild.CPU]
    machine = Machine(EnvironmentState.MISSING, "/usr/bin/python3", False, Path("/x"), needed)
    assert machine.has_room(TorchBuild.AUTO)
    assert not machine.has_room(TorchBuild.CUDA)
    assert not Machine(EnvironmentState.MISSING, "/usr/bin/python3", True, Path("/x"), needed).has_room(TorchBuild.AUTO)
