"""A model that does not fit is rejected before it is loaded; the message names a precision that fits."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import LlamaConfig, OPTConfig, T5Config

from rsgpt_backend.errors import ModelError
from rsgpt_backend.model.hardware import memory
from rsgpt_backend.model.hardware.memory import (
    DeviceMemory,
    ModelSize,
    choose_precision,
    device_memory,
    free_bytes,
    model_size,
    rows_that_fit,
)
from rsgpt_backend.model.rsgpt import Rsgpt

CPU, GPU = torch.device("cpu"), torch.device("cuda")
SEVEN = ModelSize(986_000_000, 189_000_000, 6_738_000_000)
THIRTEEN = ModelSize(986_000_000, 189_600_000, 13_016_000_000)


@pytest.mark.parametrize(
    ("size", "precision", "gigabytes"),
    [(SEVEN, "fp16", 16.3), (SEVEN, "int4", 7.0), (THIRTEEN, "fp16", 29.0), (THIRTEEN, "int4", 10.0)],
)
def test_memory_of_the_published_sizes(size: ModelSize, precision: str, gigabytes: float) -> None:
    assert size.bytes(precision) / 1e9 == pytest.approx(gigabytes, rel=0.09)


def test_parameters_are_counted_from_file_headers(toy: Rsgpt, toy_folder: Path) -> None:
    size = model_size(toy_folder, toy_folder / "language")
    count = {"encoder": toy.encoder, "bridge": toy.bridge, "language": toy.language}
    for part, module in count.items():
        tensors = {tensor.data_ptr(): tensor.numel() for tensor in module.state_dict().values()}
        assert getattr(size, part) == sum(tensors.values()), part


@pytest.mark.parametrize(
    ("free", "device", "wanted", "chosen"),
    [
        (40e9, CPU, "auto", "bf16"),
        (40e9, GPU, "auto", "fp16"),
        (8e9, GPU, "auto", "int4"),
        (12e9, CPU, "auto", "int8"),
        (9e9, CPU, "auto", "int4"),
        (40e9, CPU, "int4", "int4"),
        (40e9, CPU, "fp32", "fp32"),
    ],
)
def test_best_fitting_precision_is_chosen(free: float, device: torch.device, wanted: str, chosen: str) -> None:
    assert choose_precision(SEVEN, DeviceMemory(free, device), wanted) == chosen


def test_model_that_does_not_fit_is_rejected_with_advice() -> None:
    message = r"needs 17\.0 GB in bf16, this machine has 9\.0 GB free: use int4, which needs about 7\.3 GB"
    with pytest.raises(ModelError, match=message):
        choose_precision(SEVEN, DeviceMemory(9e9, CPU), "bf16")
    with pytest.raises(ModelError, match=r"even in int4 it needs 10\.8 GB.*rsgpt-small"):
        choose_precision(THIRTEEN, DeviceMemory(9e9, CPU))


def test_main_memory_limits_the_model_of_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    free = {"cpu": 9e9, "cuda": 24e9}
    monkeypatch.setattr(memory, "free_bytes", lambda device: free[device.type])
    assert device_memory([CPU]) == DeviceMemory(9e9, CPU)
    assert device_memory([GPU]).free == 9e9
    assert choose_precision(SEVEN, device_memory([GPU])) == "int4"
    with pytest.raises(ModelError, match=r"in fp16, this machine's main memory, .* has 9\.0 GB free: use int4"):
        choose_precision(SEVEN, device_memory([GPU]), "fp16")
    free["cpu"] = 64e9
    assert device_memory([GPU, GPU]).free == 48e9
    assert choose_precision(SEVEN, device_memory([GPU])) == "fp16"
    with pytest.raises(ModelError, match=r"in fp16, this machine's GPU has 24\.0 GB free: use int8"):
        choose_precision(THIRTEEN, device_memory([GPU]), "fp16")


@pytest.mark.parametrize("content", [b"", b"rubbish", (2**62).to_bytes(8, "little") + b"{}", None])
def test_error_names_the_unreadable_file(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(ModelError, match=r"model\.safetensors (is missing|has no readable weights)"):
        model_size(tmp_path, tmp_path)


def test_a_small_model_stays_in_float32() -> None:
    assert choose_precision(ModelSize(5_000_000, 13_000_000, 134_000_000), DeviceMemory(4e9, CPU)) == "fp32"


def test_number_of_rows_that_fit() -> None:
    config = LlamaConfig(vocab_size=32001, dtype=torch.bfloat16)  # 7B: half a megabyte per token
    assert rows_that_fit(config, 200, 10e9) == 47
    assert rows_that_fit(config, 5 * 200, 10e9) == 9
    assert rows_that_fit(config, 200, -1e9) == 1
    grouped = LlamaConfig(num_attention_heads=32, num_key_value_heads=8, dtype=torch.bfloat16)
    assert rows_that_fit(grouped, 200, 10e9) == 190
    assert rows_that_fit(OPTConfig(), 100, 1e9) > 0
    assert rows_that_fit(T5Config(), 100, 1e9) > 0


def test_available_memory_respects_the_container_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = free_bytes(CPU)
    monkeypatch.setattr(memory, "_CGROUP", tmp_path)
    assert free_bytes(CPU) == pytest.approx(free, rel=0.2)
    (tmp_path / "memory.max").write_text("3000000\n")
    (tmp_path / "memory.current").write_text("2500000\n")
    (tmp_path / "memory.stat").write_text("anon 900000\nactive_file 500000\ninactive_file 1000000\n")
    assert free_bytes(CPU) == 2_000_000  # cached files count as free
    (tmp_path / "memory.max").write_text("max\n")
    assert free_bytes(CPU) > 2_000_000
