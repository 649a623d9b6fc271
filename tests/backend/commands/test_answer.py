"""`rsgpt describe` and `rsgpt ask` over real files and a toy model: objects, order, broken pictures."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

from rsgpt_backend.cli import main
from rsgpt_backend.commands.answer import PromptItem
from rsgpt_backend.data.image_files import image_sha256, open_image
from rsgpt_backend.engine.engine import Engine
from rsgpt_backend.engine.heads.question_reader import ParsedQuestion
from rsgpt_backend.errors import EngineError
from rsgpt_backend.model.config import ModelConfig
from rsgpt_plugin.shared.answers.answer_types import AnswerType
from rsgpt_plugin.shared.answers.places import PLACES
from tests.backend.hostile.folders import make_good, rehash
from tests.backend.toy import NAME

Pictures = Callable[[int], list[str]]


@pytest.fixture
def rsgpt(toy_folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, list[dict[str, Any]], str]]:
    """A function that runs a command with the toy model and --json: its exit code, JSON objects, and stderr."""

    def run(*arguments: str) -> tuple[int, list[dict[str, Any]], str]:
        code = main([*arguments, "--model", str(toy_folder), "--json"])
        out, err = capsys.readouterr()
        return code, [json.loads(line) for line in out.splitlines()], err

    return run


def test_describe(rsgpt: Any, pictures: Pictures) -> None:
    paths = pictures(3)
    code, objects, err = rsgpt("describe", *paths)
    assert (code, [one["image"] for one in objects]) == (0, paths)
    for one in objects:
        assert set(one) == {"image", "caption", "confidence", "model", "finish_reason"}
        assert isinstance(one["caption"], str)
        assert 0 <= one["confidence"] <= 1
        assert one["model"] == NAME
    assert "Traceback" not in err


def test_describe_with_a_custom_prompt(rsgpt: Any, pictures: Pictures) -> None:
    paths = pictures(1)
    captions = [rsgpt("describe", *paths, *prompt)[1][0]["caption"] for prompt in ([], ["--prompt", "gray"])]
    assert captions[0] != captions[1]
    assert rsgpt("describe", *paths, "--prompt", "Describe this image.")[1][0]["caption"] == captions[0]


def test_ask(rsgpt: Any, pictures: Pictures) -> None:
    paths = pictures(2)
    questions = ["Is there any water?", "gray"]
    code, objects, _ = rsgpt("ask", *paths, "--question", questions[0], "--question", questions[1])
    assert code == 0
    assert [(one["image"], one["question"]) for one in objects] == [(p, q) for p in paths for q in questions]
    for one in objects:
        assert set(one) == {"image", "question", "answer", "confidence", "model", "finish_reason"}
        assert 0 <= one["confidence"] <= 1


def test_ask_for_a_place_and_a_number(rsgpt: Any, pictures: Pictures, recognize: Callable[..., None]) -> None:
    questions = {
        "Where is the lake?": ParsedQuestion("place", "lake"),
        "How many cars can you see?": ParsedQuestion("number", "cars"),
    }
    recognize(questions)
    arguments = [text for question in questions for text in ("--question", question)]
    code, given, _ = rsgpt("ask", *arguments, *pictures(2))
    assert (code, [one["question"] for one in given]) == (0, [*questions] * 2)
    for one in given:
        assert one["answer"].isdecimal() if one["question"].startswith("How many") else one["answer"] in PLACES


def test_ask_with_choices(rsgpt: Any, pictures: Pictures) -> None:
    choices = ["--choice", "a road", "--choice", "gray"]
    code, objects, _ = rsgpt("ask", *pictures(2), "--question", "What is this?", *choices)
    assert code == 0
    assert [one["question"] for one in objects] == ["What is this?"] * 2
    assert all(one["answer"] in {"a road", "gray"} and one["confidence"] >= 0.5 for one in objects)


def test_an_answer_that_was_cut_off_says_so(
    pictures: Pictures, toy_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / toy_folder.name
    shutil.copytree(toy_folder, folder)
    replace(ModelConfig.read(folder), max_new_tokens=2).write(folder)
    (path,), said = pictures(1), []
    for arguments in (["describe"], ["ask", "--question", "What?", "--choice", "a", "--choice", "b"]):
        main([*arguments, "--model", str(folder), "--json", path])
        out, err = capsys.readouterr()
        said.append((json.loads(out)["finish_reason"], "cut off" in err))
    assert said == [("length", True), ("stop", False)]


@pytest.mark.parametrize(("kind", "pattern"), [("yesno", "yes|no"), ("integer", r"\d+"), ("text", ".*")])
def test_an_answer_has_the_requested_type(rsgpt: Any, pictures: Pictures, kind: str, pattern: str) -> None:
    code, objects, _ = rsgpt("ask", *pictures(2), "--question", "gray", "--type", kind)
    assert code == 0
    assert all(re.fullmatch(pattern, one["answer"]) for one in objects)


def test_a_choice_has_no_other_type(rsgpt: Any, pictures: Pictures) -> None:
    with pytest.raises(SystemExit):
        rsgpt("ask", *pictures(1), "--question", "gray", "--type", "yesno", "--choice", "a", "--choice", "b")


def test_a_prompt_names_its_choices() -> None:
    chosen = PromptItem("a.png", "What?", ("gray", "red"), AnswerType.CHOICE)
    assert chosen.wording == "What? Choose one of: gray, red."
    assert PromptItem("a.png", "What?").wording == "What?"


@pytest.mark.parametrize("choices", [["a"], ["a", "a"], ["a", " "]])
def test_too_few_or_repeated_choices_are_wrong_usage(rsgpt: Any, pictures: Pictures, choices: list[str]) -> None:
    given = [part for choice in choices for part in ("--choice", choice)]
    code, objects, err = rsgpt("ask", *pictures(1), "--question", "What is this?", *given)
    assert (code, objects) == (2, [])
    assert "--choice" in err


def test_describe_in_detail(rsgpt: Any, pictures: Pictures, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Engine, "detail_prompt", "gray")
    (path,) = pictures(1)
    detailed = rsgpt("describe", path, "--detailed")[1][0]["caption"]
    assert detailed == rsgpt("describe", path, "--prompt", "gray")[1][0]["caption"]


def test_a_model_without_a_prompt_for_detail_gives_a_caption(engine: Engine) -> None:
    assert engine.detail_prompt == engine.caption_prompt


def test_an_answer_below_the_minimum_confidence_is_hidden(
    rsgpt: Any, pictures: Pictures, toy_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (path,) = pictures(1)
    ((shown,), (hidden,)) = (
        rsgpt("ask", path, "--question", "gray", "--least-confidence", minimum)[1] for minimum in ("0", "1")
    )
    assert shown["answer"]
    assert hidden == {**shown, "answer": None}
    main(["ask", path, "--question", "gray", "--least-confidence", "1", "--model", str(toy_folder)])
    assert "gray I can't tell (" in capsys.readouterr().out


@pytest.mark.parametrize("minimum", ["-0.1", "1.1", "x"])
def test_the_minimum_confidence_is_between_0_and_1(minimum: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["ask", "a.png", "--question", "gray", "--least-confidence", minimum])
    assert "--least-confidence" in capsys.readouterr().err


def test_an_answer_is_the_same_alone_and_among_others(rsgpt: Any, pictures: Pictures) -> None:
    paths = pictures(40)  # more than one batch
    _, objects, _ = rsgpt("describe", *paths)
    assert [one["image"] for one in objects] == paths
    for number in (0, 33):
        assert rsgpt("describe", paths[number])[1][0]["caption"] == objects[number]["caption"]


@pytest.mark.parametrize("command", [("describe",), ("ask", "--question", "gray")])
def test_a_broken_picture_among_good_ones(rsgpt: Any, pictures: Pictures, tmp_path: Path, command: Any) -> None:
    good = pictures(2)
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    paths = [good[0], str(broken), good[1], str(tmp_path / "missing.png")]
    code, objects, _ = rsgpt(command[0], *paths, *command[1:])
    assert code == 1
    assert [one["image"] for one in objects] == paths
    assert ["error" in one for one in objects] == [False, True, False, True]
    for one in (objects[1], objects[3]):
        assert one["error"]["code"] == "image"
        assert one["error"]["message"].endswith(".")
        assert set(one) == {"image", "error"} | ({"question"} if command[0] == "ask" else set())
    assert "broken.png is not a readable PNG" in objects[1]["error"]["message"]


def test_broken_pictures_alone(rsgpt: Any, tmp_path: Path) -> None:
    code, objects, _ = rsgpt("describe", str(tmp_path / "missing.png"))
    assert (code, [list(one) for one in objects]) == (1, [["image", "error"]])


def test_a_picture_that_the_model_fails_on_does_not_end_the_others(
    rsgpt: Any, pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = Engine.answer
    batches: list[int] = []

    def failing(engine: Engine, asks: Any) -> Any:
        batches.append(len(asks))
        if any(ask.image_key == bad for ask in asks):
            raise EngineError("The model failed. Ask again.")
        return answer(engine, asks)

    paths = pictures(34)
    bad = image_sha256(open_image(Path(paths[1])))
    monkeypatch.setattr(Engine, "answer", failing)
    code, objects, _ = rsgpt("describe", *paths)
    assert (code, batches) == (1, [32, *[1] * 32, 2])
    assert [one.get("error", {}).get("code") for one in objects] == [None, "engine", *[None] * 32]


def test_as_text(toy_folder: Path, pictures: Pictures, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (path,) = pictures(1)
    model = ("--model", str(toy_folder))
    assert main(["describe", path, *model]) == 0
    assert not capsys.readouterr().out.startswith(path)
    assert main(["describe", path, str(tmp_path / "missing.png"), *model]) == 1
    out, err = capsys.readouterr()
    assert out.startswith(f"{path}: ")
    assert "missing.png cannot be read" in err
    assert main(["ask", path, "--question", "gray", *model]) == 0
    assert capsys.readouterr().out.startswith(f"{path}: gray ")


@pytest.mark.parametrize(
    "arguments",
    [
        ("describe", "a.png", "--prompt", " "),
        ("ask", "a.png", "--question", ""),
        ("ask", "a.png", "--question", "x" * 4001),
    ],
)
def test_an_empty_or_too_long_prompt_is_wrong_usage(arguments: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments, "--model", "nonsense"]) == 2  # reported before the model is looked for
    assert "1 to 4000 characters" in capsys.readouterr().err


@pytest.mark.parametrize("command", [("describe",), ("ask", "--question", "gray", "--choice", "a", "--choice", "b")])
def test_an_answer_computed_from_nan_is_an_error(
    pictures: Pictures, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: Any
) -> None:
    """All weights are finite, but the features computed with them are not."""
    folder = make_good(tmp_path / "model")
    weights = load_file(folder / "model.safetensors")
    weights["bridge.projection.bias"].fill_(3e38)
    weights["bridge.projection.weight.scale"].fill_(2e36)
    save_file(weights, folder / "model.safetensors")
    rehash(folder)
    paths = pictures(2)
    assert main([command[0], *paths, *command[1:], "--model", str(folder), "--json"]) == 1
    objects = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["error"]["code"] for one in objects] == ["engine", "engine"]
    assert "caption" not in objects[0]
    assert "NaN or infinity" in objects[0]["error"]["message"]


@pytest.mark.parametrize("command", [("describe",), ("ask", "--question", "gray", "--choice", "a", "--choice", "b")])
def test_the_ground_resolution_reaches_the_model(
    rsgpt: Any, pictures: Pictures, monkeypatch: pytest.MonkeyPatch, command: Any
) -> None:
    answer = Engine.answer
    resolutions: list[float | None] = []

    def recorded(engine: Engine, asks: Any) -> Any:
        resolutions.extend(ask.gsd_m for ask in asks)
        return answer(engine, asks)

    monkeypatch.setattr(Engine, "answer", recorded)
    paths = pictures(2)
    _, without, silence = rsgpt(command[0], *paths, *command[1:])
    _, with_gsd, err = rsgpt(command[0], *paths, *command[1:], "--gsd", "0.3")
    assert resolutions == [None, None, 0.3, 0.3]
    assert with_gsd == without  # the toy does not use it
    said = "toy does not use the ground resolution, so --gsd changes nothing.\n"
    assert (said in silence, said in err) == (False, True)
