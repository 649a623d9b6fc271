"""The classifier: its scores, and its place in a model folder."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch

from rsgpt_backend.errors import ModelError
from rsgpt_backend.model.config import ClassifierConfig, ModelConfig
from rsgpt_backend.model.fingerprint import fingerprint, without_absent
from rsgpt_backend.model.heads.classifier import Classifier
from rsgpt_backend.model.published_models import FAMILY
from rsgpt_backend.model.weights import load_model, save_model
from tests.backend.toy import make_config, make_language, make_model

CONFIG = ClassifierConfig(("water", "car"), ("forest", "sea", "farmland"))


def test_scores_come_from_the_mean_of_the_cells() -> None:
    torch.manual_seed(0)
    head, features = Classifier(CONFIG, 8), torch.randn(5, 4, 8)
    things, kinds = head(features)
    assert (things.shape, kinds.shape) == ((5, 2), (5, 3))
    mixed = head(features[:, [2, 0, 3, 1]])
    torch.testing.assert_close((things, kinds), mixed)
    torch.testing.assert_close(head(features.mean(1, keepdim=True)), (things, kinds))


def test_maps_have_the_scores_as_their_means() -> None:
    torch.manual_seed(0)
    head, features = Classifier(CONFIG, 8), torch.randn(5, 4, 8)
    maps = head.maps(features)
    assert [part.shape for part in maps] == [(5, 4, 2), (5, 4, 3)]
    torch.testing.assert_close(tuple(part.mean(1) for part in maps), head(features))


def test_round_trip(tmp_path: Path) -> None:
    make_language(tmp_path / "language")
    model = make_model(dataclasses.replace(make_config(tmp_path / "language"), classifier=CONFIG))
    save_model(model, tmp_path)
    loaded = load_model(tmp_path)
    assert loaded.config.classifier == CONFIG
    assert loaded.classifier is not None
    assert model.classifier is not None
    torch.testing.assert_close(loaded.classifier.linear.weight, model.classifier.linear.weight, atol=1e-3, rtol=0)


def test_models_without_a_classifier(toy_folder: Path) -> None:
    config = ModelConfig.read(toy_folder)
    data = config.to_dict()
    assert data.pop("classifier") is None
    assert ModelConfig.from_dict(data).classifier is None
    assert without_absent({"name": "x", "classifier": None}) == {"name": "x"}  # so its fingerprint is the one of before
    other = dataclasses.replace(config, classifier=CONFIG)
    assert fingerprint(config, toy_folder, "fp32") != fingerprint(other, toy_folder, "fp32")


@pytest.mark.parametrize(
    "names",
    [
        *({"things": things} for things in (["water", "water"], [""], "water", [1])),
        *({"kinds": kinds} for kinds in ([], ["lagoon"], ["forest", "forest"])),
    ],
)
def test_wrong_names_are_refused(toy_folder: Path, names: dict[str, object]) -> None:
    data = ModelConfig.read(toy_folder).to_dict()
    with pytest.raises(ModelError, match="classifier"):
        ModelConfig.from_dict({**data, "classifier": names})


def test_a_classifier_needs_an_encoder_without_class_token() -> None:
    config = FAMILY["rsgpt-13b"]
    with pytest.raises(ModelError, match="a classifier does not work with the encoder 'eva-vit'"):
        ModelConfig.from_dict(dataclasses.replace(config, classifier=CONFIG).to_dict())
