"""The panel of a conversation: area, picture, answers and question."""

from __future__ import annotations

from typing import Any, Optional

from qgis.core import QgsApplication, QgsProject
from qgis.PyQt.QtCore import QEvent, Qt
from qgis.PyQt.QtGui import QKeyEvent
from qgis.PyQt.QtWidgets import (
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QSplitter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ...client.backends import must_start
from ...core.conversation_history import ConversationMessage, SavedConversation
from ...errors import OutputError
from ...services.asking.answer_row import add_to_results
from ...services.asking.conversation import Conversation, caption_question
from ...services.asking.place import Place
from ...services.asking.scene import Scene
from ...services.showing.subject import message_subject
from ...shared.answers.questions import Question
from ..showing.show_where import ShowWhere
from ..widgets import text_label
from .area_picker import AreaPicker
from .conversation_view import ConversationView
from .picture_view import PictureView
from .question_bar import QuestionBar


class ConversationPanel(QWidget):
    """Passes the user's input on to a Conversation and shows its state. Enter asks, Esc stops."""

    def __init__(self, iface: Any, conversation: Conversation, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._conversation = conversation
        self._waiting: Optional[Question] = None
        self._refusal = ""  # why the area that the user chose last cannot be used
        self.picker = AreaPicker(iface)
        self.picture = PictureView()
        self.view = ConversationView()
        self.where = ShowWhere()
        self.status = text_label()
        self.busy = QProgressBar()
        self.busy.setRange(0, 0)
        self.busy.setTextVisible(False)
        self.busy.setMaximumHeight(4)
        policy = self.busy.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # so that the widgets above do not move
        self.busy.setSizePolicy(policy)
        self.stop = QPushButton(self.tr("Stop"))
        self.stop.setToolTip(self.tr("Stop (Esc)"))
        self.copy = QToolButton()
        self.copy.setIcon(QgsApplication.getThemeIcon("/mActionEditCopy.svg"))
        self.copy.setToolTip(self.tr("Copy the conversation"))
        self.copy.setAutoRaise(True)
        self.bar = QuestionBar()
        self._lay_out()
        self._connect()
        self._update()

    def begin(self, place: Place) -> None:
        """Start a conversation about a place."""
        self.where.clear()
        self._refusal = ""
        self.view.show_messages([])
        self.picture.clear()
        if self._waiting is not None:
            self.view.begin(self._waiting.text)
        self._conversation.begin(place, self._waiting)
        self._update(self.tr("Capturing the picture…"))
        self.bar.text.setFocus()

    def resume(self, saved: SavedConversation) -> None:
        """Resume a saved conversation."""
        self.where.clear()
        self._refusal = ""
        self.picture.clear()
        self.view.show_messages(saved.messages)
        self._conversation.resume(saved)
        self._update(self.tr("Loading the picture…"))

    def event(self, event: QEvent) -> bool:
        """Accept Esc before QGIS does: its own shortcut would cancel map rendering instead."""
        if event.type() == QEvent.Type.ShortcutOverride and self._is_stop_key(event):
            event.accept()
            return True
        return bool(super().event(event))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Stop on Esc."""
        if self._is_stop_key(event):
            self._conversation.stop()
        else:
            super().keyPressEvent(event)

    def _is_stop_key(self, event: QKeyEvent) -> bool:
        return bool(event.key() == Qt.Key.Key_Escape and self._conversation.is_busy)

    def _lay_out(self) -> None:
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self.picture)
        split.addWidget(self.view)
        split.setStretchFactor(0, 2)
        split.setStretchFactor(1, 3)
        split.setChildrenCollapsible(False)
        row = QHBoxLayout()
        row.addWidget(self.status, 1)
        row.addWidget(self.copy)
        row.addWidget(self.stop)
        layout = QVBoxLayout(self)
        layout.addWidget(self.picker)
        layout.addWidget(split, 1)
        layout.addWidget(self.busy)
        layout.addLayout(row)
        layout.addWidget(self.bar)

    def _connect(self) -> None:
        conversation = self._conversation
        conversation.picture_ready.connect(self._show_picture)
        conversation.text_added.connect(self._write)
        conversation.answered.connect(self._end)
        conversation.failed.connect(self.fail)
        conversation.stopped.connect(self._stopped)
        conversation.settled.connect(self._update)
        self.picker.place_chosen.connect(self.begin)
        self.picker.failed.connect(self._refuse)
        self.picker.hinted.connect(self._hint)
        self.bar.asked.connect(self._ask)
        self.bar.described.connect(lambda detailed: self._ask(caption_question(detailed)))
        self.bar.failed.connect(self._hint)
        self.stop.clicked.connect(lambda checked: conversation.stop())
        self.copy.clicked.connect(lambda checked: self._copy(self.view.plain_text()))
        self.view.copy_wanted.connect(self._copy)
        self.view.add_wanted.connect(self._add)
        self.view.show_wanted.connect(self._show_where)
        self.where.said.connect(self.view.note)
        self.where.changed.connect(self.picture.mark)

    def _ask(self, question: Question) -> None:
        self.bar.text.setFocus()  # a button that becomes disabled would pass the focus to an arbitrary widget
        if self._conversation.has_place:
            self.view.begin(question.text)
            self._conversation.ask(question)
            self._update(self._waiting_text())
            return
        if self._refusal:  # the map view is not what the user chose
            self.fail(self._refusal)
            return
        self._waiting = question
        self.picker.choose_view()
        self._waiting = None

    def _show_picture(self, scene: Scene) -> None:
        self.picture.show_picture(scene.captured_view, scene.png)
        if self._conversation.is_busy:
            self._hint(self._waiting_text())

    def _waiting_text(self) -> str:
        first = self.tr("Waiting for the model… The first time, it takes a moment to start.")
        return first if must_start() else self.tr("Waiting for the model…")

    def _write(self, text: str) -> None:
        self._hint(self.tr("The model is answering…"))
        self.view.add_text(text)

    def _end(self, message: ConversationMessage) -> None:
        self.view.end(message)
        self._update()

    def _stopped(self, message: Optional[ConversationMessage]) -> None:
        if message is not None:
            self.view.end(message)
        else:
            self.view.fail(self.tr("Stopped."))
        self._update()

    def fail(self, sentence: str) -> None:
        """Show an error message."""
        self.view.fail(sentence)
        self._update()

    def _refuse(self, sentence: str) -> None:
        """Leave the earlier place, so that the next question is not about it."""
        self._conversation.leave()
        self.picture.clear()
        self.view.show_messages([])
        self.fail(sentence)
        self._refusal = "" if self._waiting is not None else sentence

    def _hint(self, text: str) -> None:
        self.status.setText(text)

    def _update(self, status: str = "") -> None:
        is_busy = self._conversation.is_busy
        self.status.setText(status if is_busy else "")
        self.busy.setVisible(is_busy)
        self.stop.setEnabled(is_busy)
        self.bar.set_busy(is_busy)

    def _copy(self, text: str) -> None:
        QgsApplication.clipboard().setText(text)
        self._hint(self.tr("Copied."))

    def _show_where(self, message: Optional[ConversationMessage]) -> None:
        view = self._conversation.captured_view
        if message is None or view is None:
            self.where.clear()
        else:
            self.where.show(message_subject(view, message))

    def _add(self, message: ConversationMessage) -> None:
        view = self._conversation.captured_view
        if view is None:
            return
        try:
            problem = add_to_results(QgsProject.instance(), view, message)
        except OutputError as error:
            self.fail(str(error))
            return
        self._hint(problem or self.tr("Added to the layer “RSGPT answers”."))
