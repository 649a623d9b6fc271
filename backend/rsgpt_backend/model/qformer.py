"""Modules that turn image features and an optional instruction into query vectors.

Wraps the Q-Formers of transformers: InstructBLIP's reads the instruction, BLIP-2's does not.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from transformers import Blip2QFormerConfig, Blip2QFormerModel, InstructBlipQFormerConfig, InstructBlipQFormerModel

from .config import QFormerConfig, VisionConfig


class SharedEmbedding(nn.Module):
    """Word vectors of the frozen language model, projected to the Q-Former's width.

    A small Q-Former then knows every word of the language model, not only those of its training set.
    """

    def __init__(self, table: nn.Embedding, width: int) -> None:
        super().__init__()
        self._table = (table,)  # a tuple keeps it out of state_dict: the language model owns it
        self.projection = nn.Linear(table.embedding_dim, width, bias=False)
        nn.init.normal_(self.projection.weight, std=table.embedding_dim**-0.5 * 0.2)

    def forward(self, ids: Tensor) -> Tensor:
        """ids: [batch, length] -> [batch, length, width]."""
        words = self._table[0](ids).to(self.projection.weight.dtype)
        return cast(Tensor, self.projection(words))


class QFormer(nn.Module):
    """Learned queries that attend to the image, and to the instruction if the config says so."""

    def __init__(self, config: QFormerConfig, vision: VisionConfig, words: nn.Embedding) -> None:
        super().__init__()
        self._instruction = config.instruction
        self.query_tokens = nn.Parameter(torch.zeros(1, config.queries, config.width).normal_(std=0.02))
        self.model = (
            _instructed_qformer(config, vision, words) if config.instruction else _plain_qformer(config, vision)
        )

    def forward(self, features: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
        """features: [batch, cells, vision width]; ids, mask: [batch, length] -> [batch, queries, width]."""
        queries = self.query_tokens.expand(len(features), -1, -1)
        text: dict[str, Tensor] = {}
        if self._instruction:
            text = {"input_ids": ids, "attention_mask": torch.cat([mask.new_ones(queries.shape[:2]), mask], dim=1)}
        output = self.model(query_embeds=queries, encoder_hidden_states=features, **text)
        return cast(Tensor, output.last_hidden_state[:, : queries.shape[1]])

    def picture_states(self, features: Tensor) -> Tensor:
        """Return the queries without an instruction: [batch, cells, vision width] -> [batch, queries, width]."""
        queries = self.query_tokens.expand(len(features), -1, -1)
        output = self.model(input_ids=None, query_embeds=queries, encoder_hidden_states=features)
        return cast(Tensor, output.last_hidden_state)

    def text_states(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Return the text branch alone: ids, mask [batch, length] -> [batch, length, width]."""
        return cast(Tensor, self.model(input_ids=ids, attention_mask=mask).last_hidden_state)


class JoinedPatches(nn.Module):
    """Groups of neighboring patch vectors, concatenated, without the class token; used instead of a Q-Former."""

    def __init__(self, queries: int) -> None:
        super().__init__()
        self._queries = queries

    def forward(self, features: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
        """features: [batch, 1 + patches, vision width] -> [batch, queries, patches / queries x vision width]."""
        return features[:, 1:].reshape(len(features), self._queries, -1)


def build_qformer(config: QFormerConfig, vision: VisionConfig, words: nn.Embedding) -> nn.Module:
    """Return a Q-Former with random weights, or JoinedPatches if the config has no layers."""
    return QFormer(config, vision, words) if config.layers else JoinedPatches(config.queries)


def _instructed_qformer(config: QFormerConfig, vision: VisionConfig, words: nn.Embedding) -> nn.Module:
    shared = config.tokenizer == "language"
    model = InstructBlipQFormerModel(
        InstructBlipQFormerConfig(
            vocab_size=2 if shared else config.vocabulary,
            max_position_embeddings=config.positions or max(config.max_text, 1),
            **_shape(config, vision),
        )
    )
    if shared:
        model.embeddings.word_embeddings = SharedEmbedding(words, config.width)
    return model


def _plain_qformer(config: QFormerConfig, vision: VisionConfig) -> nn.Module:
    return Blip2QFormerModel(Blip2QFormerConfig(use_qformer_text_input=False, **_shape(config, vision)))


def _shape(config: QFormerConfig, vision: VisionConfig) -> dict[str, float]:
    return {
        "hidden_size": config.width,
        "num_hidden_layers": config.layers,
        "num_attention_heads": config.heads,
        "intermediate_size": config.intermediate,
        "hidden_dropout_prob": config.dropout,
        "attention_probs_dropout_prob": config.dropout,
        "cross_attention_frequency": config.cross_attention_frequency,
        "encoder_hidden_size": vision.width,
    }
