"""The options that choose a model are the same for all commands, and reach the engine."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from rsgpt_backend.cli import main
from rsgpt_backend.commands.model_options import (
    PRECISIONS,
    add_choice,
    add_features,
    add_model,
    caching_engine_from,
    confidence_value,
    engine_from,
    gsd_value,
)
from rsgpt_backend.errors import ModelError
from rsgpt_backend.model.hardware.precision import NAMES


def parse(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_model(parser)
    add_features(parser)
    return parser.parse_args(arguments)


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Replace the loading of models, and collect what is loaded, and the room for features."""
    calls: list[Any] = []

    def load(model: str, precision: str, _: object, device: str) -> Any:
        calls.append((model, precision, device))
        return SimpleNamespace(cache_features=calls.append)

    monkeypatch.setattr("rsgpt_backend.engine.loading.load_engine", load)
    return calls


@pytest.fixture
def threads() -> Iterator[None]:
    """Restore the number of threads."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_precisions_are_those_of_the_engine() -> None:
    assert ("auto", *NAMES) == PRECISIONS


def test_a_choice_is_model_and_precision() -> None:
    parser = argparse.ArgumentParser()
    add_choice(parser)
    assert vars(parser.parse_args([])) == {"model": "rsgpt-small", "precision": "auto"}
    given = parser.parse_args(["--model", "m", "--precision", "int4"])
    assert vars(given) == {"model": "m", "precision": "int4"}


def test_defaults_leave_the_choice_to_the_machine() -> None:
    args = vars(parse())
    assert args == {"model": "rsgpt-small", "precision": "auto", "device": "auto", "threads": 0, "features": 2000}


@pytest.mark.parametrize("arguments", [("--precision", "int2"), ("--threads", "many"), ("--features", "2.5")])
def test_an_invalid_value_is_wrong_use(arguments: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        parse(*arguments)
    assert end.value.code == 2
    assert arguments[0] in capsys.readouterr().err


@pytest.mark.usefixtures("threads")
def test_threads_and_device_reach_the_engine(loaded: list[Any]) -> None:
    engine_from(parse("--threads", "1", "--device", "cpu", "--precision", "bf16"))
    assert loaded == [("rsgpt-small", "bf16", "cpu")]
    assert torch.get_num_threads() == 1


@pytest.mark.usefixtures("threads", "loaded")
def test_zero_threads_leave_the_number_as_it_is() -> None:
    torch.set_num_threads(3)
    engine_from(parse())
    assert torch.get_num_threads() == 3


def test_features_are_cached_for_later_servers(loaded: list[Any]) -> None:
    caching_engine_from(parse())
    caching_engine_from(parse("--features", "0"))
    assert [call for call in loaded if isinstance(call, int)] == [2_000_000_000, 0]


def test_an_unknown_model_is_refused_before_anything_is_loaded(loaded: list[Any]) -> None:
    with pytest.raises(ModelError, match="no model 'nonsense'"):
        engine_from(parse("--model", "nonsense"))
    assert loaded == []


def test_a_damaged_model_is_refused_before_anything_is_loaded(loaded: list[Any], tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text("{}")
    with pytest.raises(ModelError, match=r"model\.json cannot be used"):
        engine_from(parse("--model", str(tmp_path)))
    assert loaded == []


def test_the_engine_of_a_folder_answers(toy_folder: Path) -> None:
    engine = engine_from(parse("--model", str(toy_folder), "--precision", "fp32", "--device", "cpu"))
    assert (engine.name, engine.precision) == ("toy", "fp32")


@pytest.mark.parametrize(("text", "value"), [("0", 0.0), ("1", 1.0), ("0.25", 0.25), ("1e-3", 0.001)])
def test_a_confidence_is_a_number_from_0_to_1(text: str, value: float) -> None:
    assert confidence_value(text) == value


@pytest.mark.parametrize("text", ["-0.1", "1.01", "50", "nan", "inf"])
def test_a_number_out_of_range_is_not_a_confidence(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="a confidence is a number from 0 to 1"):
        confidence_value(text)


def test_a_text_is_not_a_confidence() -> None:
    with pytest.raises(ValueError, match="could not convert"):
        confidence_value("half")


@pytest.mark.parametrize("value", ["0.001", "0.3", "10", "1e5"])
def test_a_ground_resolution_in_meters(value: str) -> None:
    assert gsd_value(value) == float(value)


@pytest.mark.parametrize("value", ["0", "-1", "0.0009", "100001", "nan", "inf", "x", "", "0.3 m"])
@pytest.mark.parametrize("command", ["describe", "embed"])
def test_another_ground_resolution_is_wrong_usage(command: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([command, "a.png", f"--gsd={value}"])
    assert left.value.code == 2
    assert "argument --gsd: write meters per pixel, a number from 0.001 to 100000" in capsys.readouterr().err
