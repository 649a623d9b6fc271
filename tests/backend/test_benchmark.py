"""Both ways answer the same work with the same words; the measures are of the process that did it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from rsgpt_backend.benchmark import Workload, _peak, measure
from rsgpt_backend.cli import main
from rsgpt_backend.errors import ModelError


@pytest.mark.slow
def test_the_command_compares_both_ways(toy_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--model", str(toy_folder), "--tiles", "2", "--json"]) == 0
    plain, ours, ratio, *one = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [plain["way"], ours["way"]] == ["plain", "engine"]
    assert ratio["same_answers"] == [10, 10]
    assert ratio["faster"] == pytest.approx(plain["seconds_a_tile"] / ours["seconds_a_tile"], rel=0.05)
    assert ratio["memory"] == pytest.approx(ours["peak"] / plain["peak"], abs=0.01)
    assert plain["peak"] > 100e6
    assert [line["what"] for line in one] == ["one answer about one tile"] * 3


@pytest.mark.parametrize("wrong", ["--tiles", "--batch"])
def test_nothing_cannot_be_measured(wrong: str) -> None:
    assert main(["bench", wrong, "0"]) == 2


def test_the_plain_way_has_no_few_bits() -> None:
    with pytest.raises(SystemExit) as end:
        main(["bench", "--plain", "int8"])
    assert end.value.code == 2


def test_on_gpus_their_memory_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: 5 + device.index)
    assert _peak() == 11


def test_what_cannot_be_loaded_is_told() -> None:
    with pytest.raises(ModelError, match="There is no model 'nonsense'"):
        measure("engine", "nonsense", "auto", Workload(1, (2,)))


@pytest.mark.slow
def test_lengths_are_forced_where_an_answer_would_end() -> None:
    plain, ours = (measure(way, "rsgpt-small", "fp32", Workload(1, (40, 5))) for way in ("plain", "engine"))
    assert plain.answers == ours.answers
    assert len(plain.answers[0].split()) > 20
