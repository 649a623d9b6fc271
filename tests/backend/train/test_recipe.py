"""A recipe is read completely or refused with a message; the shipped recipes are complete."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest

from rsgpt_backend.errors import UsageError
from rsgpt_backend.model.config import ModelConfig
from rsgpt_backend.model.registry import model_folder
from rsgpt_backend.model.vision.encoders import build_encoder
from rsgpt_backend.train.recipe import RecipeDataset, read_recipe
from tests.backend.toy import write_recipe

SHIPPED = Path(str(files("rsgpt_backend"))) / "train" / "recipes"


@pytest.fixture
def path(toy_folder: Path, toy_data: Path, tmp_path: Path) -> Path:
    return write_recipe(tmp_path / "toy.toml", toy_folder, steps=4)


def test_reading(path: Path, toy_folder: Path) -> None:
    recipe = read_recipe(path)
    assert (recipe.steps, recipe.precision, recipe.compile, recipe.adaptation.steps) == (4, "fp32", False, 2)
    assert recipe.train == (RecipeDataset("images", "captions.json", "questions.json", views=8),)
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
        ("[model.vision]", "[model.vision]\ncolour = 1", r"model of the recipe.*colour"),
        ("[model.qformer]", "[model.former]", r"model of the recipe.*qformer"),
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
    for name in ("captions", "questions", "objects"):
        used, held_out = (
            {(getattr(part, name), part.split) for part in parts} for parts in (read.train, read.validate)
        )
        assert not {pair for pair in used if pair[0]} & held_out, name


def test_a_recipe_without_a_model_needs_a_start() -> None:
    with pytest.raises(UsageError, match="'model'"):
        read_recipe(SHIPPED / "rsgpt.toml")


def started(folder: Path, start: str) -> ModelConfig:
    """The model of a recipe that has no model table and starts from `start`."""
    path = folder / "short.toml"
    path.write_text('steps = 1\n[[train]]\nimages = "images"\ncaptions = "captions.json"\n', "utf-8")
    return read_recipe(path, {"start": start}).model


def test_a_start_by_name_keeps_its_packaged_language_model(tmp_path: Path) -> None:
    shipped = ModelConfig.read(model_folder("rsgpt-small"))
    model = started(tmp_path, "rsgpt-small")
    assert model.language == shipped.language
    assert (model.calibration, model.yes_odds, model.weights_sha256) == ({}, 0.0, "")
    assert "self_test" in shipped.notes
    assert "self_test" not in model.notes  # its picture stays in the folder of the start model


def test_folders_of_a_start_can_be_found_from_any_other_folder(tmp_path: Path) -> None:
    config = ModelConfig.read(model_folder("rsgpt-small"))
    language = replace(config.language, source="language")
    reader = replace(config.qformer, tokenizer="reader", vocabulary=9)
    replace(config, language=language, qformer=reader).write(tmp_path / "start")
    model = started(tmp_path, str(tmp_path / "start"))
    assert model.language.source == str(tmp_path / "start" / "language")
    assert model.qformer.tokenizer == str(tmp_path / "start" / "reader")


def test_folders_of_a_recipe_are_relative_to_where_it_is_run(
    path: Path, tmp_path: Path, toy_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(toy_folder)
    text = path.read_text("utf-8")
    assert f'source = "{toy_folder / "language"}"' in text
    path.write_text(text.replace(f'source = "{toy_folder / "language"}"', 'source = "language"'), "utf-8")
    assert read_recipe(path).model.language.source == str(toy_folder / "language")


def test_an_unknown_start_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no model 'nonsense'"):
        started(tmp_path, "nonsense")
