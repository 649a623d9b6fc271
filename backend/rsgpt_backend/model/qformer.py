"""The instruction-aware Q-Former: image features and an instruction in, query vectors out.

transformers' InstructBLIP Q-Former in any size; its text embedding may be shared with the language model.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from transformers import InstructBlipQFormerConfig, InstructBlipQFormerModel

from .config import QFormerConfig, VisionConfig


class SharedEmbedding(nn.Module):
    """Word vectors borrowed from the frozen language model, mapped to the Q-Former's width.

    A small Q-Former then knows every word of the language model, not just those of its training set.
    """

    def __init__(self, table: nn.Embedding, width: int) -> None:
        super().__init__()
        self._table = (table,)  # a tuple hides it from state_dict: the language model owns it
        self.projection = nn.Linear(table.embedding_dim, width, bias=False)
        nn.init.normal_(self.projection.weight, std=table.embedding_dim**-0.5 * 0.2)

    def forward(self, ids: Tensor) -> Tensor:
        """ids: [batch, length] -> [batch, length, width]."""
        words = self._table[0](ids).to(self.projection.weight.dtype)
        return cast(Tensor, self.projection(words))


class QFormer(nn.Module):
    """Learned queries read the image, guided by the instruction."""

    def __init__(self, config: QFormerConfig, vision: VisionConfig, words: nn.Embedding) -> None:
        super().__init__()
        shared = config.tokenizer == "language"
        self.query_tokens = nn.Parameter(torch.zeros(1, config.queries, config.width).normal_(std=0.02))
        self.model = InstructBlipQFormerModel(
            InstructBlipQFormerConfig(
                vocab_size=2 if shared else config.vocabulary,
                hidden_size=config.width,
                num_hidden_layers=config.layers,
                num_attention_heads=config.heads,
                intermediate_size=config.intermediate,
                hidden_dropout_prob=config.dropout,
                attention_probs_dropout_prob=config.dropout,
                max_position_embeddings=max(config.max_text, 1),
                cross_attention_frequency=config.cross_attention_frequency,
                encoder_hidden_size=vision.width,
            )
        )
        if shared:
            self.model.embeddings.word_embeddings = SharedEmbedding(words, config.width)

    def forward(self, features: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
        """features: [batch, cells, vision width]; ids, mask: [batch, length] -> [batch, queries, width]."""
        queries = self.query_tokens.expand(len(features), -1, -1)
        seen = torch.cat([mask.new_ones(queries.shape[:2]), mask], dim=1)
        output = self.model(input_ids=ids, attention_mask=seen, query_embeds=queries, encoder_hidden_states=features)
        return cast(Tensor, output.last_hidden_state[:, : queries.shape[1]])
