"""Stops of the tour about one place: toolbar, context menu, panel and feature action."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QPoint, Qt
from qgis.PyQt.QtWidgets import QDialogButtonBox

from .desk import AIRPLANES, ANSWER_S, Desk, translated
from .hands import RIGHT, click, click_item, dialog, drag, hover, pick, point_at, popup, press, show_tab, write
from .steps import Steps, pause, until


def look_around(desk: Desk) -> Steps:
    """Close QGIS's messages about a missing network; zoom to a few scenes."""
    yield until(lambda: not desk.canvas.isDrawing() and desk.raster().isValid(), "the map to be drawn", 60)
    yield from desk.close_messages()
    yield from click(desk.tool_named("mActionZoomIn"))
    yield from drag(desk.canvas.viewport(), desk.on_map(0.3, 0.2), desk.on_map(0.6, 0.7))
    yield from click(desk.tool_named("mActionPan"))
    yield until(lambda: not desk.canvas.isDrawing(), "the map to be drawn", 60)


def describe_canvas(desk: Desk) -> Steps:
    """Describe the canvas with the toolbar button."""
    before = desk.clicks()
    yield from desk.press_button("CanvasActions", "Describe canvas")
    yield until(desk.messages, "a note in the message bar")
    yield until(lambda: desk.clicks() > before, "an answer", ANSWER_S)
    yield pause(0.5)
    desk.pictures.screen("toolbar")


def right_click(desk: Desk) -> Steps:
    """Describe an area from the map's context menu, with its outline."""
    before = desk.clicks()
    yield from click(desk.canvas.viewport(), desk.on_map(0.65, 0.26), RIGHT)
    menu = yield from popup()
    text = translated("CanvasMenu", "Describe this area ({size})").format(size="77 m")
    yield from point_at(menu, text)
    yield pause(0.5)
    desk.pictures.screen("right-click", for_guide=True)
    yield from pick(menu, text)
    yield until(lambda: desk.clicks() > before, "an answer", ANSWER_S)
    yield pause(0.5)
    desk.pictures.screen("right-click-answer")


def ask_in_panel(desk: Desk) -> Steps:
    """Draw a rectangle, ask a question with Enter, and watch a streamed answer."""
    yield from desk.press_button("DockPart", "RSGPT panel")
    dock = desk.dock("RsgptDock")
    yield until(dock.isVisible, "the panel")
    yield pause(1.0)
    yield from _rectangle(desk, dock, desk.on_map(0.55, 0.09), desk.on_map(0.94, 0.43))
    desk.pictures.screen("panel-picture")
    bar = dock.panel.bar
    pieces: list[str] = []
    dock.conversation.text_added.connect(pieces.append)
    yield from click(bar.text)
    yield from click(bar.kind)
    yield until(bar.kind.view().isVisible, "the list of kinds")
    yield from press(bar.kind.view(), Qt.Key.Key_Down)
    yield from press(bar.kind.view(), Qt.Key.Key_Return)
    yield from click(bar.text)
    yield from write(bar.text, "Are there any cars?\n")
    yield until(lambda: len(dock.panel.view._messages) == 1, "an answer", ANSWER_S)
    pieces.clear()
    yield from click(bar.detail)
    yield until(lambda: len(pieces) > 2, "an answer to come in pieces", ANSWER_S)
    desk.pictures.screen("panel-streaming")
    yield until(lambda: not dock.conversation.is_busy, "the whole answer", ANSWER_S)
    yield pause(0.5)
    desk.pictures.screen("dock", for_guide=True)


def stop_in_panel(desk: Desk) -> Steps:
    """Stop an answer about another place with Esc; check that the history holds both conversations."""
    dock = desk.dock("RsgptDock")
    pieces: list[str] = []
    yield from _rectangle(desk, dock, desk.on_map(0.1, 0.09), desk.on_map(0.48, 0.43))
    dock.conversation.text_added.connect(pieces.append)
    yield from click(dock.panel.bar.text)
    yield from click(dock.panel.bar.detail)
    yield until(lambda: pieces, "an answer to begin", ANSWER_S)
    yield from press(dock.panel, Qt.Key.Key_Escape)
    yield until(lambda: not dock.conversation.is_busy, "Esc to stop it", 1.0)
    yield pause(0.5)
    desk.pictures.screen("panel-stopped")
    yield from show_tab(dock.tabs, 1)
    yield until(lambda: dock.history.list.count() > 0, "the history")
    desk.pictures.screen("panel-history")
    yield from click_item(dock.history.list, dock.history.list.model().index(dock.history.list.count() - 1, 0))
    yield from click(dock.history.open)
    yield until(
        lambda: dock.conversation.captured_view is not None and not dock.conversation.is_busy,
        "the earlier conversation",
        60,
    )
    yield pause(0.5)
    yield from desk.press_button("DockPart", "RSGPT panel")
    yield until(lambda: not dock.isVisible(), "the panel to go")


def show_where(desk: Desk) -> Steps:
    """Count airplanes, and mark them on the picture and on the map with the link below the answer."""
    yield from desk.zoom_to(*AIRPLANES)
    yield from desk.press_button("DockPart", "RSGPT panel")
    dock = desk.dock("RsgptDock")
    panel = dock.panel
    yield until(dock.isVisible, "the panel")
    yield from show_tab(dock.tabs, 0)
    yield from click(panel.picker.view)
    yield until(lambda: panel.view._messages == [] and not dock.conversation.is_busy, "its picture", 60)
    yield from click(panel.bar.kind)
    yield until(panel.bar.kind.view().isVisible, "the list of kinds")
    for key in (Qt.Key.Key_Home, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Return):  # whole number
        yield from press(panel.bar.kind.view(), key)
    yield from click(panel.bar.text)
    yield from press(panel, "a", Qt.KeyboardModifier.ControlModifier)
    yield from write(panel, "How many airplanes are there?\n")
    yield until(lambda: len(panel.view._messages) == 1, "an answer", ANSWER_S)
    yield from _click_link(panel.view, translated("ConversationView", "Show where"))
    yield until(lambda: panel.where.located is not None, "its place", ANSWER_S)
    yield pause(0.5)
    desk.pictures.screen("where", for_guide=True)
    yield from _click_link(panel.view, translated("ConversationView", "Hide"))
    yield until(lambda: panel.where.located is None, "the marks to go")
    yield from desk.press_button("DockPart", "RSGPT panel")
    yield until(lambda: not dock.isVisible(), "the panel to go")


def ask_about_feature(desk: Desk) -> Steps:
    """Identify a tile, and ask about it with the action in QGIS's identify results."""
    yield from click(desk.tool_named("mActionIdentify"))
    yield from click(desk.canvas.viewport(), desk.on_map(0.4, 0.3))
    text = translated("FeatureActions", "Ask about this feature (RSGPT)…")
    yield until(lambda: desk.identified(text), "the action in the identify results")
    desk.pictures.screen("identified")
    tree, item = desk.identified(text)[0]
    tree.scrollToItem(item)
    yield from click(tree.viewport(), tree.visualItemRect(item).center())
    form = yield from dialog("AskDialog")
    yield from click(form.text)
    yield from write(form, "Is this a town or the countryside?")
    desk.pictures.screen("feature")
    before = desk.clicks()
    yield from click(form.buttons.button(QDialogButtonBox.StandardButton.Ok))
    yield until(lambda: desk.clicks() > before, "an answer", ANSWER_S)
    yield pause(0.5)
    desk.pictures.screen("feature-answer")
    yield from click(desk.tool_named("mActionPan"))


def _rectangle(desk: Desk, dock: Any, start: QPoint, end: QPoint) -> Steps:
    before = dock.conversation.captured_view
    yield from click(dock.panel.picker.rectangle)
    yield from drag(desk.canvas.viewport(), start, end)
    yield until(
        lambda: dock.conversation.captured_view not in (None, before) and not dock.conversation.is_busy,
        "its picture",
        60,
    )
    yield from hover(dock.panel.picture)
    yield pause(0.3)


def _click_link(view: Any, text: str) -> Steps:
    cursor = view.document().find(text)
    cursor.setPosition(cursor.selectionStart() + 1)
    yield from click(view.viewport(), view.cursorRect(cursor).center())
