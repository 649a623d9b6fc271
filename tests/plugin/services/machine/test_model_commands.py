"""The `rsgpt` command of the backend lists and converts models; its output becomes models, folders, or messages."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rsgpt_plugin.client.environment import child_process
from rsgpt_plugin.client.preferences import BackendKind, Preferences
from rsgpt_plugin.errors import Cancelled, ModelError, SetupError
from rsgpt_plugin.services.background_task import BackgroundTask
from rsgpt_plugin.services.machine.model_commands import (
    Conversion,
    InstalledModel,
    convert_checkpoint,
    list_models,
)

pytestmark = pytest.mark.usefixtures("qgis_app")

SMALL = {
    "name": "rsgpt-small",
    "licence": "GPL",
    "folder": "/shipped",
    "bytes": 29_000_000,
    "memory": 1_600_000_000,
    "precision": "fp32",
    "device": "cpu",
}


class ScriptedBackend:
    """A Python of the user that runs no program, but prints `lines` and returns `status`."""

    def __init__(self, python: Path) -> None:
        self.preferences = Preferences(BackendKind.PYTHON, str(python), device="cuda:1")
        self.lines: list[str] = []
        self.status = 0
        self.commands: list[list[str]] = []
        self.folder = Path()

    def run(
        self,
        command: Sequence[str],
        folder: Path,
        *,
        environment: Mapping[str, str],
        say: Callable[[str], None],
        is_cancelled: Callable[[], bool],
    ) -> tuple[int, list[str]]:
        if is_cancelled():
            raise Cancelled("stopped")
        assert environment["HF_HUB_OFFLINE"] == "1"
        self.commands.append(list(command))
        self.folder = folder
        for line in self.lines:
            say(line)
        return self.status, self.lines


@pytest.fixture
def backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ScriptedBackend:
    python = tmp_path / "python"
    python.touch()
    scripted = ScriptedBackend(python)
    monkeypatch.setattr(child_process, "run", scripted.run)
    return scripted


def result_of(task: BackgroundTask) -> Any:
    """Run the work of a task in this thread."""
    return task._work(task)


def test_a_listed_model_has_its_sizes_and_its_licence(backend: ScriptedBackend) -> None:
    backend.lines = ["loading", json.dumps(SMALL), ""]
    (model,) = result_of(list_models(backend.preferences))
    assert model == InstalledModel(
        "rsgpt-small", "rsgpt-small", "GPL", "/shipped", 29_000_000, 1_600_000_000, "fp32", "cpu"
    )


def test_models_are_listed_for_the_device_and_the_folders_of_the_preferences(
    backend: ScriptedBackend, own_home: Path
) -> None:
    backend.lines = [json.dumps(SMALL), json.dumps({"name": "mine", "folder": "/models/mine"})]
    models = result_of(list_models(replace(backend.preferences, model_folders=("/models/mine", "--odd"))))
    (command,) = backend.commands
    assert command[0] == backend.preferences.python
    assert command[3:] == [
        *("rsgpt_backend", "models", "--memory", "--json", "--device", "cuda:1", "--", "/models/mine", "--odd")
    ]
    assert [model.choice for model in models] == ["rsgpt-small", "/models/mine"]
    assert backend.folder == own_home
    assert own_home.is_dir()


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({"does_not_fit": "The model needs 30.0 GB."}, "The model needs 30.0 GB."),
        ({"error": {"message": "model.json is missing."}, "does_not_fit": "x"}, "model.json is missing."),
        ({}, ""),
    ],
)
def test_a_model_that_cannot_be_used_says_why(backend: ScriptedBackend, entry: dict[str, Any], problem: str) -> None:
    backend.lines = [json.dumps({"name": "mine", **entry})]
    (model,) = result_of(list_models(backend.preferences))
    assert model == InstalledModel("mine", "mine", folder="mine", problem=problem)


@pytest.mark.parametrize(
    ("lines", "said"),
    [([], "no reason given"), (["  ", ""], "no reason given"), (["Traceback", " out of memory ", ""], "out of memory")],
)
def test_a_list_without_models_is_reported_with_the_last_line(
    backend: ScriptedBackend, lines: list[str], said: str
) -> None:
    backend.lines, backend.status = lines, 1
    with pytest.raises(ModelError, match=f"^The models cannot be listed: {said}$"):
        result_of(list_models(backend.preferences))


def test_without_a_python_the_models_cannot_be_listed(backend: ScriptedBackend) -> None:
    with pytest.raises(SetupError, match="is not set up"):
        result_of(list_models(Preferences()))
    with pytest.raises(SetupError, match="does not exist"):
        result_of(list_models(replace(backend.preferences, python="/no/python")))
    assert backend.commands == []


def test_a_python_of_the_user_is_not_used_for_another_backend(backend: ScriptedBackend) -> None:
    with pytest.raises(SetupError, match="is not set up"):
        result_of(list_models(replace(backend.preferences, door=BackendKind.IN_PROCESS)))


@pytest.mark.parametrize(
    ("conversion", "arguments"),
    [
        (Conversion(("/a.pth",), "/out"), ["convert", "--json", "--out", "/out", "--", "/a.pth"]),
        (
            Conversion(("/a.pth", "-b c.pth"), "/out", "/vicuna", "/bert"),
            [
                *("convert", "--json", "--language", "/vicuna", "--reader", "/bert", "--out", "/out"),
                *("--", "/a.pth", "-b c.pth"),
            ],
        ),
    ],
)
def test_a_conversion_passes_only_what_is_set(conversion: Conversion, arguments: list[str]) -> None:
    assert conversion.arguments() == arguments


def test_a_conversion_returns_the_absolute_folder_and_reports_each_line(
    backend: ScriptedBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    backend.lines = ["reading", "writing"]
    task = convert_checkpoint(backend.preferences, Conversion(("/a.pth",), "new"))
    said: list[str] = []
    task.reported.connect(said.append)
    assert result_of(task) == str(tmp_path / "new")
    assert said == ["reading", "writing"]
    assert backend.commands[0][4:] == ["convert", "--json", "--out", "new", "--", "/a.pth"]


def test_a_failed_conversion_is_reported_with_the_last_line(backend: ScriptedBackend) -> None:
    backend.lines, backend.status = ["reading", "No file holds a projection.", " "], 1
    with pytest.raises(ModelError, match=r"^No file holds a projection\.$"):
        result_of(convert_checkpoint(backend.preferences, Conversion(("/a.pth",), "/out")))


def test_a_cancelled_task_ends_the_command(backend: ScriptedBackend) -> None:
    task = convert_checkpoint(backend.preferences, Conversion(("/a.pth",), "/out"))
    task.cancel()
    with pytest.raises(Cancelled):
        result_of(task)
