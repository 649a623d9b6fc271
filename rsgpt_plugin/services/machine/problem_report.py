"""The problem report: versions, preferences and log lines, without private data. It is never sent automatically."""

from __future__ import annotations

import getpass
import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from osgeo import gdal
from qgis.core import Qgis, QgsApplication
from qgis.PyQt.QtCore import PYQT_VERSION_STR, QLocale, qVersion

from ...client.backends import chosen_model
from ...client.environment.environment import ManagedEnvironment
from ...client.preferences import Preferences, load
from ...core import paths
from ...core.redaction import redacted, redacted_address
from ...errors import RsgptError

PACKAGES = ("torch", "transformers", "starlette", "uvicorn")
_LOG_LINES = 60
_LOG_BYTES = 40_000
# Personal preferences, reported as set or not set.
_PRIVATE = ("prompt", "server_auth", "server_model")


def problem_report() -> str:
    """Return the report as text. Reads only a few small files."""
    folders, names = _private_folders(), _private_names()
    body = "\n".join([*_versions(), "", "Preferences", *_preferences(load()), "", "Server log, last lines", *_log()])
    # Added after redaction, which would take the hash for an API key.
    return redacted(body, folders, names) + "\n\n" + "\n".join(_model(folders, names)) + "\n"


def _versions() -> Iterator[str]:
    yield f"RSGPT {paths.plugin_version()}"
    yield f"QGIS {Qgis.version()} ({Qgis.devVersion()}), language {QgsApplication.locale()}, numbers {QLocale().name()}"
    yield f"Qt {qVersion()}, PyQt {PYQT_VERSION_STR}, GDAL {gdal.__version__}"
    yield f"Python {platform.python_version()} ({sys.executable})"
    yield f"{platform.platform()}, {os.cpu_count()} processors"
    yield from _environment()


def _environment() -> Iterator[str]:
    environment = ManagedEnvironment(paths.home())
    try:
        yield f"Model environment: {environment.state().value} ({environment.folder})"
    except RsgptError as error:
        yield f"Model environment: {error}"
    packages = [f"{name} {version}" for name, version in package_versions(environment.folder).items()]
    if packages:
        yield f"Packages: {', '.join(packages)}"


def package_versions(environment: Path) -> dict[str, str]:
    """Return the versions of PACKAGES by name, read from an environment's folders without starting Python."""
    versions = {}
    for folder in (*environment.glob("lib/python*/site-packages"), environment / "Lib" / "site-packages"):
        for name in PACKAGES:
            for record in folder.glob(f"{name}-*.dist-info"):
                versions[name] = record.name[len(name) + 1 : -len(".dist-info")]
    return versions


def _preferences(preferences: Preferences) -> Iterator[str]:
    defaults = Preferences()
    for field in fields(Preferences):
        value = getattr(preferences, field.name)
        mark = "" if value == getattr(defaults, field.name) else "  (changed)"
        yield f"  {field.name}: {_public_value(field.name, value)}{mark}"


def _public_value(name: str, value: Any) -> str:
    if name in _PRIVATE:
        return "set" if value else "not set"
    if name == "server_url":
        return redacted_address(value) if value else "not set"
    if name == "allowed_hosts":
        return f"{len(value)} hosts"
    return str(getattr(value, "value", value))


def _log() -> Iterator[str]:
    log = paths.log_folder() / "server.log"
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, log.stat().st_size - _LOG_BYTES))
            lines = stream.read().decode("utf-8", errors="replace").splitlines()
    except OSError:
        yield "  (no log file)"
        return
    yield from (f"  {line}" for line in lines[-_LOG_LINES:])


def _model(folders: dict[str, str], names: list[str]) -> Iterator[str]:
    try:
        model = chosen_model()
        yield f"Model {redacted(model.name, folders, names)}, weights {model.weights_sha256 or 'unknown'}"
    except RsgptError as error:
        yield f"Model: {redacted(str(error), folders, names)}"


def _private_folders() -> dict[str, str]:
    profile = QgsApplication.qgisSettingsDirPath().rstrip("/")
    return {
        str(paths.home()): "<data>",
        str(paths.plugin_root()): "<plugin>",
        profile: "<profile>",
        str(Path.home()): "~",
    }


def _private_names() -> list[str]:
    try:
        user = getpass.getuser()
    except (KeyError, OSError, ImportError):  # no user database entry, or no environment variables on Windows
        user = ""
    return [user, platform.node(), platform.node().partition(".")[0]]


def tracker_url() -> str:
    """Return the URL of the issue tracker, from metadata.txt."""
    return paths.metadata("tracker")
