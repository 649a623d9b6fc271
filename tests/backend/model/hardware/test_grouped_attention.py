"""Shared keys are attended to as transformers does, in prefixes with padding, behind them, and in branches."""

from __future__ import annotations

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from rsgpt_backend.model.decoding.decoder_state import DecoderState, start
from rsgpt_backend.model.hardware import grouped_attention
from rsgpt_backend.model.rsgpt import Prefix


def language(shared: int) -> LlamaForCausalLM:
    torch.manual_seed(3)
    config = LlamaConfig(
        vocab_size=50, hidden_size=48, intermediate_size=64, num_hidden_layers=3, num_attention_heads=6,
        num_key_value_heads=shared,
    )  # fmt: skip
    return LlamaForCausalLM(config).eval()


def told(state: DecoderState) -> list[torch.Tensor]:
    """Scores after a prefix, after two branches, after branches of these, and after what goes on."""
    ids = torch.tensor([[3, 4, 5], [6, 7, 8]])
    scores = [state.first(), state.branch(ids, torch.zeros(2, 3, dtype=torch.long))]
    scores.append(state.branch(ids + 9, torch.tensor([[0, 0, 2], [1, 2, 2]])))
    state.keep(torch.tensor([1]))
    scores.append(state.branch(ids[:1], torch.tensor([[2, 1, 0]])))
    return scores


@pytest.mark.parametrize("shared", [1, 2, 3])
@torch.inference_mode()
def test_the_scores_are_those_of_copied_keys(shared: int) -> None:
    model = language(shared)
    mask = torch.tensor([[0, 0, 1, 1, 1], [1, 1, 1, 1, 1]])
    prefix = Prefix(torch.randn(2, 5, 48), mask)
    copied = told(start(model, prefix))
    assert grouped_attention.shares(model)
    grouped_attention.share(model)
    for ours, theirs in zip(told(start(model, prefix)), copied, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)


def test_keys_of_one_head_each_are_left_alone() -> None:
    assert not grouped_attention.shares(language(6))


@torch.inference_mode()
def test_no_key_is_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    attend = torch.nn.functional.scaled_dot_product_attention

    def watched(query: torch.Tensor, key: torch.Tensor, *rest: object, **more: object) -> torch.Tensor:
        seen.append(key.shape[1])
        return attend(query, key, *rest, **more)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", watched)
    model = language(2)
    grouped_attention.share(model)
    state = start(model, Prefix(torch.randn(1, 4, 48), torch.ones(1, 4, dtype=torch.long)))
    state.first()
    seen.clear()
    state.branch(torch.tensor([[3, 4]]), torch.zeros(1, 2, dtype=torch.long))
    assert seen == [2, 2, 2]
