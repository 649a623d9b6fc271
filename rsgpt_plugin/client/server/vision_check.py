"""Finds out whether a server sees pictures, by two of known content. Keeps nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Optional

from qgis.core import QgsFeedback
from qgis.PyQt.QtCore import QCoreApplication, QRect, Qt
from qgis.PyQt.QtGui import QColor, QImage, QPainter

from ...encoding import encode
from ...errors import Cancelled, RsgptError, ServerError
from ..installed_models import ModelInfo
from ..preferences import Preferences
from .protocol import Prompt, Reply
from .remote_server import identified, server_gateway, server_model

translate = QCoreApplication.translate

_QUESTION = "What colour is the large shape in this picture? Answer with one word."
# Both questions are the same, so whoever does not look gives one answer twice.
_SHOWN = ("red", "blue")


@dataclass(frozen=True)
class Verdict:
    """sentence: for the user. fine: whether the server can be used for pictures."""

    fine: bool
    sentence: str


def try_server(chosen: Preferences, feedback: Optional[QgsFeedback] = None) -> Verdict:
    """Ask the user's server about two generated pictures. May take minutes; not for the main thread.

    Cancelled on cancel, everything else is a verdict.
    """
    try:
        model = identified(server_model(chosen), chosen, feedback)
        prompts = [Prompt(known_picture(colour), _QUESTION, 200) for colour in _SHOWN]
        outcomes = dict(server_gateway(chosen, model.name).ask_many(prompts, feedback))
    except Cancelled:
        raise
    except RsgptError as error:
        return Verdict(False, _with_hint(error, chosen))
    failed = next((outcome for outcome in outcomes.values() if isinstance(outcome, RsgptError)), None)
    if failed is not None:
        return Verdict(False, _with_hint(failed, chosen))
    return judged(model, [reply for _, reply in sorted(outcomes.items()) if isinstance(reply, Reply)])


def judged(model: ModelInfo, replies: list[Reply]) -> Verdict:
    """What the two replies say of the server."""
    name = replies[0].model or model.name
    if model.weights_sha256:  # our own server: its models see pictures, and know aerial views better than shapes
        return Verdict(True, translate("Rsgpt", "{model} answers; it is one of RSGPT's own.").format(model=name))
    if all(_tells(reply.text, colour) for reply, colour in zip(replies, _SHOWN)):
        return Verdict(True, translate("Rsgpt", "{model} answers and sees pictures.").format(model=name))
    told = translate(
        "Rsgpt",
        "{model} answers, but does not seem to see pictures: of a red disc and a blue square it said {said}. "
        "Choose a model that takes pictures.",
    )
    said = " / ".join(f"“{' '.join(reply.text.split())[:60]}”" for reply in replies)
    return Verdict(False, told.format(model=name, said=said))


def _with_hint(error: RsgptError, chosen: Preferences) -> str:
    """The error, with what servers that mean the key do not say: some answer with a bare 500."""
    if not isinstance(error, ServerError) or not error.status or chosen.server_auth:
        return str(error)
    return f"{error} " + translate("Rsgpt", "No key is chosen; this server may want one.")


def _tells(text: str, colour: str) -> bool:
    """Whether a text names that one of the colours that were shown and no other."""
    return {shown for shown in _SHOWN if re.search(rf"\b{shown}\b", text, re.IGNORECASE)} == {colour}


def known_picture(colour: str, side: int = 224) -> bytes:
    """A PNG of a large red disc or blue square on white."""
    image = QImage(side, side, QImage.Format.Format_RGB888)
    image.fill(QColor("white"))
    painter = QPainter(image)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    place = QRect(side // 8, side // 8, 3 * side // 4, 3 * side // 4)
    if colour == "red":
        painter.drawEllipse(place)
    else:
        painter.drawRect(place)
    painter.end()
    return encode(image)
