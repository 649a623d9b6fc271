"""A model that does not fit is refused before it is loaded, with what would fit."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from rsgpt_backend.errors import ModelError
from rsgpt_backend.model import memory
from rsgpt_backend.model.memory import Size, available, fitting, size_of
from rsgpt_backend.model.rsgpt import Rsgpt

CPU, GPU = torch.device("cpu"), torch.device("cuda")
SEVEN = Size(986_000_000, 189_000_000, 6_738_000_000)
THIRTEEN = Size(986_000_000, 189_600_000, 13_016_000_000)


@pytest.mark.parametrize(
    ("size", "precision", "gigabytes"),
    [(SEVEN, "fp16", 16.3), (SEVEN, "int4", 7.0), (THIRTEEN, "fp16", 29.0), (THIRTEEN, "int4", 10.0)],
)
def test_what_the_published_sizes_need(size: Size, precision: str, gigabytes: float) -> None:
    assert size.bytes(precision) / 1e9 == pytest.approx(gigabytes, rel=0.07)


def test_sizes_are_counted_from_the_files(toy: Rsgpt, toy_folder: Path) -> None:
    size = size_of(toy_folder, toy_folder / "language")
    count = {"encoder": toy.encoder, "bridge": toy.bridge, "language": toy.language}
    for part, module in count.items():
        tensors = {tensor.data_ptr(): tensor.numel() for tensor in module.state_dict().values()}
        assert getattr(size, part) == sum(tensors.values()), part


@pytest.mark.parametrize(
    ("free", "device", "wanted", "chosen"),
    [
        (40e9, CPU, "auto", "bf16"),
        (40e9, GPU, "auto", "fp16"),
        (12e9, CPU, "auto", "int8"),
        (9e9, CPU, "auto", "int4"),
        (40e9, CPU, "int4", "int4"),
        (40e9, CPU, "fp32", "fp32"),
    ],
)
def test_the_best_that_fits_is_taken(free: float, device: torch.device, wanted: str, chosen: str) -> None:
    assert fitting(SEVEN, free, device, wanted) == chosen


def test_what_does_not_fit_is_refused_with_advice() -> None:
    with pytest.raises(ModelError, match=r"needs 17\.0 GB, this machine has 9\.0 GB free: use int4, about 7\.3 GB"):
        fitting(SEVEN, 9e9, CPU, "bf16")
    with pytest.raises(ModelError, match=r"even int4 takes 10\.8 GB.*rsgpt-small"):
        fitting(THIRTEEN, 9e9, CPU)


def test_a_small_model_stays_in_float32() -> None:
    assert fitting(Size(5_000_000, 13_000_000, 134_000_000), 4e9, CPU) == "fp32"


def test_a_container_s_limit_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = available(CPU)
    monkeypatch.setattr(memory, "_CGROUP", tmp_path)
    assert available(CPU) == pytest.approx(free, rel=0.2)
    (tmp_path / "memory.max").write_text("3000000\n")
    (tmp_path / "memory.current").write_text("1000000\n")
    assert available(CPU) == 2_000_000
    (tmp_path / "memory.max").write_text("max\n")
    assert available(CPU) > 2_000_000
