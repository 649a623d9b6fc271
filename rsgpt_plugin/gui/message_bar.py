"""Sentences in QGIS's message bar, always as text and never as markup. Decides nothing."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any, Optional

from qgis.core import Qgis
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtWidgets import QPushButton

translate = QCoreApplication.translate

_TITLE = "RSGPT"


class MessageBar:
    """The message bar as the plugin uses it: one passing note at a time, and messages that stay."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar
        self._note: Optional[Any] = None

    def note(self, text: str) -> None:
        """Say what is going on, in place of the note before."""
        self.clear_note()
        self._note = self._bar.createMessage(_TITLE, html.escape(text))
        self._bar.pushWidget(self._note, Qgis.MessageLevel.Info, 0)

    def clear_note(self) -> None:
        """Take the note away."""
        note, self._note = self._note, None
        if note is not None and note in self._bar.items():
            self._bar.popWidget(note)

    def answer(self, text: str, find: Optional[Callable[[], None]] = None) -> None:
        """Show an answer until it is closed. find: what a button “Show” does, where there is a place to show."""
        item = self._show(text, Qgis.MessageLevel.Success)
        if find is not None:
            _add_button(item, translate("Rsgpt", "Show"), find)

    def problem(self, text: str) -> None:
        """Show what went wrong until it is closed."""
        self._show(text, Qgis.MessageLevel.Warning)

    def offer(self, text: str, label: str, take: Callable[[], None]) -> None:
        """Ask with a button; nothing happens unless it is pressed."""
        self.clear_note()
        self._note = self._bar.createMessage(_TITLE, html.escape(text))
        _add_button(self._note, label, take)
        self._bar.pushWidget(self._note, Qgis.MessageLevel.Info, 0)

    def _show(self, text: str, level: Qgis.MessageLevel) -> Any:
        self.clear_note()
        item = self._bar.createMessage(_TITLE, html.escape(text))
        self._bar.pushWidget(item, level, 0)
        return item


def _add_button(item: Any, label: str, take: Callable[[], None]) -> None:
    button = QPushButton(label)
    button.clicked.connect(lambda checked: take())
    item.layout().addWidget(button)
