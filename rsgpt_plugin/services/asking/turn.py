"""One turn of a conversation, as a task: take the picture, ask, stream, remember. Knows no widget and no project."""

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
from ...shared.answers.questions import Question
from ...shared.answers.typed_answers import RawAnswer, as_text
from ...shared.results.columns import CAPTION
from ...shared.results.rows import typed_answer
from ...unexpected import explained
from .place import Place
from .scene import Scene, Viewpoint

translate = QCoreApplication.translate


@dataclass(frozen=True)
class TurnRequest:
    """What is asked. question: one named CAPTION for a description. least: how sure an answer has to be, 0 to 1.

    language: that text is asked for in, "" for none in particular.
    """

    question: Question
    model: ModelInfo
    least: float = 0.0
    language: str = ""

    @property
    def message(self) -> ConversationMessage:
        """The message without its answer."""
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
    """A conversation under way: its id in the history, its place or, where that is unknown, its picture."""

    id: str
    place: Optional[Place] = None
    scene: Optional[Scene] = None

    @property
    def name(self) -> str:
        """What the place's layer is called."""
        return self.scene.sight.layer_name if self.scene else self.place.layer_name if self.place else ""


class ConversationTurn(QgsTask):
    """Looks at a place, and asks where there is something to ask. Every signal carries the turn itself first.

    looked: a Scene. said: a piece of the answer. ended: then `message` is what came of it, `problem` why nothing did,
    and with neither it was a look, or was stopped.
    """

    looked = pyqtSignal(object, object)
    said = pyqtSignal(object, str)
    ended = pyqtSignal(object)

    def __init__(self, talk: ActiveConversation, viewpoint: Optional[Viewpoint], wish: Optional[TurnRequest]) -> None:
        """viewpoint: to take the picture, where the talk has none or may have lost it."""
        text = translate("Rsgpt", "RSGPT looks at {layer}").format(layer=talk.name)
        super().__init__(text, QgsTask.Flag.CanCancel | QgsTask.Flag.Silent)
        self.message: Optional[ConversationMessage] = None
        self.problem = ""
        self._conversation = talk.id
        self._scene = talk.scene
        self._viewpoint = viewpoint
        self._wish = wish
        self._heard: list[str] = []
        self._feedback = QgsFeedback()

    def cancel(self) -> None:
        """Stop it; a request under way is aborted within a tenth of a second."""
        self._feedback.cancel()
        super().cancel()

    def cut_short(self) -> Optional[ConversationMessage]:
        """What has been heard so far, as a message; None where that is nothing."""
        if self._wish is None or not self._heard:
            return None
        stopped = translate("Rsgpt", "Stopped.")
        return replace(self._wish.message, answer="".join(self._heard), problem=stopped)

    def run(self) -> bool:
        """Do the work, on a thread of QGIS's."""
        try:
            with open_memory() as memory:
                self._work(memory)
        except Cancelled:
            return False
        except RsgptError as error:
            self.problem = str(error)
        except Exception as error:  # the border of a thread: whatever a library raises ends in a sentence
            self.problem = explained(error)
        finally:
            self._viewpoint = None  # its layers die in the thread that they live in
        return not self.problem

    def finished(self, result: bool) -> None:
        """Report, on the main thread."""
        if not (result or self.problem or self.isCanceled()):
            self.problem = translate("Rsgpt", "The question ended without a reason. See the log messages of QGIS.")
        self.ended.emit(self)

    def _work(self, memory: AnswerMemory) -> None:
        scene = self._look(memory)
        self.looked.emit(self, scene)
        memory.pictures.put(scene.sight.image_sha256, scene.png)
        if self._wish is None:
            return
        try:
            self.message = self._ask(self._wish, scene, memory)
        except Cancelled:
            self.message = self.cut_short()
        if self.message is not None:
            with History(history_file()) as history:
                history.add(self._conversation, scene.sight, self.message)

    def _look(self, memory: AnswerMemory) -> Scene:
        scene = self._scene
        if scene is not None:
            png = scene.png or memory.pictures.get(scene.sight.image_sha256)
            if png:
                return replace(scene, png=png)
        if self._viewpoint is None:
            raise ImageryError(
                translate(
                    "Rsgpt",
                    "The picture is not kept any more, and its layer is not in the project. Add the layer, then ask "
                    "again.",
                )
            )
        return self._viewpoint.take(self._feedback)

    def _ask(self, wish: TurnRequest, scene: Scene, memory: AnswerMemory) -> ConversationMessage:
        source = AnswerSource(wish.model, memory, wish.language, self._feedback)
        query = PictureQuery(scene.sight.image_sha256, lambda: scene.png, [wish.question])
        return _told(replace(wish, model=source.model), source.ask_one(query, self._hear))

    def _hear(self, text: str) -> None:
        self._heard.append(text)
        self.said.emit(self, text)


def _told(wish: TurnRequest, raw: RawAnswer) -> ConversationMessage:
    answer = typed_answer(wish.question, raw, wish.least)
    message = replace(
        wish.message,
        model=raw.model or wish.model.name,
        answer=as_text(answer.value),
        confidence=answer.confidence,
        problem=answer.problem,
    )
    return replace(message, asked_at=raw.asked_at or message.asked_at)
