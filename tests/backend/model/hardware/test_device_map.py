"""Two small GPUs share a language model: by arithmetic, on a model without weights."""

from __future__ import annotations

import pytest
import torch
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

from rsgpt_backend.errors import ModelError
from rsgpt_backend.model.hardware.device_map import devices, language_map, place
from rsgpt_backend.model.rsgpt import Rsgpt


@pytest.fixture(scope="module")
def vicuna() -> LlamaForCausalLM:
    """7 billion weights of nothing, 13.5 GB in 16 bits."""
    with torch.device("meta"):
        return AutoModelForCausalLM.from_config(LlamaConfig(vocab_size=32001), dtype=torch.bfloat16)


def test_one_gpu_that_is_large_enough_holds_all(vicuna: LlamaForCausalLM) -> None:
    assert set(language_map(vicuna, [24e9, 24e9]).values()) == {0}


def test_two_small_ones_share_its_layers(vicuna: LlamaForCausalLM) -> None:
    found = language_map(vicuna, [8e9, 10e9])
    layers = [found[f"model.layers.{number}"] for number in range(32)]
    assert layers == sorted(layers)
    assert 0 < layers.count(0) * 0.405e9 < 7.2e9
    assert found["lm_head"] == 1


def test_what_does_not_fit_is_refused(vicuna: LlamaForCausalLM) -> None:
    with pytest.raises(ModelError, match="does not fit the GPUs together"):
        language_map(vicuna, [5e9, 5e9])


def test_without_a_gpu_the_processor_holds_it(toy: Rsgpt) -> None:
    if not torch.cuda.is_available():
        assert devices() == [torch.device("cpu")]
    assert place(toy, [torch.device("cpu")]) is toy


def test_a_device_is_taken_by_name_and_an_unknown_one_refused() -> None:
    assert devices("cpu") == [torch.device("cpu")]
    with pytest.raises(ModelError, match=r"no device 'cuda:99'.*Choose cpu"):
        devices("cuda:99")
