"""One turn of a conversation as a task: takes the picture, asks the question, streams and stores the answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Optional

from qgis.core import QgsFeedback, QgsTask
from qgis.PyQt.QtCore import QCoreApplication, pyqtSignal

from ...client.answer_source import AnswerMemory, AnswerSource, PictureQuery, open_memory
from ...client.installed_models import ModelInfo
from ...core.conversation_history import ConversationMessage, History
from ...core.paths import history_file
from ...errors import Cancelled, ImageryError, RsgptError
from ...shared.answers.model_limits import picture_doubts
from ...shared.answers.questions import Question
from ...shared.answers.typed_answers import RawAnswer, as_text
from ...shared.results.columns import CAPTION
from ...shared.results.rows import typed_answer
from ...unexpected import log_unexpected
from .place import Place
from .scene import Scene, Viewpoint

translate = QCoreApplication.translate


@dataclass(frozen=True)
class TurnRequest:
    """A question to a model. question: named CAPTION for a description. minimum_confidence: 0 to 1.

    language: the language of text answers, "" for any.
    """

    question: Question
    model: ModelInfo
    minimum_confidence: float = 0.0
    language: str = ""

    @property
    def message(self) -> ConversationMessage:
        """The message without an answer, with the current time."""
        line = "" if self.question.name == CAPTION else self.question.line
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        model = self.model
        return ConversationMessage(
            self.question.text,
            line,
            model=model.name,
            weights_sha256=model.weights_sha256,
            asked_at=now,
            fingerprint=model.fingerprint,
        )


@dataclass
class ActiveConversation:
    """The current conversation. id: in the history. place: None if it was resumed from the history."""

    id: str
    place: Optional[Place] = None
    scene: Optional[Scene] = None

    @property
    def name(self) -> str:
        """The name of the raster layer."""
        return self.scene.captured_view.layer_name if self.scene else self.place.layer_name if self.place else ""


class ConversationTurn(QgsTask):
    """Takes the picture of a place, then asks a question if there is one. All signals pass the turn itself first.

    picture_taken: a Scene. text_added: a part of the answer. ended: `message` holds the answer, or `problem` the error;
    neither is set if there was no question or the turn was stopped.
    """

    picture_taken = pyqtSignal(object, object)
    text_added = pyqtSignal(object, str)
    ended = pyqtSignal(object)

    def __init__(
        self, active: ActiveConversation, viewpoint: Optional[Viewpoint], request: Optional[TurnRequest]
    ) -> None:
        """viewpoint: takes the picture if neither the conversation nor the picture store has it."""
        title = translate("Rsgpt", "RSGPT: processing {layer}").format(layer=active.name)
        super().__init__(title, QgsTask.Flag.CanCancel | QgsTask.Flag.Silent)
        self.message: Optional[ConversationMessage] = None
        self.problem = ""
        self._conversation = active.id
        self._scene = active.scene
        self._viewpoint = viewpoint
        self._request = request
        self._texts: list[str] = []
        self._feedback = QgsFeedback()

    def cancel(self) -> None:
        """Cancel the turn. A running request is aborted within 0.1 s."""
        self._feedback.cancel()
        super().cancel()

    def partial_message(self) -> Optional[ConversationMessage]:
        """Return a message with the text so far; None if there is no text."""
        if self._request is None or not self._texts:
            return None
        stopped = translate("Rsgpt", "Stopped.")
        return replace(self._request.message, answer="".join(self._texts), problem=stopped)

    def run(self) -> bool:
        """Run the turn in a background thread."""
        try:
            with open_memory() as memory:
                self._take_turn(memory)
        except Cancelled:
            return False
        except RsgptError as error:
            self.problem = str(error)
        except Exception as error:  # an exception must not leave the thread
            self.problem = log_unexpected(error)
        finally:
            self._viewpoint = None  # delete its layers in the thread that owns them
        return not self.problem

    def finished(self, result: bool) -> None:
        """Emit `ended` on the main thread."""
        if not (result or self.problem or self.isCanceled()):
            self.problem = translate(
                "Rsgpt", "The question failed for an unknown reason. See the log messages of QGIS."
            )
        self.ended.emit(self)

    def _take_turn(self, memory: AnswerMemory) -> None:
        scene = self._picture(memory)
        self.picture_taken.emit(self, scene)
        memory.pictures.put(scene.captured_view.image_sha256, scene.png)
        if self._request is None:
            return
        try:
            self.message = self._ask(self._request, scene, memory)
        except Cancelled:
            self.message = self.partial_message()
        if self.message is not None:
            with History(history_file()) as history:
                history.add(self._conversation, scene.captured_view, self.message)

    def _picture(self, memory: AnswerMemory) -> Scene:
        scene = self._scene
        if scene is not None:
            png = scene.png or memory.pictures.get(scene.captured_view.image_sha256)
            if png:
                return replace(scene, png=png)
        if self._viewpoint is None:
            raise ImageryError(
                translate(
                    "Rsgpt",
                    "The picture is no longer stored, and its layer is not in the project. Add the layer, then ask "
                    "again.",
                )
            )
        return self._viewpoint.take(self._feedback)

    def _ask(self, request: TurnRequest, scene: Scene, memory: AnswerMemory) -> ConversationMessage:
        source = AnswerSource(request.model, memory, request.language, self._feedback)
        view = scene.captured_view
        query = PictureQuery(view.image_sha256, lambda: scene.png, [request.question], view.gsd_m)
        raw = source.ask_one(query, self._add_text)
        message = _answered(replace(request, model=source.model), raw)
        doubt = picture_doubts(source.model.limits, view.gsd_m, min(view.sent), raw.is_unusual)
        return replace(message, doubt=doubt if message.answer else "")

    def _add_text(self, text: str) -> None:
        self._texts.append(text)
        self.text_added.emit(self, text)


def _answered(request: TurnRequest, raw: RawAnswer) -> ConversationMessage:
    answer = typed_answer(request.question, raw, request.minimum_confidence, request.model.limits)
    message = replace(
        request.message,
        model=raw.model or request.model.name,
        answer=as_text(answer.value),
        confidence=answer.confidence,
        problem=answer.problem,
        answered_by=raw.answered_by,
    )
    return replace(message, asked_at=raw.asked_at or message.asked_at)
