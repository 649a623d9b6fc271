"""The question parser learns from marked questions."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch

from rsgpt_backend.engine.heads.question_reader import ParsedQuestion, QuestionReader
from rsgpt_backend.errors import UsageError
from rsgpt_backend.model.config import ModelConfig, QuestionParserConfig
from rsgpt_backend.model.rsgpt import Rsgpt
from rsgpt_backend.model.weights import load_model
from rsgpt_backend.train.heads.question_training import question_accuracy, train_question_parser
from rsgpt_backend.train.process_group import ProcessGroup
from rsgpt_backend.train.recipe import QuestionParserStage, read_recipe
from rsgpt_backend.train.trainer import Trainer
from tests.backend.toy import make_config, make_model, write_recipe

LINES = """\
presence: Is there any {red} [car]?
presence: Any [water]?
number: How many [cars]?
number: Count the [ships].
area: What is this?
other: Describe it.
"""


@pytest.fixture
def model(toy_folder: Path) -> Rsgpt:
    config = dataclasses.replace(make_config(toy_folder / "language"), question_parser=QuestionParserConfig(32, 2))
    model = make_model(config)
    assert model.question_parser is not None
    model.question_parser.requires_grad_(True)
    return model


@pytest.fixture
def stage(tmp_path: Path) -> QuestionParserStage:
    path = tmp_path / "wordings.txt"
    path.write_text(LINES, encoding="utf-8")
    return QuestionParserStage(steps=150, batch=16, wordings=(str(path),), held_out=(str(path),))


def test_kinds_and_things_are_learned(model: Rsgpt, stage: QuestionParserStage, tmp_path: Path) -> None:
    assert train_question_parser(model, stage, 1, tmp_path)
    assert question_accuracy(model, stage.held_out) == [100.0, 100.0]
    read = QuestionReader(model).read(["Is there any red car?", "How many cars?", "What is this?", "Describe it."])
    assert read == [
        ParsedQuestion("presence", "car", ("red",)),
        ParsedQuestion("number", "cars"),
        ParsedQuestion("area"),
        None,
    ]


def test_a_trained_parser_is_read_from_the_run(model: Rsgpt, stage: QuestionParserStage, tmp_path: Path) -> None:
    assert train_question_parser(model, dataclasses.replace(stage, steps=2), 1, tmp_path)
    parser = model.question_parser
    assert parser is not None
    learned = parser.kind.weight.clone()
    torch.nn.init.zeros_(parser.kind.weight)
    assert not train_question_parser(model, stage, 1, tmp_path)
    assert torch.equal(parser.kind.weight, learned)


def test_a_model_without_a_parser_is_an_error(toy: Rsgpt, stage: QuestionParserStage, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no question parser"):
        train_question_parser(toy, stage, 1, tmp_path)


def test_a_recipe_names_its_files_relative_to_itself(toy_folder: Path, tmp_path: Path) -> None:
    path = write_recipe(tmp_path / "toy.toml", toy_folder, steps=2)
    text = path.read_text(encoding="utf-8")
    path.write_text(f'{text}\n[question_parser]\nwordings = ["a.txt"]\n', encoding="utf-8")
    assert read_recipe(path).question_parser.wordings == (str(tmp_path / "a.txt"),)


def test_a_text_in_place_of_a_list_of_files_is_an_error(toy_folder: Path, tmp_path: Path) -> None:
    path = write_recipe(tmp_path / "toy.toml", toy_folder, steps=2)
    text = path.read_text(encoding="utf-8")
    path.write_text(f'{text}\n[question_parser]\nwordings = "a.txt"\n', encoding="utf-8")
    with pytest.raises(UsageError, match="wordings is not a list"):
        read_recipe(path)


def test_an_error_in_the_wordings_is_found_before_the_run(
    toy_folder: Path, toy_data: Path, stage: QuestionParserStage, tmp_path: Path
) -> None:
    read = read_recipe(write_recipe(tmp_path / "toy.toml", toy_folder, steps=2))
    broken = dataclasses.replace(stage, held_out=(str(tmp_path / "missing.txt"),))
    with pytest.raises(UsageError, match="missing.txt cannot be read"):
        Trainer(dataclasses.replace(read, question_parser=broken), toy_data, tmp_path / "run", ProcessGroup())
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("steps", "has_parser", "message"), [(3, False, "has no such head"), (0, True, "head that is not trained")]
)
def test_stage_and_head_belong_together(
    toy_folder: Path, tmp_path: Path, steps: int, has_parser: bool, message: str
) -> None:
    path = write_recipe(tmp_path / "toy.toml", toy_folder, steps=2)
    text = path.read_text(encoding="utf-8") + f"\n[question_parser]\nsteps = {steps}\n"
    path.write_text(text + ("[model.question_parser]\n" if has_parser else ""), encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        read_recipe(path)


def test_a_recipe_trains_the_parser_of_its_model(
    toy_folder: Path, toy_data: Path, stage: QuestionParserStage, tmp_path: Path
) -> None:
    read = read_recipe(write_recipe(tmp_path / "toy.toml", toy_folder, steps=2))
    model = dataclasses.replace(read.model, question_parser=QuestionParserConfig(32, 2))
    recipe = dataclasses.replace(read, model=model, question_parser=dataclasses.replace(stage, steps=2))
    for _ in range(2):  # the second run finds the parser
        Trainer(recipe, toy_data, tmp_path / "run", ProcessGroup()).run()
        assert (tmp_path / "run" / "log.jsonl").read_text("utf-8").count("question_accuracy") == 1
    assert ModelConfig.read(tmp_path / "run" / "model").question_parser == QuestionParserConfig(32, 2)
    assert load_model(tmp_path / "run" / "model").question_parser is not None
