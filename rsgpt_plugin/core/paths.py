"""Locations of the plugin's files. The functions do not create folders."""

from __future__ import annotations

import configparser
import os
import sys
from pathlib import Path

_PLUGIN = Path(__file__).resolve().parents[2]
BACKEND = _PLUGIN / "backend"  # its source, read-only


def home() -> Path:
    """Return the plugin's data folder: RSGPT_HOME if set, else a folder in the platform's user data folder."""
    folder = os.environ.get("RSGPT_HOME", "").strip()
    return Path(folder).expanduser().absolute() if folder else _user_data() / "rsgpt"


def _user_data() -> Path:
    if sys.platform == "win32":
        return _from_variable("LOCALAPPDATA", Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    return _from_variable("XDG_DATA_HOME", Path.home() / ".local" / "share")


def _from_variable(name: str, default: Path) -> Path:
    value = os.environ.get(name, "")
    return Path(value) if os.path.isabs(value) else default


def cache_file() -> Path:
    """Return the SQLite file of cached answers, shared by all QGIS windows of the user."""
    return home() / "cache" / "answers.sqlite"


def picture_file() -> Path:
    """Return the SQLite file of pictures shown to the model, shared by all QGIS windows of the user."""
    return home() / "cache" / "pictures.sqlite"


def feature_folder() -> Path:
    """Return the folder of the backend's feature cache, shared by all processes that run a model here."""
    return home() / "cache" / "features"


def search_file() -> Path:
    """Return the SQLite file of the backend's search index, shared by all processes that search here."""
    return home() / "cache" / "search.sqlite"


def history_file() -> Path:
    """Return the SQLite file of conversations, shared by all QGIS windows of the user."""
    return home() / "history.sqlite"


def answers_folder() -> Path:
    """Return the folder of answers about single places that were asked in projects without a folder of their own."""
    return home() / "answers"


def runs_file() -> Path:
    """Return the SQLite file of runs that can be resumed, shared by all QGIS windows of the user."""
    return home() / "runs.sqlite"


def log_folder() -> Path:
    """Return the folder of the model server's log."""
    return home() / "log"


def plugin_root() -> Path:
    """Return the read-only folder that contains metadata.txt and resources/."""
    return _PLUGIN


def plugin_version() -> str:
    """Return the version in metadata.txt, or "unknown" without that file."""
    return metadata("version") or "unknown"


def metadata(name: str) -> str:
    """Return an entry of metadata.txt, or "" if it is missing."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(plugin_root() / "metadata.txt", encoding="utf-8")
    return parser.get("general", name, fallback="")
