"""A run whose processes do not fit into memory together is refused before a model is loaded."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from rsgpt_backend.errors import ModelError
from rsgpt_backend.model.hardware.memory import ModelSize
from rsgpt_backend.train import memory_check
from rsgpt_backend.train.memory_check import check_memory

CPU, GPU = torch.device("cpu"), torch.device("cuda")


@pytest.fixture
def seven(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every folder holds a model of 7 billion weights (19 GB per process in 16 bits), and 40 GB are free."""
    monkeypatch.setattr(memory_check, "model_size", lambda *_: ModelSize(986_000_000, 189_000_000, 6_738_000_000))
    monkeypatch.setattr(memory_check, "free_bytes", lambda _: 40e9)


@pytest.mark.usefixtures("seven")
def test_each_process_needs_memory_for_a_model(toy_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_memory(toy_folder, torch.bfloat16, GPU)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    check_memory(toy_folder, torch.bfloat16, GPU)
    with pytest.raises(ModelError, match=r"needs 42\.5 GB .*21\.2 GB per process.* 40\.0 GB are free\. Start fewer"):
        check_memory(toy_folder, torch.bfloat16, CPU)


@pytest.mark.usefixtures("seven")
def test_32_bits_take_more(toy_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_memory(toy_folder, torch.float32, CPU)
    monkeypatch.setattr(memory_check, "free_bytes", lambda _: 30e9)
    with pytest.raises(ModelError, match=r"needs 34\.7 GB .* Close other programs, or use a machine with more"):
        check_memory(toy_folder, torch.float32, CPU)
