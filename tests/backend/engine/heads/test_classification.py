"""Probabilities of things and kinds of areas, none without a classifier."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from rsgpt_backend.engine.engine import Engine
from rsgpt_backend.engine.heads.classification import classified
from rsgpt_backend.errors import EngineError
from rsgpt_backend.model.config import ClassifierConfig
from rsgpt_backend.model.rsgpt import Rsgpt
from rsgpt_backend.predictor import Classification, KeyedPicture
from tests.backend.toy import make_config, make_model, picture


@pytest.fixture
def classifying(toy_folder: Path) -> Rsgpt:
    config = replace(make_config(toy_folder / "language"), classifier=ClassifierConfig(("car",), ("beach", "forest")))
    return make_model(config)


def test_probabilities_of_pictures(classifying: Rsgpt) -> None:
    found = Engine(classifying).classify([KeyedPicture(picture(seed), str(seed)) for seed in range(3)])
    assert len(set(found)) == 3
    for one in found:
        assert 0 < one.things[0] < 1
        assert sum(one.kinds) == pytest.approx(1, abs=1e-5)


def test_a_model_without_a_classifier_says_nothing(toy: Rsgpt) -> None:
    assert Engine(toy).classify([KeyedPicture(picture(1), "1")]) == [Classification()]
    assert Engine(toy).classify([]) == []


def test_what_is_not_finite_is_an_error(classifying: Rsgpt) -> None:
    width = classifying.config.vision.width
    with pytest.raises(EngineError):
        classified(classifying, torch.full((1, classifying.config.vision.cells, width), torch.nan))
