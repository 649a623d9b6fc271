"""Asks the chosen model about a picture of known content, as the proof that it works. Draws nothing."""

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

# Words that a caption of the known picture, a harbour full of boats, has at least one of.
_TELLING = ("harbor", "harbour", "boat", "marina", "dock", "ship", "yacht")


@dataclass(frozen=True)
class FirstAnswer:
    """png: the picture. scene: what it shows. said: the model's words, untrusted. seconds: from question to answer."""

    png: bytes
    scene: str
    said: str
    seconds: float

    @property
    def is_right(self) -> bool:
        """Whether the answer names what is there."""
        return any(word in self.said.lower() for word in _TELLING)


def first_answer(model: str = "") -> BackgroundTask:
    """Return the work that ends with a FirstAnswer of `model`, "" for the chosen one; its start may take a minute."""

    def ask(work: BackgroundTask) -> FirstAnswer:
        known = known_picture()
        door = open_backend(chosen_model(model))
        begun = time.monotonic()
        reply = door.ask_one(Prompt(known.picture.png, CAPTION_PROMPT), lambda text: None, work.feedback)
        return FirstAnswer(known.picture.png, known.scene, reply.text, time.monotonic() - begun)

    return BackgroundTask(translate("Rsgpt", "RSGPT: asking about a known picture"), ask)
