"""A first question to the chosen model about a test picture, to check that the model works."""

from __future__ import annotations

import time
from dataclasses import dataclass

from qgis.PyQt.QtCore import QCoreApplication

from ...client.backends import chosen_model, open_backend
from ...client.server.protocol import Prompt
from ...geo.imagery.known_picture import known_picture
from ...shared.answers.questions import CAPTION_PROMPT
from ..background_task import BackgroundTask

translate = QCoreApplication.translate

# The test picture shows a harbor full of boats. A correct caption has at least one of these words.
_EXPECTED_WORDS = ("harbor", "harbour", "boat", "marina", "dock", "ship", "yacht")


@dataclass(frozen=True)
class FirstAnswer:
    """The answer about the test picture. scene: what the picture shows. text: the untrusted text of the model.

    seconds: from the question to the answer.
    """

    png: bytes
    scene: str
    text: str
    seconds: float

    @property
    def is_right(self) -> bool:
        """Whether the answer mentions what the picture shows."""
        return any(word in self.text.lower() for word in _EXPECTED_WORDS)


def first_answer(model: str = "") -> BackgroundTask:
    """Return a task whose result is a FirstAnswer of `model`, "" for the chosen model.

    The model can take a minute to start.
    """

    def ask(task: BackgroundTask) -> FirstAnswer:
        known = known_picture()
        chosen = chosen_model(model)
        backend = open_backend(chosen)
        prompt = Prompt(known.picture.png, CAPTION_PROMPT, gsd_m=chosen.sent_gsd(known.picture.gsd_m))
        start = time.monotonic()
        reply = backend.ask_one(prompt, lambda text: None, task.feedback)
        return FirstAnswer(known.picture.png, known.scene, reply.text, time.monotonic() - start)

    return BackgroundTask(translate("Rsgpt", "RSGPT: asking about a test picture"), ask)
