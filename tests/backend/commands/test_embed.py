"""`rsgpt embed` prints one vector per picture and text."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rsgpt_backend.cli import main
from rsgpt_backend.engine.engine import Engine
from rsgpt_backend.errors import EngineError
from rsgpt_backend.model.weights import save_model
from tests.backend.toy import make_config, make_model

Pictures = Callable[[int], list[str]]


@pytest.fixture(scope="module")
def folder(toy_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A toy with a matching head that reads the ground resolution."""
    config = make_config(toy_folder / "language")
    vision = replace(config.vision, ground_resolution=True)
    folder = tmp_path_factory.mktemp("embed") / "toy"
    save_model(make_model(replace(config, vision=vision, matching_width=8)), folder)
    return folder


@pytest.fixture
def embed(folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, list[dict[str, Any]], str]]:
    def run(*arguments: str, model: Path = folder) -> tuple[int, list[dict[str, Any]], str]:
        code = main(["embed", *arguments, "--model", str(model), "--json"])
        out, err = capsys.readouterr()
        return code, [json.loads(line) for line in out.splitlines()], err

    return run


def test_pictures_and_texts(embed: Any, pictures: Pictures) -> None:
    paths = pictures(2)
    code, objects, err = embed(*paths, "--text", "gray", "--text", "many green trees")
    assert (code, err) == (0, "")
    assert [list(one) for one in objects] == [["image", "vector"]] * 2 + [["text", "vector"]] * 2
    assert [one["image"] for one in objects[:2]] == paths
    assert [one["text"] for one in objects[2:]] == ["gray", "many green trees"]
    for one in objects:
        assert len(one["vector"]) == 8
        assert math.hypot(*one["vector"]) == pytest.approx(1, abs=1e-4)


def test_the_ground_resolution_changes_the_vector(embed: Any, pictures: Pictures) -> None:
    (path,) = pictures(1)
    vectors = {tuple(embed(path, *gsd)[1][0]["vector"]) for gsd in ([], ["--gsd", "0.1"], ["--gsd", "10"])}
    assert len(vectors) == 3


def test_as_text(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["embed", "--text", "gray", "--model", str(folder)]) == 0
    name, _, numbers = capsys.readouterr().out.partition(": ")
    assert name == "gray"
    assert len([float(number) for number in numbers.split()]) == 8


def test_a_model_without_a_head_is_refused(embed: Any, toy_folder: Path) -> None:
    code, objects, err = embed("--text", "gray", model=toy_folder)
    assert (code, objects) == (1, [])
    assert err == "toy has no vectors for pictures and texts. Choose another model with --model.\n"


def test_a_broken_picture_among_others(embed: Any, pictures: Pictures, tmp_path: Path) -> None:
    paths = [*pictures(1), str(tmp_path / "missing.png")]
    code, objects, _ = embed(*paths, "--text", "gray")
    assert code == 1
    assert ["error" in one for one in objects] == [False, True, False]
    assert objects[1]["error"]["code"] == "image"


def test_an_item_that_the_model_fails_on_does_not_end_the_others(embed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    embed_all = Engine.embed

    def failing(engine: Engine, items: Any) -> Any:
        if "bad" in items:
            raise EngineError("The model failed. Try again.")
        return embed_all(engine, items)

    monkeypatch.setattr(Engine, "embed", failing)
    code, objects, _ = embed("--text", "gray", "--text", "bad")
    assert code == 1
    assert [one.get("error", {}).get("code") for one in objects] == [None, "engine"]


@pytest.mark.parametrize("arguments", [[], ["--text", " "], ["--text", "x" * 4001]])
def test_nothing_to_embed_is_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["embed", *arguments, "--model", "nonsense"]) == 2  # reported before the model is looked for
    assert "text" in capsys.readouterr().err
