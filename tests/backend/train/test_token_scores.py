"""Scores are those of the whole language model at the learnt positions, and only these reach the vocabulary."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, distributed
from torch.distributed.tensor import DTensor
from transformers import LlamaConfig, LlamaForCausalLM

from rsgpt_backend.train.prompt_packing import PromptGroup, pack
from rsgpt_backend.train.token_scores import answer_logits, shard

QUERIES, WIDTH, VOCABULARY = 3, 32, 50
GROUPS = [PromptGroup((1, 5, 6), ((7, 8, 2), (10, 2))), PromptGroup((1, 20), ((30, 2),))]
LEARNT = 7


@pytest.fixture
def language() -> LlamaForCausalLM:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=VOCABULARY, hidden_size=WIDTH, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4
    )
    return LlamaForCausalLM(config).eval()


def logits(language: LlamaForCausalLM, queries: Tensor, *read: Any) -> Tensor:
    model: Any = SimpleNamespace(language=language)
    return answer_logits(model, queries, pack(GROUPS, QUERIES), *read)


def test_there_is_a_row_of_scores_for_each_learnt_token(language: LlamaForCausalLM) -> None:
    assert logits(language, torch.randn(2, QUERIES, WIDTH)).shape == (LEARNT, VOCABULARY)


def test_scores_are_those_of_the_plain_model(language: LlamaForCausalLM) -> None:
    queries = torch.randn(2, QUERIES, WIDTH)
    group = GROUPS[1]
    ids = torch.tensor([[*group.instruction, *group.answers[0]]])
    embeds = torch.cat([queries[1:], language.get_input_embeddings()(ids)], dim=1)
    with torch.no_grad():
        plain = language(inputs_embeds=embeds).logits[0]
        got = logits(language, queries)
    first = QUERIES + len(group.instruction) - 1
    torch.testing.assert_close(got[-2:], plain[first : first + 2], atol=1e-5, rtol=1e-4)


def test_only_learnt_positions_reach_the_vocabulary(
    language: LlamaForCausalLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, ...]] = []
    head = language.lm_head.forward

    def watched(hidden: Tensor) -> Tensor:
        seen.append(tuple(hidden.shape))
        return head(hidden)

    monkeypatch.setattr(language.lm_head, "forward", watched)
    logits(language, torch.randn(2, QUERIES, WIDTH))
    assert seen == [(LEARNT, WIDTH)]


def test_gradients_reach_the_queries(language: LlamaForCausalLM) -> None:
    queries = torch.randn(2, QUERIES, WIDTH, requires_grad=True)
    logits(language, queries).logsumexp(dim=1).sum().backward()
    assert queries.grad is not None
    assert (queries.grad.abs().sum(dim=(1, 2)) > 0).all()


def test_queries_of_one_row_do_not_change_the_scores_of_another(language: LlamaForCausalLM) -> None:
    queries = torch.randn(2, QUERIES, WIDTH)
    changed = queries.clone()
    changed[0] += 1
    with torch.no_grad():
        before, after = logits(language, queries), logits(language, changed)
    torch.testing.assert_close(before[-2:], after[-2:])
    assert not torch.allclose(before[:-2], after[:-2], atol=1e-3)


def test_a_compiled_reader_is_used_in_place_of_the_model(language: LlamaForCausalLM) -> None:
    queries, calls = torch.randn(2, QUERIES, WIDTH), list[dict[str, Any]]()

    def read(**inputs: Any) -> Any:
        calls.append(inputs)
        return language.model(**inputs)

    with torch.no_grad():
        assert torch.equal(logits(language, queries, read), logits(language, queries))
    assert len(calls) == 1
    assert calls[0]["use_cache"] is False


def test_queries_are_converted_to_the_format_of_the_language_model(language: LlamaForCausalLM) -> None:
    scores = logits(language.to(torch.bfloat16), torch.randn(2, QUERIES, WIDTH))
    assert scores.dtype == torch.bfloat16
    assert torch.isfinite(scores).all()


@pytest.fixture
def process_group(tmp_path: Path) -> Iterator[None]:
    """A group of one process."""
    distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/group", rank=0, world_size=1)
    yield
    distributed.destroy_process_group()


@pytest.mark.usefixtures("process_group")
def test_layers_are_sharded_and_words_and_head_are_not(language: LlamaForCausalLM) -> None:
    queries = torch.randn(2, QUERIES, WIDTH)
    with torch.no_grad():
        before = logits(language, queries)
        shard(language.requires_grad_(False))
        sharded = {name for name, value in language.named_parameters() if isinstance(value, DTensor)}
        assert sharded == {name for name, _ in language.named_parameters() if ".layers." in name}
        torch.testing.assert_close(logits(language, queries), before)
