"""Messages in QGIS's message bar, shown as plain text."""

from __future__ import annotations

import html
from collections.abc import Callable
from pathlib import Path
from typing import Any, Optional

from qgis.core import Qgis
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtWidgets import QPushButton

translate = QCoreApplication.translate

_TITLE = "RSGPT"


class MessageBar:
    """Shows one temporary note at a time, and messages that stay until the user closes them."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar
        self._note: Optional[Any] = None

    def note(self, text: str) -> None:
        """Replace the note."""
        self.clear_note()
        self._note = self._bar.createMessage(_TITLE, html.escape(text))
        self._bar.pushWidget(self._note, Qgis.MessageLevel.Info, 0)

    def clear_note(self) -> None:
        """Remove the note."""
        note, self._note = self._note, None
        if note is not None and note in self._bar.items():
            self._bar.popWidget(note)

    def answer(self, text: str, show: Optional[Callable[[], None]] = None, link: Optional[Path] = None) -> None:
        """Show an answer until it is closed.

        show: called by a button “Show”, if given. link: a file or folder named in the text, which a click opens in the
        file manager.
        """
        item = self._show(text, Qgis.MessageLevel.Success, link)
        if show is not None:
            _add_button(item, translate("Rsgpt", "Show"), show)

    def problem(self, text: str) -> None:
        """Show a warning until it is closed."""
        self._show(text, Qgis.MessageLevel.Warning)

    def _report_closing(self, note: Any, declined: Callable[[], None]) -> None:
        def removed(item: Any) -> None:
            if item is note:
                self._bar.widgetRemoved.disconnect(removed)
                if self._note is note:  # otherwise it was replaced
                    self._note = None
                    declined()

        self._bar.widgetRemoved.connect(removed)

    def offer(
        self, text: str, label: str, action: Callable[[], None], declined: Optional[Callable[[], None]] = None
    ) -> None:
        """Replace the note with a message and a button.

        action: called when the button is clicked. declined: called when the user closes the message.
        """
        self.clear_note()
        self._note = self._bar.createMessage(_TITLE, html.escape(text))
        _add_button(self._note, label, action)
        if declined is not None:
            self._report_closing(self._note, declined)
        self._bar.pushWidget(self._note, Qgis.MessageLevel.Info, 0)

    def _show(self, text: str, level: Qgis.MessageLevel, link: Optional[Path] = None) -> Any:
        self.clear_note()
        item = self._bar.createMessage(_TITLE, _linked(html.escape(text), link))
        self._bar.pushWidget(item, level, 0)
        return item


def _linked(markup: str, link: Optional[Path]) -> str:
    if link is None:
        return markup
    name, address = html.escape(str(link)), html.escape(link.absolute().as_uri())
    return markup.replace(name, f'<a href="{address}">{name}</a>')


def _add_button(item: Any, label: str, action: Callable[[], None]) -> None:
    button = QPushButton(label)
    button.clicked.connect(lambda checked: action())
    item.layout().addWidget(button)
