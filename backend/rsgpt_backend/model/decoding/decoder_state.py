"""The state of a language model while it decodes a batch: it takes one token per row and returns the next logits.

There are two kinds: decoders, which read the prefix before the answer, and encoder-decoders, which attend to it.
"""

from __future__ import annotations

from typing import Any, Protocol

import torch
from torch import Tensor
from transformers import DynamicCache, EncoderDecoderCache
from transformers.modeling_outputs import BaseModelOutput

from ..rsgpt import Prefix


class DecoderState(Protocol):
    """The cached computation of the rows of a batch."""

    def first(self) -> Tensor:
        """Return the logits of the first token, [rows, vocabulary]."""

    def next(self, ids: Tensor) -> Tensor:
        """Append one token per row, [rows, 1]; return the logits of the token after it, [rows, vocabulary]."""

    def read(self, ids: Tensor) -> Tensor:
        """Append tokens, [rows, tokens]; return the logits after each of them, [rows, tokens, vocabulary]."""

    def branch(self, ids: Tensor, parents: Tensor) -> Tensor:
        """Append several alternative tokens per row, [rows, branches]; return the logits after each of them.

        parents: index of the previous branch that each token continues, [rows, branches]. The logits have the shape
        [rows, branches, vocabulary].
        """

    def keep(self, index: Tensor) -> None:
        """Keep only the rows with these indices; an index may occur several times."""


def start(language: Any, prefix: Prefix) -> DecoderState:
    """Return the state before the first token."""
    return _Encoded(language, prefix) if language.config.is_encoder_decoder else _Causal(language, prefix)


class _Causal:
    """A decoder. The branches of a row are consecutive positions in its cache; each attends to its ancestors only.

    The prefix is therefore stored once per row, and the cache stays in place when branches are dropped.
    """

    def __init__(self, language: Any, prefix: Prefix) -> None:
        self._language = language
        self._embeds: Tensor | None = prefix.embeds
        self._mask, self._dtype = prefix.mask, prefix.embeds.dtype
        self._cache = DynamicCache(config=language.config)
        self._positions = (prefix.mask.cumsum(1) - 1).clamp(min=0)
        # [rows, branches, branch positions]: which positions are ancestors of a branch, or the branch itself
        self._ancestors = prefix.mask.new_zeros(len(prefix.mask), 1, 0, dtype=torch.bool)

    def first(self) -> Tensor:
        embeds, self._embeds = self._embeds, None
        return self._forward(1, inputs_embeds=embeds)[:, -1]

    def next(self, ids: Tensor) -> Tensor:
        return self.read(ids)[:, -1]

    def read(self, ids: Tensor) -> Tensor:
        self._mask = torch.cat([self._mask, torch.ones_like(ids)], dim=1)
        self._positions = self._positions[:, -1:] + torch.ones_like(ids).cumsum(1)
        return self._forward(ids.shape[1], input_ids=ids)

    def branch(self, ids: Tensor, parents: Tensor) -> Tensor:
        rows, branches = ids.shape
        parents = parents.to(ids.device)[:, :, None].expand(-1, -1, self._ancestors.shape[2])
        identity = torch.eye(branches, dtype=torch.bool, device=ids.device).expand(rows, -1, -1)
        self._ancestors = torch.cat([self._ancestors.gather(1, parents), identity], dim=2)
        self._positions = self._positions[:, -1:].expand(-1, branches) + 1
        visible = torch.cat([self._mask.bool()[:, None].expand(-1, branches, -1), self._ancestors], dim=2)
        additive_mask = torch.zeros(visible.shape, dtype=self._dtype, device=ids.device)
        additive_mask.masked_fill_(~visible, torch.finfo(self._dtype).min)
        return self._forward(branches, additive_mask[:, None], input_ids=ids)

    def keep(self, index: Tensor) -> None:
        self._cache.batch_select_indices(index)
        self._mask, self._positions = self._mask[index], self._positions[index]
        self._ancestors = self._ancestors[index]

    def _forward(self, positions: int, mask: Tensor | None = None, **inputs: Any) -> Tensor:
        """Return the logits of the last `positions` only. mask: replaces the mask of the prefix."""
        output = self._language(
            **inputs,
            attention_mask=self._mask if mask is None else mask,
            position_ids=self._positions,
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=positions,
        )
        scores: Tensor = output.logits
        return scores


class _Encoded:
    """An encoder-decoder. It counts positions itself, so each branch has a separate cache."""

    def __init__(self, language: Any, prefix: Prefix) -> None:
        self._language, self._mask = language, prefix.mask
        encoder = language.get_encoder()
        self._encoded = encoder(inputs_embeds=prefix.embeds, attention_mask=prefix.mask).last_hidden_state
        self._cache = EncoderDecoderCache(DynamicCache(config=language.config), DynamicCache(config=language.config))
        self._branches = 1

    def first(self) -> Tensor:
        start_id = self._language.generation_config.decoder_start_token_id
        return self.next(self._mask.new_full((len(self._mask), 1), start_id))

    def next(self, ids: Tensor) -> Tensor:
        return self.read(ids)[:, -1]

    def read(self, ids: Tensor) -> Tensor:
        output = self._language(
            encoder_outputs=BaseModelOutput(last_hidden_state=self._encoded),
            attention_mask=self._mask,
            decoder_input_ids=ids,
            past_key_values=self._cache,
            use_cache=True,
        )
        scores: Tensor = output.logits
        return scores

    def branch(self, ids: Tensor, parents: Tensor) -> Tensor:
        self._select(_flat_indices(torch.arange(len(ids)), self._branches, parents))
        self._branches = ids.shape[1]
        return self.next(ids.reshape(-1, 1)).unflatten(0, ids.shape)

    def keep(self, index: Tensor) -> None:
        self._select(_flat_indices(index, self._branches, torch.arange(self._branches)))

    def _select(self, index: Tensor) -> None:
        self._cache.batch_select_indices(index)
        self._encoded, self._mask = self._encoded[index], self._mask[index]


def _flat_indices(rows: Tensor, width: int, columns: Tensor) -> Tensor:
    return (rows[:, None] * width + columns).flatten()
