"""The Q-Former reads picture and instruction, and shares the word vectors of the language model."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from rsgpt_backend.model.qformer import QFormer, SharedEmbedding
from tests.backend.toy import CELLS, QUERIES, VISION_WIDTH, WIDTH, make_config

CONFIG = make_config(Path("language"))
FEATURES = torch.randn(2, CELLS, VISION_WIDTH, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def words() -> nn.Embedding:
    torch.manual_seed(0)
    return nn.Embedding(50, 48).requires_grad_(False)


@pytest.fixture(scope="module")
def qformer(words: nn.Embedding) -> QFormer:
    torch.manual_seed(0)
    former = QFormer(CONFIG.qformer, CONFIG.vision, words)
    for name, parameter in former.named_parameters():
        if parameter.ndim == 2 and "layernorm" not in name.lower():
            nn.init.normal_(parameter, std=0.3)  # large enough that attention is not even
    return former.eval().requires_grad_(False)


def read(qformer: QFormer, *rows: tuple[list[int], list[int]]) -> Tensor:
    ids, mask = (torch.tensor(part) for part in zip(*rows, strict=True))
    return qformer(FEATURES[: len(rows)], ids, mask)


def test_shared_words_are_projections_of_the_table(words: nn.Embedding) -> None:
    shared = SharedEmbedding(words, WIDTH)
    vectors = shared(torch.tensor([[3, 49]]))
    torch.testing.assert_close(vectors[0], words.weight[[3, 49]] @ shared.projection.weight.T)


def test_shared_words_belong_to_the_language_model(words: nn.Embedding) -> None:
    shared = SharedEmbedding(words, WIDTH)
    assert list(shared.state_dict()) == ["projection.weight"]
    assert [name for name, _ in shared.named_parameters()] == ["projection.weight"]


def test_half_precision_table_gives_float32_vectors(words: nn.Embedding) -> None:
    shared = SharedEmbedding(nn.Embedding.from_pretrained(words.weight.bfloat16()), WIDTH)
    assert shared(torch.tensor([[1]])).dtype == torch.float32


def test_output_has_one_vector_per_query(qformer: QFormer) -> None:
    assert read(qformer, ([1, 2, 3], [1, 1, 1]), ([4, 5, 6], [1, 1, 1])).shape == (2, QUERIES, WIDTH)


def test_padding_is_not_read(qformer: QFormer) -> None:
    torch.testing.assert_close(
        read(qformer, ([1, 2, 0, 0], [1, 1, 0, 0])), read(qformer, ([1, 2], [1, 1])), atol=1e-5, rtol=1e-4
    )


def test_output_depends_on_the_words_and_their_order(qformer: QFormer) -> None:
    one, other, turned = (read(qformer, (ids, [1, 1])) for ids in ([1, 2], [1, 3], [2, 1]))
    assert (one - other).abs().max() > 1e-3
    assert (one - turned).abs().max() > 1e-3


def test_output_depends_on_the_picture(qformer: QFormer) -> None:
    both = read(qformer, ([1, 2], [1, 1]), ([1, 2], [1, 1]))
    assert (both[0] - both[1]).abs().max() > 1e-3


def test_separate_vocabulary(words: nn.Embedding) -> None:
    from dataclasses import replace

    config = replace(CONFIG.qformer, tokenizer="folder", vocabulary=77)
    former = QFormer(config, CONFIG.vision, words)
    assert former.model.get_parameter("embeddings.word_embeddings.weight").shape == (77, WIDTH)
