"""What a loaded plugin may leave behind, counted: in a window, in this process, and on disk. Judges nothing.

It asks QGIS and Qt what there is, and not the plugin what it made: so it holds for parts that are yet to come.
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

# Made by QGIS (3.40) and Qt for a layer's row and for a bar that moves, and deleted when they like.
_THEIR_OWN = ("QgsLayerTreeViewIndicator", "QProgressStyleAnimation", "QPropertyAnimation")


def traces(window: QMainWindow, canvas: QgsMapCanvas, package: str, home: Path) -> dict[str, Any]:
    """Return all of it by kind; two of them are equal where nothing was left in between."""
    settle()
    return {
        "objects": dict(Counter(kind(child) for child in window.findChildren(QObject) if not is_theirs(child))),
        "actions": sorted(action.text() for action in window.findChildren(QAction) if not is_theirs(action)),
        "menus": sorted(menu.title() for menu in window.findChildren(QMenu)),
        "docks": sorted(dock.objectName() for dock in window.findChildren(QDockWidget)),
        "windows": sorted(kind(widget) for widget in QApplication.topLevelWidgets() if widget.isVisible()),
        "right click": [action.text() for action in right_click(canvas).actions()],
        "map tool": kind(canvas.mapTool()) if canvas.mapTool() is not None else "",
        "canvas items": sorted(type(item).__name__ for item in canvas.scene().items()),
        "providers": sorted(one.id() for one in QgsApplication.processingRegistry().providers()),
        "tasks": [task.description() for task in QgsApplication.taskManager().activeTasks()],
        "threads": sorted(thread.name for thread in threading.enumerate()),
        "processes": children(),
        "files": files(home),
        "instances": instances(package),
    }


def changes(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Return what differs, kind by kind."""
    return {name: (before[name], after[name]) for name in before if before[name] != after[name]}


def kind(thing: QObject) -> str:
    """The Qt class of an object, whatever Python calls it."""
    return str(thing.metaObject().className())


def is_theirs(thing: QObject) -> bool:
    """QGIS also keeps the line above the plugins of a menu, each time that the last of them goes."""
    return kind(thing) in _THEIR_OWN or (isinstance(thing, QAction) and thing.isSeparator())


def settle() -> None:
    """Let go what is to be deleted, on both sides."""
    for _ in range(3):
        gc.collect()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QCoreApplication.processEvents()


def right_click(canvas: QgsMapCanvas) -> QMenu:
    """The context menu in the middle of the canvas, as QGIS builds it."""
    menu = QMenu()
    place = canvas.rect().center()
    button = Qt.MouseButton.RightButton
    press = QMouseEvent(QEvent.Type.MouseButtonPress, place, button, button, Qt.KeyboardModifier.NoModifier)
    event = QgsMapMouseEvent(canvas, press)
    canvas.contextMenuAboutToShow.emit(menu, event)
    return menu


def instances(package: str) -> dict[str, int]:
    """Objects of QGIS and Qt that belong to classes of the plugin, such as a factory of an options page."""
    kinds = [type(thing) for thing in gc.get_objects() if isinstance(thing, sip.simplewrapper)]
    return dict(Counter(one.__qualname__ for one in kinds if one.__module__.startswith(f"{package}.")))


def children() -> list[str]:
    """Processes that this one started and that still live; nothing where there is no /proc."""
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            told = dict(line.split(":\t", 1) for line in status.read_text("utf-8").splitlines() if ":\t" in line)
        except OSError:
            continue
        if told.get("PPid") == str(os.getpid()) and not told.get("State", "").startswith("Z"):
            found.append(told.get("Name", ""))
    return sorted(found)


def files(folder: Path) -> list[str]:
    """Files below a folder; of a log there may be one."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(str(path) for path in found if path.parts[0] not in ("log", "env", "language"))


def modules(package: str) -> list[str]:
    """Modules of the plugin that are loaded; QGIS (3.40) leaves the empty ones of its folders behind."""
    loaded = [(name, module) for name, module in sys.modules.items() if name.startswith(f"{package}.")]
    return sorted(name for name, module in loaded if not hasattr(module, "__path__"))
