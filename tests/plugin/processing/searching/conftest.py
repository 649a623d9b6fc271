"""A model for searches that answers without weights: the red value of a picture decides on its vector."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Optional, Union

import numpy as np
import pytest
from qgis.core import QgsFeedback

from rsgpt_plugin.client.installed_models import ModelInfo
from rsgpt_plugin.client.model_client import Vectors
from rsgpt_plugin.client.server.protocol import Prompt, Reply
from rsgpt_plugin.core.paths import search_file
from rsgpt_plugin.core.search_index import SearchIndex
from rsgpt_plugin.errors import Cancelled, RsgptError, ServerError
from rsgpt_plugin.processing.searching import indexing, picture_search, result_captions
from rsgpt_plugin.shared.files.search_index import IndexRows
from rsgpt_plugin.shared.model_abilities import ClassifierInfo
from tests.plugin.processing.conftest import number_in, reply

MODEL = ModelInfo(
    "searching", "w" * 64, fingerprint="f" * 16, classifier=ClassifierInfo(("car",), ("beach",)), embeds=True
)


@dataclass
class SearchingModel:
    """The vector of a picture has an angle of three times its number in degrees, and so has the vector of a text.

    dies_after: number of pictures after which its server ends. bad: numbers of pictures with an invalid reply.
    sentences: that got a vector of the sentence model. sentence_error: why it fails.
    """

    dies_after: int = 10**9
    bad: tuple[int, ...] = ()
    asked: list[int] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)
    sentence_error: str = ""

    def ask_many(
        self, prompts: Iterable[Prompt], feedback: Optional[QgsFeedback] = None
    ) -> Iterator[tuple[int, Union[Reply, RsgptError]]]:
        for index, prompt in enumerate(prompts):
            if feedback is not None and feedback.isCanceled():
                raise Cancelled("stopped")
            if len(self.asked) == self.dies_after:
                raise ServerError("The server stopped.")
            assert prompt.task == "index"
            number = number_in(prompt)
            self.asked.append(number)
            text = "no row" if number in self.bad else base64.b64encode(_row(number).tobytes()).decode()
            yield index, reply(text)

    def embed_texts(self, texts: Sequence[str], feedback: Optional[QgsFeedback] = None, model: str = "") -> Vectors:
        """Return vectors like that of the picture whose number is the first word with digits, or of number 0."""
        if model:
            self._count_sentences(texts, feedback)
        numbers = [next((int(word) for word in text.split() if word.isdecimal()), 0) for text in texts]
        return [[float(value) for value in _row(number)[:2]] for number in numbers]

    def _count_sentences(self, texts: Sequence[str], feedback: Optional[QgsFeedback]) -> None:
        if feedback is not None and feedback.isCanceled():
            raise Cancelled("stopped")
        if self.sentence_error:
            raise ServerError(self.sentence_error)
        self.sentences += texts


def _row(number: int) -> np.ndarray:
    angle = np.radians(3 * number)
    return np.array([np.cos(angle), np.sin(angle), 0.5, 0.5], np.float16)


@pytest.fixture
def searching(monkeypatch: pytest.MonkeyPatch) -> SearchingModel:
    """The model, in place of the chosen one."""
    model = SearchingModel()
    for module in (indexing, picture_search, result_captions):
        monkeypatch.setattr(module, "open_backend", lambda info: model)
    monkeypatch.setattr(picture_search, "chosen_model", lambda typed="": MODEL)
    monkeypatch.setattr(picture_search, "identified_model", lambda info, feedback: info)
    monkeypatch.setattr(result_captions, "lacks_sentence_model", lambda: False)
    return model


@pytest.fixture
def index() -> Iterator[IndexRows]:
    """The rows of the model."""
    with SearchIndex(search_file()) as opened:
        yield opened.rows(MODEL.fingerprint)
