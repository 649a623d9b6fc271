"""Where the plugin keeps its files. Creates no folder by itself and knows no QGIS profile."""

from __future__ import annotations

import configparser
import os
import sys
from pathlib import Path


def home() -> Path:
    """The plugin's data folder: RSGPT_HOME where it is set, else the platform's place for user data."""
    chosen = os.environ.get("RSGPT_HOME", "").strip()
    return Path(chosen).expanduser().absolute() if chosen else _user_data() / "rsgpt"


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
    """The SQLite file of remembered answers, shared by all QGIS windows of this user."""
    return home() / "cache" / "answers.sqlite"


def picture_file() -> Path:
    """The SQLite file of the pictures that the model was shown, shared by all QGIS windows of this user."""
    return home() / "cache" / "pictures.sqlite"


def feature_folder() -> Path:
    """The folder where the model's side keeps what its encoder made of pictures, shared by all who run a model here."""
    return home() / "cache" / "features"


def history_file() -> Path:
    """The SQLite file of conversations, shared by all QGIS windows of this user."""
    return home() / "history.sqlite"


def runs_file() -> Path:
    """The SQLite file of runs, to take them up again, shared by all QGIS windows of this user."""
    return home() / "runs.sqlite"


def log_folder() -> Path:
    """The folder of the model server's log."""
    return home() / "log"


def plugin_root() -> Path:
    """The folder that holds metadata.txt and resources/; never written to."""
    return Path(__file__).resolve().parents[2]


def plugin_version() -> str:
    """The version in metadata.txt, or "unknown" for a copy without one."""
    return metadata("version") or "unknown"


def metadata(name: str) -> str:
    """An entry of metadata.txt, "" where it lacks."""
    read = configparser.ConfigParser(interpolation=None)
    read.read(plugin_root() / "metadata.txt", encoding="utf-8")
    return read.get("general", name, fallback="")
