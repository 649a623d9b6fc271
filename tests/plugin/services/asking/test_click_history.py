"""The answers of clicks are in the history, with the question and the picture."""

from __future__ import annotations

import pytest
from qgis.core import QgsRasterLayer

from rsgpt_plugin.core.conversation_history import History, SavedConversation
from rsgpt_plugin.core.paths import history_file, picture_file
from rsgpt_plugin.core.picture_store import PictureStore
from rsgpt_plugin.errors import OutputError
from rsgpt_plugin.processing.provider import RsgptProvider
from rsgpt_plugin.services.asking.click_run import AskingService
from rsgpt_plugin.services.asking.feature_selection import select_features
from rsgpt_plugin.services.asking.place import canvas_place
from rsgpt_plugin.services.background_task import stop_all
from rsgpt_plugin.shared.answers.answer_types import AnswerType
from rsgpt_plugin.shared.answers.questions import Question
from tests.plugin.services.asking.test_click_run import ClickSignals, Serve, wait_until
from tests.plugin.services.conftest import around, polygons, view_of

pytestmark = pytest.mark.usefixtures("project", "provider")


@pytest.fixture
def service(project: object, provider: RsgptProvider) -> AskingService:
    return AskingService(project)


def recorded(count: int) -> list[SavedConversation]:
    def listed() -> list[SavedConversation]:
        if not history_file().exists():
            return []
        with History(history_file()) as history:
            return list(history.listed())

    wait_until(lambda: len(listed()) == count)
    stop_all()
    return listed()


def test_an_answer_is_in_the_history_with_its_picture(
    service: AskingService, raster: QgsRasterLayer, serve: Serve
) -> None:
    serve("--reply", "yes")
    signals = ClickSignals(service)
    question = Question("water", "Is there water?", AnswerType.YESNO)
    service.ask(canvas_place(view_of([raster], around(150, 150, 100))), question)
    signals.wait()
    assert signals.shown[0].message == "Is there water?\nyes (90 % sure)"
    (conversation,) = recorded(1)
    view, (message,) = conversation.captured_view, conversation.messages
    assert (message.text, message.question, message.answer) == ("Is there water?", question, "yes")
    assert message.confidence == pytest.approx(0.9)
    assert message.model == "rsgpt-small"
    assert message.asked_at.startswith("20")
    assert (view.layer_id, view.layer_name) == (raster.id(), raster.name())
    assert view.sent == (300, 200)
    assert view.gsd_m == pytest.approx(0.5, rel=0.01)
    with PictureStore(picture_file(), 10**8) as pictures:
        assert pictures.get(view.image_sha256)


def test_a_doubtful_answer_says_so_in_its_message_and_in_the_history(
    service: AskingService, raster: QgsRasterLayer, serve: Serve
) -> None:
    serve("--reply", "yes")
    signals = ClickSignals(service)
    service.ask(canvas_place(view_of([raster], around(150, 150, 10))), Question("w", "Water?", AnswerType.YESNO))
    signals.wait()
    (conversation,) = recorded(1)
    (message,) = conversation.messages
    assert (message.answer, message.problem) == ("yes", "")
    assert message.doubt.startswith("the picture has only 20 pixels per side")
    question, answer, doubt = signals.shown[0].message.split("\n")
    assert (question, answer) == ("Water?", "yes (90 % sure)")
    assert doubt == f"T{message.doubt[1:]}."


def test_each_feature_of_a_selection_is_a_conversation(
    service: AskingService, raster: QgsRasterLayer, serve: Serve
) -> None:
    serve("--reply", "a field")
    parcels = polygons([around(50, 50, 40), around(150, 150, 40)])
    signals = ClickSignals(service)
    service.ask(select_features(view_of([raster], around(150, 150, 300)), parcels, list(parcels.getFeatures())))
    signals.wait()
    assert signals.shown[0].message == "a field (90 % sure)\na field (90 % sure)"
    assert [conversation.messages[0].answer for conversation in recorded(2)] == ["a field", "a field"]


def test_an_answer_that_the_layer_refuses_is_shown_and_in_the_history(
    service: AskingService, raster: QgsRasterLayer, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise OutputError("The answer has no location.")

    monkeypatch.setattr("rsgpt_plugin.services.results.results_layer._transformed", refuse)
    serve("--reply", "a field")
    signals = ClickSignals(service)
    service.ask(canvas_place(view_of([raster], around(150, 150, 100))))
    signals.wait()
    assert (signals.answers, signals.unsaved) == (["a field"], ["The answer has no location."])
    assert [conversation.messages[0].answer for conversation in recorded(1)] == ["a field"]


def test_a_click_on_many_features_leaves_the_earlier_conversations_in_the_history(
    service: AskingService, raster: QgsRasterLayer, serve: Serve
) -> None:
    serve("--reply", "a field")
    parcels = polygons([around(20 + 30 * number, 150, 25) for number in range(8)])
    signals = ClickSignals(service)
    service.ask(select_features(view_of([raster], around(150, 150, 300)), parcels, list(parcels.getFeatures())))
    signals.wait()
    assert len(signals.shown[0].geometries) == 8
    assert len(recorded(5)) == 5
