"""Both implementations give the same answers, and are measured in their own processes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from rsgpt_backend.benchmark import Workload, _peak, measure
from rsgpt_backend.cli import main
from rsgpt_backend.engine.loading import load_engine
from rsgpt_backend.errors import ModelError


@pytest.mark.slow
def test_command_compares_both_implementations(toy_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--model", str(toy_folder), "--tiles", "2", "--json"]) == 0
    plain, ours, ratio, *single = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [plain["way"], ours["way"]] == ["plain", "engine"]
    assert ratio["same_answers"] == [10, 10]
    assert ratio["faster"] == pytest.approx(plain["seconds_a_tile"] / ours["seconds_a_tile"], rel=0.05)
    assert ratio["memory"] == pytest.approx(ours["peak"] / plain["peak"], abs=0.01)
    assert plain["peak"] > 100e6
    assert [line["what"] for line in single] == ["one answer about one tile"] * 3


def test_peak_is_that_of_the_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: 5 + device.index)
    assert _peak() == 11


def test_error_of_loading_is_raised() -> None:
    with pytest.raises(ModelError, match="There is no model 'nonsense'"):
        measure("engine", "nonsense", "auto", Workload(1, (2,)))


@pytest.mark.slow
def test_answers_have_the_requested_length() -> None:
    plain, ours = (measure(way, "rsgpt-small", "fp32", Workload(1, (40, 5))) for way in ("plain", "engine"))
    assert plain.answers == ours.answers
    tokenizer = load_engine("rsgpt-small").model.tokenizer
    long, short = (len(tokenizer(answer, add_special_tokens=False).input_ids) for answer in plain.answers[:2])
    assert long > 20 > short
