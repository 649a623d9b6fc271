"""Distribution of a language model over two GPUs, computed for a model without weights."""

from __future__ import annotations

import pytest
import torch
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

from rsgpt_backend.errors import ModelError
from rsgpt_backend.model.hardware.device_map import language_device_map, place_on_devices, select_devices
from rsgpt_backend.model.rsgpt import Rsgpt


@pytest.fixture(scope="module")
def vicuna() -> LlamaForCausalLM:
    """A model of 7 billion parameters without weights; it would need 13.5 GB in 16 bits."""
    with torch.device("meta"):
        return AutoModelForCausalLM.from_config(LlamaConfig(vocab_size=32001), dtype=torch.bfloat16)


def test_large_gpu_holds_all_layers(vicuna: LlamaForCausalLM) -> None:
    assert set(language_device_map(vicuna, [24e9, 24e9]).values()) == {0}


def test_two_small_gpus_share_the_layers(vicuna: LlamaForCausalLM) -> None:
    layer_map = language_device_map(vicuna, [8e9, 10e9])
    layers = [layer_map[f"model.layers.{number}"] for number in range(32)]
    assert layers == sorted(layers)
    assert 0 < layers.count(0) * 0.405e9 < 7.2e9
    assert layer_map["lm_head"] == 1


def test_model_that_does_not_fit_is_rejected(vicuna: LlamaForCausalLM) -> None:
    with pytest.raises(ModelError, match="does not fit into the GPUs"):
        language_device_map(vicuna, [5e9, 5e9])


def test_model_is_on_the_cpu_without_a_gpu(toy: Rsgpt) -> None:
    if not torch.cuda.is_available():
        assert select_devices() == [torch.device("cpu")]
    assert place_on_devices(toy, [torch.device("cpu")]) is toy


def test_device_by_name_and_unknown_device() -> None:
    assert select_devices("cpu") == [torch.device("cpu")]
    with pytest.raises(ModelError, match=r"no device 'cuda:99'.*Choose cpu"):
        select_devices("cuda:99")
