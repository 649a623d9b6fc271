"""A language model in the middle of a batch of answers: it takes a token a row and gives the next scores.

Two kinds: decoders, which read the prefix before the answer, and encoder-decoders, which attend to it.
"""

from __future__ import annotations

from typing import Any, Protocol

import torch
from torch import Tensor
from transformers import DynamicCache, EncoderDecoderCache
from transformers.modeling_outputs import BaseModelOutput

from .rsgpt import Prefix


class State(Protocol):
    """What is computed so far for the rows of a batch."""

    def first(self) -> Tensor:
        """Scores of the first token, [rows, vocabulary]."""

    def next(self, ids: Tensor) -> Tensor:
        """Take one token a row, [rows, 1]; scores of the one after it."""

    def read(self, ids: Tensor) -> Tensor:
        """Take tokens, [rows, tokens]; scores of what follows each of them, [rows, tokens, vocabulary]."""

    def keep(self, index: Tensor) -> None:
        """Go on with these rows alone, each as often as it is named."""


def start(language: Any, prefix: Prefix) -> State:
    """The state before the first token."""
    return _Encoded(language, prefix) if language.config.is_encoder_decoder else _Causal(language, prefix)


class _Causal:
    def __init__(self, language: Any, prefix: Prefix) -> None:
        self._language = language
        self._embeds: Tensor | None = prefix.embeds
        self._mask = prefix.mask
        self._cache = DynamicCache(config=language.config)
        self._positions = (prefix.mask.cumsum(1) - 1).clamp(min=0)

    def first(self) -> Tensor:
        embeds, self._embeds = self._embeds, None
        return self._forward(1, inputs_embeds=embeds)[:, -1]

    def next(self, ids: Tensor) -> Tensor:
        return self.read(ids)[:, -1]

    def read(self, ids: Tensor) -> Tensor:
        self._mask = torch.cat([self._mask, torch.ones_like(ids)], dim=1)
        self._positions = self._positions[:, -1:] + torch.ones_like(ids).cumsum(1)
        return self._forward(ids.shape[1], input_ids=ids)

    def keep(self, index: Tensor) -> None:
        self._cache.batch_select_indices(index)
        self._mask, self._positions = self._mask[index], self._positions[index]

    def _forward(self, told: int, **inputs: Any) -> Tensor:
        """Only the last positions, so many as are told of, reach the vocabulary."""
        output = self._language(
            **inputs,
            attention_mask=self._mask,
            position_ids=self._positions,
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=told,
        )
        scores: Tensor = output.logits
        return scores


class _Encoded:
    def __init__(self, language: Any, prefix: Prefix) -> None:
        self._language, self._mask = language, prefix.mask
        encoder = language.get_encoder()
        self._seen = encoder(inputs_embeds=prefix.embeds, attention_mask=prefix.mask).last_hidden_state
        self._cache = EncoderDecoderCache(DynamicCache(config=language.config), DynamicCache(config=language.config))

    def first(self) -> Tensor:
        begin = self._language.generation_config.decoder_start_token_id
        return self.next(self._mask.new_full((len(self._mask), 1), begin))

    def next(self, ids: Tensor) -> Tensor:
        return self.read(ids)[:, -1]

    def read(self, ids: Tensor) -> Tensor:
        output = self._language(
            encoder_outputs=BaseModelOutput(last_hidden_state=self._seen),
            attention_mask=self._mask,
            decoder_input_ids=ids,
            past_key_values=self._cache,
            use_cache=True,
        )
        scores: Tensor = output.logits
        return scores

    def keep(self, index: Tensor) -> None:
        self._cache.batch_select_indices(index)
        self._seen, self._mask = self._seen[index], self._mask[index]
