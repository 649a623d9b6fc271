"""Tasks return the same as the command line, and are refused by models without the head that they need."""

from __future__ import annotations

import base64
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rsgpt_backend.engine.engine import Engine
from rsgpt_backend.engine.heads.finding import find_objects
from rsgpt_backend.engine.tasks import index_rows
from rsgpt_backend.errors import EngineError, ModelError
from rsgpt_backend.model.heads.finder.search import padding_color
from rsgpt_backend.model.weights import load_model
from rsgpt_backend.predictor import TASKS, Ask, KeyedPicture
from rsgpt_plugin.shared.model_abilities import FinderInfo
from rsgpt_plugin.shared.objects.found_text import read_found
from tests.backend.toy import make_config, make_finder_folder, make_model, picture

WIDTH = 16
PICTURE = picture(1, (150, 90))


@pytest.fixture(scope="module")
def finder(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A random finder that finds much."""
    return Engine(load_model(make_finder_folder(tmp_path_factory.mktemp("finder"), thresholds=(0.001, 0.001))))


@pytest.fixture(scope="module")
def embedder(toy_folder: Path) -> Engine:
    return Engine(make_model(replace(make_config(toy_folder / "language"), matching_width=WIDTH)))


def ask(task: str) -> Ask:
    return Ask(PICTURE, "key", "", task=task)


def test_find_returns_the_objects_of_all_labels(finder: Engine) -> None:
    found = read_found(finder.perform(ask("find")).text)
    assert (found.width, found.height) == PICTURE.size
    for objects in find_objects(finder.model, PICTURE, ["airplane", "car"]):
        points = found.points.get(objects.label, ())
        assert [point.confidence for point in points] == pytest.approx(
            [point.confidence for point in objects.points], abs=1e-4
        )
    assert any(found.points.values())


def test_find_window_does_not_read_the_ground_resolution(finder: Engine) -> None:
    texts = {finder.perform(replace(ask("find_window"), gsd_m=gsd_m)).text for gsd_m in (None, 0.01)}
    assert len(texts) == 1
    assert read_found(texts.pop()).width == PICTURE.width


def test_index_returns_the_row_of_a_search(embedder: Engine) -> None:
    (row,) = index_rows(embedder, [KeyedPicture(PICTURE, "key")])
    text = embedder.perform(ask("index")).text
    assert np.frombuffer(base64.b64decode(text), "<f2").tolist() == row.tolist()
    assert len(row) == WIDTH


def test_a_canceled_search_ends(finder: Engine) -> None:
    canceled = threading.Event()
    canceled.set()
    with pytest.raises(EngineError, match="canceled"):
        finder.perform(replace(ask("find"), cancel=canceled))


@pytest.mark.parametrize("task", TASKS)
def test_a_model_without_the_head_refuses(engine: Engine, task: str) -> None:
    with pytest.raises(ModelError):
        engine.perform(ask(task))


def test_capabilities_describe_the_finder(finder: Engine, engine: Engine) -> None:
    assert engine.capabilities.finder is None
    expected = FinderInfo(("airplane", "car"), ("airplane",), 128, 0.05, padding_color(finder.model.config.vision.mean))
    assert finder.capabilities.finder == expected
    assert finder.capabilities.find
