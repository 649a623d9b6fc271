"""Fixtures of the backend tests: a toy model, engines, data and pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from torch import Tensor

    from rsgpt_backend.engine.engine import Engine
    from rsgpt_backend.model.rsgpt import Rsgpt


@pytest.fixture(scope="session")
def toy_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny model with random weights."""
    from tests.backend.toy import make_folder

    return make_folder(tmp_path_factory.mktemp("toy"))


@pytest.fixture(scope="session")
def toy(toy_folder: Path) -> Rsgpt:
    """The toy model in float32. Do not change it."""

    from rsgpt_backend.model.weights import load_model

    return load_model(toy_folder)


@pytest.fixture
def recognize(monkeypatch: pytest.MonkeyPatch) -> Callable[[Mapping[str, Any]], None]:
    """Return a function that makes engines recognize these questions, by prompt, and no others."""
    from rsgpt_backend.engine.heads.question_reader import QuestionReader

    def make(questions: Mapping[str, Any]) -> None:
        monkeypatch.setattr(QuestionReader, "read", lambda _, prompts: [questions.get(prompt) for prompt in prompts])

    return make


@pytest.fixture(scope="session")
def finder_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny model with a random finder of the labels airplane and car."""
    from tests.backend.toy import make_finder_folder

    return make_finder_folder(tmp_path_factory.mktemp("finder"))


@pytest.fixture(scope="session")
def finding_toy(finder_folder: Path) -> Rsgpt:
    """The toy model with a finder. Do not change it."""

    from rsgpt_backend.model.weights import load_model

    return load_model(finder_folder)


@pytest.fixture
def engine(toy: Rsgpt) -> Engine:
    """A new engine with the toy model and an empty feature cache."""
    from rsgpt_backend.engine.engine import Engine

    return Engine(toy)


@pytest.fixture
def encoded(toy: Rsgpt, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A list that collects the number of pictures per call of the encoder."""
    calls: list[int] = []
    encode = toy.encode

    def counted(pixels: Tensor) -> Tensor:
        calls.append(len(pixels))
        return encode(pixels)

    monkeypatch.setattr(toy, "encode", counted)
    return calls


@pytest.fixture(scope="session")
def toy_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with pictures, captions and questions; see toy.write_data_set."""
    from tests.backend.toy import write_data_set

    folder = tmp_path_factory.mktemp("data") / "set"
    write_data_set(folder)
    return folder


@pytest.fixture
def pictures(tmp_path: Path) -> Callable[[int], list[str]]:
    """A function that writes a number of pictures and returns their paths."""
    from tests.backend.toy import picture

    def write(count: int) -> list[str]:
        paths = [tmp_path / f"picture{number}.png" for number in range(count)]
        for number, path in enumerate(paths):
            picture(number).save(path)
        return [str(path) for path in paths]

    return write
