"""A conversation about one place and its picture, whose turns run as tasks."""

from __future__ import annotations

from typing import Optional
from uuid import uuid4

from qgis.core import QgsApplication, QgsProject
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...client.backends import chosen_model
from ...client.preferences import load
from ...core.conversation_history import CapturedView, SavedConversation
from ...errors import RsgptError
from ...shared.answers.questions import CAPTION_PROMPT, DETAIL_PROMPT, Question
from ...shared.results.columns import CAPTION
from .place import Place
from .scene import Scene, Viewpoint, extent_of
from .turn import ActiveConversation, ConversationTurn, TurnRequest

_PATIENCE_MS = 3000


class Conversation(QObject):
    """The current conversation. Each question is independent, because the model does not see earlier messages.

    `begin`, `resume` and `ask` each end with one of the signals settled (without a question), answered, failed and
    stopped, on the main thread. picture_ready: a Scene. text_added: a part of the answer, while it is written.
    answered: a ConversationMessage. stopped: the message with the text so far, or None; emitted immediately.
    """

    picture_ready = pyqtSignal(object)
    text_added = pyqtSignal(str)
    answered = pyqtSignal(object)
    failed = pyqtSignal(str)
    stopped = pyqtSignal(object)
    settled = pyqtSignal()
    history_changed = pyqtSignal()  # the history has a new message

    def __init__(self, project: QgsProject) -> None:
        super().__init__()
        self._project = project
        self._active: Optional[ActiveConversation] = None
        self._turn: Optional[ConversationTurn] = None
        self._running: list[ConversationTurn] = []  # includes stopped turns until they end

    @property
    def captured_view(self) -> Optional[CapturedView]:
        """The picture's description; None until the picture is taken."""
        return self._active.scene.captured_view if self._active and self._active.scene else None

    @property
    def has_place(self) -> bool:
        """Whether the conversation has a place, so that questions can be asked."""
        return self._active is not None

    @property
    def is_busy(self) -> bool:
        """Whether a turn is running."""
        return self._turn is not None

    def begin(self, place: Place, question: Optional[Question] = None) -> None:
        """Start a conversation about `place`: take its picture, then ask `question` if there is one."""
        self.stop()
        self._active = ActiveConversation(uuid4().hex, place)
        self._start(question)

    def resume(self, past: SavedConversation) -> None:
        """Resume a conversation from the history, with its stored picture."""
        self.stop()
        self._active = ActiveConversation(past.id, None, Scene(past.captured_view, b""))
        self._start(None)

    def ask(self, question: Question) -> None:
        """Ask a question about the current place."""
        self._start(question)

    def stop(self) -> None:
        """Stop the running turn, if there is one."""
        turn, self._turn = self._turn, None
        if turn is not None:
            turn.cancel()
            self.stopped.emit(turn.partial_message())

    def leave(self) -> None:
        """Stop, and forget the place."""
        self.stop()
        self._active = None

    def close(self) -> None:
        """Stop, and wait a moment for the running turns."""
        self.stop()
        for turn in list(self._running):
            turn.waitForFinished(_PATIENCE_MS)

    def _start(self, question: Optional[Question]) -> None:
        active = self._active
        if active is None or self.is_busy:
            return
        try:
            turn = ConversationTurn(active, self._viewpoint(active), _request(question) if question else None)
        except RsgptError as error:
            self.failed.emit(str(error))
            return
        turn.picture_taken.connect(self._on_picture)
        turn.text_added.connect(self._on_text)
        turn.ended.connect(self._on_end)
        self._turn = turn
        self._running.append(turn)
        QgsApplication.taskManager().addTask(turn)

    def _viewpoint(self, active: ActiveConversation) -> Optional[Viewpoint]:
        """Return what can take the picture; None if the picture is loaded or its layer is not in the project."""
        if active.scene is None:
            return Viewpoint(self._project, active.place) if active.place else None
        view = active.scene.captured_view
        if active.scene.png or self._project.mapLayer(view.layer_id) is None:
            return None
        side_m, pixels = view.gsd_m * max(view.sent), float(max(view.original))
        place = Place(view.layer_id, view.layer_name, extent_of(view), side_m, pixels)
        return Viewpoint(self._project, place)

    def _on_picture(self, turn: ConversationTurn, scene: Scene) -> None:
        if turn is self._turn and self._active is not None:
            self._active.scene = scene
            self.picture_ready.emit(scene)

    def _on_text(self, turn: ConversationTurn, text: str) -> None:
        if turn is self._turn:
            self.text_added.emit(text)

    def _on_end(self, turn: ConversationTurn) -> None:
        self._running.remove(turn)
        if turn is self._turn:
            self._turn = None
            self._report(turn)
        if turn.message is not None:
            self.history_changed.emit()

    def _report(self, turn: ConversationTurn) -> None:
        if turn.isCanceled():  # in the task manager
            self.stopped.emit(turn.message)
        elif turn.problem:
            self.failed.emit(turn.problem)
        elif turn.message is not None:
            self.answered.emit(turn.message)
        else:
            self.settled.emit()


def _request(question: Question) -> TurnRequest:
    preferences = load()
    return TurnRequest(question, chosen_model(), preferences.least_confidence, preferences.prompt_language)


def caption_question(detailed: bool = False) -> Question:
    """Return the question that asks for a caption, or for a detailed caption of several sentences."""
    return Question(CAPTION, DETAIL_PROMPT if detailed else load().prompt or CAPTION_PROMPT)
