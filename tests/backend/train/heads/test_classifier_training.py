"""The classifier learns presence and kinds from stored features."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import torch

from rsgpt_backend.model.config import ClassifierConfig, NoveltyConfig
from rsgpt_backend.model.rsgpt import Rsgpt
from rsgpt_backend.model.weights import load_model
from rsgpt_backend.train.examples.corpus import Corpus
from rsgpt_backend.train.heads.classifier_training import (
    fit_novelty,
    mean_features,
    presence_accuracy,
    train_classifier,
)
from rsgpt_backend.train.process_group import ProcessGroup
from rsgpt_backend.train.recipe import ClassifierStage, Recipe, RecipeDataset, read_recipe
from rsgpt_backend.train.trainer import Trainer
from tests.backend.toy import IMAGE_SIZE, VISION_WIDTH, make_config, make_model, write_recipe

CONFIG = ClassifierConfig(("water", "tree", "road"), ("river", "forest"))


@pytest.fixture
def corpus(toy_data: Path) -> Corpus:
    """Rivers with water and forests with trees, in two views; nothing is known of roads."""
    corpus = Corpus(toy_data, [RecipeDataset("images", "captions.json", views=2)], IMAGE_SIZE)
    for sample in corpus.samples:
        is_river = sample.record.scene == "river"
        sample.presence = {"water": is_river, "tree": not is_river}
    return corpus


@pytest.fixture
def recipe(toy_folder: Path, tmp_path: Path) -> Recipe:
    read = read_recipe(write_recipe(tmp_path / "toy.toml", toy_folder, steps=2))
    stage = ClassifierStage(steps=150, batch=8)
    return dataclasses.replace(read, classifier=stage, model=dataclasses.replace(read.model, classifier=CONFIG))


def features_of(corpus: Corpus) -> torch.Tensor:
    """Features that tell rivers from forests in their first value, [rows, cells, width]."""
    torch.manual_seed(0)
    features = torch.randn(len(corpus.rows), 4, VISION_WIDTH) * 0.1
    for row, (picture, _) in enumerate(corpus.rows):
        features[row, :, 0] += 1 if corpus.samples[picture].record.scene == "river" else -1
    return features


@pytest.fixture
def model(toy_folder: Path) -> Rsgpt:
    config = dataclasses.replace(make_config(toy_folder / "language"), classifier=CONFIG)
    return make_model(config)


def test_presence_and_kinds_are_learned(model: Rsgpt, corpus: Corpus, recipe: Recipe, tmp_path: Path) -> None:
    head, features = model.classifier, features_of(corpus)
    assert head is not None
    head.requires_grad_(True)
    unknown = head.linear.bias[2].item()
    assert train_classifier(model, corpus, features, recipe, tmp_path)
    assert presence_accuracy(model, corpus, features) == 100.0
    _, kinds = head(features)
    scenes = [corpus.samples[picture].record.scene for picture, _ in corpus.rows]
    assert [CONFIG.kinds[index] for index in kinds.argmax(1).tolist()] == scenes
    assert head.linear.bias[2].item() == pytest.approx(unknown, abs=0.05)  # but for weight decay
    learned = head.linear.weight.clone()
    torch.nn.init.zeros_(head.linear.weight)
    assert not train_classifier(model, corpus, features, recipe, tmp_path)
    assert torch.equal(head.linear.weight, learned)


def test_accuracy_without_known_labels_is_zero(model: Rsgpt, corpus: Corpus) -> None:
    for sample in corpus.samples:
        sample.presence = {"water": True}
    assert presence_accuracy(model, corpus, features_of(corpus)) == 0.0


def test_means_of_many_rows_are_computed_in_parts() -> None:
    features = torch.randn(1100, 2, 3).half()
    torch.testing.assert_close(mean_features(features), features.float().mean(1))


def test_a_recipe_trains_the_classifier_of_its_model(recipe: Recipe, toy_data: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    Trainer(recipe, toy_data, out, ProcessGroup()).run()
    assert (out / "log.jsonl").read_text("utf-8").count("presence_accuracy") == 1
    assert json.loads((out / "model" / "model.json").read_text("utf-8"))["classifier"]["things"] == list(CONFIG.things)
    Trainer(recipe, toy_data, out, ProcessGroup()).run()
    assert (out / "log.jsonl").read_text("utf-8").count("presence_accuracy") == 1


def test_a_recipe_measures_its_pictures_for_novelty(recipe: Recipe, toy_data: Path, tmp_path: Path) -> None:
    model = dataclasses.replace(recipe.model, novelty=NoveltyConfig(axes=4))
    Trainer(dataclasses.replace(recipe, model=model), toy_data, tmp_path / "run", ProcessGroup()).run()
    novelty = load_model(tmp_path / "run" / "model").novelty
    assert novelty is not None
    assert float(novelty.limit) > 0
    assert float(novelty.mean.abs().sum()) > 0


def test_models_without_a_detector_are_not_measured(toy: Rsgpt) -> None:
    fit_novelty(toy, torch.zeros(2, 4, VISION_WIDTH))
    assert toy.novelty is None
