"""Fixtures for algorithms in a real QGIS with a scripted model."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Union

import numpy as np
import pytest
from qgis.core import QgsApplication, QgsFeature, QgsFeedback, QgsProject, QgsRasterLayer, QgsVectorLayer
from qgis.PyQt.QtGui import QImage

from rsgpt_plugin.client import answer_source, backends
from rsgpt_plugin.client.installed_models import ModelInfo, model_identity
from rsgpt_plugin.client.server.protocol import Prompt, Reply, ReplyToken
from rsgpt_plugin.errors import Cancelled, RsgptError, ServerError
from rsgpt_plugin.processing.provider import RsgptProvider
from tests.conftest import HOME
from tests.plugin.rasters import OddRaster, write

ScriptedReply = Union[str, RsgptError]


def reply(text: str, confidence: float = 0.8, model: str = "rsgpt-small") -> Reply:
    return Reply(text, confidence, (ReplyToken(text, -0.2, ((text, -0.2),)),), "stop", False, model)


@dataclass
class ScriptedGateway:
    """Answers prompts with the function `say`. Up to four prompts are pending, and the latest is answered first.

    dies_after: number of answers until its server dies. dies_with: makes the error. name, fingerprint: identity in the
    replies.
    """

    say: Callable[[Prompt], ScriptedReply] = lambda prompt: f"a picture asked: {prompt.text}"
    dies_after: int = 10**9
    dies_with: Callable[[], Exception] = lambda: ServerError("The server stopped twice.")
    name: str = "rsgpt-small"
    fingerprint: str = ""
    prompts: list[Prompt] = field(default_factory=list)
    connections: int = 0

    def connect(self, model: ModelInfo) -> ScriptedGateway:
        self.connections += 1
        return self

    def ask_many(
        self, prompts: Iterable[Prompt], feedback: QgsFeedback
    ) -> Iterator[tuple[int, Union[Reply, RsgptError]]]:
        pending: list[tuple[int, Prompt]] = []
        source = enumerate(prompts)
        answered = 0
        while True:
            pending += islice(source, 4 - len(pending))
            if not pending:
                return
            if feedback.isCanceled():
                raise Cancelled("stopped")
            if answered == self.dies_after:
                raise self.dies_with()  # a new error each time: a stored error would keep the layers of the run alive
            index, prompt = pending.pop()
            self.prompts.append(prompt)
            answer = self.say(prompt)
            answered += 1
            if isinstance(answer, RsgptError):
                yield index, answer
            else:
                yield index, replace(reply(answer, model=self.name), fingerprint=self.fingerprint)


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> ScriptedGateway:
    """A scripted model that replaces the local server."""
    scripted = ScriptedGateway()
    monkeypatch.setattr(answer_source, "open_backend", scripted.connect)
    monkeypatch.setattr(answer_source, "identified_model", lambda model, feedback: model)
    return scripted


@pytest.fixture(autouse=True)
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A models folder with the model.json of one model."""
    folder = tmp_path / "weights"
    (folder / "rsgpt-small").mkdir(parents=True)
    record = {"name": "rsgpt-small", "weights_sha256": "ab" * 32}
    (folder / "rsgpt-small" / "model.json").write_text(json.dumps(record), encoding="utf-8")
    monkeypatch.setattr(backends, "model_identity", partial(model_identity, folder=folder))
    return folder


@pytest.fixture
def real_home(own_home: Path, backend_python: Path) -> Path:
    """A data folder with the environment of scripts/test, its unpacked language model and an empty answer cache."""
    own_home.mkdir()
    for folder in ("env", "language"):
        (HOME / folder).mkdir(exist_ok=True)
        (own_home / folder).symlink_to(HOME / folder)
    return own_home


@pytest.fixture(scope="module")
def provider(qgis_processing: None) -> Iterator[RsgptProvider]:
    registered = RsgptProvider()
    assert QgsApplication.processingRegistry().addProvider(registered)
    yield registered
    QgsApplication.processingRegistry().removeProvider(registered)


@pytest.fixture(autouse=True)
def project() -> Iterator[QgsProject]:
    """The project, which is emptied at the end.

    It owns the layers. QGIS never releases an exception of an algorithm, so layers owned by Python would live in its
    frames until QGIS has exited, and crash.
    """
    instance = QgsProject.instance()
    yield instance
    instance.removeAllMapLayers()


@pytest.fixture
def raster(tmp_path: Path, project: QgsProject) -> Callable[..., QgsRasterLayer]:
    """Return a function that writes a raster and adds it to the project."""

    def make(values: np.ndarray, odd: OddRaster | None = None) -> QgsRasterLayer:
        layer = QgsRasterLayer(str(write(tmp_path / "raster.tif", values, odd)), "raster")
        assert layer.isValid()
        return project.addMapLayer(layer)

    return make


def numbered(rows: int, columns: int, side: int = 32) -> np.ndarray:
    """Return pixels (3 x H x W) of tiles with `side` pixels per side; the red value of a tile is its number."""
    numbers = np.arange(rows * columns, dtype=np.uint8).reshape(rows, columns)
    red = numbers.repeat(side, axis=0).repeat(side, axis=1)
    return np.stack([red, np.full_like(red, 100), np.full_like(red, 255)])


def number_in(prompt: Prompt) -> int:
    """Return the number of the tile in the picture of a prompt."""
    image = QImage.fromData(prompt.image, "PNG")
    return image.pixelColor(image.width() // 2, image.height() // 2).red()


def rows_of(output: Any) -> list[QgsFeature]:
    layer = output if isinstance(output, QgsVectorLayer) else QgsVectorLayer(str(output), "output")
    assert layer.isValid()
    return list(layer.getFeatures())
