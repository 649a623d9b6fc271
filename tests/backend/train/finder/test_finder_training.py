"""A finder learns white cars, resumes exactly after a kill, and is not trained twice."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from tqdm import tqdm

from rsgpt_backend.errors import ModelError, RsgptError
from rsgpt_backend.model.rsgpt import Rsgpt
from rsgpt_backend.model.weights import load_model
from rsgpt_backend.train.finder import finder_training as module
from rsgpt_backend.train.finder.crops import FinderPictures
from rsgpt_backend.train.finder.finder_training import FinderTrainer, train_finder
from rsgpt_backend.train.finder.settings import FinderStage
from rsgpt_backend.train.recipe import Recipe, RecipeDataset
from rsgpt_backend.train.run_files import save_checkpoint
from tests.backend.train.finder.finder_data import write_cars

CPU = torch.device("cpu")
STAGE = FinderStage(steps=8, batch=4, size=64, reuse=2, round_batches=2, warmup=2)


@pytest.fixture
def dataset(tmp_path: Path) -> RecipeDataset:
    return write_cars(tmp_path / "data")


def trained(folder: Path, data: Path, dataset: RecipeDataset, out: Path, stage: FinderStage = STAGE) -> Rsgpt:
    model = load_model(folder)
    train_finder(model, data, Recipe(model.config, (dataset,), (dataset,), finder=stage), CPU, out)
    return model


def state(model: Rsgpt) -> dict[str, Tensor]:
    assert model.finder is not None
    return model.finder.state_dict()


def equal(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(value, other[key]) for key, value in one.items())


def test_the_finder_changes_and_the_encoder_does_not(
    finder_folder: Path, dataset: RecipeDataset, tmp_path: Path, finding_toy: Rsgpt
) -> None:
    model = trained(finder_folder, tmp_path / "data", dataset, tmp_path / "out")
    assert not equal(state(model), state(finding_toy))
    assert equal(model.encoder.state_dict(), finding_toy.encoder.state_dict())
    assert not any(parameter.requires_grad for parameter in model.parameters())
    assert not any(part.training for part in model.modules())
    written = {file.name for file in (tmp_path / "out").iterdir()}
    assert written == {"finder.safetensors"}


def test_a_killed_run_resumes_exactly(
    finder_folder: Path, dataset: RecipeDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = trained(finder_folder, tmp_path / "data", dataset, tmp_path / "whole")
    save = save_checkpoint

    def save_and_die(*args: Any, **options: Any) -> None:
        save(*args, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "save_checkpoint", save_and_die)
    with pytest.raises(KeyboardInterrupt):
        trained(finder_folder, tmp_path / "data", dataset, tmp_path / "killed")
    monkeypatch.undo()
    resumed = trained(finder_folder, tmp_path / "data", dataset, tmp_path / "killed")
    assert equal(state(whole), state(resumed))


def test_a_finished_finder_is_not_trained_again(
    finder_folder: Path, dataset: RecipeDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = trained(finder_folder, tmp_path / "data", dataset, tmp_path / "out")
    monkeypatch.setattr(module, "FinderTrainer", lambda *_: pytest.fail("it was trained again"))
    assert equal(state(trained(finder_folder, tmp_path / "data", dataset, tmp_path / "out")), state(first))


def test_the_loss_falls(finder_folder: Path, dataset: RecipeDataset, tmp_path: Path) -> None:
    stage = FinderStage(steps=60, batch=4, size=64, reuse=15, round_batches=4, warmup=4, learning_rate=3e-3)
    trainer = FinderTrainer(
        load_model(finder_folder), FinderPictures(tmp_path / "data", [dataset]), stage, CPU, tmp_path
    )
    losses = trainer._round(0, 0, 60, tqdm(disable=True))
    assert torch.stack(losses[-10:]).mean() < 0.7 * torch.stack(losses[:10]).mean()


def test_sizes_of_boxes_are_learned(finder_folder: Path, dataset: RecipeDataset, tmp_path: Path) -> None:
    stage = FinderStage(
        steps=60, batch=4, size=64, reuse=15, round_batches=4, warmup=4, learning_rate=3e-3, smallest=1, largest=1.01
    )
    model, pictures = load_model(finder_folder), FinderPictures(tmp_path / "data", [dataset])
    trainer = FinderTrainer(model, pictures, stage, CPU, tmp_path)
    config = model.config.finder
    assert config is not None
    pixels, targets = pictures.draw(random.Random(1), 16, stage, config, (127, 127, 127))

    def error() -> float:
        """Return the mean error of width and height at the centers, as a natural logarithm."""
        assert model.finder is not None
        with torch.no_grad():
            sizes = model.finder(model.encode_grids(pixels)).sizes
        return float(((sizes - targets.sizes).abs() * targets.is_center).sum() / targets.is_center.sum() / 2)

    before = error()
    trainer._round(0, 0, 60, tqdm(disable=True))
    assert error() < 0.6 * before


def test_a_run_that_diverges_ends_with_a_message(finder_folder: Path, dataset: RecipeDataset, tmp_path: Path) -> None:
    stage = FinderStage(steps=4, batch=4, size=64, reuse=1, round_batches=4, warmup=0, learning_rate=1e30)
    with pytest.raises(RsgptError, match="training of the finder ended"):
        trained(finder_folder, tmp_path / "data", dataset, tmp_path / "out", stage)


def test_a_model_without_a_finder_is_refused(toy: Rsgpt, dataset: RecipeDataset, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="has no finder"):
        train_finder(toy, tmp_path / "data", Recipe(toy.config, (dataset,), ()), CPU, tmp_path / "out")
