"""Installed models and new ones, by the model side's own commands. Reads no weights itself."""

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
    """What `rsgpt models` says of one. choice: what Preferences.model holds for it.

    memory: bytes, 0 if it does not fit. problem: why it cannot be used here, "" where it can.
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
    """What `rsgpt convert` is given; language, reader: "" where the checkpoint holds them."""

    checkpoints: tuple[str, ...]
    out: str
    language: str = ""
    reader: str = ""

    def arguments(self) -> list[str]:
        """The command line."""
        given = [("--language", self.language), ("--reader", self.reader), ("--out", self.out)]
        named = [part for option, value in given if value for part in (option, value)]
        return ["convert", "--json", *named, "--", *self.checkpoints]


def list_models(chosen: Preferences) -> BackgroundTask:
    """Return the work that ends with a list of InstalledModel; the memory of each is the model side's statement."""

    def ask(work: BackgroundTask) -> list[InstalledModel]:
        device = ["--device", chosen.device]
        _, lines = _rsgpt(chosen, ["models", "--memory", "--json", *device, "--", *chosen.model_folders], work)
        objects = [json.loads(line) for line in lines if line.startswith("{")]
        if not objects:
            raise ModelError(translate("Rsgpt", "The models cannot be listed: {said}").format(said=_last(lines)))
        return [_model(found, chosen.model_folders) for found in objects]

    return BackgroundTask(translate("Rsgpt", "RSGPT: listing models"), ask)


def convert_checkpoint(chosen: Preferences, conversion: Conversion) -> BackgroundTask:
    """Return the work that writes a model folder and ends with its path; what is printed comes by `said`."""

    def convert(work: BackgroundTask) -> str:
        status, lines = _rsgpt(chosen, conversion.arguments(), work)
        if status:
            raise ModelError(_last(lines))
        return str(Path(conversion.out).resolve())

    return BackgroundTask(translate("Rsgpt", "RSGPT: converting a checkpoint"), convert, shown=True)


def _rsgpt(chosen: Preferences, arguments: Sequence[str], work: BackgroundTask) -> tuple[int, list[str]]:
    """Run a command of the model side to its end; SetupError where no Python that can run it is ready."""
    backend = backend_for(chosen.python if chosen.door is BackendKind.PYTHON else "")
    paths.home().mkdir(parents=True, exist_ok=True)
    return child_process.run(
        backend.command(arguments),
        paths.home(),
        environment=backend.variables(),
        say=work.say,
        is_cancelled=work.isCanceled,
    )


def _model(found: dict[str, Any], folders: Sequence[str]) -> InstalledModel:
    folder = str(found.get("folder", found["name"]))
    error = found.get("error")
    return InstalledModel(
        choice=folder if folder in folders else str(found["name"]),
        name=str(found["name"]),
        licence=str(found.get("licence", "")),
        folder=folder,
        size=int(found.get("bytes", 0)),
        memory=int(found.get("memory", 0)),
        precision=str(found.get("precision", "")),
        device=str(found.get("device", "")),
        problem=str(error["message"] if error else found.get("does_not_fit", "")),
    )


def _last(lines: Sequence[str]) -> str:
    return next((line.strip() for line in reversed(lines) if line.strip()), translate("Rsgpt", "no reason given"))
