"""Quantised layers multiply nearly as their originals; a quantised model answers nearly as the whole one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional as F
from transformers import LlamaConfig, LlamaForCausalLM

from rsgpt_backend.convert.conversion import ConversionSources, convert
from rsgpt_backend.errors import ModelError
from rsgpt_backend.model.hardware.device_map import language_map
from rsgpt_backend.model.hardware.precision import Bits, Precision
from rsgpt_backend.model.hardware.quantised import Int4Linear, Int8Linear, PortableInt4Linear, load_quantised
from rsgpt_backend.model.rsgpt import Rsgpt
from rsgpt_backend.model.vision.encoders import to_bytes
from rsgpt_backend.model.weights import load_model
from tests.backend.family import HUB_KINDS, SIDE, make_hub
from tests.backend.toy import picture

EIGHT = Precision(torch.bfloat16, 8)
FOUR = Precision(torch.bfloat16, 4, portable=True)


@pytest.mark.parametrize(("layer", "error"), [(Int8Linear, 0.01), (Int4Linear, 0.12), (PortableInt4Linear, 0.12)])
@pytest.mark.parametrize("rows", [1, 7, 40])  # twice: 80 are too many for the product by int8
def test_a_layer_multiplies_nearly_as_its_original(layer: type[nn.Module], error: float, rows: int) -> None:
    torch.manual_seed(rows)
    weight, values, bias = torch.randn(128, 256), torch.randn(2, rows, 256), torch.randn(128)
    quantised = layer(weight)
    quantised.bias = nn.Parameter(bias)
    wanted = F.linear(values, weight, bias)
    got = quantised(values.bfloat16()).float()
    assert got.shape == wanted.shape
    assert (got - wanted).norm() / wanted.norm() < error


def test_a_row_of_zeros_stays_zero() -> None:
    for layer in (Int8Linear, Int4Linear, PortableInt4Linear):
        assert not layer(torch.zeros(64, 128))(torch.ones(1, 128, dtype=torch.bfloat16)).any()


def test_four_bits_are_the_same_on_any_device() -> None:
    torch.manual_seed(2)
    weight, values = torch.randn(64, 384), torch.randn(9, 384, dtype=torch.bfloat16)
    wanted, got = Int4Linear(weight)(values).float(), PortableInt4Linear(weight)(values).float()
    assert (got - wanted).norm() / wanted.norm() < 0.005
    elsewhere = PortableInt4Linear(weight).to("meta")  # a device of another kind: nothing of it lies on the processor
    assert elsewhere(values.to("meta")).shape == wanted.shape
    stored = sum(buffer.nbytes for buffer in elsewhere.buffers())
    assert stored == weight.numel() * 0.53125  # half a byte, and four for each 128


def test_a_model_of_portable_four_bits(tmp_path: Path) -> None:
    language = make_wide_language(tmp_path)
    whole, four = (load_quantised(language, False, one) for one in (EIGHT, FOUR))
    kinds = [type(module) for module in four.modules() if not list(module.children())]
    assert kinds.count(PortableInt4Linear) == 2 * 7
    ids = torch.arange(2, 12)[None]
    wanted, got = (model(input_ids=ids).logits.float() for model in (whole, four))
    assert (got - wanted).norm() / wanted.norm() < 0.2
    assert set(language_map(four, [0.8e9 + 200_000, 9e9]).values()) == {0, 1}


def make_wide_language(folder: Path) -> Path:
    """A Llama whose matrices are wide enough for groups of four bits."""
    torch.manual_seed(3)
    config = LlamaConfig(
        vocab_size=100, hidden_size=128, intermediate_size=256, num_hidden_layers=2, num_attention_heads=4
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("kind", HUB_KINDS)
@pytest.mark.parametrize("bits", [8, 4])
def test_every_language_model_of_the_family(kind: str, bits: Bits, tmp_path: Path) -> None:
    make_hub(kind, tmp_path / "source")
    convert(ConversionSources([tmp_path / "source"]), tmp_path / "model")
    whole, quantised = load_model(tmp_path / "model"), load_model(tmp_path / "model", Precision(torch.bfloat16, bits))
    assert any(isinstance(module, Int8Linear) for module in quantised.language.modules())
    wanted, got = first_scores(whole), first_scores(quantised)
    assert (got - wanted).norm() / wanted.norm() < 0.05


def first_scores(model: Rsgpt) -> torch.Tensor:
    with torch.inference_mode():
        features = model.encode(to_bytes([picture(0)], SIDE))
        prefix = model.prefix(features, model.instruct(["Is there any water?"]))
        inputs = {"inputs_embeds": prefix.embeds, "attention_mask": prefix.mask}
        if model.language.config.is_encoder_decoder:
            inputs["decoder_input_ids"] = torch.zeros(1, 1, dtype=torch.long)
        return model.language(**inputs).logits[:, -1].float()


def test_a_missing_weight_is_named(toy_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(toy_folder / "language", tmp_path / "language")
    (file,) = (tmp_path / "language").glob("*.safetensors")
    tensors = load_file(file)
    lost = next(name for name in tensors if name.endswith("up_proj.weight"))
    save_file({name: value for name, value in tensors.items() if name != lost}, file, {"format": "pt"})
    with pytest.raises(ModelError, match=f"lacks {lost} and 0 more"):
        load_quantised(tmp_path / "language", False, EIGHT)


def test_a_weight_without_a_place_is_named(toy_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(toy_folder / "language", tmp_path / "language")
    (file,) = (tmp_path / "language").glob("*.safetensors")
    save_file({**load_file(file), "model.adapter.weight": torch.zeros(2, 2)}, file, {"format": "pt"})
    with pytest.raises(ModelError, match=r"no place for model\.adapter\.weight"):
        load_quantised(tmp_path / "language", False, EIGHT)
