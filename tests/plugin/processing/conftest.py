"""Algorithms in a real QGIS, with a model that follows a script."""

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

Said = Union[str, RsgptError]


def reply(text: str, confidence: float = 0.8, model: str = "rsgpt-small") -> Reply:
    """A reply as a server would give it."""
    return Reply(text, confidence, (ReplyToken(text, -0.2, ((text, -0.2),)),), "stop", False, model)


@dataclass
class ScriptedGateway:
    """Answers by a function; up to four prompts are under way and the latest of them is answered first.

    dies_after: how many answers it gives before its server is gone, dies_with: makes the error. name, fingerprint: what
    it calls itself.
    """

    say: Callable[[Prompt], Said] = lambda prompt: f"a picture asked: {prompt.text}"
    dies_after: int = 10**9
    dies_with: Callable[[], Exception] = lambda: ServerError("The server stopped twice.")
    name: str = "rsgpt-small"
    fingerprint: str = ""
    prompts: list[Prompt] = field(default_factory=list)
    connections: int = 0

    def connect(self, model: ModelInfo) -> ScriptedGateway:
        """Count as a started server."""
        self.connections += 1
        return self

    def ask_many(
        self, prompts: Iterable[Prompt], feedback: QgsFeedback
    ) -> Iterator[tuple[int, Union[Reply, RsgptError]]]:
        """As the gateway's."""
        waiting: list[tuple[int, Prompt]] = []
        source = enumerate(prompts)
        given = 0
        while True:
            waiting += islice(source, 4 - len(waiting))
            if not waiting:
                return
            if feedback.isCanceled():
                raise Cancelled("stopped")
            if given == self.dies_after:
                raise self.dies_with()  # made here: an error that is kept would keep the run's layers
            index, prompt = waiting.pop()
            self.prompts.append(prompt)
            said = self.say(prompt)
            given += 1
            told = said if isinstance(said, RsgptError) else reply(said, model=self.name)
            yield index, told if isinstance(told, RsgptError) else replace(told, fingerprint=self.fingerprint)


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> ScriptedGateway:
    """The scripted model in the place of the local server."""
    scripted = ScriptedGateway()
    monkeypatch.setattr(answer_source, "open_door", scripted.connect)
    monkeypatch.setattr(answer_source, "known_model", lambda model, feedback: model)
    return scripted


@pytest.fixture(autouse=True)
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the description of one model."""
    folder = tmp_path / "weights"
    (folder / "rsgpt-small").mkdir(parents=True)
    record = {"name": "rsgpt-small", "weights_sha256": "ab" * 32}
    (folder / "rsgpt-small" / "model.json").write_text(json.dumps(record), encoding="utf-8")
    monkeypatch.setattr(backends, "model_identity", partial(model_identity, folder=folder))
    return folder


@pytest.fixture
def real_home(own_home: Path, backend_python: Path) -> Path:
    """A data folder with the environment that scripts/test made, its unpacked language model, and no answers."""
    own_home.mkdir()
    for folder in ("env", "language"):
        (HOME / folder).mkdir(exist_ok=True)
        (own_home / folder).symlink_to(HOME / folder)
    return own_home


@pytest.fixture(scope="module")
def provider(qgis_processing: None) -> Iterator[RsgptProvider]:
    """The provider, registered."""
    registered = RsgptProvider()
    assert QgsApplication.processingRegistry().addProvider(registered)
    yield registered
    QgsApplication.processingRegistry().removeProvider(registered)


@pytest.fixture(autouse=True)
def project() -> Iterator[QgsProject]:
    """The project, emptied at the end.

    Layers belong to it, as they do for a user. QGIS never releases an exception that an algorithm raised, so
    layers that belong to Python would live in its frames until after QGIS, and crash at the end.
    """
    instance = QgsProject.instance()
    yield instance
    instance.removeAllMapLayers()


@pytest.fixture
def raster(tmp_path: Path, project: QgsProject) -> Callable[..., QgsRasterLayer]:
    """Write a raster and open it as a layer of the project."""

    def make(values: np.ndarray, odd: OddRaster | None = None) -> QgsRasterLayer:
        layer = QgsRasterLayer(str(write(tmp_path / "raster.tif", values, odd)), "raster")
        assert layer.isValid()
        return project.addMapLayer(layer)

    return make


def numbered(rows: int, columns: int, side: int = 32) -> np.ndarray:
    """3 x H x W: each tile of `side` pixels in one colour, whose red is the tile's number."""
    numbers = np.arange(rows * columns, dtype=np.uint8).reshape(rows, columns)
    red = numbers.repeat(side, axis=0).repeat(side, axis=1)
    return np.stack([red, np.full_like(red, 100), np.full_like(red, 255)])


def number_in(prompt: Prompt) -> int:
    """The number of the tile that a prompt shows, read from the picture that was sent."""
    image = QImage.fromData(prompt.image, "PNG")
    return image.pixelColor(image.width() // 2, image.height() // 2).red()


def rows_of(output: Any) -> list[QgsFeature]:
    """The features of an output, in order."""
    layer = output if isinstance(output, QgsVectorLayer) else QgsVectorLayer(str(output), "output")
    assert layer.isValid()
    return list(layer.getFeatures())
