"""A conversation about one place, which keeps its picture. Draws nothing; the work is done in tasks."""

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
    """One at a time; each question stands for itself, as the model has no memory. Signals come on the main thread.

    Whatever begins (`begin`, `resume`, `ask`) ends with one of settled (nothing was asked), answered, failed and
    stopped. picture_ready: a Scene. text_added: a piece of an answer that is being written. answered: a Message.
    stopped: the Message as far as it was heard, or None; at once, whatever the worker is doing.
    """

    picture_ready = pyqtSignal(object)
    text_added = pyqtSignal(str)
    answered = pyqtSignal(object)
    failed = pyqtSignal(str)
    stopped = pyqtSignal(object)
    settled = pyqtSignal()
    kept = pyqtSignal()  # the history holds more than before

    def __init__(self, project: QgsProject) -> None:
        super().__init__()
        self._project = project
        self._talk: Optional[ActiveConversation] = None
        self._turn: Optional[ConversationTurn] = None
        self._running: list[ConversationTurn] = []  # the stopped ones too, until they have ended

    @property
    def sight(self) -> Optional[CapturedView]:
        """What the conversation is about, once its picture is there."""
        return self._talk.scene.sight if self._talk and self._talk.scene else None

    @property
    def has_place(self) -> bool:
        """Whether something can be asked."""
        return self._talk is not None

    @property
    def is_busy(self) -> bool:
        """Whether a picture is being taken or an answer written."""
        return self._turn is not None

    def begin(self, place: Place, question: Optional[Question] = None) -> None:
        """Begin a conversation about `place`: take its picture, and ask where there is a question."""
        self.stop()
        self._talk = ActiveConversation(uuid4().hex, place)
        self._start(question)

    def resume(self, past: SavedConversation) -> None:
        """Go on with a kept conversation and its kept picture."""
        self.stop()
        self._talk = ActiveConversation(past.id, None, Scene(past.sight, b""))
        self._start(None)

    def ask(self, question: Question) -> None:
        """Ask about the place."""
        self._start(question)

    def stop(self) -> None:
        """Stop what is under way; nothing where nothing is."""
        turn, self._turn = self._turn, None
        if turn is not None:
            turn.cancel()
            self.stopped.emit(turn.cut_short())

    def close(self) -> None:
        """Stop, and wait a moment for what runs."""
        self.stop()
        for turn in list(self._running):
            turn.waitForFinished(_PATIENCE_MS)

    def _start(self, question: Optional[Question]) -> None:
        talk = self._talk
        if talk is None or self.is_busy:
            return
        try:
            turn = ConversationTurn(talk, self._viewpoint(talk), _wish(question) if question else None)
        except RsgptError as error:
            self.failed.emit(str(error))
            return
        turn.looked.connect(self._looked)
        turn.said.connect(self._said)
        turn.ended.connect(self._ended)
        self._turn = turn
        self._running.append(turn)
        QgsApplication.taskManager().addTask(turn)

    def _viewpoint(self, talk: ActiveConversation) -> Optional[Viewpoint]:
        """What takes the picture where none is held; None where the kept one has to do."""
        if talk.scene is None:
            return Viewpoint(self._project, talk.place) if talk.place else None
        sight = talk.scene.sight
        if talk.scene.png or self._project.mapLayer(sight.layer_id) is None:
            return None
        side_m, pixels = sight.gsd_m * max(sight.sent), float(max(sight.original))
        place = Place(sight.layer_id, sight.layer_name, extent_of(sight), side_m, pixels)
        return Viewpoint(self._project, place)

    def _looked(self, turn: ConversationTurn, scene: Scene) -> None:
        if turn is self._turn and self._talk is not None:
            self._talk.scene = scene
            self.picture_ready.emit(scene)

    def _said(self, turn: ConversationTurn, text: str) -> None:
        if turn is self._turn:
            self.text_added.emit(text)

    def _ended(self, turn: ConversationTurn) -> None:
        self._running.remove(turn)
        if turn is self._turn:
            self._turn = None
            self._report(turn)
        if turn.message is not None:
            self.kept.emit()

    def _report(self, turn: ConversationTurn) -> None:
        if turn.isCanceled():  # in the task manager
            self.stopped.emit(turn.message)
        elif turn.problem:
            self.failed.emit(turn.problem)
        elif turn.message is not None:
            self.answered.emit(turn.message)
        else:
            self.settled.emit()


def _wish(question: Question) -> TurnRequest:
    chosen = load()
    return TurnRequest(question, chosen_model(), chosen.least_confidence, chosen.wished_language)


def description(detailed: bool = False) -> Question:
    """Return what asks for a description, in a sentence or in several."""
    return Question(CAPTION, DETAIL_PROMPT if detailed else load().prompt or CAPTION_PROMPT)
