"""Grouped attention equals that of transformers: in padded prefixes, after them, and in branches."""

from __future__ import annotations

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from rsgpt_backend.model.decoding.decoder_state import DecoderState, start
from rsgpt_backend.model.hardware import grouped_attention
from rsgpt_backend.model.rsgpt import Prefix


def language(key_heads: int) -> LlamaForCausalLM:
    torch.manual_seed(3)
    config = LlamaConfig(
        vocab_size=50, hidden_size=48, intermediate_size=64, num_hidden_layers=3, num_attention_heads=6,
        num_key_value_heads=key_heads,
    )  # fmt: skip
    return LlamaForCausalLM(config).eval()


def all_logits(state: DecoderState) -> list[torch.Tensor]:
    ids = torch.tensor([[3, 4, 5], [6, 7, 8]])
    logits = [state.first(), state.branch(ids, torch.zeros(2, 3, dtype=torch.long))]
    logits.append(state.branch(ids + 9, torch.tensor([[0, 0, 2], [1, 2, 2]])))
    state.keep(torch.tensor([1]))
    logits.append(state.branch(ids[:1], torch.tensor([[2, 1, 0]])))
    return logits


@pytest.mark.parametrize("key_heads", [1, 2, 3])
@torch.inference_mode()
def test_logits_equal_those_with_copied_keys(key_heads: int) -> None:
    model = language(key_heads)
    mask = torch.tensor([[0, 0, 1, 1, 1], [1, 1, 1, 1, 1]])
    prefix = Prefix(torch.randn(2, 5, 48), mask)
    copied = all_logits(start(model, prefix))
    assert grouped_attention.has_grouped_heads(model)
    grouped_attention.use_grouped_attention(model)
    for ours, theirs in zip(all_logits(start(model, prefix)), copied, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)


def test_model_without_shared_keys_has_no_grouped_heads() -> None:
    assert not grouped_attention.has_grouped_heads(language(6))


@torch.inference_mode()
def test_keys_are_not_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    key_heads = []
    attend = torch.nn.functional.scaled_dot_product_attention

    def watched(query: torch.Tensor, key: torch.Tensor, *rest: object, **more: object) -> torch.Tensor:
        key_heads.append(key.shape[1])
        return attend(query, key, *rest, **more)  # type: ignore[arg-type]  # passed through

    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", watched)
    model = language(2)
    grouped_attention.use_grouped_attention(model)
    state = start(model, Prefix(torch.randn(1, 4, 48), torch.ones(1, 4, dtype=torch.long)))
    state.first()
    key_heads.clear()
    state.branch(torch.tensor([[3, 4]]), torch.zeros(1, 2, dtype=torch.long))
    assert key_heads == [2, 2, 2]
