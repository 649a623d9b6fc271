"""What a report of a problem says of this machine, without what is private. Sends nothing and starts nothing."""

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
from ...core.redaction import address, redacted
from ...errors import RsgptError

PACKAGES = ("torch", "transformers", "starlette", "uvicorn")
_LOG_LINES = 60
_LOG_BYTES = 40_000
# What tells more of a person than of a problem is only said to be there.
_PRIVATE = ("prompt", "server_auth", "server_model")


def problem_report() -> str:
    """Return the report, ready to be shown and pasted; reads a few small files."""
    places, names = _places(), _names()
    body = "\n".join([*_versions(), "", "Preferences", *_preferences(load()), "", "Server log, last lines", *_log()])
    # A hash is as long as a key: it joins after the keys have left.
    return redacted(body, places, names) + "\n\n" + "\n".join(_model(places, names)) + "\n"


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
        yield f"Model's environment: {environment.state().value} ({environment.folder})"
    except RsgptError as error:
        yield f"Model's environment: {error}"
    found = [f"{name} {version}" for name, version in package_versions(environment.folder).items()]
    if found:
        yield f"In it: {', '.join(found)}"


def package_versions(environment: Path) -> dict[str, str]:
    """Return the versions of what the model runs on, read from an environment's folders; no Python is started."""
    found = {}
    for folder in (*environment.glob("lib/python*/site-packages"), environment / "Lib" / "site-packages"):
        for name in PACKAGES:
            for record in folder.glob(f"{name}-*.dist-info"):
                found[name] = record.name[len(name) + 1 : -len(".dist-info")]
    return found


def _preferences(chosen: Preferences) -> Iterator[str]:
    usual = Preferences()
    for field in fields(Preferences):
        value = getattr(chosen, field.name)
        mark = "" if value == getattr(usual, field.name) else "  (changed)"
        yield f"  {field.name}: {_told(field.name, value)}{mark}"


def _told(name: str, value: Any) -> str:
    if name in _PRIVATE:
        return "set" if value else "not set"
    if name == "server_url":
        return address(value) if value else "not set"
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
        yield "  (there is none)"
        return
    yield from (f"  {line}" for line in lines[-_LOG_LINES:])


def _model(places: dict[str, str], names: list[str]) -> Iterator[str]:
    try:
        model = chosen_model()
        yield f"Model {redacted(model.name, places, names)}, weights {model.weights_sha256 or 'unknown'}"
    except RsgptError as error:
        yield f"Model: {redacted(str(error), places, names)}"


def _places() -> dict[str, str]:
    kept = {str(paths.home()): "<data>", str(paths.plugin_root()): "<plugin>"}
    return {**kept, QgsApplication.qgisSettingsDirPath().rstrip("/"): "<profile>", str(Path.home()): "~"}


def _names() -> list[str]:
    try:
        user = getpass.getuser()
    except (KeyError, OSError, ImportError):  # a user without an entry, or without variables on Windows
        user = ""
    return [user, platform.node(), platform.node().partition(".")[0]]


def tracker() -> str:
    """Return the address of metadata.txt where problems are reported."""
    return paths.metadata("tracker")
