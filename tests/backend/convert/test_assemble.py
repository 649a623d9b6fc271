"""Weights of several checkpoints become one complete set, or the first weight that does not fit is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from rsgpt_backend.convert.assemble import assemble, expected_shapes, last_projection
from rsgpt_backend.convert.checkpoint import Checkpoint
from rsgpt_backend.errors import ModelError
from rsgpt_backend.model.rsgpt import Bridge
from tests.backend.family import LANGUAGE, QUERIES, VISION, WIDTH, tiny, trained, vit

MEMBER = "instructblip-vicuna-7b"
Save = Callable[..., Checkpoint]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """A function that saves tensors under a name and opens them."""

    def write(name: str, tensors: dict[str, Tensor]) -> Checkpoint:
        torch.save({"model": tensors}, tmp_path / f"{name}.pth")
        return Checkpoint(tmp_path / f"{name}.pth")

    return write


def test_expected_shapes_are_those_of_encoder_and_bridge() -> None:
    shapes = expected_shapes(tiny(MEMBER))
    assert {name.partition(".")[0] for name in shapes} == {"encoder", "bridge"}
    assert shapes["bridge.projection.weight"] == (LANGUAGE, WIDTH)
    assert shapes["bridge.qformer.query_tokens"] == (1, QUERIES, WIDTH)
    assert shapes["encoder.model.encoder.layers.1.self_attn.qkv.bias"] == (3 * VISION,)
    assert "encoder.model.encoder.layers.2.self_attn.qkv.bias" not in shapes


def test_expected_shapes_of_a_full_model_allocate_no_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    devices: set[str] = set()
    build = Bridge.__init__

    def watched(self: Bridge, *args: Any) -> None:
        build(self, *args)
        devices.update(parameter.device.type for parameter in self.parameters())

    monkeypatch.setattr(Bridge, "__init__", watched)
    expected_shapes(tiny(MEMBER))
    assert devices == {"meta"}


def test_weights_are_complete_and_unchanged(save: Save) -> None:
    eva, blip = vit(prefix=""), trained()
    weights = assemble([save("eva", eva), save("blip", blip)], tiny(MEMBER))
    assert {name: value.shape for name, value in weights.items()} == expected_shapes(tiny(MEMBER))
    assert torch.equal(weights["encoder.model.embeddings.class_embedding"], eva["cls_token"])
    assert torch.equal(weights["bridge.projection.weight"], blip["llm_proj.weight"])
    bias = weights["encoder.model.encoder.layers.0.self_attn.qkv.bias"]
    assert torch.equal(bias[:VISION], eva["blocks.0.attn.q_bias"])


@pytest.mark.parametrize("is_later", [True, False])
def test_a_later_file_replaces_an_earlier_one(save: Save, is_later: bool) -> None:
    run = save("run", {name: value + 1 for name, value in trained().items() if "ids" not in name})
    files = [save("blip", trained()), run]
    weights = assemble([save("eva", vit()), *(files if is_later else reversed(files))], tiny(MEMBER))
    expected = trained()["query_tokens"] + (1 if is_later else 0)
    assert torch.equal(weights["bridge.qformer.query_tokens"], expected)


def test_a_part_may_replace_a_part(save: Save) -> None:
    part = {"query_tokens": torch.zeros(1, QUERIES, WIDTH)}
    weights = assemble([save("eva", vit()), save("blip", trained()), save("part", part)], tiny(MEMBER))
    assert not weights["bridge.qformer.query_tokens"].any()
    assert torch.equal(weights["bridge.projection.bias"], trained()["llm_proj.bias"])


def test_only_the_last_projection_is_used_whatever_the_shape_of_others(save: Save) -> None:
    blip = {**trained("t5_proj"), "t5_proj.weight": torch.zeros(77, WIDTH), "t5_proj.bias": torch.zeros(77)}
    projection = {"llama_proj.weight": torch.ones(LANGUAGE, WIDTH), "llama_proj.bias": torch.ones(LANGUAGE)}
    weights = assemble([save("eva", vit()), save("blip", blip), save("last", projection)], tiny(MEMBER))
    assert torch.equal(weights["bridge.projection.weight"], projection["llama_proj.weight"])


def test_the_last_checkpoint_with_a_projection_is_found(save: Save) -> None:
    eva, blip, run = save("eva", vit()), save("blip", trained()), save("run", trained())
    assert last_projection([eva, blip, run, eva]) is run
    assert last_projection([run, blip]) is blip
    assert last_projection([eva]) is None
    assert last_projection([]) is None


def test_a_member_without_a_q_former_has_a_neutral_norm_unless_a_file_holds_one(save: Save) -> None:
    member = tiny("minigpt4-llama2-7b")
    projection = {"llama_proj.weight": torch.ones(LANGUAGE, 4 * VISION), "llama_proj.bias": torch.ones(LANGUAGE)}
    weights = assemble([save("eva", vit()), save("m", projection)], member)
    assert (weights["bridge.ln_vision.weight"] == 1).all()
    assert not weights["bridge.ln_vision.bias"].any()
    norm = {"ln_vision.weight": torch.full((VISION,), 2.0)}
    weights = assemble([save("eva", vit()), save("m", {**projection, **norm})], member)
    assert (weights["bridge.ln_vision.weight"] == 2).all()


def test_the_first_norm_of_a_q_former_without_text_has_its_own_place(save: Save) -> None:
    member = tiny("blip2-opt-2.7b")
    blip = trained("opt_proj", text=False)
    weights = assemble([save("eva", vit()), save("blip", blip)], member)
    norm = weights["bridge.qformer.model.layernorm.weight"]
    assert torch.equal(norm, blip["Qformer.bert.embeddings.LayerNorm.weight"])


def without(name: str) -> dict[str, Tensor]:
    return {key: value for key, value in trained().items() if key != name}


@pytest.mark.parametrize(
    ("tensors", "sentence"),
    [
        (without("query_tokens"), rf"bridge\.qformer\.query_tokens and 0 more weights of {MEMBER} are missing"),
        ({**trained(), "something": torch.ones(1)}, "contains something, which no supported model has. Choose another"),
        (
            {**trained(), "opt_proj.more": torch.ones(1)},
            r"contains bridge\.projection\.more, which this model does not have. Is the file from another model\?",
        ),
        (
            {**trained(), "query_tokens": torch.ones(1, 5, WIDTH)},
            r"query_tokens has shape \[1, 5, 16\], not \[1, 4, 16\]\. Is the file from another size",
        ),
        (
            {**trained(), "query_tokens": torch.ones(1, QUERIES, WIDTH, dtype=torch.int8)},
            "query_tokens contains whole numbers. Choose the checkpoint before quantization",
        ),
        (
            {**trained(), "llm_proj.bias": torch.full((LANGUAGE,), float("inf"))},
            r"bad\.pth: bridge\.projection\.bias contains NaN or infinite numbers",
        ),
    ],
)
def test_a_weight_that_does_not_fit_is_named(save: Save, tensors: dict[str, Tensor], sentence: str) -> None:
    with pytest.raises(ModelError, match=sentence):
        assemble([save("eva", vit()), save("bad", tensors)], tiny(MEMBER))


def test_the_number_of_other_missing_weights_is_told(save: Save) -> None:
    missing = len([name for name in expected_shapes(tiny(MEMBER)) if name.startswith("encoder.")])
    with pytest.raises(ModelError, match=rf"^encoder\..* and {missing - 1} more weights .*Add the file that contains"):
        assemble([save("blip", trained())], tiny(MEMBER))
