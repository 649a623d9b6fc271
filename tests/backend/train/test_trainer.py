"""A killed run resumes exactly, and its result is a model that answers."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from rsgpt_backend.engine.loading import load_engine
from rsgpt_backend.errors import RsgptError, UsageError
from rsgpt_backend.train.process_group import ProcessGroup
from rsgpt_backend.train.recipe import AdaptationStage, MatchingStage, Recipe, read_recipe
from rsgpt_backend.train.trainer import Trainer, _optimizer
from tests.backend.toy import write_recipe

ALONE = ProcessGroup()


@pytest.fixture(scope="module")
def recipe(toy_folder: Path, toy_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    """Two steps of adaptation, then four steps in float32 with a checkpoint after every second one."""
    return read_recipe(write_recipe(tmp_path_factory.mktemp("recipe") / "toy.toml", toy_folder, steps=4))


@pytest.fixture(scope="module")
def finished(recipe: Recipe, toy_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an uninterrupted run."""
    out = tmp_path_factory.mktemp("finished")
    Trainer(recipe, toy_data, out, ALONE).run()
    return out


def killed(trainer: Trainer, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Run until this step starts, then fail."""
    go = trainer._step

    def stepping(drawn: Any, features: Any, optimizer: Any, number: int) -> torch.Tensor:
        if number == step:
            raise KeyboardInterrupt
        return go(drawn, features, optimizer, number)

    monkeypatch.setattr(trainer, "_step", stepping)
    with pytest.raises(KeyboardInterrupt):
        trainer.run()


@pytest.mark.parametrize("step", [0, 1, 2, 3])
def test_a_killed_run_resumes_exactly(
    recipe: Recipe, toy_data: Path, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    killed(Trainer(recipe, toy_data, tmp_path, ALONE), monkeypatch, step)
    assert (tmp_path / "checkpoint.safetensors").exists() == (step >= 2)
    Trainer(recipe, toy_data, tmp_path, ALONE).run()
    for name in ("encoder", "checkpoint"):
        wanted, found = (load_file(folder / f"{name}.safetensors") for folder in (finished, tmp_path))
        assert wanted.keys() == found.keys()
        assert all(torch.equal(wanted[key], found[key]) for key in wanted), name
    assert (finished / "model" / "model.json").read_bytes() == (tmp_path / "model" / "model.json").read_bytes()


def test_a_finished_run_does_nothing_again(
    recipe: Recipe, toy_data: Path, finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (finished / "model" / "model.json").read_bytes()
    trainer = Trainer(recipe, toy_data, finished, ALONE)
    monkeypatch.setattr(trainer, "_step", lambda *_: pytest.fail("a step was made"))
    monkeypatch.setattr(trainer.model, "encode", lambda *_: pytest.fail("a picture was encoded"))
    trainer.run()
    assert (finished / "model" / "model.json").read_bytes() == before


def test_only_the_bridge_learns(recipe: Recipe, toy_data: Path, finished: Path) -> None:
    fresh = Trainer(recipe, toy_data, finished, ALONE).model
    checkpoint = load_file(finished / "checkpoint.safetensors")
    still = [key for key, value in fresh.bridge.named_parameters() if torch.equal(checkpoint[f"bridge.{key}"], value)]
    last = "qformer.model.encoder.layer.1."  # queries do not use the last layer's output for the text
    assert {key.removeprefix(last).split(".")[0] for key in still} == {"intermediate", "output"}
    kept = {key.split(".")[0] for key in checkpoint}
    assert kept == {"bridge", "optimizer", "step"}


def test_the_encoder_is_adapted_only_where_the_recipe_says_so(
    recipe: Recipe, toy_data: Path, finished: Path, tmp_path: Path
) -> None:
    plain = dataclasses.replace(recipe, adaptation=AdaptationStage(steps=0), steps=1)
    trainer = Trainer(plain, toy_data, tmp_path, ALONE)
    start = {key: value.clone() for key, value in trainer.model.encoder.state_dict().items()}
    trainer.run()
    unchanged = load_file(tmp_path / "encoder.safetensors")
    assert all(torch.equal(unchanged[key], value) for key, value in start.items())
    adapted = load_file(finished / "encoder.safetensors")
    assert not torch.equal(adapted["conv_stem.weight"], start["conv_stem.weight"])


def test_losses_are_logged(finished: Path) -> None:
    lines = [json.loads(line) for line in (finished / "log.jsonl").read_text().splitlines()]
    assert [(line["step"], list(line)[1]) for line in lines] == [
        (2, "scene_accuracy"),
        (2, "loss"),
        (2, "validation_loss"),
        (4, "loss"),
        (4, "validation_loss"),
    ]
    assert all(0 < list(line.values())[1] < 20 for line in lines[1:])


def test_the_model_answers(finished: Path) -> None:
    from tests.backend.toy import ask

    engine = load_engine(str(finished / "model"))
    (answer,) = engine.answer([ask(max_new_tokens=3)])
    assert len(answer.tokens) == 3


def test_training_lowers_the_loss(recipe: Recipe, toy_data: Path, tmp_path: Path) -> None:
    longer = dataclasses.replace(
        recipe,
        steps=240,
        batch=8,
        warmup=5,
        learning_rate=3e-3,
        checkpoint_every=10,
        adaptation=AdaptationStage(steps=0),
    )
    Trainer(longer, toy_data, tmp_path, ALONE).run()
    lines = map(json.loads, (tmp_path / "log.jsonl").read_text().splitlines())
    losses = [line["validation_loss"] for line in lines if "validation_loss" in line]
    assert losses[-1] < losses[0] - 1  # not much more is possible with a random, frozen language model


def test_norms_biases_queries_and_positions_do_not_decay(recipe: Recipe, toy_data: Path, tmp_path: Path) -> None:
    bridge = Trainer(recipe, toy_data, tmp_path, ALONE).model.bridge
    decayed, free = _optimizer(bridge, recipe).param_groups
    names = {id(parameter): name for name, parameter in bridge.named_parameters()}
    assert (decayed["weight_decay"], free["weight_decay"]) == (recipe.weight_decay, 0.0)
    assert len(decayed["params"]) + len(free["params"]) == len(names)
    undecayed = {names[id(parameter)] for parameter in free["params"]}
    assert {"qformer.query_tokens", "cell_positions", "ln_vision.weight", "projection.bias"} <= undecayed
    assert "projection.weight" in {names[id(parameter)] for parameter in decayed["params"]}


def test_the_matching_head_learns_with_the_bridge_and_resumes(recipe: Recipe, toy_data: Path, tmp_path: Path) -> None:
    vision = dataclasses.replace(recipe.model.vision, ground_resolution=True)
    model = dataclasses.replace(recipe.model, matching_width=8, vision=vision)
    matched = dataclasses.replace(recipe, model=model, matching=MatchingStage(4, 0.5))
    Trainer(matched, toy_data, tmp_path / "whole", ALONE).run()
    interrupted = Trainer(matched, toy_data, tmp_path / "parts", ALONE)
    interrupted.recipe = dataclasses.replace(matched, steps=2)
    interrupted.run()
    Trainer(matched, toy_data, tmp_path / "parts", ALONE).run()
    whole, parts = (load_file(tmp_path / name / "model" / "model.safetensors") for name in ("whole", "parts"))
    assert whole.keys() == parts.keys()
    assert all(torch.equal(whole[key], parts[key]) for key in whole)
    start = Trainer(matched, toy_data, tmp_path / "start", ALONE).model.matching
    assert start is not None
    assert not torch.equal(
        load_file(tmp_path / "whole" / "checkpoint.safetensors")["matching.image.bias"], start.image.bias
    )


def test_a_folder_belongs_to_one_recipe(recipe: Recipe, toy_data: Path, finished: Path) -> None:
    Trainer(dataclasses.replace(recipe, steps=recipe.steps + 1), toy_data, finished, ALONE)
    with pytest.raises(UsageError, match="another recipe"):
        Trainer(dataclasses.replace(recipe, seed=recipe.seed + 1), toy_data, finished, ALONE)


@pytest.mark.parametrize("lesson", ["bridge", "encoder"])
def test_a_nan_loss_ends_the_training(recipe: Recipe, toy_data: Path, tmp_path: Path, lesson: str) -> None:
    far = dataclasses.replace(recipe, learning_rate=1e30, clip=0.0)
    if lesson == "encoder":
        far = dataclasses.replace(recipe, adaptation=dataclasses.replace(recipe.adaptation, learning_rate=1e38))
    with pytest.raises(RsgptError, match=rf"training of the {lesson} ended at step \d.*No model was written"):
        Trainer(far, toy_data, tmp_path, ALONE).run()
    assert not (tmp_path / "model").exists()
    for file in ("encoder", "checkpoint"):
        if (tmp_path / f"{file}.safetensors").exists():
            assert all(value.isfinite().all() for value in load_file(tmp_path / f"{file}.safetensors").values())


def test_a_checkpoint_before_a_bad_step_stays(
    recipe: Recipe, toy_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed(Trainer(recipe, toy_data, tmp_path, ALONE), monkeypatch, 3)
    kept = (tmp_path / "checkpoint.safetensors").read_bytes()
    trainer = Trainer(recipe, toy_data, tmp_path, ALONE)
    monkeypatch.setattr(trainer, "_loss", lambda *_: trainer.model.bridge.projection.bias.sum() * float("nan"))
    with pytest.raises(RsgptError, match="ended at step 4"):
        trainer.run()
    assert (tmp_path / "checkpoint.safetensors").read_bytes() == kept
    assert not (tmp_path / "model").exists()
