"""Run inside QGIS: installs a package by QGIS's own installer, uses it, removes it, and writes down what failed.

QGIS has no way to hand arguments to such a script: RSGPT_PACKAGE names the package, RSGPT_REPORT the file for the
outcome. The profile is empty but for its language, Chinese, so that the built translation is seen to be in the package.
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
        yield f"the Raster menu lacks {DESCRIBE}: {[action.text() for action in _actions()]}"


def _unusable() -> Iterator[str]:
    for action in _actions():
        if action.text() == DESCRIBE:
            action.trigger()
    iface.mainWindow().resize(1400, 900)
    QgsApplication.processEvents()
    said = [item.text() for item in iface.messageBar().items()]
    if not any(NOT_SET_UP in text for text in said):
        yield f"to describe the canvas does not offer the set-up: {said}"
    iface.mainWindow().grab().save(str(Path(os.environ["RSGPT_REPORT"]).with_suffix(".png")))


def _providers() -> list[str]:
    return [provider.id() for provider in QgsApplication.processingRegistry().providers()]


def _actions() -> list[QAction]:
    menus = [action.menu() for action in iface.rasterMenu().actions() if action.text() == "RSGPT"]
    return [action for menu in menus if isinstance(menu, QMenu) for action in menu.actions()]


def main() -> None:
    """Check, write the report and end QGIS."""
    try:
        found = list(problems(os.environ["RSGPT_PACKAGE"]))
    except Exception:  # the border of this script: whatever happens has to reach the report
        found = [traceback.format_exc()]
    Path(os.environ["RSGPT_REPORT"]).write_text("\n".join(found), "utf-8")
    QgsApplication.exit(bool(found))


QTimer.singleShot(1000, main)
