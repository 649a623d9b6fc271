"""Test inside QGIS: installs a package with QGIS's own installer, uses and removes it, and writes a report of failures.

QGIS cannot pass arguments to such a script, so RSGPT_PACKAGE names the package and RSGPT_REPORT the report file. The
profile is empty except for its language, Chinese, to check that the package contains the translation.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator
from pathlib import Path

import pyplugin_installer
from pyplugin_installer.installer_data import plugins
from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtWidgets import QAction, QMenu
from qgis.utils import HOME_PLUGIN_PATH, active_plugins, iface

NAME = "rsgpt"
DESCRIBE = "描述画布"
NOT_SET_UP = "模型需要先设置"


def problems(package: str) -> Iterator[str]:
    """Yield what does not work, in the order of a user's steps."""
    installer = pyplugin_installer.instance()
    installer.installFromZipFile(package)
    if NAME not in active_plugins:
        yield "the plugin did not start"
        return
    error = plugins.all()[NAME]["error"]
    if error:
        yield f"the plugin manager reports: {error} {plugins.all()[NAME]['error_details']}"
    yield from _unregistered()
    yield from _unusable()
    installer.uninstallPlugin(NAME, quiet=True)
    if (Path(HOME_PLUGIN_PATH) / NAME).exists():
        yield "its folder is still there after it was removed"
    if NAME in _providers() or _actions():
        yield "its provider or actions are still there after it was removed"


def _unregistered() -> Iterator[str]:
    if NAME not in _providers():
        yield "the Processing provider is missing"
    elif not QgsApplication.processingRegistry().algorithmById(f"{NAME}:describeraster").shortHelpString():
        yield "an algorithm has no help"
    if DESCRIBE not in [action.text() for action in _actions()]:
        yield f"{DESCRIBE} is missing in the Raster menu: {[action.text() for action in _actions()]}"


def _unusable() -> Iterator[str]:
    for action in _actions():
        if action.text() == DESCRIBE:
            action.trigger()
    iface.mainWindow().resize(1400, 900)
    QgsApplication.processEvents()
    texts = [item.text() for item in iface.messageBar().items()]
    if not any(NOT_SET_UP in text for text in texts):
        yield f"describing the canvas does not offer the set-up: {texts}"
    iface.mainWindow().grab().save(str(Path(os.environ["RSGPT_REPORT"]).with_suffix(".png")))


def _providers() -> list[str]:
    return [provider.id() for provider in QgsApplication.processingRegistry().providers()]


def _actions() -> list[QAction]:
    menus = [action.menu() for action in iface.rasterMenu().actions() if action.text() == "RSGPT"]
    return [action for menu in menus if isinstance(menu, QMenu) for action in menu.actions()]


def main() -> None:
    """Run the checks, write the report, and end QGIS."""
    try:
        failures = list(problems(os.environ["RSGPT_PACKAGE"]))
    except Exception:  # the outermost frame: every error must reach the report
        failures = [traceback.format_exc()]
    Path(os.environ["RSGPT_REPORT"]).write_text("\n".join(failures), "utf-8")
    QgsApplication.exit(bool(failures))


QTimer.singleShot(1000, main)
