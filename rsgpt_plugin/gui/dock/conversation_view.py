"""The questions and answers of a conversation as text. Answers of a model are never interpreted as markup."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Optional

from qgis.PyQt.QtCore import QUrl, pyqtSignal
from qgis.PyQt.QtGui import QColor, QPalette, QTextCursor
from qgis.PyQt.QtWidgets import QTextBrowser, QWidget

from ...core.conversation_history import ConversationMessage
from ...geo.results.display_values import yes_or_no
from ...shared.answers.answered_by import CLASSIFIER, FINDER
from ...shared.results.columns import BOOLEAN
from ...shared.text import sentence

_COPY, _ADD, _SHOW = "copy", "add", "show"


class ConversationView(QTextBrowser):
    """Shows messages, the last one while it is generated.

    add_wanted: the message to add to the results layer. copy_wanted: the text to copy. show_wanted: the message whose
    thing to show in the picture and on the map, or None to remove what is shown.
    """

    add_wanted = pyqtSignal(object)
    copy_wanted = pyqtSignal(str)
    show_wanted = pyqtSignal(object)

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._messages: list[ConversationMessage] = []
        self._problem = ""
        self._shown, self._note = -1, ""  # number of the message, and what is said of it
        self.setOpenLinks(False)
        self.setMinimumHeight(80)
        self.setPlaceholderText(self.tr("Ask about the area, or describe it. Each question is answered independently."))
        self.anchorClicked.connect(self._follow)

    def show_messages(self, messages: Sequence[ConversationMessage]) -> None:
        """Replace all messages."""
        self._messages, self._problem, self._shown = list(messages), "", -1
        self._draw()

    def note(self, text: str) -> None:
        """Show what is said of the message whose thing is shown; "" ends that."""
        self._note = text
        if not text:
            self._shown = -1
        self._draw_in_place()

    def begin(self, text: str) -> None:
        """Show a question that is being answered."""
        self._problem = ""
        self._draw(self._question_html(text) + "<p></p>")

    def add_text(self, text: str) -> None:
        """Append generated text to the last answer."""
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(text)
        self._scroll()

    def end(self, message: ConversationMessage) -> None:
        """Replace the generated text by the complete message."""
        self._messages.append(message)
        self._draw()

    def fail(self, sentence: str) -> None:
        """Show an error message."""
        self._problem = sentence
        self._draw()

    def plain_text(self) -> str:
        """Return the conversation as plain text."""
        return "\n\n".join(f"{message.text}\n{self.answer_of(message)}" for message in self._messages)

    def answer_of(self, message: ConversationMessage) -> str:
        """Return the answer in the user's language, followed by its problem and doubt if there are any."""
        parts = self._answer_text(message), sentence(message.problem), sentence(message.doubt)
        return "\n".join(filter(None, parts))

    def _answer_text(self, message: ConversationMessage) -> str:
        question = message.question
        if question is not None and question.type.data is BOOLEAN and not message.problem:
            return yes_or_no(message.answer == "yes")
        return message.answer

    def _draw(self, more: str = "") -> None:
        parts = [self._message_html(number, message) for number, message in enumerate(self._messages)]
        problem = f"<p><i>{_escaped(self._problem)}</i></p>" if self._problem else ""
        self.setHtml("".join(parts) + more + problem)
        self._scroll()

    def _draw_in_place(self) -> None:
        position = self.verticalScrollBar().value()
        self._draw()
        self.verticalScrollBar().setValue(position)

    def _question_html(self, text: str) -> str:
        return f'<p style="margin-top:10px"><b>{_escaped(text)}</b></p>'

    def _message_html(self, number: int, message: ConversationMessage) -> str:
        text = _escaped(self._answer_text(message))
        notes = [f"<i>{_escaped(sentence(note))}</i>" for note in (message.problem, message.doubt) if note]
        answer = "<br>".join(filter(None, [text, *notes]))
        links = [f'<a href="{_COPY}:{number}">{_escaped(self.tr("Copy"))}</a>']
        if message.answer:
            links.append(f'<a href="{_ADD}:{number}">{_escaped(self.tr("Add to results layer"))}</a>')
        if message.answer and message.line:
            shown = self.tr("Hide") if number == self._shown else self.tr("Show where")
            links.append(f'<a href="{_SHOW}:{number}">{_escaped(shown)}</a>')
        if number == self._shown:
            links.append(f"<i>{_escaped(self._note)}</i>")
        sure = f'<span style="color:{self._secondary_color()}">{_escaped(self._confidence_text(message))}</span>'
        line = " · ".join(part for part in (sure if self._confidence_text(message) else "", *links) if part)
        return f'{self._question_html(message.text)}<p>{answer}</p><p style="font-size:small">{line}</p>'

    def _secondary_color(self) -> str:
        """Return a color between text and background, for secondary text in light and dark themes."""
        text, background = (self.palette().color(role) for role in (QPalette.ColorRole.Text, QPalette.ColorRole.Base))
        return QColor(*(round(0.65 * a + 0.35 * b) for a, b in zip(text.getRgb()[:3], background.getRgb()[:3]))).name()

    def _confidence_text(self, message: ConversationMessage) -> str:
        if message.confidence is None or not message.answer:
            return ""
        sure = self.tr("{percent} % sure").format(percent=round(100 * message.confidence))
        parts = {FINDER: self.tr("found by the finder"), CLASSIFIER: self.tr("said by the classifier")}
        return ", ".join(filter(None, [sure, parts.get(message.answered_by)]))

    def _follow(self, link: QUrl) -> None:
        kind, _, number = link.toString().partition(":")
        message = self._messages[int(number)]
        if kind == _ADD:
            self.add_wanted.emit(message)
        elif kind == _SHOW and int(number) == self._shown:
            self.show_wanted.emit(None)
        elif kind == _SHOW:
            self.show_wanted.emit(message)
            self._shown = int(number)
            self._draw_in_place()
        else:
            self.copy_wanted.emit(self.answer_of(message))

    def _scroll(self) -> None:
        bar = self.verticalScrollBar()
        bar.setValue(bar.maximum())


def _escaped(text: str) -> str:
    return html.escape(text).replace("\n", "<br>")
