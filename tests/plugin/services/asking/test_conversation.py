"""Conversations with the real server and a scripted engine: picture, streaming, stopping and resuming."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from qgis.core import QgsProject, QgsRasterLayer
from qgis.PyQt.QtGui import QImage

from rsgpt_plugin.client import backends
from rsgpt_plugin.client.answer_source import AnswerSource
from rsgpt_plugin.client.installed_models import ModelInfo
from rsgpt_plugin.client.preferences import Preferences, save
from rsgpt_plugin.client.server.local_server import LocalServer
from rsgpt_plugin.core import paths
from rsgpt_plugin.core.conversation_history import History, SavedConversation
from rsgpt_plugin.services.asking.conversation import Conversation, caption_question
from rsgpt_plugin.services.asking.place import canvas_place
from rsgpt_plugin.services.asking.scene import Scene, Viewpoint
from rsgpt_plugin.shared.answers.answer_types import AnswerType
from rsgpt_plugin.shared.answers.questions import Question
from tests.plugin.services.asking.test_click_run import wait_until
from tests.plugin.services.conftest import around, view_of

Serve = Callable[..., LocalServer]
WATER = Question("answer", "Is there water?", AnswerType.YESNO)
LONG = " ".join(f"w{number}" for number in range(80))


class ReceivedSignals:
    """The signals of a conversation, in order, as names and arguments."""

    def __init__(self, conversation: Conversation) -> None:
        self.received: list[tuple[str, Any]] = []
        for name in ("picture_ready", "text_added", "answered", "failed", "stopped"):
            getattr(conversation, name).connect(lambda argument, name=name: self.received.append((name, argument)))
        for name in ("settled", "history_changed"):
            getattr(conversation, name).connect(lambda name=name: self.received.append((name, None)))

    def names(self) -> list[str]:
        return [name for name, _ in self.received]

    def of(self, name: str) -> list[Any]:
        return [argument for received, argument in self.received if received == name]

    def wait(self, name: str, count: int = 1) -> float:
        return wait_until(lambda: self.names().count(name) >= count)


@pytest.fixture
def conversation(project: QgsProject, monkeypatch: pytest.MonkeyPatch) -> Iterator[Conversation]:
    monkeypatch.setattr(backends, "model_identity", lambda name: ModelInfo("rsgpt-small", "f" * 64))
    conversation = Conversation(project)
    yield conversation
    conversation.close()


def history() -> list[SavedConversation]:
    with History(paths.history_file()) as stored:
        return stored.listed()


def test_one_picture_serves_two_questions(
    conversation: Conversation, raster: QgsRasterLayer, serve: Serve, tmp_path: Path
) -> None:
    serve("--script", '{"replies": {"water": "yes", "image": "boats"}}', "--log", str(tmp_path / "log"))
    signals = ReceivedSignals(conversation)
    conversation.begin(canvas_place(view_of([raster], around(150, 150, 100))))
    assert conversation.is_busy
    signals.wait("settled")
    (scene,) = signals.of("picture_ready")
    assert isinstance(scene, Scene)
    image = QImage.fromData(scene.png, "PNG")
    assert (image.width(), image.height()) == scene.captured_view.sent == scene.captured_view.original == (300, 200)
    assert scene.captured_view.gsd_m == pytest.approx(0.5, rel=0.01)
    assert not (tmp_path / "log").exists()  # taking the picture asks no question
    conversation.ask(caption_question())
    signals.wait("answered")
    QgsProject.instance().removeMapLayer(raster.id())  # the picture is stored
    conversation.ask(WATER)
    signals.wait("answered", 2)
    first, second = signals.of("answered")
    assert (first.text, first.answer, first.question) == ("Describe this image.", "boats", None)
    assert (second.answer, second.question, second.model) == ("yes", WATER, "rsgpt-small")
    assert second.confidence == pytest.approx(0.9)
    ((past),) = history()
    assert past.messages == (first, second)
    assert past.captured_view.image_sha256 == scene.captured_view.image_sha256


def test_a_repeated_question_is_answered_from_the_cache(
    conversation: Conversation, raster: QgsRasterLayer, serve: Serve, tmp_path: Path
) -> None:
    serve("--reply", "yes", "--log", str(tmp_path / "log"))
    signals = ReceivedSignals(conversation)
    conversation.begin(canvas_place(view_of([raster], around(150, 150, 100))))
    signals.wait("settled")
    for count in (1, 2):
        conversation.ask(WATER)
        signals.wait("answered", count)
    assert len((tmp_path / "log").read_text().splitlines()) == 1


def test_text_answers_use_the_preferred_language(
    conversation: Conversation, raster: QgsRasterLayer, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Preferences, "prompt_language", "German")
    serve("--script", '{"replies": {"Answer in German.": "Boote", "water": "yes", "image": "boats"}}')
    signals = ReceivedSignals(conversation)
    conversation.begin(canvas_place(view_of([raster], around(150, 150, 100))))
    signals.wait("settled")
    for count, question in enumerate((caption_question(), WATER), start=1):
        conversation.ask(question)
        signals.wait("answered", count)
    first, second = signals.of("answered")
    assert (first.text, first.answer, second.answer) == ("Describe this image.", "Boote", "yes")


def test_answers_stream_without_blocking_the_main_thread(
    conversation: Conversation, raster: QgsRasterLayer, serve: Serve
) -> None:
    serve("--token-delay", "0.05", "--reply", " ".join("abcdefgh")).endpoint()
    signals = ReceivedSignals(conversation)
    conversation.begin(canvas_place(view_of([raster], around(150, 150, 100))))
    conversation.ask(WATER)  # ignored: the picture is not ready
    signals.wait("settled")
    conversation.ask(caption_question())
    longest = signals.wait("answered")
    assert "".join(signals.of("text_added")) == signals.of("answered")[0].answer == "a b c d e f g h"
    assert signals.names().index("answered") > signals.names().index("text_added")
    assert longest < 0.15


def test_stop_is_immediate_and_stores_the_partial_answer(
    conversation: Conversation, raster: QgsRasterLayer, serve: Serve
) -> None:
    serve("--token-delay", "0.05", "--reply", LONG)
    signals = ReceivedSignals(conversation)
    conversation.begin(canvas_place(view_of([raster], around(150, 150, 100))))
    signals.wait("settled")
    conversation.ask(caption_question())
    signals.wait("text_added", 3)
    start = time.monotonic()
    conversation.stop()
    assert (signals.names()[-1], conversation.is_busy) == ("stopped", False)
    signals.wait("history_changed")
    assert time.monotonic() - start < 0.5
    ((past),) = history()
    (message,) = past.messages
    assert message.problem == "Stopped."
    assert message.answer.startswith("w0 w1 w2")
    assert signals.of("stopped")[0].answer.startswith("w0 w1 w2")
    conversation.ask(WATER)  # a new question is possible after the stop
    signals.wait("answered")
    assert signals.of("answered")[0].problem  # "w0 w1 …" is neither yes nor no
    assert len(history()) == 1


def test_stop_during_server_start_stores_nothing(
    conversation: Conversation, raster: QgsRasterLayer, serve: Serve
) -> None:
    serve("--script", '{"load_delay": 30}')
    signals = ReceivedSignals(conversation)
    conversation.begin(canvas_place(view_of([raster], around(150, 150, 100))))
    signals.wait("settled")
    conversation.ask(caption_question())
    wait_until(lambda: bool(conversation._running[0].isActive()))
    time.sleep(0.3)
    conversation.stop()
    start = time.monotonic()
    wait_until(lambda: not conversation._running)
    assert time.monotonic() - start < 0.5
    assert (signals.names()[-1], history()) == ("stopped", [])


def test_an_answer_below_the_minimum_confidence_is_not_shown(
    conversation: Conversation, raster: QgsRasterLayer, serve: Serve
) -> None:
    serve("--reply", "yes")
    signals = ReceivedSignals(conversation)
    save(Preferences(least_confidence=0.95))
    try:
        conversation.begin(canvas_place(view_of([raster], around(150, 150, 100))))
        signals.wait("settled")
        conversation.ask(WATER)
        signals.wait("answered")
    finally:
        save(Preferences())
    (message,) = signals.of("answered")
    assert message.answer == ""
    assert message.problem == "I can't tell ('yes' would be 90 % sure)"


def answered_conversation(conversation: Conversation, raster: QgsRasterLayer, serve: Serve) -> ReceivedSignals:
    """Start a conversation, ask a question and wait for the answer "yes"."""
    serve("--reply", "yes")
    signals = ReceivedSignals(conversation)
    conversation.begin(canvas_place(view_of([raster], around(150, 150, 100))))
    signals.wait("settled")
    conversation.ask(WATER)
    signals.wait("answered")
    return signals


def test_resume_loads_the_picture_without_its_layer(
    conversation: Conversation, raster: QgsRasterLayer, serve: Serve, project: QgsProject
) -> None:
    signals = answered_conversation(conversation, raster, serve)
    project.clear()
    later = Conversation(project)
    later_signals = ReceivedSignals(later)
    later.resume(history()[0])
    later_signals.wait("settled")
    assert later_signals.of("picture_ready") == signals.of("picture_ready")[:1]
    later.ask(Question("answer", "And boats?", AnswerType.YESNO))
    later_signals.wait("answered")
    assert [message.text for message in history()[0].messages] == ["Is there water?", "And boats?"]
    later.close()


def test_a_missing_picture_is_taken_again_or_reported(
    conversation: Conversation, raster: QgsRasterLayer, serve: Serve, project: QgsProject
) -> None:
    signals = answered_conversation(conversation, raster, serve)
    (past,) = history()
    paths.picture_file().unlink()
    conversation.resume(past)
    signals.wait("settled", 2)
    assert signals.of("picture_ready")[-1] == signals.of("picture_ready")[0]
    paths.picture_file().unlink()
    project.clear()
    conversation.resume(past)
    signals.wait("failed")
    assert "no longer stored" in signals.of("failed")[0]


def test_begin_reports_a_missing_layer(
    conversation: Conversation, raster: QgsRasterLayer, make_raster: Callable[..., QgsRasterLayer]
) -> None:
    signals = ReceivedSignals(conversation)
    place = canvas_place(view_of([raster], around(150, 150, 100)))
    QgsProject.instance().removeMapLayer(raster.id())
    conversation.begin(place)
    assert signals.of("failed") == ["The layer “ortho” is no longer in the project. Choose another area."]


@pytest.mark.parametrize("where", ["take", "ask_one"])
def test_unexpected_exceptions_are_reported_as_a_message(
    conversation: Conversation, raster: QgsRasterLayer, serve: Serve, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def fail(*arguments: Any) -> None:
        raise ValueError("operands could not be broadcast together")

    monkeypatch.setattr(Viewpoint if where == "take" else AnswerSource, where, fail)
    serve("--reply", "yes")
    signals = ReceivedSignals(conversation)
    conversation.begin(canvas_place(view_of([raster], around(150, 150, 100))))
    if where == "ask_one":
        signals.wait("settled")
        conversation.ask(WATER)
    signals.wait("failed")
    (message,) = signals.of("failed")
    assert str(message).startswith("Unexpected error ValueError: operands could not be broadcast together.")
    assert not conversation.is_busy
