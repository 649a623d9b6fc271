"""Quantized layers return nearly the values of their originals; a quantized model nearly the same logits."""

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
from rsgpt_backend.model.hardware.device_map import language_device_map
from rsgpt_backend.model.hardware.precision import Bits, Precision
from rsgpt_backend.model.hardware.quantised import Int4Linear, Int8Linear, PortableInt4Linear, load_quantized
from rsgpt_backend.model.rsgpt import Rsgpt
from rsgpt_backend.model.vision.encoders import to_bytes
from rsgpt_backend.model.weights import load_model
from tests.backend.family import HUB_KINDS, SIDE, make_hub
from tests.backend.toy import picture

EIGHT = Precision(torch.bfloat16, 8)
FOUR = Precision(torch.bfloat16, 4, portable=True)


@pytest.mark.parametrize(("layer", "error"), [(Int8Linear, 0.01), (Int4Linear, 0.12), (PortableInt4Linear, 0.12)])
@pytest.mark.parametrize("rows", [1, 7, 40])  # of each of 2 pictures: 80 rows are too many for the int8 product
def test_quantized_layer_is_close_to_its_original(layer: type[nn.Module], error: float, rows: int) -> None:
    torch.manual_seed(rows)
    weight, values, bias = torch.randn(128, 256), torch.randn(2, rows, 256), torch.randn(128)
    quantized = layer(weight)
    quantized.bias = nn.Parameter(bias)
    wanted = F.linear(values, weight, bias)
    outputs = quantized(values.bfloat16()).float()
    assert outputs.shape == wanted.shape
    assert (outputs - wanted).norm() / wanted.norm() < error


def test_a_row_of_zeros_stays_zero() -> None:
    for layer in (Int8Linear, Int4Linear, PortableInt4Linear):
        assert not layer(torch.zeros(64, 128))(torch.ones(1, 128, dtype=torch.bfloat16)).any()


def test_portable_int4_equals_int4() -> None:
    torch.manual_seed(2)
    weight, values = torch.randn(64, 384), torch.randn(9, 384, dtype=torch.bfloat16)
    wanted, portable = Int4Linear(weight)(values).float(), PortableInt4Linear(weight)(values).float()
    assert (portable - wanted).norm() / wanted.norm() < 0.005
    moved = PortableInt4Linear(weight).to("meta")  # another kind of device
    assert moved(values.to("meta")).shape == wanted.shape
    stored = sum(buffer.nbytes for buffer in moved.buffers())
    assert stored == weight.numel() * 0.53125  # half a byte per weight, and four bytes per 128 weights


def test_model_in_portable_int4(tmp_path: Path) -> None:
    language = make_wide_language(tmp_path)
    int8, int4 = (load_quantized(language, False, precision) for precision in (EIGHT, FOUR))
    kinds = [type(module) for module in int4.modules() if not list(module.children())]
    assert kinds.count(PortableInt4Linear) == 2 * 7
    ids = torch.arange(2, 12)[None]
    wanted, logits = (model(input_ids=ids).logits.float() for model in (int8, int4))
    assert (logits - wanted).norm() / wanted.norm() < 0.2
    assert set(language_device_map(int4, [0.8e9 + 200_000, 9e9]).values()) == {0, 1}


def make_wide_language(folder: Path) -> Path:
    """Make a Llama whose matrices are wide enough for int4 groups."""
    torch.manual_seed(3)
    config = LlamaConfig(
        vocab_size=100, hidden_size=128, intermediate_size=256, num_hidden_layers=2, num_attention_heads=4
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("kind", HUB_KINDS)
@pytest.mark.parametrize("bits", [8, 4])
def test_every_type_of_language_model_can_be_quantized(kind: str, bits: Bits, tmp_path: Path) -> None:
    make_hub(kind, tmp_path / "source")
    convert(ConversionSources([tmp_path / "source"]), tmp_path / "model")
    original, quantized = (
        load_model(tmp_path / "model"),
        load_model(tmp_path / "model", Precision(torch.bfloat16, bits)),
    )
    assert any(isinstance(module, Int8Linear) for module in quantized.language.modules())
    wanted, logits = first_logits(original), first_logits(quantized)
    assert (logits - wanted).norm() / wanted.norm() < 0.05


def first_logits(model: Rsgpt) -> torch.Tensor:
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
        load_quantized(tmp_path / "language", False, EIGHT)


def test_unexpected_weight_is_named(toy_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(toy_folder / "language", tmp_path / "language")
    (file,) = (tmp_path / "language").glob("*.safetensors")
    save_file({**load_file(file), "model.adapter.weight": torch.zeros(2, 2)}, file, {"format": "pt"})
    with pytest.raises(ModelError, match=r"has no weight model\.adapter\.weight"):
        load_quantized(tmp_path / "language", False, EIGHT)
