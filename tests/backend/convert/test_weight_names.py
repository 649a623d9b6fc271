"""Every name of LAVIS, EVA, MiniGPT-4 and transformers is translated, known as unused, or unknown."""

from __future__ import annotations

import pytest
import torch

from rsgpt_backend.convert.weight_names import fused, lavis_name, renamed
from tests.backend.family import trained, vit

LAYER = "bridge.qformer.model.encoder.layer.7."


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("visual_encoder.cls_token", "encoder.model.embeddings.class_embedding"),
        ("pos_embed", "encoder.model.embeddings.position_embedding"),
        ("patch_embed.proj.bias", "encoder.model.embeddings.patch_embedding.bias"),
        ("visual_encoder.blocks.38.norm2.weight", "encoder.model.encoder.layers.38.layer_norm2.weight"),
        ("blocks.0.attn.qkv.weight", "encoder.model.encoder.layers.0.self_attn.qkv.weight"),
        ("blocks.0.attn.v_bias", "encoder.model.encoder.layers.0.self_attn.v_bias"),
        ("blocks.0.attn.proj.bias", "encoder.model.encoder.layers.0.self_attn.projection.bias"),
        ("blocks.12.mlp.fc2.weight", "encoder.model.encoder.layers.12.mlp.fc2.weight"),
        ("ln_vision.bias", "bridge.ln_vision.bias"),
        ("query_tokens", "bridge.qformer.query_tokens"),
        ("Qformer.bert.embeddings.LayerNorm.weight", "bridge.qformer.model.embeddings.layernorm.weight"),
        (
            "Qformer.bert.embeddings.word_embeddings.weight",
            "bridge.qformer.model.embeddings.word_embeddings.weight",
        ),
        ("Qformer.bert.encoder.layer.7.attention.self.query.bias", f"{LAYER}attention.attention.query.bias"),
        ("Qformer.bert.encoder.layer.7.crossattention.self.key.weight", f"{LAYER}crossattention.attention.key.weight"),
        ("Qformer.bert.encoder.layer.7.attention.output.dense.bias", f"{LAYER}attention.output.dense.bias"),
        ("Qformer.bert.encoder.layer.7.output_query.LayerNorm.bias", f"{LAYER}output_query.LayerNorm.bias"),
        ("llm_proj.weight", "bridge.projection.weight"),
        ("llama_proj.bias", "bridge.projection.bias"),
        ("opt_proj.bias", "bridge.projection.bias"),
        ("t5_proj.bias", "bridge.projection.bias"),
        ("vision_model.post_layernorm.weight", "bridge.ln_vision.weight"),
        ("vision_model.encoder.layers.0.mlp.fc1.bias", "encoder.model.encoder.layers.0.mlp.fc1.bias"),
        ("qformer.encoder.layer.7.attention.attention.key.bias", f"{LAYER}attention.attention.key.bias"),
        ("language_projection.weight", "bridge.projection.weight"),
        ("language_model.model.norm.weight", "language.model.norm.weight"),
    ],
)
def test_a_known_name_is_translated(name: str, expected: str) -> None:
    assert renamed(name) == expected


@pytest.mark.parametrize(
    "name",
    [
        "Qformer.bert.embeddings.position_ids",
        "llm_model.model.layers.0.self_attn.rotary_emb.inv_freq",
        "visual_encoder.norm.weight",
        "fc_norm.bias",
        "head.weight",
        "Qformer.cls.predictions.bias",
        "vision_proj.weight",
        "itm_head.bias",
        "temp",
    ],
)
def test_a_buffer_or_head_of_another_task_is_unused(name: str) -> None:
    assert renamed(name) == ""


@pytest.mark.parametrize(
    "name",
    [
        "",
        "something",
        "query_tokens.weight",
        "my_query_tokens",
        "Qformer.bert.pooler.weight",
        "blocks.x.norm1.weight",
        "blocks.0.attn.k_bias",
        "gpt_proj.weight",
        "temperature",
        "module.query_tokens",
    ],
)
def test_any_other_name_is_unknown(name: str) -> None:
    assert renamed(name) == "?"


def test_every_name_in_files_of_the_family_is_known_and_translated_to_one_name() -> None:
    names = (*vit(), *vit(prefix=""), *trained(), *trained("t5_proj", text=False))
    assert [name for name in names if renamed(name) == "?"] == []
    used = [renamed(name) for name in (*vit(), *trained()) if renamed(name)]
    assert len(used) == len(set(used))


def test_names_of_trained_weights_survive_a_round_trip_through_lavis() -> None:
    for name in trained():
        ours = renamed(name)
        if ours:
            assert lavis_name(ours.removeprefix("bridge.")) == name


@pytest.mark.parametrize("name", ["", "positions", "qformer.model.layernorm.weight", "bridge.query_tokens"])
def test_a_weight_that_lavis_lacks_has_no_name(name: str) -> None:
    assert lavis_name(name) == ""


def test_biases_of_query_and_value_become_one_bias_with_zeros_for_the_key() -> None:
    stem = "encoder.model.encoder.layers.0.self_attn."
    query, value, other = torch.tensor([1.0, 2.0]), torch.tensor([5.0, 6.0]), torch.tensor([9.0])
    merged = fused({f"{stem}q_bias": query, "other": other, f"{stem}v_bias": value})
    assert merged.keys() == {f"{stem}qkv.bias", "other"}
    assert merged[f"{stem}qkv.bias"].tolist() == [1, 2, 0, 0, 5, 6]
    assert merged["other"] is other


@pytest.mark.parametrize("name", ["q_bias", "v_bias"])
def test_an_incomplete_pair_of_biases_is_kept(name: str) -> None:
    tensors = {f"encoder.model.encoder.layers.0.self_attn.{name}": torch.ones(2)}
    assert fused(tensors) == tensors


def test_the_tensors_that_were_passed_are_unchanged() -> None:
    tensors = {"a.self_attn.q_bias": torch.ones(2), "a.self_attn.v_bias": torch.ones(2)}
    fused(tensors)
    assert tensors.keys() == {"a.self_attn.q_bias", "a.self_attn.v_bias"}
