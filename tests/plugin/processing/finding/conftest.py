"""A scripted model that takes each white pixel for an airplane and each gray one for a car."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from qgis.PyQt.QtGui import QImage

from rsgpt_plugin.client.server.protocol import Prompt
from rsgpt_plugin.shared.objects.found_points import FoundPoint
from rsgpt_plugin.shared.objects.found_text import FoundInPicture, found_text
from tests.plugin.processing.conftest import ScriptedGateway

BOX = 20.0  # pixels, the side of the box of a dot
FILL = (127, 127, 127)
LABELS = ("airplane", "car", "ship")
FINDER = {
    "labels": list(LABELS),
    "boxed": ["airplane", "car"],
    "regions": [],
    "thresholds": [0.4, 0.3, 0.3],
    "width": 64,
    "stride": 4,
    "max_side": 640,
    "min_side": 384,
    "finest_gsd_m": 0.05,
}
PLANE, CAR = 255, 200  # values of their pixels


@pytest.fixture(autouse=True)
def finding_weights(weights: Path) -> Path:
    """The models folder, in which the model has a finder."""
    record = {"name": "rsgpt-small", "weights_sha256": "ab" * 32, "finder": FINDER, "vision": {"mean": [0.498] * 3}}
    (weights / "rsgpt-small" / "model.json").write_text(json.dumps(record), encoding="utf-8")
    return weights


@pytest.fixture
def finder(gateway: ScriptedGateway) -> ScriptedGateway:
    """A scripted model that finds the dots in each window."""
    gateway.say = lambda prompt: found_text(dots_in(prompt))
    return gateway


def shown(prompt: Prompt) -> np.ndarray:
    """Return the picture of a prompt, H x W x 3."""
    image = QImage.fromData(prompt.image, "PNG").convertToFormat(QImage.Format.Format_RGB888)
    bits = image.constBits()
    bits.setsize(image.sizeInBytes())
    rows = np.frombuffer(bytes(bits), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3)


def dots_in(prompt: Prompt) -> FoundInPicture:
    picture = shown(prompt)
    height, width = picture.shape[:2]
    red = picture[..., 0]
    return FoundInPicture(width, height, {"airplane": _points(red == PLANE, 0.9), "car": _points(red == CAR, 0.6)})


def _points(is_dot: np.ndarray, confidence: float) -> tuple[FoundPoint, ...]:
    places = [(column + 0.5, row + 0.5) for row, column in np.argwhere(is_dot).tolist()]
    return tuple(FoundPoint(x, y, confidence, (x - BOX / 2, y - BOX / 2, BOX, BOX)) for x, y in places)


def dotted(width: int = 1000, height: int = 700, every: int = 41) -> np.ndarray:
    """Return 3 x height x width with white dots, some near the seams of windows, and a gray dot.

    The background has so many gray levels that it is not stretched.
    """
    values = np.empty((3, height, width), np.uint8)
    values[:] = 20 + np.add.outer(np.arange(height), np.arange(width)) % 100
    values[:, 7::every, 5::every] = PLANE
    values[:, 30, 60] = CAR
    return values
