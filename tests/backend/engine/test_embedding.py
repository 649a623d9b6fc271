"""The engine returns unit vectors of texts and pictures, in the order of the items."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from rsgpt_backend.engine import embedding as embedding_module
from rsgpt_backend.engine.engine import Engine
from rsgpt_backend.errors import EngineError, ModelError
from rsgpt_backend.model.rsgpt import Rsgpt
from rsgpt_backend.predictor import Capabilities, KeyedPicture
from tests.backend.toy import QUERIES, make_config, make_model, picture

WIDTH = 16
ITEMS: list[str | KeyedPicture] = [
    "many green trees",
    KeyedPicture(picture(0), "0", 0.5),
    "gray",
    KeyedPicture(picture(1), "1"),
]


@pytest.fixture(scope="module")
def model(toy_folder: Path) -> Rsgpt:
    config = make_config(toy_folder / "language")
    vision = replace(config.vision, ground_resolution=True)
    return make_model(replace(config, vision=vision, matching_width=WIDTH))


@pytest.fixture
def embedder(model: Rsgpt) -> Engine:
    return Engine(model)


def test_vectors_keep_the_order_of_the_items(embedder: Engine) -> None:
    assert embedder.capabilities == Capabilities(embed=True, gsd=True)
    together = embedder.embed(ITEMS)
    for item, embedding in zip(ITEMS, together, strict=True):
        (alone,) = embedder.embed([item])
        assert embedding.vector == pytest.approx(alone.vector, abs=2e-6)
        assert len(embedding.vector) == WIDTH
        assert math.hypot(*embedding.vector) == pytest.approx(1, abs=1e-4)
        assert all(value == round(value, 6) for value in embedding.vector)
    assert [embedding.tokens for embedding in together[1::2]] == [QUERIES] * 2
    assert len({embedding.vector for embedding in together}) == len(ITEMS)


def test_many_items_are_embedded_in_parts(embedder: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = embedder.embed(ITEMS * 2)
    monkeypatch.setattr(embedding_module, "_BATCH", 3)
    for embedding, other in zip(embedder.embed(ITEMS * 2), expected, strict=True):
        assert embedding.vector == pytest.approx(other.vector, abs=2e-6)


def test_the_ground_resolution_changes_the_vector_of_a_picture(embedder: Engine) -> None:
    vectors = {embedder.embed([KeyedPicture(picture(0), "0", gsd)])[0].vector for gsd in (0.1, 10.0, None)}
    assert len(vectors) == 3


def test_a_model_without_a_head_says_so(engine: Engine) -> None:
    assert engine.capabilities == Capabilities()
    with pytest.raises(ModelError, match="toy has no vectors for pictures and texts"):
        engine.embed(["gray"])


def test_an_empty_text_is_an_error(embedder: Engine) -> None:
    with pytest.raises(EngineError, match="Write at least one word"):
        embedder.embed(["gray", ""])


def test_vectors_of_nan_are_an_error(embedder: Engine, model: Rsgpt, monkeypatch: pytest.MonkeyPatch) -> None:
    assert model.matching is not None
    monkeypatch.setattr(model.matching, "text_vectors", lambda *_: torch.full((1, WIDTH), math.nan))
    with pytest.raises(EngineError, match="NaN or infinity"):
        embedder.embed(["gray"])
