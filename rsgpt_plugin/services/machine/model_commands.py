"""Lists installed models and converts checkpoints, through the `rsgpt` command of the backend."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qgis.PyQt.QtCore import QCoreApplication

from ...client.environment import child_process
from ...client.environment.environment import backend_for
from ...client.preferences import BackendKind, Preferences
from ...core import paths
from ...errors import ModelError
from ..background_task import BackgroundTask

translate = QCoreApplication.translate


@dataclass(frozen=True)
class InstalledModel:
    """A model as `rsgpt models` reports it. choice: its value in Preferences.model.

    size: bytes on disk. memory: bytes, 0 if it does not fit. problem: why it cannot be used here, "" if it can.
    """

    choice: str
    name: str
    licence: str = ""
    folder: str = ""
    size: int = 0
    memory: int = 0
    precision: str = ""
    device: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Conversion:
    """Arguments of `rsgpt convert`. language, reader: "" if the checkpoint contains them."""

    checkpoints: tuple[str, ...]
    out: str
    language: str = ""
    reader: str = ""

    def arguments(self) -> list[str]:
        """Return the command line after `rsgpt`."""
        pairs = [("--language", self.language), ("--reader", self.reader), ("--out", self.out)]
        options = [part for option, value in pairs if value for part in (option, value)]
        return ["convert", "--json", *options, "--", *self.checkpoints]


def list_models(preferences: Preferences) -> BackgroundTask:
    """Return a task whose result is a list of InstalledModel, with the memory needs that the backend reports."""

    def list_all(task: BackgroundTask) -> list[InstalledModel]:
        device = ["--device", preferences.device]
        _, lines = _rsgpt(
            preferences, ["models", "--memory", "--json", *device, "--", *preferences.model_folders], task
        )
        models = [json.loads(line) for line in lines if line.startswith("{")]
        if not models:
            raise ModelError(translate("Rsgpt", "The models cannot be listed: {said}").format(said=_last_line(lines)))
        return [_model(model, preferences.model_folders) for model in models]

    return BackgroundTask(translate("Rsgpt", "RSGPT: listing models"), list_all)


def convert_checkpoint(preferences: Preferences, conversion: Conversion) -> BackgroundTask:
    """Return a task that writes a model folder. Its result is the folder's path; `reported` emits the output."""

    def convert(task: BackgroundTask) -> str:
        status, lines = _rsgpt(preferences, conversion.arguments(), task)
        if status:
            raise ModelError(_last_line(lines))
        return str(Path(conversion.out).resolve())

    return BackgroundTask(translate("Rsgpt", "RSGPT: converting a checkpoint"), convert, visible=True)


def _rsgpt(preferences: Preferences, arguments: Sequence[str], task: BackgroundTask) -> tuple[int, list[str]]:
    """Run an `rsgpt` command; return its exit status and output lines. Raises SetupError if no Python can run it."""
    backend = backend_for(preferences.python if preferences.door is BackendKind.PYTHON else "")
    paths.home().mkdir(parents=True, exist_ok=True)
    return child_process.run(
        backend.command(arguments),
        paths.home(),
        environment=backend.variables(),
        say=task.say,
        is_cancelled=task.isCanceled,
    )


def _model(entry: dict[str, Any], folders: Sequence[str]) -> InstalledModel:
    folder = str(entry.get("folder", entry["name"]))
    error = entry.get("error")
    return InstalledModel(
        choice=folder if folder in folders else str(entry["name"]),
        name=str(entry["name"]),
        licence=str(entry.get("licence", "")),
        folder=folder,
        size=int(entry.get("bytes", 0)),
        memory=int(entry.get("memory", 0)),
        precision=str(entry.get("precision", "")),
        device=str(entry.get("device", "")),
        problem=str(error["message"] if error else entry.get("does_not_fit", "")),
    )


def _last_line(lines: Sequence[str]) -> str:
    return next((line.strip() for line in reversed(lines) if line.strip()), translate("Rsgpt", "no reason given"))
