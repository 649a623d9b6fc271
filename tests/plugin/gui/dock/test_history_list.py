"""The history list shows the saved conversations, latest first, and opens, zooms to, and deletes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QMessageBox, QPushButton

from rsgpt_plugin.core.conversation_history import CapturedView, ConversationMessage, History
from rsgpt_plugin.core.paths import history_file
from rsgpt_plugin.gui.dock.history_list import HistoryList
from rsgpt_plugin.gui.widgets import moment_text

VIEW = CapturedView("ortho_1", "ortho", "", (0.0, 0.0, 1.0, 1.0), "ab" * 32, (8, 8), (8, 8), 0.5)
ASKED_AT = "2026-02-03T04:05:06.789+00:00"
MESSAGE = ConversationMessage("Is there water?", "", "yes", 0.7, asked_at=ASKED_AT)


class ShownHistory:
    """A visible history list and its signals, with the ids of conversations."""

    def __init__(self) -> None:
        self.widget = HistoryList()
        self.signals: list[tuple[str, Any]] = []
        self.widget.opened.connect(lambda saved: self.signals.append(("opened", saved.id)))
        self.widget.zoomed.connect(lambda saved: self.signals.append(("zoomed", saved.id)))
        self.widget.deleted.connect(lambda saved_id: self.signals.append(("deleted", saved_id)))
        self.widget.failed.connect(lambda message: self.signals.append(("failed", message)))

    def titles(self) -> list[str]:
        return [self.widget.list.item(row).text() for row in range(self.widget.list.count())]

    def enabled(self) -> list[str]:
        buttons = (self.widget.open, self.widget.zoom, self.widget.delete, self.widget.delete_all)
        return [button.text() for button in buttons if button.isEnabled()]

    def press(self, button: QPushButton) -> None:
        assert button.isEnabled()
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def add(conversation: str, *texts: str) -> None:
    with History(history_file()) as history:
        for text in texts:
            history.add(conversation, VIEW, replace(MESSAGE, text=text))


def stored() -> list[str]:
    with History(history_file()) as history:
        return [saved.id for saved in history.listed()]


@pytest.fixture
def shown(qgis_app: object) -> Iterator[ShownHistory]:
    shown = ShownHistory()
    yield shown
    shown.widget.hide()


def test_without_a_history_the_list_is_empty_and_no_file_is_created(shown: ShownHistory) -> None:
    shown.widget.show()
    assert (shown.titles(), shown.enabled(), shown.signals) == ([], [], [])
    assert not history_file().exists()


def test_conversations_are_listed_latest_first_with_their_layer_and_time(shown: ShownHistory) -> None:
    add("a", "Is there water?")
    add("b", "Describe this image.", "How many boats?", "Where?")
    shown.widget.show()
    assert shown.titles() == [
        f"Describe this image. (+2)\northo · {moment_text(ASKED_AT)}",
        f"Is there water?\northo · {moment_text(ASKED_AT)}",
    ]


def test_a_hidden_list_is_read_when_it_is_shown(shown: ShownHistory) -> None:
    add("a", "First?")
    shown.widget.refresh()
    assert shown.titles() == []
    shown.widget.show()
    assert len(shown.titles()) == 1
    add("b", "Second?")  # in another window
    shown.widget.hide()
    shown.widget.show()
    assert len(shown.titles()) == 2


def test_a_refresh_keeps_the_selected_conversation(shown: ShownHistory) -> None:
    add("a", "First?")
    add("b", "Second?")
    shown.widget.show()
    shown.widget.list.setCurrentRow(1)
    add("c", "Third?")
    shown.widget.refresh()
    assert shown.widget.list.currentRow() == 2
    assert shown.widget.list.currentItem().text().startswith("First?")


def test_buttons_need_a_selected_conversation(shown: ShownHistory) -> None:
    add("a", "First?")
    shown.widget.show()
    shown.widget.list.setCurrentRow(-1)
    assert shown.enabled() == ["Delete all…"]
    shown.widget.list.setCurrentRow(0)
    assert shown.enabled() == ["Open", "Zoom to", "Delete", "Delete all…"]


def test_the_selected_conversation_is_opened_and_zoomed_to(shown: ShownHistory) -> None:
    add("a", "First?")
    add("b", "Second?")
    shown.widget.show()
    shown.widget.list.setCurrentRow(1)
    shown.press(shown.widget.open)
    shown.press(shown.widget.zoom)
    shown.widget.list.itemActivated.emit(shown.widget.list.item(0))
    assert shown.signals == [("opened", "a"), ("zoomed", "a"), ("opened", "b")]


def test_the_selected_conversation_is_deleted(shown: ShownHistory) -> None:
    add("a", "First?")
    add("b", "Second?")
    shown.widget.show()
    shown.widget.list.setCurrentRow(0)
    shown.press(shown.widget.delete)
    assert shown.signals == [("deleted", "b")]
    assert stored() == ["a"]
    assert len(shown.titles()) == 1


@pytest.mark.parametrize("is_confirmed", [True, False])
def test_all_conversations_are_deleted_after_a_confirmation(
    shown: ShownHistory, monkeypatch: pytest.MonkeyPatch, is_confirmed: bool
) -> None:
    buttons = QMessageBox.StandardButton
    monkeypatch.setattr(QMessageBox, "question", lambda *asked: buttons.Yes if is_confirmed else buttons.No)
    add("a", "First?")
    add("b", "Second?")
    shown.widget.show()
    shown.press(shown.widget.delete_all)
    assert stored() == ([] if is_confirmed else ["b", "a"])
    assert shown.signals == ([("deleted", "")] if is_confirmed else [])
    assert len(shown.titles()) == (0 if is_confirmed else 2)


def test_a_history_that_cannot_be_read_is_reported(shown: ShownHistory) -> None:
    history_file().parent.mkdir(parents=True)
    history_file().mkdir()
    shown.widget.show()
    ((name, message),) = shown.signals
    assert name == "failed"
    assert "conversation history" in message
    assert (shown.titles(), shown.enabled()) == ([], [])
