"""The user's preferences, stored in QGIS's settings."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import Enum
from typing import Any

from qgis.core import QgsSettings

from .installed_models import DEFAULT_MODEL

_GROUP = "rsgpt"


class BackendKind(Enum):
    """Where the model runs: managed environment, the user's Python, an external server, or inside QGIS."""

    MANAGED = "managed"
    PYTHON = "python"
    SERVER = "server"
    IN_PROCESS = "in_process"


@dataclass(frozen=True)
class Preferences:
    """All preferences with their defaults. A field's name is also the name of its setting.

    door: the backend. python: path of the interpreter for BackendKind.PYTHON. server_url, server_auth, server_model:
    for BackendKind.SERVER; server_auth is the id of a configuration in QGIS's authentication database. model: name or
    folder, for the other backends. model_folders: folders of models that are not shipped.
    device: auto, cpu, cuda, cuda:N or mps. threads: 0 for one per core. picture_mb, feature_mb: maximum sizes of the
    picture store and of the cache of encoded pictures in MB; 0 stores nothing. prompt: for captions, "" for the
    default. click_size_m: side of the square around a click in meters, 0 for 256 pixels of the
    raster.
    answer_language: English name of a language, "" for the language of the question.
    least_confidence: minimum confidence, 0 to 1. allowed_hosts: `scheme://host:port` of hosts that may receive
    pictures. saved_questions: lines as `parse_line` reads them.
    server_side, server_mb: maximum picture side in pixels and size in MB that the server accepts, 0 for no limit.
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
    click_size_m: float = 0.0
    answer_language: str = ""
    least_confidence: float = 0.0
    allowed_hosts: tuple[str, ...] = ()
    saved_questions: tuple[str, ...] = ()
    server_side: int = 0
    server_mb: float = 0.0

    @property
    def picture_bytes(self) -> int:
        """Maximum size of the picture store in bytes."""
        return self.picture_mb * 1_000_000

    @property
    def prompt_language(self) -> str:
        """The language to request in prompts; "" for local models, which only answer in English."""
        return self.answer_language if self.door is BackendKind.SERVER else ""


def load() -> Preferences:
    """Return the stored preferences. Invalid values are replaced by their defaults."""
    settings = QgsSettings()
    defaults = Preferences()
    values = {field.name: _read(settings, field.name, getattr(defaults, field.name)) for field in fields(Preferences)}
    return Preferences(**values)


def save(preferences: Preferences) -> None:
    """Store the preferences in this user profile."""
    settings = QgsSettings()
    for field in fields(Preferences):
        value = getattr(preferences, field.name)
        plain = value.value if isinstance(value, Enum) else list(value) if isinstance(value, tuple) else value
        settings.setValue(f"{_GROUP}/{field.name}", plain)


def _read(settings: QgsSettings, name: str, default: Any) -> Any:
    key = f"{_GROUP}/{name}"
    if not settings.contains(key):
        return default
    if isinstance(default, tuple):
        return tuple(str(text) for text in settings.value(key, [], type=list))
    if isinstance(default, BackendKind):
        value = str(settings.value(key))
        return BackendKind(value) if value in {kind.value for kind in BackendKind} else default
    try:
        return settings.value(key, default, type=type(default))
    except (TypeError, ValueError):
        return default
