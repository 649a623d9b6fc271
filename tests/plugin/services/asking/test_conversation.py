"""A conversation with the real server and the scripted engine: it keeps its picture, streams, stops and comes back."""

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
from rsgpt_plugin.core.conversation_history import ConversationMessage, History, SavedConversation
from rsgpt_plugin.services.asking.answer_row import add_to_results
from rsgpt_plugin.services.asking.conversation import Conversation, description
from rsgpt_plugin.services.asking.place import canvas_place
from rsgpt_plugin.services.asking.scene import Scene, Viewpoint
from rsgpt_plugin.shared.answers.questions import AnswerType, Question
from tests.plugin.services.asking.test_click_run import wait_until
from tests.plugin.services.conftest import around, view_of

Serve = Callable[..., LocalServer]
WATER = Question("answer", "Is there water?", AnswerType.YESNO)
LONG = " ".join(f"w{number}" for number in range(80))


class ReceivedSignals:
    """What a conversation said, in order."""

    def __init__(self, talk: Conversation) -> None:
        self.said: list[tuple[str, Any]] = []
        for name in ("picture_ready", "text_added", "answered", "failed", "stopped"):
            getattr(talk, name).connect(lambda what, name=name: self.said.append((name, what)))
        for name in ("settled", "kept"):
            getattr(talk, name).connect(lambda name=name: self.said.append((name, None)))

    def names(self) -> list[str]:
        return [name for name, _ in self.said]

    def of(self, name: str) -> list[Any]:
        return [what for said, what in self.said if said == name]

    def wait(self, name: str, count: int = 1) -> float:
        return wait_until(lambda: self.names().count(name) >= count)


@pytest.fixture
def talk(project: QgsProject, monkeypatch: pytest.MonkeyPatch) -> Iterator[Conversation]:
    monkeypatch.setattr(backends, "model_identity", lambda name: ModelInfo("rsgpt-small", "f" * 64))
    talk = Conversation(project)
    yield talk
    talk.close()


def history() -> list[SavedConversation]:
    with History(paths.history_file()) as kept:
        return kept.listed()


def test_a_picture_is_taken_once_and_asked_about_twice(
    talk: Conversation, raster: QgsRasterLayer, serve: Serve, tmp_path: Path
) -> None:
    serve("--script", '{"replies": {"water": "yes", "image": "boats"}}', "--log", str(tmp_path / "log"))
    heard = ReceivedSignals(talk)
    talk.begin(canvas_place(view_of([raster], around(150, 150, 100))))
    assert talk.is_busy
    heard.wait("settled")
    (scene,) = heard.of("picture_ready")
    assert isinstance(scene, Scene)
    image = QImage.fromData(scene.png, "PNG")
    assert (image.width(), image.height()) == scene.sight.sent == scene.sight.original == (300, 200)
    assert scene.sight.gsd_m == pytest.approx(0.5, rel=0.01)
    assert not (tmp_path / "log").exists()  # to look is not to ask
    talk.ask(description())
    heard.wait("answered")
    QgsProject.instance().removeMapLayer(raster.id())  # the picture is kept
    talk.ask(WATER)
    heard.wait("answered", 2)
    first, second = heard.of("answered")
    assert (first.text, first.answer, first.question) == ("Describe this image.", "boats", None)
    assert (second.answer, second.question, second.model) == ("yes", WATER, "rsgpt-small")
    assert second.confidence == pytest.approx(0.9)
    ((past),) = history()
    assert past.messages == (first, second)
    assert past.sight.image_sha256 == scene.sight.image_sha256


def test_what_was_answered_before_is_not_asked_again(
    talk: Conversation, raster: QgsRasterLayer, serve: Serve, tmp_path: Path
) -> None:
    serve("--reply", "yes", "--log", str(tmp_path / "log"))
    heard = ReceivedSignals(talk)
    talk.begin(canvas_place(view_of([raster], around(150, 150, 100))))
    heard.wait("settled")
    for count in (1, 2):
        talk.ask(WATER)
        heard.wait("answered", count)
    assert len((tmp_path / "log").read_text().splitlines()) == 1


def test_text_is_asked_for_in_the_wished_language(
    talk: Conversation, raster: QgsRasterLayer, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Preferences, "wished_language", "German")
    serve("--script", '{"replies": {"Answer in German.": "Boote", "water": "yes", "image": "boats"}}')
    heard = ReceivedSignals(talk)
    talk.begin(canvas_place(view_of([raster], around(150, 150, 100))))
    heard.wait("settled")
    for count, question in enumerate((description(), WATER), start=1):
        talk.ask(question)
        heard.wait("answered", count)
    first, second = heard.of("answered")
    assert (first.text, first.answer, second.answer) == ("Describe this image.", "Boote", "yes")


def test_the_answer_streams_while_the_main_thread_is_free(
    talk: Conversation, raster: QgsRasterLayer, serve: Serve
) -> None:
    serve("--token-delay", "0.05", "--reply", " ".join("abcdefgh")).endpoint()
    heard = ReceivedSignals(talk)
    talk.begin(canvas_place(view_of([raster], around(150, 150, 100))))
    talk.ask(WATER)  # too early, and not heard
    heard.wait("settled")
    talk.ask(description())
    longest = heard.wait("answered")
    assert "".join(heard.of("text_added")) == heard.of("answered")[0].answer == "a b c d e f g h"
    assert heard.names().index("answered") > heard.names().index("text_added")
    assert longest < 0.15


def test_stop_is_immediate_and_what_was_heard_is_kept(talk: Conversation, raster: QgsRasterLayer, serve: Serve) -> None:
    serve("--token-delay", "0.05", "--reply", LONG)
    heard = ReceivedSignals(talk)
    talk.begin(canvas_place(view_of([raster], around(150, 150, 100))))
    heard.wait("settled")
    talk.ask(description())
    heard.wait("text_added", 3)
    begin = time.monotonic()
    talk.stop()
    assert (heard.names()[-1], talk.is_busy) == ("stopped", False)
    heard.wait("kept")
    assert time.monotonic() - begin < 0.5
    ((past),) = history()
    (message,) = past.messages
    assert message.problem == "Stopped."
    assert message.answer.startswith("w0 w1 w2")
    assert heard.of("stopped")[0].answer.startswith("w0 w1 w2")
    talk.ask(WATER)  # and it goes on
    heard.wait("answered")
    assert heard.of("answered")[0].problem  # "w0 w1 …" is neither yes nor no
    assert len(history()) == 1


def test_a_stop_while_the_server_starts_leaves_nothing_behind(
    talk: Conversation, raster: QgsRasterLayer, serve: Serve
) -> None:
    serve("--script", '{"load_delay": 30}')
    heard = ReceivedSignals(talk)
    talk.begin(canvas_place(view_of([raster], around(150, 150, 100))))
    heard.wait("settled")
    talk.ask(description())
    wait_until(lambda: talk._running[0].isActive() and time.sleep(0.3) is None)
    talk.stop()
    begin = time.monotonic()
    wait_until(lambda: not talk._running)
    assert time.monotonic() - begin < 0.5
    assert (heard.names()[-1], history()) == ("stopped", [])


def test_an_answer_that_is_not_sure_enough_is_not_told(
    talk: Conversation, raster: QgsRasterLayer, serve: Serve
) -> None:
    serve("--reply", "yes")
    heard = ReceivedSignals(talk)
    save(Preferences(least_confidence=0.95))
    try:
        talk.begin(canvas_place(view_of([raster], around(150, 150, 100))))
        heard.wait("settled")
        talk.ask(WATER)
        heard.wait("answered")
    finally:
        save(Preferences())
    (message,) = heard.of("answered")
    assert message.answer == ""
    assert message.problem == "I can't tell ('yes' would be 90% sure)"


def answered(talk: Conversation, raster: QgsRasterLayer, serve: Serve) -> ReceivedSignals:
    """A place was looked at, and a question about it answered with a yes."""
    serve("--reply", "yes")
    heard = ReceivedSignals(talk)
    talk.begin(canvas_place(view_of([raster], around(150, 150, 100))))
    heard.wait("settled")
    talk.ask(WATER)
    heard.wait("answered")
    return heard


def test_a_restart_brings_back_the_picture_without_its_layer(
    talk: Conversation, raster: QgsRasterLayer, serve: Serve, project: QgsProject
) -> None:
    heard = answered(talk, raster, serve)
    project.clear()
    later = Conversation(project)
    heard_later = ReceivedSignals(later)
    later.resume(history()[0])
    heard_later.wait("settled")
    assert heard_later.of("picture_ready") == heard.of("picture_ready")[:1]
    later.ask(Question("answer", "And boats?", AnswerType.YESNO))
    heard_later.wait("answered")
    assert [message.text for message in history()[0].messages] == ["Is there water?", "And boats?"]
    later.close()


def test_a_picture_that_is_gone_is_taken_again_or_said_to_be_gone(
    talk: Conversation, raster: QgsRasterLayer, serve: Serve, project: QgsProject
) -> None:
    heard = answered(talk, raster, serve)
    (past,) = history()
    paths.picture_file().unlink()
    talk.resume(past)
    heard.wait("settled", 2)
    assert heard.of("picture_ready")[-1] == heard.of("picture_ready")[0]
    paths.picture_file().unlink()
    project.clear()
    talk.resume(past)
    heard.wait("failed")
    assert "not kept any more" in heard.of("failed")[0]


def test_a_place_outside_the_layer_is_a_sentence(
    talk: Conversation, raster: QgsRasterLayer, make_raster: Callable[..., QgsRasterLayer]
) -> None:
    heard = ReceivedSignals(talk)
    place = canvas_place(view_of([raster], around(150, 150, 100)))
    QgsProject.instance().removeMapLayer(raster.id())
    talk.begin(place)
    assert heard.of("failed") == ["The layer “ortho” is no longer in the project. Choose another area."]


@pytest.mark.parametrize(
    ("message", "answer", "question"),
    [
        (ConversationMessage("Is there water?", WATER.line, "yes", 0.7), "yes", "Is there water?"),
        (ConversationMessage("Describe this image.", "", "boats", 0.7), "boats", "Describe this image."),
    ],
)
def test_an_answer_becomes_a_row_of_the_results_layer(
    talk: Conversation, raster: QgsRasterLayer, message: ConversationMessage, answer: str, question: str
) -> None:
    heard = ReceivedSignals(talk)
    talk.begin(canvas_place(view_of([raster], around(150, 150, 100))))
    heard.wait("settled")
    assert talk.sight is not None
    add_to_results(QgsProject.instance(), talk.sight, message)
    (layer,) = QgsProject.instance().mapLayersByName("RSGPT answers")
    (row,) = layer.getFeatures()
    assert (row["answer"], row["question"], row["confidence"]) == (answer, question, 0.7)
    assert (row["status"], row["image_sha256"]) == ("answered", talk.sight.image_sha256)
    assert row.geometry().area() == pytest.approx(150 * 100, rel=0.02)


@pytest.mark.parametrize("where", ["take", "ask_one"])
def test_what_a_library_raises_is_told_in_a_sentence(
    talk: Conversation, raster: QgsRasterLayer, serve: Serve, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def broken(*arguments: Any) -> None:
        raise ValueError("operands could not be broadcast together")

    monkeypatch.setattr(Viewpoint if where == "take" else AnswerSource, where, broken)
    serve("--reply", "yes")
    heard = ReceivedSignals(talk)
    talk.begin(canvas_place(view_of([raster], around(150, 150, 100))))
    if where == "ask_one":
        heard.wait("settled")
        talk.ask(WATER)
    heard.wait("failed")
    (said,) = heard.of("failed")
    assert str(said).startswith("Unexpected error ValueError: operands could not be broadcast together.")
    assert not talk.is_busy
