"""Mouse and keyboard input, delivered as by the window system, without direct calls of slots or actions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional, Union

from qgis.PyQt import sip
from qgis.PyQt.QtCore import QAbstractItemModel, QModelIndex, QPoint, Qt, QTimer
from qgis.PyQt.QtGui import QCursor
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QMenu, QScrollArea, QTabWidget, QTreeView, QWidget

from .steps import Found, Steps, pause, until

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NONE = Qt.KeyboardModifier.NoModifier


def click(widget: QWidget, at: Optional[QPoint] = None, button: Qt.MouseButton = LEFT) -> Steps:
    """Click a widget once it is visible and enabled. at: a point in the widget, by default its center."""
    yield until(lambda: widget.isVisible() and widget.isEnabled(), f"{_name(widget)} to be visible and enabled", 30)
    scroll_to(widget)
    yield pause()
    window, point = _place(widget, at)
    _move(window, point)
    _soon(lambda: QTest.mouseClick(window, button, NONE, point))
    yield pause()


def double_click(widget: QWidget, at: QPoint) -> Steps:
    """Double-click; a single click comes first, as with a real mouse."""
    window, point = _place(widget, at)
    _move(window, point)
    _soon(lambda: QTest.mouseClick(window, LEFT, NONE, point))
    _soon(lambda: QTest.mouseDClick(window, LEFT, NONE, point))
    yield pause()


def hover(widget: QWidget, at: Optional[QPoint] = None) -> Steps:
    """Move the pointer to a widget."""
    window, point = _place(widget, at)
    for step in (QPoint(-3, -2), QPoint(-1, 0), QPoint(0, 0)):
        _move(window, point + step)
        yield pause(0.05)


def drag(widget: QWidget, start: QPoint, end: QPoint) -> Steps:
    """Drag the mouse from one point to another."""
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
    """Press a key in the window of `widget`; the widget with the focus receives it."""
    window = widget.window()
    _soon(lambda: _press_and_release(window, key, modifier))
    yield pause(0.05)


def write(widget: QWidget, text: str) -> Steps:
    """Type ASCII text into the widget with the focus in the window of `widget`."""
    for letter in text:
        yield from press(widget, Qt.Key.Key_Return if letter == "\n" else letter)


def popup() -> Found:
    """Wait for a menu to open and return it."""
    yield until(lambda: isinstance(QApplication.activePopupWidget(), QMenu), "a menu to open")
    yield pause()
    return QApplication.activePopupWidget()


def dialog(kind: str, seconds: float = 20.0) -> Found:
    """Wait for a window of a class to be visible and return it. kind: the class name."""
    yield until(lambda: windows(kind), f"the window {kind} to open", seconds)
    yield pause(0.3)
    return windows(kind)[0]


def windows(kind: str) -> list[QWidget]:
    """Return the visible windows of a class."""
    return [window for window in QApplication.topLevelWidgets() if type(window).__name__ == kind and window.isVisible()]


def entry(menu: QMenu, text: str) -> Any:
    """Return the menu entry with a text. Raises LookupError if there is none."""
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


def choose(window: Any, menu_name: str, *texts: str, opened: Callable[[], None] = lambda: None) -> Steps:
    """Choose an entry from the menu bar: a menu by its object name, then entries by their texts.

    opened: called when the last menu is open.
    """
    menu, bar = window.findChild(QMenu, menu_name), window.menuBar()
    yield from click(bar, bar.actionGeometry(menu.menuAction()).center())
    yield until(menu.isVisible, f"the menu {menu_name} to open")
    for text in texts[:-1]:
        submenu = entry(menu, text).menu()
        yield from pick(menu, text)
        yield until(submenu.isVisible, f"the menu “{text}” to open")
        menu = submenu
    opened()
    yield from pick(menu, texts[-1])


def click_item(view: Any, index: QModelIndex, button: Qt.MouseButton = LEFT) -> Steps:
    """Click a cell of a list, a tree or a table."""
    yield from click(view.viewport(), cell(view, index), button)


def cell(view: Any, index: QModelIndex) -> QPoint:
    """Scroll to a cell and return its center in viewport pixels."""
    view.scrollTo(index)
    box = view.visualRect(index).intersected(view.viewport().rect())
    return QPoint(min(box.center().x(), box.left() + 60), box.center().y())


def item(view: QTreeView, text: str) -> QModelIndex:
    """Return the tree item with a text, at any level. Raises LookupError if there is none."""
    index = _search(view.model(), QModelIndex(), text)
    if index is None:
        raise LookupError(f"no item “{text}”")
    return index


def show_tab(tabs: QTabWidget, number: int) -> Steps:
    """Click a tab."""
    bar = tabs.tabBar()
    yield from click(bar, bar.tabRect(number).center())


def scroll_to(widget: QWidget) -> None:
    """Scroll until a widget is visible."""
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
    """Return the window of a widget and the point in it, by default the center of the visible part."""
    window = widget.window()
    at = at if at is not None else widget.visibleRegion().boundingRect().center()
    return window.windowHandle(), widget.mapTo(window, at)


def _press_and_release(window: QWidget, key: Union[Qt.Key, str], modifier: Qt.KeyboardModifier) -> None:
    """Press a key. A key that deletes the window is not released there: QTest would crash, unlike a window system."""
    handle = window.windowHandle()
    QTest.keyPress(handle, key, modifier)
    if not sip.isdeleted(window) and window.windowHandle() is handle:
        QTest.keyRelease(handle, key, modifier)


def _move(window: Any, point: QPoint) -> None:
    """Move the cursor and send a move event, so that both agree."""
    QCursor.setPos(window.mapToGlobal(point))
    _soon(lambda: QTest.mouseMove(window, point))


def _soon(act: Callable[[], None]) -> None:
    """Call `act` from the event loop: if it opens a nested event loop, the tour can continue."""
    QTimer.singleShot(0, act)


def _name(widget: QWidget) -> str:
    text = getattr(widget, "text", lambda: "")()
    return text or widget.objectName() or type(widget).__name__
