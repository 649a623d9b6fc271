"""Packed answers get the same scores as separate ones."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import LlamaConfig, LlamaForCausalLM

from rsgpt_backend.train.prompt_packing import PromptGroup, pack
from rsgpt_backend.train.token_scores import answer_logits

QUERIES, WIDTH = 3, 32


@pytest.fixture(scope="module")
def language() -> LlamaForCausalLM:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=50, hidden_size=WIDTH, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4
    )
    return LlamaForCausalLM(config).eval()


def alone(language: LlamaForCausalLM, queries: Tensor, instruction: tuple[int, ...], answer: tuple[int, ...]) -> Tensor:
    """Log probabilities of the tokens of one answer, without packing."""
    ids = torch.tensor([[*instruction, *answer]])
    embeds = torch.cat([queries[None], language.get_input_embeddings()(ids)], dim=1)
    scores = F.log_softmax(language(inputs_embeds=embeds).logits[0], dim=-1)
    first = QUERIES + len(instruction) - 1
    return torch.stack([scores[first + place, token] for place, token in enumerate(answer)])


def test_packed_answers_score_as_each_alone(language: LlamaForCausalLM) -> None:
    groups = [
        PromptGroup((1, 5, 6), ((7, 8, 9, 2), (10, 2), (11, 12, 2))),
        PromptGroup((1, 20, 21, 22, 23), ((30, 2),)),
    ]
    queries = torch.randn(2, QUERIES, WIDTH)
    packed = pack(groups, QUERIES)
    model = SimpleNamespace(language=language)
    with torch.no_grad():
        scores = F.log_softmax(answer_logits(model, queries, packed), dim=-1)  # type: ignore[arg-type]  # a stand-in
        got = scores.gather(1, packed.target[:, None])[:, 0]
        wanted = [
            alone(language, queries[row], group.instruction, answer)
            for row, group in enumerate(groups)
            for answer in group.answers
        ]
    torch.testing.assert_close(got, torch.cat(wanted), atol=1e-5, rtol=1e-4)
