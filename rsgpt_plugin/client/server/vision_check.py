"""Test whether a server's model sees pictures, with two pictures of known content."""

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
from .remote_server import identify_model, server_gateway, server_model

translate = QCoreApplication.translate

_QUESTION = "What colour is the large shape in this picture? Answer with one word."
# The question is the same for both pictures, so a model that does not see them gives the same answer twice.
_COLORS = ("red", "blue")


@dataclass(frozen=True)
class Verdict:
    """Result of the test. fine: True if the server can be used. sentence: message for the user."""

    fine: bool
    sentence: str


def try_server(preferences: Preferences, feedback: Optional[QgsFeedback] = None) -> Verdict:
    """Ask the configured server about two generated pictures. May take minutes; do not call on the main thread.

    Raises Cancelled on cancel. All other errors become a verdict.
    """
    try:
        model = identify_model(server_model(preferences), preferences, feedback)
        prompts = [Prompt(shape_picture(color), _QUESTION, 200) for color in _COLORS]
        outcomes = dict(server_gateway(preferences, model.name).ask_many(prompts, feedback))
    except Cancelled:
        raise
    except RsgptError as error:
        return Verdict(False, _with_hint(error, preferences))
    failed = next((outcome for outcome in outcomes.values() if isinstance(outcome, RsgptError)), None)
    if failed is not None:
        return Verdict(False, _with_hint(failed, preferences))
    return _verdict(model, [reply for _, reply in sorted(outcomes.items()) if isinstance(reply, Reply)])


def _verdict(model: ModelInfo, replies: list[Reply]) -> Verdict:
    name = replies[0].model or model.name
    if (
        model.weights_sha256
    ):  # an RSGPT server: its models see pictures, but are trained on aerial views and not on shapes
        return Verdict(True, translate("Rsgpt", "{model} answers. It is a model of RSGPT.").format(model=name))
    if all(_names_only(reply.text, color) for reply, color in zip(replies, _COLORS)):
        return Verdict(True, translate("Rsgpt", "{model} answers and sees pictures.").format(model=name))
    message = translate(
        "Rsgpt",
        "{model} answers, but does not seem to see pictures: asked about a red disc and a blue square, it answered "
        "{said}. Choose a model that accepts pictures.",
    )
    answers = " / ".join(f"“{' '.join(reply.text.split())[:60]}”" for reply in replies)
    return Verdict(False, message.format(model=name, said=answers))


def _with_hint(error: RsgptError, preferences: Preferences) -> str:
    """Return the message of the error, with a hint at a missing key: some servers then reply with a bare 500."""
    if not isinstance(error, ServerError) or not error.status or preferences.server_auth:
        return str(error)
    return f"{error} " + translate("Rsgpt", "No key is chosen; this server may need one.")


def _names_only(text: str, color: str) -> bool:
    """Return whether a text names this color and not the other one."""
    return {name for name in _COLORS if re.search(rf"\b{name}\b", text, re.IGNORECASE)} == {color}


def shape_picture(color: str, side: int = 224) -> bytes:
    """Return a PNG of a large disc for "red", else of a square, on white."""
    image = QImage(side, side, QImage.Format.Format_RGB888)
    image.fill(QColor("white"))
    painter = QPainter(image)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(color))
    area = QRect(side // 8, side // 8, 3 * side // 4, 3 * side // 4)
    if color == "red":
        painter.drawEllipse(area)
    else:
        painter.drawRect(area)
    painter.end()
    return encode(image)
