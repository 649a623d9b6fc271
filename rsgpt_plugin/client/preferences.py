"""What the user chose in QGIS's options. Reads and writes settings; acts on nothing."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import Enum
from typing import Any

from qgis.core import QgsSettings

from .installed_models import DEFAULT_MODEL

_GROUP = "rsgpt"


class BackendKind(Enum):
    """Who runs the model: an environment of the plugin's own, the user's Python, a running server, QGIS itself."""

    MANAGED = "managed"
    PYTHON = "python"
    SERVER = "server"
    IN_PROCESS = "in_process"


@dataclass(frozen=True)
class Preferences:
    """All of it, with what holds before anything was chosen.

    python: an interpreter, for Door.PYTHON. server_url, server_auth, server_model: for Door.SERVER, the second the
    id of a configuration in QGIS's authentication database. model: a name or a folder, for the other doors.
    model_folders: models of the user's own, beside those that are shipped.
    device: auto, cpu, cuda, cuda:N or mps. threads: 0 for as many as there are cores. picture_mb: room for the
    pictures that the model was shown; feature_mb: for what its encoder made of them, 0 to keep nothing. prompt: for
    captions, "" for the usual one. click_size_m: side of the square around a click.
    answer_language: English name of a language, "" for that of the question. least_confidence: 0 to 1.
    allowed_hosts: `scheme://host:port` of those that may be sent pictures.
    saved_questions: lines that `parse_questions` reads.
    server_side, server_mb: longest side in pixels and megabytes of a picture that the server takes, 0 for any.
    """

    door: BackendKind = BackendKind.MANAGED
    python: str = ""
    server_url: str = ""
    server_auth: str = ""
    server_model: str = ""
    model: str = DEFAULT_MODEL
    model_folders: tuple[str, ...] = ()
    device: str = "auto"
    threads: int = 0
    picture_mb: int = 1000
    feature_mb: int = 2000
    prompt: str = ""
    click_size_m: float = 77.0  # 256 pixels of 0.3 m, as in the images that the default model learned from
    answer_language: str = ""
    least_confidence: float = 0.0
    allowed_hosts: tuple[str, ...] = ()
    saved_questions: tuple[str, ...] = ()
    server_side: int = 0
    server_mb: float = 0.0

    @property
    def picture_bytes(self) -> int:
        """The room for pictures in bytes."""
        return self.picture_mb * 1_000_000

    @property
    def wished_language(self) -> str:
        """What prompts ask for: only servers of others are asked, since the family's own models know English alone."""
        return self.answer_language if self.door is BackendKind.SERVER else ""


def load() -> Preferences:
    """Return what is set; a value that makes no sense counts as not set."""
    settings = QgsSettings()
    usual = Preferences()
    known = {field.name: _read(settings, field.name, getattr(usual, field.name)) for field in fields(Preferences)}
    return Preferences(**known)


def save(chosen: Preferences) -> None:
    """Keep it for this profile."""
    settings = QgsSettings()
    for field in fields(Preferences):
        value = getattr(chosen, field.name)
        kept = value.value if isinstance(value, Enum) else list(value) if isinstance(value, tuple) else value
        settings.setValue(f"{_GROUP}/{field.name}", kept)


def _read(settings: QgsSettings, name: str, usual: Any) -> Any:
    key = f"{_GROUP}/{name}"
    if not settings.contains(key):
        return usual
    if isinstance(usual, tuple):
        return tuple(str(text) for text in settings.value(key, [], type=list))
    if isinstance(usual, BackendKind):
        chosen = str(settings.value(key))
        return BackendKind(chosen) if chosen in {door.value for door in BackendKind} else usual
    try:
        return settings.value(key, usual, type=type(usual))
    except (TypeError, ValueError):
        return usual
