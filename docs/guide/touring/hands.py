"""The mouse and the keys, as the window system would deliver them. Calls no slot and triggers no action."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional, Union

from qgis.PyQt.QtCore import QAbstractItemModel, QModelIndex, QPoint, Qt, QTimer
from qgis.PyQt.QtGui import QCursor
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QMenu, QScrollArea, QTabWidget, QTreeView, QWidget

from .steps import Found, Steps, pause, until

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NONE = Qt.KeyboardModifier.NoModifier


def click(widget: QWidget, at: Optional[QPoint] = None, button: Qt.MouseButton = LEFT) -> Steps:
    """Press and release where `widget` can be seen; `at` in its own pixels, else its middle."""
    yield until(lambda: widget.isVisible() and widget.isEnabled(), f"{_name(widget)} to be seen and enabled", 30)
    in_sight(widget)
    yield pause()
    window, there = _place(widget, at)
    _move(window, there)
    _soon(lambda: QTest.mouseClick(window, button, NONE, there))
    yield pause()


def double_click(widget: QWidget, at: QPoint) -> Steps:
    """Click twice; the first click comes alone, as it does from a hand."""
    window, there = _place(widget, at)
    _move(window, there)
    _soon(lambda: QTest.mouseClick(window, LEFT, NONE, there))
    _soon(lambda: QTest.mouseDClick(window, LEFT, NONE, there))
    yield pause()


def hover(widget: QWidget, at: Optional[QPoint] = None) -> Steps:
    """Point at it."""
    window, there = _place(widget, at)
    for step in (QPoint(-3, -2), QPoint(-1, 0), QPoint(0, 0)):
        _move(window, there + step)
        yield pause(0.05)


def drag(widget: QWidget, start: QPoint, end: QPoint) -> Steps:
    """Draw from one point to another."""
    window, first = _place(widget, start)
    _, last = _place(widget, end)
    _move(window, first)
    yield pause()
    _soon(lambda: QTest.mousePress(window, LEFT, NONE, first))
    yield pause()
    for share in (0.3, 0.7, 1.0):
        _move(window, first + (last - first) * share)
        yield pause()
    _soon(lambda: QTest.mouseRelease(window, LEFT, NONE, last))
    yield pause()


def press(widget: QWidget, key: Union[Qt.Key, str], modifier: Qt.KeyboardModifier = NONE) -> Steps:
    """Press a key in the window of `widget`; who has the focus there gets it."""
    window = widget.window().windowHandle()
    _soon(lambda: QTest.keyClick(window, key, modifier))
    yield pause(0.05)


def write(widget: QWidget, text: str) -> Steps:
    """Write ASCII into what has the focus in the window of `widget`."""
    for letter in text:
        yield from press(widget, Qt.Key.Key_Return if letter == "\n" else letter)


def popup() -> Found:
    """Return the menu that opens."""
    yield until(lambda: isinstance(QApplication.activePopupWidget(), QMenu), "a menu to open")
    yield pause()
    return QApplication.activePopupWidget()


def dialog(kind: str, seconds: float = 20.0) -> Found:
    """Return the window of that class, once it can be seen."""
    yield until(lambda: windows(kind), f"the window {kind} to open", seconds)
    yield pause(0.3)
    return windows(kind)[0]


def windows(kind: str) -> list[QWidget]:
    """The windows of that class that can be seen."""
    return [window for window in QApplication.topLevelWidgets() if type(window).__name__ == kind and window.isVisible()]


def entry(menu: QMenu, text: str) -> Any:
    """The menu's entry with that text."""
    for action in menu.actions():
        if action.text().replace("&", "").strip() == text.replace("&", "").strip():
            return action
    raise LookupError(f"no entry “{text}” among {[action.text() for action in menu.actions()]}")


def point_at(menu: QMenu, text: str) -> Steps:
    """Point at an entry of an open menu."""
    yield from hover(menu, menu.actionGeometry(entry(menu, text)).center())


def pick(menu: QMenu, text: str) -> Steps:
    """Click an entry of an open menu."""
    yield from point_at(menu, text)
    yield from click(menu, menu.actionGeometry(entry(menu, text)).center())


def choose(window: Any, menu_name: str, *texts: str) -> Steps:
    """Go through the menu bar: a menu by its object name, then entries by what they say."""
    menu, bar = window.findChild(QMenu, menu_name), window.menuBar()
    yield from click(bar, bar.actionGeometry(menu.menuAction()).center())
    yield until(menu.isVisible, f"the menu {menu_name} to open")
    for text in texts[:-1]:
        submenu = entry(menu, text).menu()
        yield from pick(menu, text)
        yield until(submenu.isVisible, f"the menu “{text}” to open")
        menu = submenu
    yield from pick(menu, texts[-1])


def click_item(view: Any, index: QModelIndex, button: Qt.MouseButton = LEFT) -> Steps:
    """Click a cell of a list, a tree or a table."""
    yield from click(view.viewport(), cell(view, index), button)


def cell(view: Any, index: QModelIndex) -> QPoint:
    """The middle of a cell, in the pixels of the view's viewport, scrolled to where it can be seen."""
    view.scrollTo(index)
    box = view.visualRect(index).intersected(view.viewport().rect())
    return QPoint(min(box.center().x(), box.left() + 60), box.center().y())


def item(view: QTreeView, text: str) -> QModelIndex:
    """The tree's item that says so, wherever it is."""
    model = view.model()
    found = _search(model, QModelIndex(), text)
    if found is None:
        raise LookupError(f"no item “{text}”")
    return found


def show_tab(tabs: QTabWidget, number: int) -> Steps:
    """Click a tab."""
    bar = tabs.tabBar()
    yield from click(bar, bar.tabRect(number).center())


def in_sight(widget: QWidget) -> None:
    """Scroll to it, which a person does with the wheel."""
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QScrollArea):
            parent.ensureWidgetVisible(widget)
        parent = parent.parentWidget()


def _search(model: QAbstractItemModel, parent: QModelIndex, text: str) -> Optional[QModelIndex]:
    for row in range(model.rowCount(parent)):
        index = model.index(row, 0, parent)
        if str(index.data()) == text:
            return index
        below = _search(model, index, text)
        if below is not None:
            return below
    return None


def _place(widget: QWidget, at: Optional[QPoint]) -> tuple[Any, QPoint]:
    """The window of a widget and the place in it; the middle is that of what can be seen."""
    window = widget.window()
    at = at if at is not None else widget.visibleRegion().boundingRect().center()
    return window.windowHandle(), widget.mapTo(window, at)


def _move(window: Any, there: QPoint) -> None:
    """Both, so that who asks where the pointer is hears the same as who is told."""
    QCursor.setPos(window.mapToGlobal(there))
    _soon(lambda: QTest.mouseMove(window, there))


def _soon(act: Callable[[], None]) -> None:
    """From the event loop, not from the stop: what opens a loop of its own leaves the stop free to go on."""
    QTimer.singleShot(0, act)


def _name(widget: QWidget) -> str:
    text = getattr(widget, "text", lambda: "")()
    return text or widget.objectName() or type(widget).__name__
