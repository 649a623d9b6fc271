"""Inventory of everything that a plugin may leave behind in a window, in this process, and on disk.

It queries QGIS and Qt instead of the plugin, so that it also covers future parts.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

from qgis.core import QgsApplication
from qgis.gui import QgsMapCanvas, QgsMapMouseEvent
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QCoreApplication, QEvent, QObject, Qt
from qgis.PyQt.QtGui import QMouseEvent
from qgis.PyQt.QtWidgets import QAction, QApplication, QDockWidget, QMainWindow, QMenu

# Created by QGIS (3.40) and Qt for layer tree rows and progress bars, and deleted at any time.
_QGIS_OWN = ("QgsLayerTreeViewIndicator", "QProgressStyleAnimation", "QPropertyAnimation")


def traces(window: QMainWindow, canvas: QgsMapCanvas, package: str, home: Path) -> dict[str, Any]:
    """Return the inventory by kind. Two inventories are equal if nothing was left in between."""
    settle()
    return {
        "objects": dict(Counter(kind(child) for child in window.findChildren(QObject) if not is_owned_by_qgis(child))),
        "actions": sorted(action.text() for action in window.findChildren(QAction) if not is_owned_by_qgis(action)),
        "menus": sorted(menu.title() for menu in window.findChildren(QMenu)),
        "docks": sorted(dock.objectName() for dock in window.findChildren(QDockWidget)),
        "windows": sorted(kind(widget) for widget in QApplication.topLevelWidgets() if widget.isVisible()),
        "right click": [action.text() for action in right_click(canvas).actions()],
        "map tool": kind(canvas.mapTool()) if canvas.mapTool() is not None else "",
        "canvas items": sorted(type(item).__name__ for item in canvas.scene().items()),
        "providers": sorted(provider.id() for provider in QgsApplication.processingRegistry().providers()),
        "tasks": [task.description() for task in QgsApplication.taskManager().activeTasks()],
        "threads": sorted(thread.name for thread in threading.enumerate()),
        "processes": children(),
        "files": files(home),
        "instances": instances(package),
    }


def changes(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Return the differences by kind, as (before, after)."""
    return {name: (before[name], after[name]) for name in before if before[name] != after[name]}


def kind(instance: QObject) -> str:
    """Return the name of an object's Qt class."""
    return str(instance.metaObject().className())


def is_owned_by_qgis(instance: QObject) -> bool:
    """Return whether QGIS owns an object. It also keeps menu separators when the last plugin entry goes."""
    return kind(instance) in _QGIS_OWN or (isinstance(instance, QAction) and instance.isSeparator())


def settle() -> None:
    """Delete pending objects of Python and Qt."""
    for _ in range(3):
        gc.collect()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QCoreApplication.processEvents()


def right_click(canvas: QgsMapCanvas) -> QMenu:
    """Return the context menu at the center of the canvas, as QGIS builds it."""
    menu = QMenu()
    place = canvas.rect().center()
    button = Qt.MouseButton.RightButton
    press = QMouseEvent(QEvent.Type.MouseButtonPress, place, button, button, Qt.KeyboardModifier.NoModifier)
    event = QgsMapMouseEvent(canvas, press)
    canvas.contextMenuAboutToShow.emit(menu, event)
    return menu


def instances(package: str) -> dict[str, int]:
    """Count QGIS and Qt objects of plugin classes, such as the factory of the options page."""
    classes = [type(instance) for instance in gc.get_objects() if isinstance(instance, sip.simplewrapper)]
    return dict(Counter(cls.__qualname__ for cls in classes if cls.__module__.startswith(f"{package}.")))


def children() -> list[str]:
    """Return the names of running child processes; empty without /proc."""
    names = []
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(line.split(":\t", 1) for line in status.read_text("utf-8").splitlines() if ":\t" in line)
        except OSError:
            continue
        if fields.get("PPid") == str(os.getpid()) and not fields.get("State", "").startswith("Z"):
            names.append(fields.get("Name", ""))
    return sorted(names)


def files(folder: Path) -> list[str]:
    """Return the files in a folder, without logs, environment and language files, and the answers of the user."""
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(str(path) for path in paths if path.parts[0] not in ("log", "env", "language", "answers"))


def modules(package: str) -> list[str]:
    """Return the loaded modules of the plugin, without packages, which QGIS (3.40) leaves behind."""
    loaded = [(name, module) for name, module in sys.modules.items() if name.startswith(f"{package}.")]
    return sorted(name for name, module in loaded if not hasattr(module, "__path__"))
