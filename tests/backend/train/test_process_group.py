"""Two processes compute the same steps as one, starting with the encoder; see also recipes/test_rsgpt.py."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from rsgpt_backend.errors import UsageError
from rsgpt_backend.train.process_group import ProcessGroup
from rsgpt_backend.train.recipe import read_recipe
from rsgpt_backend.train.trainer import Trainer
from tests.backend.toy import write_recipe
from tests.backend.train.launching import train

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def recipe(toy_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six steps without dropout, because each process draws its own."""
    path = write_recipe(tmp_path_factory.mktemp("recipe") / "toy.toml", toy_folder, steps=6)
    lines = path.read_text().replace("dropout = 0.1", "dropout = 0.0")
    assert "dropout = 0.0" in lines
    path.write_text(lines)
    return path


def losses(out: Path) -> list[float]:
    lines = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    return [line["validation_loss"] for line in lines if "validation_loss" in line]


@pytest.fixture(scope="module")
def alone(recipe: Path, toy_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of one process."""
    out = tmp_path_factory.mktemp("alone")
    train(recipe, toy_data, out, 1)
    return out


def test_two_processes_compute_the_same_steps(recipe: Path, toy_data: Path, alone: Path, tmp_path: Path) -> None:
    train(recipe, toy_data, tmp_path, 2)
    wanted, found = (load_file(out / "checkpoint.safetensors") for out in (alone, tmp_path))
    assert wanted.keys() == found.keys()
    for name, value in wanted.items():
        torch.testing.assert_close(found[name], value, atol=2e-5, rtol=1e-3, msg=name)
    assert losses(tmp_path) == pytest.approx(losses(alone), abs=1e-3)


def test_a_batch_that_cannot_be_shared_is_refused(recipe: Path, toy_data: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="A batch of 4 cannot be shared by 3 processes"):
        Trainer(read_recipe(recipe), toy_data, tmp_path, ProcessGroup(0, 3))


def test_each_process_has_its_own_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen: list[object] = []
    monkeypatch.setenv("RANK", "3")
    monkeypatch.setenv("LOCAL_RANK", "1")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    monkeypatch.setattr(torch.distributed, "init_process_group", lambda kind, timeout: chosen.append(kind))
    monkeypatch.setattr(torch.distributed, "get_rank", lambda: 3)
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda: 4)
    assert ProcessGroup.join() == ProcessGroup(3, 4)
    assert chosen == [torch.device("cuda", 1), "nccl"]


def test_alone_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RANK", raising=False)
    group = ProcessGroup.join()
    assert (group.rank, group.size, group.leads) == (0, 1, True)
    assert group.share([1, 2, 3]) == [1, 2, 3]
    assert [ProcessGroup(rank, 2).share([1, 2, 3]) for rank in range(2)] == [[1, 3], [2]]


def test_parts_of_a_batch_give_the_same_step(recipe: Path, toy_data: Path, alone: Path, tmp_path: Path) -> None:
    path = tmp_path / "parts.toml"
    path.write_text("micro = 1\n" + recipe.read_text())
    train(path, toy_data, tmp_path / "out", 1)
    found = load_file(tmp_path / "out" / "checkpoint.safetensors")
    for name, value in load_file(alone / "checkpoint.safetensors").items():
        torch.testing.assert_close(found[name], value, atol=2e-5, rtol=1e-3, msg=name)
