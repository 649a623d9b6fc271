"""RSGPT's own recipe, from a converted InstructBLIP to a file that RSGPT's own code loads."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from rsgpt_backend.commands.train import RECIPES
from rsgpt_backend.convert.checkpoint import Checkpoint
from rsgpt_backend.errors import UsageError
from rsgpt_backend.model.published_models import FAMILY
from rsgpt_backend.model.weights import load_model
from rsgpt_backend.train.examples.corpus import Corpus
from rsgpt_backend.train.official import write_official
from rsgpt_backend.train.process_group import ProcessGroup
from rsgpt_backend.train.recipe import RecipeDataset, read_recipe
from rsgpt_backend.train.trainer import Trainer, _optimizer
from tests.backend.family import PROMPTS, SIDE, make_instructblip, tiny, trained, write_rsicap


@pytest.fixture(scope="module")
def rsicap(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten pictures in RSICap's layout."""
    folder = tmp_path_factory.mktemp("rsicap") / "set"
    write_rsicap(folder, 10)
    return folder


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A converted InstructBLIP of the tiny size."""
    return make_instructblip(tmp_path_factory.mktemp("start"))


def test_the_official_keys(start: Path, tmp_path: Path) -> None:
    write_official(load_model(start).bridge, 4, tmp_path)
    checkpoint = Checkpoint(tmp_path / "checkpoint_official.pth")
    buffers = {name for name in trained() if "position_ids" in name or "inv_freq" in name}
    assert checkpoint.keys() == trained().keys() - buffers
    assert all(torch.equal(checkpoint[name], trained()[name]) for name in checkpoint)
    assert checkpoint.trained
    assert torch.load(tmp_path / "checkpoint_official.pth", weights_only=True)["epoch"] == 3


def test_the_recipe_runs_and_its_file_is_read_again(start: Path, rsicap: Path, tmp_path: Path) -> None:
    overrides = {"start": str(start), "steps": 5, "batch": 4, "warmup": 1, "checkpoint_every": 5, "micro": 2}
    recipe = read_recipe(RECIPES / "rsgpt.toml", overrides)
    published = FAMILY["rsgpt-7b"]
    assert (recipe.model.name, recipe.model.licence) == (published.name, published.licence)
    assert (recipe.model.caption_prompt, recipe.model.qformer.max_text) == (published.caption_prompt, 160)
    Trainer(recipe, rsicap, tmp_path / "run", ProcessGroup()).run()
    model = load_model(tmp_path / "run" / "model")
    before = load_model(start)
    assert not torch.equal(model.bridge.projection.weight, before.bridge.projection.weight)
    frozen = "model.embeddings.class_embedding"
    assert torch.equal(model.encoder.get_parameter(frozen), before.encoder.get_parameter(frozen))
    path = tmp_path / "run" / "checkpoint_official.pth"
    assert (
        torch.load(path, weights_only=True)["epoch"] == 1
    )  # ten pictures are two full batches per pass: two passes and one step
    again = Checkpoint(path)
    assert torch.equal(again["llm_proj.weight"], model.bridge.projection.weight)


@pytest.mark.parametrize("name", ["instructblip-flan-t5-xl", "minigpt4-7b"])
def test_a_model_of_another_layout_is_not_trained(tmp_path: Path, name: str) -> None:
    tiny(name).write(tmp_path)
    with pytest.raises(UsageError, match=f"{name} cannot be trained here"):
        read_recipe(RECIPES / "rsgpt.toml", {"start": str(tmp_path)})


def test_every_pair_occurs_once_per_pass_in_its_own_words(rsicap: Path) -> None:
    corpus = Corpus(rsicap, [RecipeDataset("images", "captions.json")], SIDE)
    mix = read_recipe(RECIPES / "rsgpt.toml", {"model": tiny("rsgpt-7b").to_dict()}).mix
    buckets = corpus.buckets(1, 4, mix)
    first, second = next(buckets), next(buckets)
    assert [len(batch) for batch in first] == [4, 4]
    drawn = [prompt for batch in first for prompt in batch]
    assert len({prompt.picture for prompt in drawn}) == 8
    assert all(item.prompt == PROMPTS[int(item.answers[0].split()[-1]) % 4] for item in drawn)
    assert [prompt.picture for batch in second for prompt in batch] != [prompt.picture for prompt in drawn]


def test_weight_decay_as_in_lavis(start: Path, rsicap: Path, tmp_path: Path) -> None:
    recipe = read_recipe(RECIPES / "rsgpt.toml", {"start": str(start)})
    model = Trainer(recipe, rsicap, tmp_path, ProcessGroup()).model
    decayed = {id(parameter) for parameter in _optimizer(model, recipe).param_groups[0]["params"]}
    for name, parameter in model.bridge.named_parameters():
        official = parameter.ndim >= 2 and not any(part in name for part in ("bias", "ln", "bn"))
        assert (id(parameter) in decayed) == official, name
