"""A turn takes the picture, asks the question, and stores the answer; every end is reported once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Optional

import pytest
from qgis.core import QgsFeedback, QgsProject, QgsRasterLayer

from rsgpt_plugin.client import answer_source
from rsgpt_plugin.client.installed_models import ModelInfo
from rsgpt_plugin.client.server.protocol import Prompt, Reply
from rsgpt_plugin.core.conversation_history import CapturedView, History, SavedConversation
from rsgpt_plugin.core.paths import history_file, picture_file
from rsgpt_plugin.core.picture_store import PictureStore
from rsgpt_plugin.errors import Cancelled, ServerError
from rsgpt_plugin.services.asking.place import Place, canvas_place
from rsgpt_plugin.services.asking.scene import Scene, Viewpoint
from rsgpt_plugin.services.asking.turn import ActiveConversation, ConversationTurn, TurnRequest
from rsgpt_plugin.shared.answers.answer_types import AnswerType
from rsgpt_plugin.shared.answers.questions import Question
from rsgpt_plugin.shared.results.columns import CAPTION
from tests.plugin.services.conftest import around, view_of

MODEL = ModelInfo("rsgpt-small", "ab" * 32, fingerprint="cd" * 16)
WATER = Question("answer", "Is there water?", AnswerType.YESNO)
DESCRIBE = Question(CAPTION, "Describe this image.")
VIEW = CapturedView("ortho_1", "ortho", "", (0.0, 0.0, 1.0, 1.0), "ab" * 32, (8, 8), (8, 8), 0.5)


class StreamingModel:
    """Streams `pieces`, then raises `error` if there is one."""

    def __init__(self) -> None:
        self.pieces = ["ye", "s"]
        self.error: Optional[Exception] = None
        self.confidence = 0.9
        self.prompts: list[Prompt] = []

    def ask_one(self, prompt: Prompt, on_text: Callable[[str], None], feedback: QgsFeedback) -> Reply:
        self.prompts.append(prompt)
        if feedback.isCanceled():
            raise Cancelled("Stopped.")
        for piece in self.pieces:
            on_text(piece)
        if self.error is not None:
            raise self.error
        return Reply("".join(self.pieces), self.confidence, (), "stop", False, "served-model")


class TurnSignals:
    """The signals of a turn, in order."""

    def __init__(self, turn: ConversationTurn) -> None:
        self.turn = turn
        self.scenes: list[Scene] = []
        self.texts: list[str] = []
        self.ends = 0
        turn.picture_taken.connect(lambda sender, scene: self.scenes.append(scene))
        turn.text_added.connect(lambda sender, text: self.texts.append(text))
        turn.ended.connect(self._end)

    def _end(self, sender: ConversationTurn) -> None:
        assert sender is self.turn
        self.ends += 1


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch, project: QgsProject) -> StreamingModel:
    model = StreamingModel()
    monkeypatch.setattr(answer_source, "open_backend", lambda info: model)
    monkeypatch.setattr(answer_source, "identified_model", lambda info, feedback: info)
    return model


@pytest.fixture
def place(raster: QgsRasterLayer) -> Place:
    return canvas_place(view_of([raster], around(150, 150, 100)))


def ran(turn: ConversationTurn) -> TurnSignals:
    """Run a turn to its end, as the task manager does."""
    signals = TurnSignals(turn)
    turn.finished(turn.run())
    return signals


def with_picture() -> ActiveConversation:
    return ActiveConversation("c1", scene=Scene(VIEW, b"png"))


def history() -> list[SavedConversation]:
    with History(history_file()) as stored:
        return stored.listed()


def stored_picture(view: CapturedView) -> Optional[bytes]:
    with PictureStore(picture_file(), 10**8) as pictures:
        return pictures.get(view.image_sha256)


def test_a_turn_without_a_question_takes_and_stores_the_picture(model: StreamingModel, place: Place) -> None:
    viewpoint = Viewpoint(QgsProject.instance(), place)
    signals = ran(ConversationTurn(ActiveConversation("c1", place), viewpoint, None))
    (scene,) = signals.scenes
    assert stored_picture(scene.captured_view) == scene.png
    assert (signals.turn.message, signals.turn.problem, signals.ends) == (None, "", 1)
    assert (model.prompts, history()) == ([], [])


def test_an_answer_is_streamed_and_stored_with_its_picture(model: StreamingModel) -> None:
    signals = ran(ConversationTurn(with_picture(), None, TurnRequest(WATER, MODEL)))
    message = signals.turn.message
    assert message is not None
    assert (message.text, message.line, message.answer) == (WATER.text, WATER.line, "yes")
    assert (message.confidence, message.model, message.problem) == (0.9, "served-model", "")
    assert (message.weights_sha256, message.fingerprint) == (MODEL.weights_sha256, MODEL.fingerprint)
    assert (signals.texts, signals.ends) == (["ye", "s"], 1)
    (stored,) = history()
    assert (stored.id, stored.captured_view, stored.messages) == ("c1", VIEW, (message,))
    assert stored_picture(VIEW) == b"png"
    assert model.prompts[0].gsd_m == VIEW.gsd_m


def test_an_answer_about_a_picture_outside_of_what_the_model_knows_says_so(model: StreamingModel) -> None:
    message = ran(ConversationTurn(with_picture(), None, TurnRequest(WATER, MODEL))).turn.message
    assert message is not None
    assert message.doubt == "the picture has only 8 pixels per side; rsgpt-small needs about 64"
    other = ran(ConversationTurn(with_picture(), None, TurnRequest(WATER, replace(MODEL, name="other")))).turn.message
    assert other is not None
    assert (other.answer, other.doubt) == ("yes", "")


def test_a_description_has_no_question_line(model: StreamingModel) -> None:
    model.pieces = ["boats"]
    message = ran(ConversationTurn(with_picture(), None, TurnRequest(DESCRIBE, MODEL))).turn.message
    assert message is not None
    assert (message.line, message.question, message.answer) == ("", None, "boats")
    assert model.prompts[0].text == "Describe this image."


def test_the_language_of_the_answer_is_requested(model: StreamingModel) -> None:
    ran(ConversationTurn(with_picture(), None, TurnRequest(DESCRIBE, MODEL, language="German")))
    assert "Answer in German." in model.prompts[0].text


def test_an_answer_below_the_minimum_confidence_is_withheld(model: StreamingModel) -> None:
    message = ran(ConversationTurn(with_picture(), None, TurnRequest(WATER, MODEL, 0.95))).turn.message
    assert message is not None
    assert (message.answer, message.confidence) == ("", 0.9)
    assert message.problem == "I can't tell ('yes' would be 90 % sure)"
    assert history()[0].messages == (message,)


def test_a_picture_of_an_earlier_conversation_is_loaded_from_the_store(model: StreamingModel) -> None:
    with PictureStore(picture_file(), 10**8) as pictures:
        pictures.put(VIEW.image_sha256, b"stored")
    conversation = ActiveConversation("c1", scene=Scene(VIEW, b""))
    signals = ran(ConversationTurn(conversation, None, TurnRequest(WATER, MODEL)))
    assert signals.scenes == [Scene(VIEW, b"stored")]
    assert model.prompts[0].image == b"stored"


def test_a_picture_that_is_lost_with_its_layer_is_reported(model: StreamingModel) -> None:
    conversation = ActiveConversation("c1", scene=Scene(VIEW, b""))
    signals = ran(ConversationTurn(conversation, None, TurnRequest(WATER, MODEL)))
    assert signals.turn.problem.startswith("The picture is no longer stored, and its layer is not in the project.")
    assert (signals.scenes, signals.turn.message, signals.ends, history()) == ([], None, 1, [])


def test_a_lost_picture_is_taken_again_from_the_layer(model: StreamingModel, place: Place) -> None:
    conversation = ActiveConversation("c1", place, Scene(VIEW, b""))
    (scene,) = ran(ConversationTurn(conversation, Viewpoint(QgsProject.instance(), place), None)).scenes
    assert scene.captured_view.sent == (300, 200)


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (ServerError("The model server does not answer."), "The model server does not answer."),
        (ValueError("odd shape"), "Unexpected error ValueError: odd shape."),
    ],
)
def test_an_error_is_reported_and_nothing_is_stored(model: StreamingModel, error: Exception, problem: str) -> None:
    model.error = error
    signals = ran(ConversationTurn(with_picture(), None, TurnRequest(WATER, MODEL)))
    assert signals.turn.problem.startswith(problem)
    assert (signals.turn.message, signals.ends, history()) == (None, 1, [])


def test_a_stop_during_the_answer_stores_the_text_so_far(model: StreamingModel) -> None:
    model.pieces, model.error = ["many ", "boats"], Cancelled("Stopped.")
    turn = ConversationTurn(with_picture(), None, TurnRequest(DESCRIBE, MODEL))
    assert turn.partial_message() is None
    signals = ran(turn)
    message = signals.turn.message
    assert message is not None
    assert (message.answer, message.problem) == ("many boats", "Stopped.")
    assert history()[0].messages == (message,)
    partial = turn.partial_message()
    assert partial is not None
    assert (partial.answer, partial.problem) == ("many boats", "Stopped.")


def test_a_stop_before_the_answer_stores_no_message(model: StreamingModel) -> None:
    turn = ConversationTurn(with_picture(), None, TurnRequest(DESCRIBE, MODEL))
    turn.cancel()
    signals = ran(turn)
    assert (turn.message, turn.problem, turn.partial_message()) == (None, "", None)
    assert (signals.ends, history()) == (1, [])


def test_a_stop_during_the_capture_is_no_problem(model: StreamingModel, place: Place) -> None:
    turn = ConversationTurn(ActiveConversation("c1", place), Viewpoint(QgsProject.instance(), place), None)
    turn.cancel()
    signals = ran(turn)
    assert (signals.scenes, turn.problem, signals.ends) == ([], "", 1)


def test_a_turn_that_ends_without_a_reason_says_where_to_look(project: QgsProject) -> None:
    turn = ConversationTurn(with_picture(), None, None)
    signals = TurnSignals(turn)
    turn.finished(False)
    assert "See the log messages of QGIS" in turn.problem
    assert signals.ends == 1


def test_an_active_conversation_is_named_after_its_layer(place: Place) -> None:
    assert ActiveConversation("c1").name == ""
    assert ActiveConversation("c1", place).name == "ortho"
    named: Any = ActiveConversation("c1", None, Scene(VIEW, b""))
    assert named.name == "ortho"
    assert ConversationTurn(named, None, None).description() == "RSGPT: processing ortho"
