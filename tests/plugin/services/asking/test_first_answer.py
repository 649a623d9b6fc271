"""The first question asks the chosen model to describe the test picture, and tells whether the answer fits it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from qgis.core import QgsFeedback
from qgis.PyQt.QtGui import QImage

from rsgpt_plugin.client.installed_models import ModelInfo
from rsgpt_plugin.client.server.protocol import Prompt, Reply
from rsgpt_plugin.errors import ServerError
from rsgpt_plugin.services.asking import first_answer as module
from rsgpt_plugin.services.asking.first_answer import FirstAnswer, first_answer
from rsgpt_plugin.shared.answers.questions import CAPTION_PROMPT
from tests.plugin.waiting import ended

pytestmark = pytest.mark.usefixtures("settings")


class FirstModel:
    """A model that answers with `text` and records its prompts and the name under which it was chosen."""

    def __init__(self) -> None:
        self.text = "A harbor with many boats."
        self.names: list[str] = []
        self.prompts: list[Prompt] = []
        self.feedback: QgsFeedback | None = None

    def chosen(self, name: str) -> ModelInfo:
        self.names.append(name)
        return ModelInfo(name or "rsgpt-small")

    def ask_one(self, prompt: Prompt, on_text: Callable[[str], None], feedback: QgsFeedback) -> Reply:
        self.prompts.append(prompt)
        self.feedback = feedback
        if not self.text:
            raise ServerError("The model server does not answer.")
        return Reply(self.text, 0.5, (), "stop", False, "m")


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> FirstModel:
    model = FirstModel()
    monkeypatch.setattr(module, "chosen_model", model.chosen)
    monkeypatch.setattr(module, "open_backend", lambda info: model)
    return model


@pytest.mark.parametrize("name", ["", "llava"])
def test_the_model_is_asked_to_describe_the_test_picture(model: FirstModel, name: str) -> None:
    task = first_answer(name)
    assert model.names == []  # nothing is asked before the task runs
    ((answer,), failures) = ended(task)
    assert failures == []
    (prompt,) = model.prompts
    assert (prompt.text, prompt.image, model.names) == (CAPTION_PROMPT, answer.png, [name])
    assert (QImage.fromData(answer.png, "PNG").width(), prompt.gsd_m) == (256, 0.3)
    assert (answer.text, answer.scene, answer.is_right) == ("A harbor with many boats.", "harbor", True)
    assert 0 <= answer.seconds < 30


def test_cancelling_the_task_cancels_the_question(model: FirstModel) -> None:
    task = first_answer()
    ended(task)
    assert model.feedback is task.feedback


def test_a_failure_is_reported_as_a_message(model: FirstModel) -> None:
    model.text = ""
    assert ended(first_answer()) == ([], ["The model server does not answer."])


@pytest.mark.parametrize(
    ("text", "is_right"),
    [
        ("Many YACHTS at the quay.", True),
        ("A harbour.", True),
        ("Two docks", True),
        ("A forest with a road.", False),
        ("", False),
    ],
)
def test_an_answer_is_right_if_it_names_what_the_picture_shows(text: str, is_right: bool) -> None:
    assert FirstAnswer(b"", "harbor", text, 1.0).is_right is is_right
