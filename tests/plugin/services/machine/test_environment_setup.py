"""The setup task: progress, success, failure and cancellation are each reported once."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from pathlib import Path

import pytest
from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QCoreApplication

from rsgpt_plugin.client.environment import installer
from rsgpt_plugin.client.environment.environment import DOWNLOAD_BYTES, INSTALLED_BYTES, EnvironmentState
from rsgpt_plugin.client.environment.installer import TorchBuild
from rsgpt_plugin.client.preferences import BackendKind, Preferences, save
from rsgpt_plugin.errors import Cancelled, SetupError
from rsgpt_plugin.services.machine import environment_setup
from rsgpt_plugin.services.machine.environment_setup import Machine, SetupTask, is_ready
from tests.plugin.waiting import wait_until

Make = Callable[..., None]


class ScriptedEnvironment:
    """An environment that runs `script` instead of an installer."""

    script: Make

    def __init__(self, home: Path, variables: dict[str, str], build: TorchBuild) -> None:
        self.home = home

    def make(
        self,
        groups: Collection[str],
        say: Callable[[str], None],
        is_cancelled: Callable[[], bool],
        watch: Callable[[str], None],
    ) -> None:
        watch("Downloading torch.whl (100.0 MB)")
        type(self).script(say, is_cancelled)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, qgis_app: object) -> Callable[..., tuple[list[str], list[tuple[bool, str]]]]:
    """Run a setup task with a scripted installation; return its messages and its `ended` signals."""
    monkeypatch.setattr(environment_setup, "ManagedEnvironment", ScriptedEnvironment)
    monkeypatch.setattr(installer, "has_gpu", lambda: False)

    def run(script: Make, cancel_after_s: float = 60.0) -> tuple[list[str], list[tuple[bool, str]]]:
        monkeypatch.setattr(ScriptedEnvironment, "script", staticmethod(script), raising=False)
        messages: list[str] = []
        ended: list[tuple[bool, str]] = []
        task = SetupTask()
        task.reported.connect(messages.append)
        task.ended.connect(lambda is_ready, message: ended.append((is_ready, message)))
        QgsApplication.taskManager().addTask(task)
        start = time.monotonic()
        while not ended:
            assert time.monotonic() - start < 10
            if time.monotonic() - start > cancel_after_s:
                task.cancel()
            QCoreApplication.processEvents()
            time.sleep(0.01)
        return messages, ended

    return run


def test_setup_reports_its_steps_and_success(run: Callable[..., tuple[list[str], list[tuple[bool, str]]]]) -> None:
    def make(say: Callable[[str], None], is_cancelled: Callable[[], bool]) -> None:
        say("Downloading torch")
        say("Checked")

    assert run(make) == (["Downloading torch", "Checked"], [(True, "The model is ready.")])


def test_setup_cancelled_before_it_runs_is_reported_as_stopped(
    monkeypatch: pytest.MonkeyPatch, qgis_app: object
) -> None:
    monkeypatch.setattr(environment_setup, "ManagedEnvironment", ScriptedEnvironment)
    ended: list[tuple[bool, str]] = []
    task = SetupTask()
    task.ended.connect(lambda is_ready, message: ended.append((is_ready, message)))
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
def test_setup_failure_is_reported_as_a_message(
    run: Callable[..., tuple[list[str], list[tuple[bool, str]]]], error: Exception, words: str
) -> None:
    def make(say: Callable[[str], None], is_cancelled: Callable[[], bool]) -> None:
        raise error

    ((is_ready, message),) = run(make)[1]
    assert not is_ready
    assert words in message


def test_cancel_stops_the_installation(run: Callable[..., tuple[list[str], list[tuple[bool, str]]]]) -> None:
    def make(say: Callable[[str], None], is_cancelled: Callable[[], bool]) -> None:
        while not is_cancelled():
            time.sleep(0.01)
        raise Cancelled("Stopped.")

    ((is_ready, message),) = run(make, cancel_after_s=0.3)[1]
    assert not is_ready
    assert "was stopped" in message


def test_model_is_not_ready_in_an_empty_home() -> None:
    assert not is_ready()


def test_readiness_depends_on_the_chosen_backend(tmp_path: Path) -> None:
    python = tmp_path / "python"
    save(Preferences(door=BackendKind.PYTHON, python=str(python)))
    assert not is_ready()
    python.touch()
    assert is_ready()
    save(Preferences(door=BackendKind.SERVER))
    assert not is_ready()
    save(Preferences(door=BackendKind.SERVER, server_url="http://127.0.0.1:1/v1"))
    assert is_ready()


def test_disk_space_is_checked_for_the_automatic_build() -> None:
    needed = DOWNLOAD_BYTES[TorchBuild.CPU] + INSTALLED_BYTES[TorchBuild.CPU]
    machine = Machine(EnvironmentState.MISSING, "/usr/bin/python3", False, Path("/x"), needed)
    assert machine.has_space(TorchBuild.AUTO)
    assert not machine.has_space(TorchBuild.CUDA)
    assert not Machine(EnvironmentState.MISSING, "/usr/bin/python3", True, Path("/x"), needed).has_space(
        TorchBuild.AUTO
    )
