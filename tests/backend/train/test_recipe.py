"""A recipe is read whole or refused with a sentence; the shipped ones are whole."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from rsgpt_backend.errors import UsageError
from rsgpt_backend.model.config import ModelConfig
from rsgpt_backend.model.vision import build_encoder
from rsgpt_backend.train.recipe import Dataset, read_recipe
from tests.backend.toy import write_recipe

SHIPPED = Path(str(files("rsgpt_backend"))) / "train" / "recipes"


@pytest.fixture
def path(toy_folder: Path, toy_data: Path, tmp_path: Path) -> Path:
    return write_recipe(tmp_path / "toy.toml", toy_folder, steps=4)


def test_reading(path: Path, toy_folder: Path) -> None:
    recipe = read_recipe(path)
    assert (recipe.steps, recipe.precision, recipe.compile, recipe.adaptation.steps) == (4, "fp32", False, 2)
    assert recipe.train == (Dataset("images", "captions.json", "questions.json", views=8),)
    assert recipe.model.language == ModelConfig.read(toy_folder).language


def test_overrides(path: Path) -> None:
    assert read_recipe(path, {"steps": 9}).steps == 9


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("steps = 4", "step = 4", "step"),
        ("steps = 4", "steps = ", "Invalid value"),
        ("[adaptation]", "[adaptation]\ncolour = 1", "colour"),
        ("[[train]]", "[[train]]\ncolour = 1", "colour"),
        ("[[train]]", "[[trains]]", "train"),
        ("[model.vision]", "[model.vision]\ncolour = 1", r"\[model\] table.*colour"),
        ("[model.qformer]", "[model.former]", r"\[model\] table.*qformer"),
        ("[model]", "[models]", "model"),
    ],
)
def test_a_wrong_recipe_is_refused(path: Path, old: str, new: str, sentence: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(UsageError, match=sentence) as caught:
        read_recipe(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_an_unreadable_recipe_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "a.toml").write_bytes(content)
    with pytest.raises(UsageError, match="cannot be used"):
        read_recipe(tmp_path / "a.toml")


def test_the_shipped_model_s_recipe_describes_an_encoder_that_exists() -> None:
    read = read_recipe(SHIPPED / "rsgpt-small.toml")
    vision = read.model.vision
    encoder = build_encoder(vision)
    assert read.model.name == "rsgpt-small"
    assert encoder.width == vision.width
    assert vision.cells == (vision.image_size // 32) ** 2
    assert read.warmup < read.steps
    assert not {part.captions for part in read.train} & {part.captions for part in read.validate}


def test_a_recipe_without_a_model_needs_a_start() -> None:
    with pytest.raises(UsageError, match="'model'"):
        read_recipe(SHIPPED / "rsgpt.toml")
